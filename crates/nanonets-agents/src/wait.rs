//! Waiting for a task. The API has no way to be told, so it is asked again and again, ever more slowly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use nanonets_agents_api::types::{Message, MessageId, MessageRole, Task, TaskStatus, TaskSummary};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result, Waited};
use crate::output;
use crate::request::Sending;
use crate::task::TaskHandle;

/// So many polls in a row may fail, each after its retries, where no timeout says for how long.
const TOLERATED: u32 = 10;
/// Each pause is longer than the one before by so much.
const GROWTH: f64 = 1.5;

pub(crate) type OnStatus = Arc<dyn Fn(&Task) + Send + Sync>;

/// How a task is waited for.
#[derive(Clone)]
pub(crate) struct Patience {
    pub timeout: Option<Duration>,
    pub on_status: Option<OnStatus>,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: None,
            on_status: None,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("timeout", &self.timeout)
            .field("first_pause", &self.first_pause)
            .field("longest_pause", &self.longest_pause)
            .finish_non_exhaustive()
    }
}

impl Patience {
    pub fn pauses(&mut self, first: Duration, longest: Duration) {
        (self.first_pause, self.longest_pause) = (first, longest.max(first));
    }
}

/// A wait to be begun by awaiting it. Dropping it stops the polling and nothing else.
#[derive(Clone, Debug)]
#[must_use = "a task is waited for by awaiting it"]
pub struct Wait {
    task: TaskHandle,
    patience: Patience,
}

impl Wait {
    pub(crate) fn new(task: TaskHandle) -> Self {
        Self {
            task,
            patience: Patience::default(),
        }
    }

    pub(crate) fn with(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Gives up after this time. The task goes on, and can be waited for again. There is no limit by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.patience.timeout = Some(timeout);
        self
    }

    /// The pauses between polls grow from the first to the longest of these, each varied by up to a quarter, by chance.
    /// They are 1 and 10 seconds by default.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.patience.pauses(first, longest);
        self
    }

    /// Calls a function with the task whenever its status is another than before.
    pub fn on_status(mut self, call: impl Fn(&Task) + Send + Sync + 'static) -> Self {
        self.patience.on_status = Some(Arc::new(call));
        self
    }

    /// Every status that the task is seen in, and at last the outcome. The stream ends after that, or after an error.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use nanonets_agents::Update;
    ///
    /// # async fn example(task: nanonets_agents::TaskHandle) -> nanonets_agents::Result<()> {
    /// let mut updates = task.wait().updates();
    /// while let Some(update) = updates.try_next().await? {
    ///     match update {
    ///         Update::Status(task) => println!("{}", task.status),
    ///         Update::Outcome(outcome) => println!("{outcome:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As those of awaiting the wait.
    pub fn updates(self) -> impl Stream<Item = Result<Update>> + Send + Unpin + 'static {
        let poller = Poller::new(self);
        Box::pin(stream::try_unfold(Some(poller), |poller| async move {
            let Some(mut poller) = poller else {
                return Ok(None);
            };
            let update = poller.next().await?;
            let is_last = matches!(update, Update::Outcome(_));
            Ok(Some((update, (!is_last).then_some(poller))))
        }))
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
        let patience = self.patience.clone();
        let mut wait = self;
        loop {
            let question = match wait.await? {
                Outcome::NeedsInput(question) => question,
                outcome => return Ok(outcome),
            };
            let text = answer(question.clone()).await?;
            let mut rest = patience.clone();
            rest.timeout = patience
                .timeout
                .map(|timeout| timeout.saturating_sub(start.elapsed()));
            wait = question.reply(text).await?.wait().with(rest);
        }
    }

    async fn run(self) -> Result<Outcome> {
        let mut poller = Poller::new(self);
        loop {
            if let Update::Outcome(outcome) = poller.next().await? {
                return Ok(outcome);
            }
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<Outcome>;
    type IntoFuture = Sending<Outcome>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Something to tell about a task that is waited for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// Its status is another than before, or was seen for the first time.
    Status(Task),
    /// The wait is over.
    Outcome(Outcome),
}

/// A wait that has begun.
struct Poller {
    task: TaskHandle,
    patience: Patience,
    start: Instant,
    deadline: Option<Instant>,
    polls: u32,
    pause: Duration,
    /// So many polls in a row have failed.
    failures: u32,
    last_status: Option<TaskStatus>,
    /// Seen in a new status, which was told; what it means to the wait was not found out yet.
    news: Option<Task>,
}

impl Poller {
    fn new(Wait { task, patience }: Wait) -> Self {
        let start = Instant::now();
        Self {
            task,
            start,
            deadline: patience.timeout.and_then(|limit| start.checked_add(limit)),
            pause: patience.first_pause,
            patience,
            polls: 0,
            failures: 0,
            last_status: None,
            news: None,
        }
    }

    /// Polls until there is something to tell.
    async fn next(&mut self) -> Result<Update> {
        let Some(deadline) = self.deadline else {
            return self.poll().await;
        };
        match tokio::time::timeout_at(deadline, self.poll()).await {
            Ok(update) => update,
            Err(_) => Err(self.timed_out()),
        }
    }

    async fn poll(&mut self) -> Result<Update> {
        loop {
            match self.step().await {
                Ok(Some(update)) => return Ok(update),
                Ok(None) => self.failures = 0,
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => {
                    self.failures += 1;
                    // With a deadline, that is how long it may fail.
                    if self.deadline.is_none() && self.failures > TOLERATED {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// One request and what it tells, if anything.
    async fn step(&mut self) -> Result<Option<Update>> {
        let client = self.task.client().clone();
        if let Some(task) = self.news.take() {
            let _turn = client.turn_to_poll().await;
            return Ok(self.outcome(task).await?.map(Update::Outcome));
        }
        if self.polls > 0 {
            tokio::time::sleep(self.pause.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
            self.pause = self.pause.mul_f64(GROWTH).min(self.patience.longest_pause);
        }
        let _turn = client.turn_to_poll().await;
        self.polls += 1;
        let task = self.task.get().await?;
        if task.status != TaskStatus::WaitingForInput {
            // The answer has arrived: whatever is asked next is asked anew.
            self.task.forget_answer();
        }
        if self.last_status.as_ref() == Some(&task.status) {
            return Ok(self.outcome(task).await?.map(Update::Outcome));
        }
        self.last_status = Some(task.status.clone());
        if let Some(on_status) = &self.patience.on_status {
            on_status(&task);
        }
        self.news = Some(task.clone());
        Ok(Some(Update::Status(task)))
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
                let question = Question::of(handle).await?;
                // The status lags behind an answer: what was answered is no new question, and neither is what the agent
                // said when it had gone on already.
                let is_old = match self.task.answered() {
                    None => false,
                    Some(answered) if answered.is(&question) => true,
                    Some(_) => self.task.get().await?.status != TaskStatus::WaitingForInput,
                };
                (!is_old).then_some(Outcome::NeedsInput(question))
            }
            _ => None,
        })
    }

    fn timed_out(&self) -> Error {
        let waited = Waited {
            task_id: self.task.id(),
            last_status: self.last_status.clone(),
            elapsed: self.start.elapsed(),
            polls: self.polls,
        };
        let message = match &self.last_status {
            Some(status) => format!("the task {} is still {status}", waited.task_id),
            None => format!("the task {} could not be asked in time", waited.task_id),
        };
        Error::new(ErrorKind::Timeout, message).after_waiting(waited)
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

    /// The error of not having completed.
    pub(crate) fn into_error(self) -> Error {
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
    fn is(&self, question: &Question) -> bool {
        match (self.id, question.id()) {
            (Some(answered), Some(id)) => answered == id,
            _ => self.number == question.number,
        }
    }
}

impl Question {
    /// The newest message that the agent wrote.
    async fn of(task: TaskHandle) -> Result<Self> {
        let by_agent = |message: &Message| match &message.role {
            Some(role) => *role != MessageRole::User,
            // Without a role, a user's id suggests a user.
            None => message.user_id.is_none(),
        };
        let mut messages = task.messages().await?;
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

    /// Answers, and returns the task to be waited for again. Waiting for that does not mistake this question for a second
    /// one, though the status may lag behind for a while.
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
    task: TaskHandle,
}

impl Failure {
    /// The task. Its [result](TaskHandle::result) has the reasons.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }
}
