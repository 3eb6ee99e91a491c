//! Waiting for a task. The API has no way to be told, so it is asked again and again, ever more slowly.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
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
/// So many polls in a row may fail, each after its retries, where no timeout says for how long.
const TOLERATED: u32 = 10;
/// By so much.
const GROWTH: f64 = 1.5;

type OnStatus = Arc<dyn Fn(&Task) + Send + Sync>;

/// A wait to be begun by awaiting it. Dropping it stops the polling and nothing else.
#[derive(Clone)]
#[must_use = "a task is waited for by awaiting it"]
pub struct Wait {
    task: TaskHandle,
    timeout: Option<Duration>,
    first_pause: Duration,
    longest_pause: Duration,
    /// The question that was answered already.
    answered: Option<MessageId>,
    on_status: Option<OnStatus>,
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("task", &self.task.id())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Wait {
    pub(crate) fn new(task: TaskHandle) -> Self {
        Self {
            task,
            timeout: None,
            first_pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
            answered: None,
            on_status: None,
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

    /// Calls a function with the task whenever its status is another than before.
    pub fn on_status(mut self, call: impl Fn(&Task) + Send + Sync + 'static) -> Self {
        self.on_status = Some(Arc::new(call));
        self
    }

    /// Waits, answers each question with what `answer` makes of it, and waits on: for conversations without a person. The
    /// timeout is for all of it. The outcome is never [`Outcome::NeedsInput`].
    ///
    /// # Errors
    ///
    /// Those of waiting and of the messages, and whatever `answer` returns.
    pub async fn answer_with<Answer, Answered>(self, mut answer: Answer) -> Result<Outcome>
    where
        Answer: FnMut(Question) -> Answered,
        Answered: Future<Output = Result<String>>,
    {
        let start = Instant::now();
        let mut wait = self.clone();
        loop {
            let question = match wait.await? {
                Outcome::NeedsInput(question) => question,
                outcome => return Ok(outcome),
            };
            let id = question.id();
            let task = question.task().clone();
            let text = answer(question).await?;
            task.send_message(text).await?;
            wait = self.clone().after_answer(id);
            wait.timeout = self
                .timeout
                .map(|timeout| timeout.saturating_sub(start.elapsed()));
        }
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
        let mut failures = 0;
        loop {
            let failed = match self.look(polls, last).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => None,
                Err(error) => Some(error),
            };
            match failed {
                None => failures = 0,
                // With a deadline, that is how long it may fail.
                Some(error) if error.is_retryable() => {
                    failures += 1;
                    if self.timeout.is_none() && failures > TOLERATED {
                        return Err(error);
                    }
                }
                Some(error) => return Err(error),
            }
            tokio::time::sleep(pause.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
            pause = pause.mul_f64(GROWTH).min(self.longest_pause);
        }
    }

    /// One poll.
    async fn look(
        &self,
        polls: &mut u32,
        last: &mut Option<TaskStatus>,
    ) -> Result<Option<Outcome>> {
        *polls += 1;
        let task = self.task.get().await?;
        if last.as_ref() != Some(&task.status) {
            *last = Some(task.status.clone());
            if let Some(on_status) = &self.on_status {
                on_status(&task);
            }
        }
        self.outcome(task).await
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

    fn id(&self) -> Option<MessageId> {
        self.message.as_ref()?.id
    }

    /// Answers, and returns the wait for what comes next, in which this question is not mistaken for a second one.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn reply(&self, answer: impl Into<String>) -> Result<Wait> {
        self.task.send_message(answer).await?;
        Ok(self.task.wait().after_answer(self.id()))
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
