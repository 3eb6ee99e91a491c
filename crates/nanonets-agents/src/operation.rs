//! The operations of the API, and which of them may be repeated.

use std::fmt;

/// What is called: for errors, retries and spans.
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

    /// Whether doing it twice is the same as doing it once. What is not costs money, or says something twice, and the
    /// API has no key by which it would notice.
    pub fn is_idempotent(self) -> bool {
        !matches!(
            self,
            Self::CreateAgent | Self::RunAgent | Self::PublishAgentVersion | Self::SendTaskMessage
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
