//! Waiting for a task. The API sends no notifications, so a wait polls, with growing pauses.

mod poller;
mod summary;
mod update;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use nanonets_agents_api::types::Task;

use crate::outcome::{Outcome, Question};
use crate::patience::{DAY, Limit, Patience};
use crate::task::TaskHandle;
use crate::transport::error::{Error, Result};
use crate::transport::request::Sending;
use poller::Poller;
pub use update::Update;

impl TaskHandle {
    /// Waits until it is over or needs a person.
    pub fn wait(&self) -> Wait {
        Wait::new(self.clone())
    }
}

/// A wait for a task, which begins when it is awaited. It lasts for a day at most, unless [`timeout`](Self::timeout) or
/// [`endless`](Self::endless) says otherwise.
///
/// Dropping the future ends the polling and does nothing to the task.
///
/// The status lags behind a message to a task that had ended or waited for a person. For 30 seconds after a message that this
/// client or a clone of it has sent, or may have sent, a state from before it does not end the wait. The client remembers
/// the state that its last wait has seen. Without one, the state of the first poll counts as that from before, unless the task
/// runs then. Within the 30 seconds, these end the wait:
///
/// - another status than before the message;
/// - `completed` with another answer, or with a later `completed_at` in the summary;
/// - `waiting_for_input` with another question;
/// - `failed`, `stopped`, `awaiting_review` or the same question, once the task was seen in another status, with a later
///   `updated_at` in two polls. Without another status, it does not count: a server may change it when it takes the message.
///
/// The agent may write words while it works, and the status lags. So a question of a task with the same `updated_at` as before, and other
/// words of a completed task without a `completed_at` that was not seen in another status, end the wait once five more reads have
/// returned the same: after 8 seconds with the default pauses.
///
/// After the 30 seconds, any state counts. So a task that ends in the same way again is noticed up to 30 seconds late if it completed
/// with an equal answer and no later `completed_at`, or if it ended between two polls.
///
/// # Errors
///
/// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if the longest duration has passed; [`Error::waited`] says how far the
/// wait came, and the source of the error is the failure of the last poll, if it failed. Otherwise the failure of a poll that
/// is not temporary.
/// Temporary failures are tolerated: until the timeout if one is set, and otherwise thirty in a row. A 404 is temporary for a
/// minute after this process has started the task: reads may lag behind. Answers that are not the API's, such as the pages
/// of a gateway, are temporary once the API has answered.
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

    /// The longest duration of a wait that sets none: a day. A task may be `queued` or `awaiting_review` for hours.
    pub const DEFAULT_TIMEOUT: Duration = DAY;

    /// The longest duration of the wait. The task is still running afterwards, and can be waited for again.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.patience.timeout(timeout);
        self
    }

    /// Waits without a longest duration.
    pub fn endless(mut self) -> Self {
        self.patience.limit = Limit::Endless;
        self
    }

    /// The pauses between polls grow from the first to the longest of these, each varied at random by up to a quarter.
    /// The defaults are 1 and 10 seconds.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.patience.pauses(first, longest);
        self
    }

    /// The longest duration of one poll. The default is 10 seconds. A poll that takes longer has failed, and another one
    /// follows after the pause. The summary and the messages of the task may take longer, unless nothing moves for this time.
    pub fn poll_timeout(mut self, timeout: Duration) -> Self {
        self.patience.poll_timeout = timeout;
        self
    }

    /// Calls a function with the task whenever its status has changed.
    pub fn on_status(mut self, call: impl Fn(&Task) + Send + Sync + 'static) -> Self {
        self.patience.on_status = Some(Arc::new(call));
        self
    }

    /// Calls a function with the error of each failed poll that is tolerated.
    pub fn on_failure(mut self, call: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.patience.on_failure = Some(Arc::new(call));
        self
    }

    /// A stream of each status of the task, and the outcome at its end. An error ends the stream too. Dropping the stream
    /// ends the polling and does nothing to the task.
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
        let poller = Poller::new(self.task, self.patience);
        Box::pin(stream::try_unfold(Some(poller), |poller| async move {
            let Some(mut poller) = poller else {
                return Ok(None);
            };
            let update = poller.next().await?;
            let is_last = matches!(update, Update::Outcome(_));
            Ok(Some((update, (!is_last).then_some(poller))))
        }))
    }

    /// Waits, replies to each question with the text that `answer` returns, and continues to wait: for conversations without
    /// a person. The timeout is for all of it. If `answer` returns `None`, the question is the outcome.
    ///
    /// Dropping the future ends the polling. A reply that was sent is not taken back.
    ///
    /// # Errors
    ///
    /// Those of waiting and of the messages. If the timeout passes while a reply is under way, the error is
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) with the [effect](Error::effect) of the reply, which may have been sent.
    pub async fn answer_with<Answer, Answered>(self, mut answer: Answer) -> Result<Outcome>
    where
        Answer: FnMut(Question) -> Answered,
        Answered: Future<Output = Option<String>>,
    {
        let mut poller = Poller::new(self.task, self.patience);
        loop {
            let question = match poller.outcome().await? {
                Outcome::NeedsInput(question) => question,
                outcome => return Ok(outcome),
            };
            match poller.in_time(answer(question.clone())).await? {
                Some(text) => poller.reply(&question, text).await?,
                None => return Ok(Outcome::NeedsInput(question)),
            }
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<Outcome>;
    type IntoFuture = Sending<Outcome>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Poller::new(self.task, self.patience).outcome().await })
    }
}
