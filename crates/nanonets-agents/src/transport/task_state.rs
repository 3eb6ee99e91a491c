//! The data of a task that this process knows, without the client that requests it.

use std::sync::Arc;

use nanonets_agents_api::types::{AgentId, TaskId, TaskStatus};
use tokio::time::Instant;

use crate::output::Schema;
use crate::transport::answered::Answered;

/// How much of a text that was sent a task keeps, to recognise it in errors.
const KEPT: usize = 64 * 1024;

/// A task as this process knows it.
#[derive(Clone)]
pub(crate) struct TaskState {
    pub id: TaskId,
    pub agent: Option<AgentId>,
    /// The time at which this process started it.
    pub started: Option<Instant>,
    pub memory: WaitMemory,
    /// The schema that its output was asked for with.
    pub schema: Option<Schema>,
    /// The texts that were sent to start it, which no error may show.
    pub private: Arc<[Arc<str>]>,
}

/// The memory of the last wait for a task: the status may lag behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitMemory {
    /// The question that was answered last.
    pub answered: Option<Answered>,
    /// The outcome of a wait was that the task waits for a review.
    pub review_is_known: bool,
}

impl WaitMemory {
    /// Forgets what belongs to another status than this.
    pub fn forget_other_than(&mut self, status: &TaskStatus) {
        if *status != TaskStatus::WaitingForInput {
            self.answered = None;
        }
        if *status != TaskStatus::AwaitingReview {
            self.review_is_known = false;
        }
    }
}

impl TaskState {
    pub fn new(id: TaskId) -> Self {
        Self {
            id,
            agent: None,
            started: None,
            memory: WaitMemory::default(),
            schema: None,
            private: Arc::default(),
        }
    }

    /// Keeps the beginnings of texts out of errors.
    pub fn keep_private(&mut self, texts: Vec<Arc<str>>) {
        let bounded = |text: Arc<str>| match text.char_indices().find(|(at, _)| *at >= KEPT) {
            Some((end, _)) => Arc::from(&text[..end]),
            None => text,
        };
        self.private = texts.into_iter().map(bounded).collect();
    }
}
