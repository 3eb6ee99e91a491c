//! A wait that has begun: the polls, their pauses, and the outcome.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use nanonets_agents_api::Activity;
use nanonets_agents_api::types::{Task, TaskStatus};
use reqwest::StatusCode;
use tokio::time::Instant;

use super::summary;
use super::update::Update;
use crate::outcome::{Completed, Failure, Outcome, Question};
use crate::patience::{Limit, Patience};
use crate::task::TaskHandle;
use crate::transport::error::{Error, ErrorKind, Origin, Result};
use crate::transport::facts::Waited;
use crate::transport::memory::{Content, State};
use crate::transport::request::Sending;

/// The number of polls in a row that may fail, unless a timeout is set: about five minutes, with the default pauses.
const TOLERATED: u32 = 30;
/// The number of polls in a row that may return JSON that does not decode. A deployment may cause one, and a defect does not go away.
const TOLERATED_DEFECTS: u32 = 2;
/// The number of polls in a row that may get answers of another server, if the API has never answered.
const TOLERATED_ELSEWHERE: u32 = 3;
/// A poll keeps its turn for this part of its longest duration. One that takes longer continues without it, so that polls that
/// hang do not hold up others.
const TURN: u32 = 5;
/// How often a summary without an answer, or messages without a question, are read again: they may lag behind the status. The
/// pauses double, from a quarter of the first pause between polls: eight seconds in all, by default.
const READS_AGAIN: u32 = 5;
/// The time for reading what has arrived when a deadline passes.
const GRACE: Duration = Duration::from_millis(50);

/// Works until a deadline. What has arrived by then still counts, although the runtime has not read it yet.
///
/// The work is borrowed: a future that takes another one is as large as two of it.
async fn until<F: Future>(deadline: Instant, work: Pin<&mut F>) -> Option<F::Output> {
    let settled = pin!(async {
        tokio::time::sleep_until(deadline).await;
        tokio::time::sleep(GRACE).await;
        Activity::default().settle().await;
    });
    match select(work, settled).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Whether a task with this status, as its summary has it, goes on. One that is not known may be anything.
fn is_going_on(status: Option<&TaskStatus>) -> bool {
    matches!(
        status,
        Some(TaskStatus::Pending | TaskStatus::Queued | TaskStatus::Running)
    )
}

/// The content by which a wait recognises a question. Without a message there is none.
fn content_of(question: &Question) -> Option<Content> {
    question.message().map(|_| {
        let remembered = question.remembered();
        Content::of(remembered.content())
    })
}

/// A wait that has begun.
pub(super) struct Poller {
    task: TaskHandle,
    patience: Patience,
    start: Instant,
    deadline: Option<Instant>,
    polls: u32,
    pause: Duration,
    /// The number of polls in a row that have failed.
    failures: u32,
    /// The number of polls in a row that returned JSON that does not decode.
    defects: u32,
    failure: Option<Error>,
    last_status: Option<TaskStatus>,
    /// The pause that the server asked for.
    asked: Duration,
    /// The task in a new status that was reported, and that was not acted on yet; and whether that status is old.
    news: Option<(Task, bool)>,
    /// The last poll has returned the state from before a message.
    is_old: bool,
}

impl Poller {
    pub(super) fn new(task: TaskHandle, patience: Patience) -> Self {
        let start = Instant::now();
        Self {
            task,
            start,
            deadline: patience
                .limit
                .duration()
                .and_then(|limit| start.checked_add(limit)),
            pause: patience.first_pause,
            patience,
            polls: 0,
            failures: 0,
            defects: 0,
            failure: None,
            last_status: None,
            asked: Duration::ZERO,
            news: None,
            is_old: false,
        }
    }

    /// Polls until the wait is over.
    pub(super) async fn outcome(&mut self) -> Result<Outcome> {
        loop {
            if let Update::Outcome(outcome) = self.next().await? {
                return Ok(outcome);
            }
        }
    }

    /// Polls until there is something to tell.
    pub(super) async fn next(&mut self) -> Result<Update> {
        let deadline = self.deadline;
        let update = {
            let poll = pin!(self.poll());
            match deadline {
                Some(deadline) => until(deadline, poll).await,
                None => Some(poll.await),
            }
        };
        update.unwrap_or_else(|| Err(self.timed_out()))
    }

    /// Does something that sends nothing before the deadline.
    pub(super) async fn in_time<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        match self.deadline {
            Some(deadline) => {
                let done = until(deadline, pin!(work)).await;
                done.ok_or_else(|| self.timed_out())
            }
            None => Ok(work.await),
        }
    }

    /// Replies to a question before the deadline, and continues to wait. If the deadline passes meanwhile, the error of the wait
    /// has the effect of the reply.
    pub(super) async fn reply(&mut self, question: &Question, text: String) -> Result<()> {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(self.timed_out());
        }
        match question.reply_within(text, left).await {
            Ok(task) => {
                self.task = task;
                // Soon at first.
                self.pause = self.patience.first_pause;
                Ok(())
            }
            Err(error) => {
                let is_late = self
                    .deadline
                    .is_some_and(|deadline| Instant::now() >= deadline);
                let is_without_answer =
                    matches!(error.kind(), ErrorKind::Lost | ErrorKind::Connect);
                if !is_late || !is_without_answer {
                    return Err(error);
                }
                let id = self.task.id();
                let message = format!(
                    "timed out while waiting: no answer to the reply to the task {id} came"
                );
                let timed_out = self.timed_out().with_message(message);
                Err(timed_out.with_effect_of(error))
            }
        }
    }

    async fn poll(&mut self) -> Result<Update> {
        loop {
            let error = match self.step().await {
                Ok(update) => {
                    (self.failures, self.defects, self.failure) = (0, 0, None);
                    match update {
                        Some(update) => return Ok(update),
                        None => continue,
                    }
                }
                Err(error) => error,
            };
            if !self.tolerates(&error) {
                return Err(error);
            }
            if let Some(on_failure) = &self.patience.on_failure {
                on_failure(&error);
            }
            let client = self.task.client();
            let asked = error.retry_after().unwrap_or_default();
            self.asked = asked.min(client.retry_policy().longest_pause_asked_for());
            self.failure = Some(error);
        }
    }

    /// Whether the wait continues after a failed poll.
    fn tolerates(&mut self, error: &Error) -> bool {
        self.failures += 1;
        let is_from_api = error.origin() == Some(Origin::Api);
        // JSON that does not decode is a defect of this task or of this library.
        let is_defect =
            error.kind() == ErrorKind::Unreadable && is_from_api && !error.is_retryable();
        self.defects = if is_defect { self.defects + 1 } else { 0 };
        if is_defect {
            return self.defects < TOLERATED_DEFECTS;
        }
        let is_limited = matches!(self.patience.limit, Limit::Timeout(_));
        let in_time = is_limited || self.failures <= TOLERATED;
        // A gateway knows nothing of a task: a load balancer answers 404 during a deployment.
        // A host that has never answered as the API does may be the wrong one.
        let is_elsewhere = error.origin() == Some(Origin::Gateway)
            && error
                .status()
                .is_some_and(|status| status != StatusCode::UNAUTHORIZED);
        if is_elsewhere && !error.is_retryable() {
            let is_known = self.last_status.is_some() || self.task.was_started_here();
            return in_time && (is_known || self.failures <= TOLERATED_ELSEWHERE);
        }
        let is_lag = error.is_not_found() && is_from_api && self.task.is_fresh();
        in_time && (error.is_retryable() || is_lag)
    }

    /// Waits for a turn to send requests, and makes and sends them then: thousands of waits may stand in line.
    async fn in_turn<T, Requests>(&self, requests: impl FnOnce() -> Requests) -> T
    where
        Requests: Future<Output = T>,
    {
        let turn = self.task.client().turn_to_poll().await;
        let mut requests = Box::pin(requests());
        match select(
            requests.as_mut(),
            pin!(tokio::time::sleep(self.patience.poll_timeout / TURN)),
        )
        .await
        {
            Either::Left((result, _)) => result,
            Either::Right(_) => {
                drop(turn);
                requests.await
            }
        }
    }

    /// One poll, and what it tells, if anything. The pause before it makes up for retries, so each request is sent once.
    async fn step(&mut self) -> Result<Option<Update>> {
        if let Some((task, is_old)) = self.news.take() {
            let outcome = Box::pin(self.act_on(task, is_old)).await?;
            return Ok(outcome.map(Update::Outcome));
        }
        if self.polls > 0 {
            let pause = self.pause.mul_f64(0.75 + fastrand::f64() / 2.0);
            // Never before the time that the server asks for, and spread out behind it.
            let asked = std::mem::take(&mut self.asked);
            let spread = self.pause.max(asked / 4).mul_f64(fastrand::f64());
            let asked = if asked.is_zero() {
                asked
            } else {
                asked + spread
            };
            tokio::time::sleep(pause.max(asked)).await;
            self.pause = self.patience.next(self.pause);
        }
        self.polls += 1;
        let mut task = self.in_turn(|| self.read_status()).await?;
        task.status = self.task.shown_status(task.status);
        self.task
            .client()
            .gate()
            .observed(task.task_id, &task.status);
        self.task.forget_other_than(&task.status);
        let is_old = self.task.client().memory().saw(&task);
        self.is_old = is_old;
        if self.last_status.as_ref() == Some(&task.status) {
            let outcome = Box::pin(self.act_on(task, is_old)).await?;
            return Ok(outcome.map(Update::Outcome));
        }
        self.last_status = Some(task.status.clone());
        if let Some(on_status) = &self.patience.on_status {
            on_status(&task);
        }
        self.news = Some((task.clone(), is_old));
        Ok(Some(Update::Status(task)))
    }

    fn read_status(&self) -> Sending<Task> {
        let poll = self.task.get().once();
        poll.attempt_timeout(self.patience.poll_timeout)
            .into_future()
    }

    /// The outcome that a status leads to, if it ends the wait. An unknown status does not, and neither does an old one: a state
    /// from before a message. The content of a state may prove that it is not old.
    async fn act_on(&mut self, task: Task, is_old: bool) -> Result<Option<Outcome>> {
        let handle = self.task.clone();
        let memory = handle.client().memory();
        let mut state = State {
            status: task.status,
            updated_at: task.updated_at.utc(),
            content: None,
        };
        Ok(match state.status {
            TaskStatus::Completed => {
                let done = self.completed(is_old).await?;
                state.content = done.content();
                // The task may have gone on between the two reads: the summary is the later word.
                let outcome = match done.status_of_summary() {
                    Some(status @ TaskStatus::Failed) => {
                        state.status = status.clone();
                        Outcome::Failed(Failure {
                            task: handle.clone(),
                        })
                    }
                    Some(status @ TaskStatus::Stopped) => {
                        state.status = status.clone();
                        Outcome::Stopped(handle.clone())
                    }
                    _ => Outcome::Completed(done),
                };
                self.is_old = !memory.read(handle.id(), state.clone());
                if !self.is_old && memory.is_in_doubt(handle.id(), &state) {
                    let content = || async {
                        let done = self.completed(true).await?;
                        let status = done.status_of_summary();
                        let is_over = status.is_none_or(|status| *status == state.status);
                        Ok(done.content().filter(|_| is_over))
                    };
                    self.is_old = !self.stands(&state, content).await?;
                }
                (!self.is_old).then_some(outcome)
            }
            TaskStatus::Failed | TaskStatus::Stopped | TaskStatus::AwaitingReview if is_old => None,
            TaskStatus::Failed => Some(Outcome::Failed(Failure { task: handle })),
            TaskStatus::Stopped => Some(Outcome::Stopped(handle)),
            TaskStatus::AwaitingReview if handle.review_is_known() => None,
            TaskStatus::AwaitingReview => Some(Outcome::NeedsReview(handle.in_review())),
            TaskStatus::WaitingForInput => {
                let answered = self.task.answered();
                let question = self.question(is_old).await?;
                state.content = content_of(&question);
                let is_answered =
                    answered.is_some_and(|answered| answered.is(&question.remembered()));
                // The status lags behind a reply. A message that the agent sent after it went on is no question.
                let is_in_doubt = is_old || answered.is_some();
                self.is_old = is_answered || !memory.read(handle.id(), state.clone());
                if !self.is_old && memory.is_in_doubt(handle.id(), &state) {
                    let content = || async {
                        let question = self.question(true).await?;
                        Ok(content_of(&question))
                    };
                    self.is_old = !self.stands(&state, content).await?;
                } else if !self.is_old && is_in_doubt {
                    let now = self.in_turn(|| self.read_status()).await?;
                    self.is_old = now.status != TaskStatus::WaitingForInput;
                }
                (!self.is_old).then_some(Outcome::NeedsInput(question))
            }
            _ => None,
        })
    }

    /// The summary of a completed task. It lags if it has no answer, if it says that the task still runs, or if there is none
    /// yet. That of a completion from before a message is read once.
    async fn completed(&self, is_old: bool) -> Result<Completed> {
        let summary = self
            .read_until_current(
                || summary::read(&self.task, self.patience.poll_timeout),
                |summary| is_old || (summary.has_answer() && !is_going_on(summary.status())),
            )
            .await?;
        let summary = match is_going_on(summary.status()) {
            true => summary.before_the_end(),
            false => summary,
        };
        Ok(Completed::new(self.task.clone(), summary))
    }

    /// The question of a task that waits for input. The messages lag if they have no question, or only one that a user has
    /// answered. After a message or a reply of this client, the next poll reads them again.
    async fn question(&self, is_old: bool) -> Result<Question> {
        let is_read_once = is_old || self.task.answered().is_some();
        self.read_until_current(
            || Question::of(self.task.clone(), self.patience.poll_timeout),
            |question| is_read_once || (question.message().is_some() && !question.has_answer()),
        )
        .await
    }

    /// Whether status and content are the same for a while. What the agent writes while it works is followed by something.
    async fn stands<Read>(&self, state: &State, content: impl Fn() -> Read) -> Result<bool>
    where
        Read: Future<Output = Result<Option<Content>>>,
    {
        for pause in self.pauses_between_reads() {
            tokio::time::sleep(pause).await;
            let now = self.in_turn(|| self.read_status()).await?;
            if now.status != state.status || content().await? != state.content {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn pauses_between_reads(&self) -> impl Iterator<Item = Duration> + use<> {
        let first = self.patience.first_pause / 4;
        (0..READS_AGAIN).map(move |read| first * 2_u32.pow(read))
    }

    /// Reads what belongs to a status. It may lag behind the status, so it is read again for a while if it is not current, or if
    /// it is not there yet (404, 409). Then it counts as it is.
    async fn read_until_current<T, Read>(
        &self,
        read: impl Fn() -> Read,
        is_current: impl Fn(&T) -> bool,
    ) -> Result<T>
    where
        Read: Future<Output = Result<T>>,
    {
        let mut pauses = self.pauses_between_reads();
        loop {
            let read = self.in_turn(&read).await;
            let lags = match &read {
                Ok(content) => !is_current(content),
                Err(error) => error.is_not_found() || error.is_conflict(),
            };
            match pauses.next().filter(|_| lags) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return read,
            }
        }
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
            Some(status) if self.is_old => format!(
                "timed out while waiting: the task {id} still shows the state from before the message, {status}"
            ),
            Some(TaskStatus::Completed) => {
                format!(
                    "the task {id} has completed, but its summary was not read before the timeout"
                )
            }
            Some(TaskStatus::WaitingForInput) => {
                format!(
                    "the task {id} waits for input, but its question was not read before the timeout"
                )
            }
            Some(status) => format!("timed out while waiting: the task {id} is still {status}"),
            None => format!("timed out while waiting: no poll of the task {id} succeeded"),
        };
        let error = Error::new(ErrorKind::Timeout, message).after_waiting(waited);
        match self.failure.take() {
            Some(failure) => error.caused_by(failure),
            None => error,
        }
    }
}
