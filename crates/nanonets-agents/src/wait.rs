//! Waiting for a task. The API has no way to be told, so it is asked again and again, ever more slowly.

use std::pin::Pin;
use std::time::Duration;

use nanonets_agents_api::types::{Message, MessageId, MessageRole, Task, TaskStatus, TaskSummary};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result, Waited};
use crate::output;
use crate::task::TaskHandle;

/// The first pause between two polls.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The pauses grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// By so much.
const GROWTH: f64 = 1.5;

/// A wait to be begun by awaiting it. Dropping it stops the polling and nothing else.
#[derive(Clone, Debug)]
#[must_use = "a task is waited for by awaiting it"]
pub struct Wait {
    task: TaskHandle,
    timeout: Option<Duration>,
    first_pause: Duration,
    longest_pause: Duration,
    /// The question that was answered already.
    answered: Option<MessageId>,
}

impl Wait {
    pub(crate) fn new(task: TaskHandle) -> Self {
        Self {
            task,
            timeout: None,
            first_pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
            answered: None,
        }
    }

    fn after_answer(mut self, question: Option<MessageId>) -> Self {
        self.answered = question;
        self
    }

    /// Gives up after this time. The task goes on, and can be waited for again. There is no limit by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The pauses between polls grow from the first to the longest of these, each varied by chance. They are 1 and 10
    /// seconds by default.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest.max(first));
        self
    }

    async fn run(self) -> Result<Outcome> {
        let start = Instant::now();
        let deadline = self.timeout.and_then(|timeout| start.checked_add(timeout));
        let mut polls = 0;
        let mut last_status = None;
        let polling = self.poll(&mut polls, &mut last_status);
        let outcome = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, polling).await,
            None => Ok(polling.await),
        };
        outcome.unwrap_or_else(|_| {
            let waited = Waited {
                task_id: self.task.id(),
                last_status: last_status.clone(),
                elapsed: start.elapsed(),
                polls,
            };
            let message = match &last_status {
                Some(status) => format!("the task {} is still {status}", waited.task_id),
                None => format!("the task {} could not be asked in time", waited.task_id),
            };
            Err(Error::new(ErrorKind::Timeout, message).after_waiting(waited))
        })
    }

    async fn poll(&self, polls: &mut u32, last: &mut Option<TaskStatus>) -> Result<Outcome> {
        let mut pause = self.first_pause;
        loop {
            let task = self.task.get().await?;
            *polls += 1;
            *last = Some(task.status.clone());
            if let Some(outcome) = self.outcome(task).await? {
                return Ok(outcome);
            }
            tokio::time::sleep(pause.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
            pause = pause.mul_f64(GROWTH).min(self.longest_pause);
        }
    }

    /// What a status means to whoever waits, if it means the end of the wait. One that is not known does not.
    async fn outcome(&self, task: Task) -> Result<Option<Outcome>> {
        let handle = self.task.clone();
        Ok(match task.status {
            TaskStatus::Completed => {
                let summary = handle.summary().await?;
                Some(Outcome::Completed(Completed {
                    task: handle,
                    summary,
                }))
            }
            TaskStatus::Failed => Some(Outcome::Failed(Failure { task: handle })),
            TaskStatus::Stopped => Some(Outcome::Stopped(handle)),
            TaskStatus::AwaitingReview => Some(Outcome::NeedsReview(handle)),
            TaskStatus::WaitingForInput => {
                let message = question(&handle).await?;
                let id = message.as_ref().and_then(|message| message.id);
                // The status lags behind an answer: the question that was answered is no new one.
                let is_old = self.answered.is_some() && id == self.answered;
                (!is_old).then_some(Outcome::NeedsInput(Question {
                    task: handle,
                    message,
                }))
            }
            _ => None,
        })
    }
}

/// The newest message that the agent wrote.
async fn question(task: &TaskHandle) -> Result<Option<Message>> {
    let messages = task.messages().await?;
    let by_agent = |message: &Message| match &message.role {
        Some(role) => *role != MessageRole::User,
        // Without a role, a user's id suggests a user.
        None => message.user_id.is_none(),
    };
    Ok(messages.into_iter().rev().find(by_agent))
}

impl IntoFuture for Wait {
    type Output = Result<Outcome>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What a wait came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The task has succeeded.
    Completed(Completed),
    /// The agent asks something.
    NeedsInput(Question),
    /// The agent waits for a person's approval, given in the dashboard. Wait again to wait for that.
    NeedsReview(TaskHandle),
    /// The task has failed.
    Failed(Failure),
    /// The task was cancelled, by a user or by the system.
    Stopped(TaskHandle),
}

impl Outcome {
    pub(crate) fn into_error(self) -> Error {
        let (task, what) = match &self {
            Self::Completed(done) => (&done.task, "has completed"),
            Self::NeedsInput(question) => (
                &question.task,
                "asks a question: start it by `start`, and answer",
            ),
            Self::NeedsReview(task) => (task, "waits for approval in the dashboard"),
            Self::Failed(failure) => (&failure.task, "has failed: its result has the reasons"),
            Self::Stopped(task) => (task, "was stopped"),
        };
        Error::new(
            ErrorKind::NotCompleted,
            format!("the task {} {what}", task.id()),
        )
    }
}

/// A task that has completed.
#[derive(Clone, Debug)]
pub struct Completed {
    task: TaskHandle,
    summary: TaskSummary,
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

    /// The structured output, wherever in the answer it is.
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
        output::decode(self.output())
    }
}

/// A question that a task waits to be answered.
#[derive(Clone, Debug)]
pub struct Question {
    task: TaskHandle,
    message: Option<Message>,
}

impl Question {
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

    /// Answers, and returns the wait for what comes next, in which this question is not mistaken for a second one.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn reply(&self, answer: impl Into<String>) -> Result<Wait> {
        self.task.send_message(answer).await?;
        let id = self.message.as_ref().and_then(|message| message.id);
        Ok(self.task.wait().after_answer(id))
    }
}

/// A task that has failed.
#[derive(Clone, Debug)]
pub struct Failure {
    task: TaskHandle,
}

impl Failure {
    /// The task. Its [result](TaskHandle::result) has the reasons.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }
}
