//! The effect of a request that failed: none, unknown, or a task or agent that was created.

use std::fmt;

use nanonets_agents_api::types::{AgentId, TaskId};
use uuid::Uuid;

use crate::transport::operation::Operation;

/// The effect of a request that failed: see [`Error::effect`](crate::Error::effect).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It had none: it was not sent, the API refused it, or it was a read.
    None,
    /// It may have had one.
    Unknown,
    /// It has created this, for the id arrived. It is neither lost nor to be repeated.
    Created(Created),
}

/// A task or an agent that a request has created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Created {
    /// A run has started this task.
    Task(TaskId),
    /// `create` has created this agent.
    Agent(AgentId),
    /// `publish` has published this version of an agent.
    AgentVersion(AgentId),
}

impl Created {
    /// The name of the field of an answer that has the id, if the operation creates something.
    pub(crate) fn field(operation: Operation) -> Option<&'static str> {
        match operation {
            Operation::RunAgent => Some("task_id"),
            Operation::CreateAgent | Operation::PublishAgentVersion => Some("id"),
            _ => None,
        }
    }

    /// The task or agent with this id, which the answer to an operation has. The nil UUID is the id of nothing.
    pub(crate) fn of(operation: Operation, id: Uuid) -> Option<Self> {
        match operation {
            _ if id.is_nil() => None,
            Operation::RunAgent => Some(Self::Task(TaskId(id))),
            Operation::CreateAgent => Some(Self::Agent(AgentId(id))),
            Operation::PublishAgentVersion => Some(Self::AgentVersion(AgentId(id))),
            _ => None,
        }
    }

    /// The task, if it is one.
    #[must_use]
    pub fn task(self) -> Option<TaskId> {
        match self {
            Self::Task(id) => Some(id),
            Self::Agent(_) | Self::AgentVersion(_) => None,
        }
    }

    /// The agent or its version, if it is one.
    #[must_use]
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(id) | Self::AgentVersion(id) => Some(id),
            Self::Task(_) => None,
        }
    }
}

/// A sentence without a full stop, such as `the task 7f7e4431-66f4-4eb9-bc91-473994247fe4 was started`.
impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id) => write!(f, "the task {id} was started"),
            Self::Agent(id) => write!(f, "the agent {id} was created"),
            Self::AgentVersion(id) => write!(f, "the agent version {id} was published"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The API has no idempotency key: repeating one of these starts a second task, creates a second agent or sends a message
    /// twice. One that is new in the API description needs a decision here.
    #[test]
    fn what_is_not_repeated_is_known_and_so_is_the_id_of_what_it_creates() {
        let id = Uuid::from_u128(7);
        let once: Vec<_> = Operation::ALL
            .iter()
            .filter(|operation| !operation.is_idempotent())
            .map(|operation| {
                let created = Created::of(*operation, id);
                (operation.id(), Created::field(*operation), created)
            })
            .collect();
        assert_eq!(
            once,
            [
                (
                    "create_agent",
                    Some("id"),
                    Some(Created::Agent(AgentId(id)))
                ),
                (
                    "publish_agent_version",
                    Some("id"),
                    Some(Created::AgentVersion(AgentId(id)))
                ),
                (
                    "run_agent",
                    Some("task_id"),
                    Some(Created::Task(TaskId(id)))
                ),
                ("send_task_message", None, None),
            ]
        );
    }
}
