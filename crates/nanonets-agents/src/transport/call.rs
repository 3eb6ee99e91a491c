//! A call of an operation: its subject, its options, and the ids that its answer may have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId, TaskStatus};
use nanonets_agents_api::{Capture, Error as ApiError, ErrorBody, ResponseValue};
use reqwest::header::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::transport::effect::Created;
use crate::transport::operation::Operation;
use crate::transport::record::RunRecord;

/// The result of one attempt.
pub(crate) type Sent<T> = std::result::Result<ResponseValue<T>, ApiError<ErrorBody<ErrorEnvelope>>>;

/// The ids that the answer to an operation has, which creates something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The task or agent that it has created. `None` if the answer has no id of it.
    pub created: Option<Created>,
    /// The agent of a run, perhaps by another version than the request.
    pub agent_id: Option<AgentId>,
    pub status: Option<&'a TaskStatus>,
}

/// Reads the ids from the answer to an operation.
pub(crate) type Names<T> = for<'a> fn(Operation, &'a T) -> Named<'a>;

/// Whether an answer may be about the task or agent with this id: it has this id, or none.
pub(crate) type Subject<T> = fn(&T, Uuid) -> bool;

/// An operation, and the agent or task that it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub operation: Operation,
    pub agent_id: Option<AgentId>,
    pub task_id: Option<TaskId>,
    pub has_files: bool,
}

impl Call {
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            agent_id: None,
            task_id: None,
            has_files: false,
        }
    }

    pub fn files(mut self) -> Self {
        self.has_files = true;
        self
    }

    pub fn agent(mut self, id: AgentId) -> Self {
        self.agent_id = Some(id);
        self
    }

    pub fn task(mut self, id: TaskId) -> Self {
        self.task_id = Some(id);
        self
    }

    /// Whether it is for this task or agent.
    pub fn is_for(&self, created: Created) -> bool {
        match created {
            Created::Task(id) => self.task_id == Some(id),
            Created::Agent(id) | Created::AgentVersion(id) => self.agent_id == Some(id),
        }
    }

    /// The id of what the operation is for: the task, or else the agent.
    pub fn subject(&self) -> Option<Uuid> {
        let agent = self.agent_id.map(|id| id.0);
        self.task_id.map(|id| id.0).or(agent)
    }
}

/// The options of a single call.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    /// Less than that of the client.
    pub idle_timeout: Option<Duration>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Why the options are invalid.
    pub invalid: Option<&'static str>,
    pub capture: Option<Capture>,
    /// The texts that are sent and that no error may show.
    pub private: Vec<Arc<str>>,
    /// The caller repeats the request itself.
    pub once: bool,
    /// The record of a run before it is sent.
    pub record: Option<RunRecord>,
    /// For a message to a task: the hash of its text.
    pub message: Option<u64>,
}

impl Options {
    pub fn header<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => self.headers.push((name, value)),
            (Err(_), _) => {
                self.invalid = Some("the name of a header has characters that it can't have")
            }
            (_, Err(_)) => {
                self.invalid = Some("the value of a header has characters that it can't have")
            }
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of headers may be secrets.
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Options")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}
