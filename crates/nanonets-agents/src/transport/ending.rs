//! The end of a wait as data, which an error can carry. A client makes an outcome of it.

use std::fmt;

use nanonets_agents_api::types::Message;

use crate::output::TaskSummaryRaw;
use crate::transport::task_state::TaskState;

/// The task, and the end of the wait for it.
#[derive(Clone)]
pub(crate) struct Ending {
    pub task: TaskState,
    pub end: End,
}

#[derive(Clone, Debug)]
pub(crate) enum End {
    Completed(TaskSummaryRaw),
    NeedsInput(Box<Asked>),
    NeedsReview,
    Failed,
    Stopped,
}

/// The question of an agent.
#[derive(Clone)]
pub(crate) struct Asked {
    pub message: Option<Message>,
    /// The content of the message, if it is a text.
    pub text: Option<String>,
    /// The number of messages of the agent, this one included.
    pub number: usize,
    /// A user wrote a message at a later time.
    pub has_answer: bool,
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("task", &self.task.id)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// The text may hold what was in a document.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("message", &self.message)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
