//! What a wait comes to: an output, a question, or an end without either.

use nanonets_agents_api::types::{Message, MessageId, MessageRole, TaskSummary};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::output;
use crate::task::TaskHandle;

/// What a wait came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The task has succeeded.
    Completed(Completed),
    /// The agent asks something.
    NeedsInput(Question),
    /// The agent waits for a person's approval, given in the dashboard. Waiting for this task again waits for that.
    NeedsReview(TaskHandle),
    /// The task has failed.
    Failed(Failure),
    /// The task was cancelled, by a user or by the system.
    Stopped(TaskHandle),
}

impl Outcome {
    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        match self {
            Self::Completed(done) => &done.task,
            Self::NeedsInput(question) => &question.task,
            Self::Failed(failure) => &failure.task,
            Self::NeedsReview(task) | Self::Stopped(task) => task,
        }
    }

    /// The error of a task that did not complete, for callers that take nothing else.
    #[must_use]
    pub fn into_error(self) -> Error {
        let what = match &self {
            Self::Completed(_) => "has completed",
            Self::NeedsInput(_) => "asks a question, which is in the outcome of this error",
            Self::NeedsReview(_) => "waits for approval in the dashboard",
            Self::Failed(_) => "has failed: its result has the reasons",
            Self::Stopped(_) => "was stopped",
        };
        let message = format!("the task {} {what}", self.task().id());
        Error::new(ErrorKind::NotCompleted, message).with_outcome(self)
    }
}

/// A task that has completed.
#[derive(Clone, Debug)]
pub struct Completed {
    pub(crate) task: TaskHandle,
    pub(crate) summary: TaskSummary,
}

impl Completed {
    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }

    /// The answer as it came.
    #[must_use]
    pub fn summary(&self) -> &TaskSummary {
        &self.summary
    }

    /// The structured output: the `extracted_data` of the answer or, where there is none, the answer itself. That may be
    /// prose, which a type whose fields are all optional takes for nothing at all.
    #[must_use]
    pub fn output(&self) -> Option<&Value> {
        output::find(&self.summary)
    }

    /// The structured output as a `T`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`], with the place that does not fit and the [raw output](Error::raw_output), if it is not a
    /// `T` or there is none.
    pub fn extracted<T: DeserializeOwned>(&self) -> Result<T> {
        output::decode(self.output()).map_err(|error| error.of_task(self.task.id()))
    }
}

/// A question that a task waits to be answered.
#[derive(Clone, Debug)]
pub struct Question {
    task: TaskHandle,
    message: Option<Message>,
    /// How many messages of the agent there are, this one included.
    number: usize,
}

/// What is remembered of a question that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    id: Option<MessageId>,
    number: usize,
}

impl Answered {
    /// Whether this is the question that was answered. Ids tell, where there are any; otherwise, a new question is one
    /// more message.
    pub fn is(&self, question: &Question) -> bool {
        match (self.id, question.id()) {
            (Some(answered), Some(id)) => answered == id,
            _ => self.number == question.number,
        }
    }
}

impl Question {
    /// The newest message that the agent wrote.
    pub(crate) async fn of(task: TaskHandle) -> Result<Self> {
        let by_agent = |message: &Message| match &message.role {
            Some(role) => *role != MessageRole::User,
            // Without a role, a user's id suggests a user.
            None => message.user_id.is_none(),
        };
        let mut messages = task.messages().once().await?;
        messages.retain(by_agent);
        Ok(Self {
            task,
            number: messages.len(),
            message: messages.pop(),
        })
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }

    /// The agent's words, if they are plain text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.message.as_ref()?.content.as_ref()?.as_str()
    }

    /// The agent's message, if one was found.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    fn id(&self) -> Option<MessageId> {
        self.message.as_ref()?.id
    }

    /// Sends the reply, and returns the task to wait for again. That wait does not take this question for a new one, although
    /// the status of the task may lag behind for a while.
    ///
    /// Dropping the future does not take back a reply that was sent.
    ///
    /// # Errors
    ///
    /// Those of the request. An [ambiguous](Error::is_ambiguous) one may have arrived: look at the
    /// [messages](TaskHandle::messages) before repeating it.
    pub async fn reply(&self, answer: impl Into<String>) -> Result<TaskHandle> {
        self.task.send_message(answer).await?;
        Ok(self.task.clone().after_answer(Answered {
            id: self.id(),
            number: self.number,
        }))
    }
}

/// A task that has failed.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(crate) task: TaskHandle,
}

impl Failure {
    /// The task. Its [result](TaskHandle::result) has everything that the agent did.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }

    /// Reads why, as far as the task's summary says so: the last words of the agent. They may have what was in a document.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn reason(&self) -> Result<Option<String>> {
        let summary = self.task.summary().await?;
        Ok(summary.result.and_then(|result| match result {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }))
    }
}
