//! The operations of the API, and which of them may be repeated.

use std::fmt;

/// An operation of the API, for errors, retries and spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    ListAgents,
    CreateAgent,
    GetAgent,
    UpdateAgent,
    RunAgent,
    ListAgentVersions,
    PublishAgentVersion,
    ListTasks,
    GetTask,
    GetTaskSummary,
    GetTaskResult,
    ListTaskMessages,
    SendTaskMessage,
    CancelTask,
}

impl Operation {
    /// The `operationId` of the API description.
    pub fn id(self) -> &'static str {
        match self {
            Self::ListAgents => "list_agents",
            Self::CreateAgent => "create_agent",
            Self::GetAgent => "get_agent",
            Self::UpdateAgent => "update_agent",
            Self::RunAgent => "run_agent",
            Self::ListAgentVersions => "list_agent_versions",
            Self::PublishAgentVersion => "publish_agent_version",
            Self::ListTasks => "list_tasks",
            Self::GetTask => "get_task",
            Self::GetTaskSummary => "get_task_summary",
            Self::GetTaskResult => "get_task_result",
            Self::ListTaskMessages => "list_task_messages",
            Self::SendTaskMessage => "send_task_message",
            Self::CancelTask => "cancel_task",
        }
    }

    /// Whether a second request has no effect beyond that of the first. The match names every operation, so that a new one
    /// does not compile until somebody has decided.
    ///
    /// The API has no idempotency key: repeating an operation that is not idempotent starts a second task, creates a second
    /// agent or sends a message twice.
    pub fn is_idempotent(self) -> bool {
        match self {
            Self::ListAgents
            | Self::GetAgent
            | Self::UpdateAgent
            | Self::ListAgentVersions
            | Self::ListTasks
            | Self::GetTask
            | Self::GetTaskSummary
            | Self::GetTaskResult
            | Self::ListTaskMessages
            | Self::CancelTask => true,
            Self::CreateAgent
            | Self::RunAgent
            | Self::PublishAgentVersion
            | Self::SendTaskMessage => false,
        }
    }

    /// The field of the answer that identifies what the operation created, if it creates something.
    pub fn created_id(self) -> Option<&'static str> {
        match self {
            Self::RunAgent => Some("task_id"),
            Self::CreateAgent | Self::PublishAgentVersion => Some("id"),
            Self::ListAgents
            | Self::GetAgent
            | Self::UpdateAgent
            | Self::ListAgentVersions
            | Self::ListTasks
            | Self::GetTask
            | Self::GetTaskSummary
            | Self::GetTaskResult
            | Self::ListTaskMessages
            | Self::SendTaskMessage
            | Self::CancelTask => None,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
