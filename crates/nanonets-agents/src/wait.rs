//! Waiting for a task. The API has no way to be told, so it is asked again and again, ever more slowly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use nanonets_agents_api::types::{Task, TaskStatus};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result, Waited};
use crate::outcome::{Completed, Failure, Outcome, Question};
use crate::request::Sending;
use crate::task::TaskHandle;

/// So many polls in a row may fail where no timeout says for how long: some five minutes, with the usual pauses.
const TOLERATED: u32 = 30;
/// Each pause is longer than the one before by so much.
const GROWTH: f64 = 1.5;
/// No pause is longer, whatever is asked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What even a pause of nothing grows from.
const LEAST: Duration = Duration::from_millis(10);

pub(crate) type OnStatus = Arc<dyn Fn(&Task) + Send + Sync>;
type OnFailure = Arc<dyn Fn(&Error) + Send + Sync>;

/// How a task is waited for.
#[derive(Clone)]
pub(crate) struct Patience {
    pub timeout: Option<Duration>,
    pub on_status: Option<OnStatus>,
    on_failure: Option<OnFailure>,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: None,
            on_status: None,
            on_failure: None,
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
        (self.first_pause, self.longest_pause) = (first.min(DAY), longest.max(first).min(DAY));
    }

    /// The pause after one.
    fn next(&self, pause: Duration) -> Duration {
        pause.max(LEAST).mul_f64(GROWTH).min(self.longest_pause)
    }
}

/// A wait to be begun by awaiting it. Dropping it stops the polling and nothing else.
///
/// # Errors
///
/// [`ErrorKind::Timeout`] if it takes longer than it may; [`Error::waited`] says how far it came, and the source of the error
/// is that of the last poll, if that failed. Otherwise what a poll fails with. Failures that may pass are outlasted: until
/// the timeout, or thirty in a row if there is none.
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

    /// Calls a function with the error of each poll that fails and is outlasted, for whoever wants to know why nothing
    /// happens.
    pub fn on_failure(mut self, call: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.patience.on_failure = Some(Arc::new(call));
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
    /// timeout is for all of it. A question that `answer` has no answer to, which is `None`, is the outcome.
    ///
    /// # Errors
    ///
    /// Those of waiting and of the messages.
    pub async fn answer_with<Answer, Answered>(self, mut answer: Answer) -> Result<Outcome>
    where
        Answer: FnMut(Question) -> Answered,
        Answered: Future<Output = Option<String>>,
    {
        let mut poller = Poller::new(self);
        loop {
            let question = match poller.outcome().await? {
                Outcome::NeedsInput(question) => question,
                outcome => return Ok(outcome),
            };
            let replied = async {
                match answer(question.clone()).await {
                    Some(text) => question.reply(text).await.map(Some),
                    None => Ok(None),
                }
            };
            match poller.in_time(replied).await? {
                Some(task) => poller.go_on(task),
                None => return Ok(Outcome::NeedsInput(question)),
            }
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<Outcome>;
    type IntoFuture = Sending<Outcome>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Poller::new(self).outcome().await })
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
    /// So many polls in a row have failed, the last one with this.
    failures: u32,
    failure: Option<Error>,
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
            failure: None,
            last_status: None,
            news: None,
        }
    }

    /// Goes on after an answer, soon at first.
    fn go_on(&mut self, task: TaskHandle) {
        self.task = task;
        self.pause = self.patience.first_pause;
    }

    /// Polls until the wait is over.
    async fn outcome(&mut self) -> Result<Outcome> {
        loop {
            if let Update::Outcome(outcome) = self.next().await? {
                return Ok(outcome);
            }
        }
    }

    /// Polls until there is something to tell.
    async fn next(&mut self) -> Result<Update> {
        let update = match self.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, self.poll()).await.ok(),
            None => Some(self.poll().await),
        };
        update.unwrap_or_else(|| Err(self.timed_out()))
    }

    /// Does something else before the deadline.
    async fn in_time<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline, work).await {
                Ok(result) => result,
                Err(_) => Err(self.timed_out()),
            },
            None => work.await,
        }
    }

    async fn poll(&mut self) -> Result<Update> {
        loop {
            let error = match self.step().await {
                Ok(Some(update)) => return Ok(update),
                Ok(None) => {
                    (self.failures, self.failure) = (0, None);
                    continue;
                }
                Err(error) => error,
            };
            // A page of a proxy that is not the API's answer passes too.
            if !error.is_retryable() && error.kind() != ErrorKind::Unreadable {
                return Err(error);
            }
            self.failures += 1;
            // With a deadline, that is how long it may fail.
            if self.deadline.is_none() && self.failures > TOLERATED {
                return Err(error);
            }
            if let Some(on_failure) = &self.patience.on_failure {
                on_failure(&error);
            }
            self.pause = self
                .pause
                .max(error.retry_after().unwrap_or_default())
                .min(DAY);
            self.failure = Some(error);
        }
    }

    /// One look at the task and what it tells, if anything. The pause before it is what makes up for attempts that fail, so
    /// each request is tried once, and has its turn for no longer than that takes.
    async fn step(&mut self) -> Result<Option<Update>> {
        let client = self.task.client().clone();
        if let Some(task) = self.news.take() {
            let _turn = client.turn_to_poll().await;
            return Ok(self.meaning(task).await?.map(Update::Outcome));
        }
        if self.polls > 0 {
            tokio::time::sleep(self.pause.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
            self.pause = self.patience.next(self.pause);
        }
        let _turn = client.turn_to_poll().await;
        self.polls += 1;
        let task = self.task.get().once().await?;
        client.gate().observed(task.task_id, &task.status);
        self.task.forget_other_than(&task.status);
        if self.last_status.as_ref() == Some(&task.status) {
            return Ok(self.meaning(task).await?.map(Update::Outcome));
        }
        self.last_status = Some(task.status.clone());
        if let Some(on_status) = &self.patience.on_status {
            on_status(&task);
        }
        self.news = Some(task.clone());
        Ok(Some(Update::Status(task)))
    }

    /// What a status means to whoever waits, if it means the end of the wait. One that is not known does not.
    async fn meaning(&self, task: Task) -> Result<Option<Outcome>> {
        let handle = self.task.clone();
        Ok(match task.status {
            TaskStatus::Completed => {
                let summary = handle.summary().once().await?;
                Some(Outcome::Completed(Completed {
                    task: handle,
                    summary,
                }))
            }
            TaskStatus::Failed => Some(Outcome::Failed(Failure { task: handle })),
            TaskStatus::Stopped => Some(Outcome::Stopped(handle)),
            TaskStatus::AwaitingReview if handle.review_is_known() => None,
            TaskStatus::AwaitingReview => Some(Outcome::NeedsReview(handle.in_review())),
            TaskStatus::WaitingForInput => {
                let question = Question::of(handle).await?;
                // The status lags behind an answer: what was answered is no new question, and neither is what the agent
                // said when it had gone on already.
                let is_old = match self.task.answered() {
                    None => false,
                    Some(answered) if answered.is(&question) => true,
                    Some(_) => {
                        let now = self.task.get().once().await?;
                        now.status != TaskStatus::WaitingForInput
                    }
                };
                (!is_old).then_some(Outcome::NeedsInput(question))
            }
            _ => None,
        })
    }

    fn timed_out(&mut self) -> Error {
        let waited = Waited {
            task_id: self.task.id(),
            last_status: self.last_status.clone(),
            elapsed: self.start.elapsed(),
            polls: self.polls,
        };
        let id = waited.task_id;
        let message = match &self.last_status {
            Some(TaskStatus::Completed) => {
                format!("the task {id} has completed, but its answer could not be read in time")
            }
            Some(status) => format!("the task {id} is still {status}"),
            None => format!("the task {id} could not be asked in time"),
        };
        let error = Error::new(ErrorKind::Timeout, message).after_waiting(waited);
        match self.failure.take() {
            Some(failure) => error.caused_by(failure),
            None => error,
        }
    }
}
