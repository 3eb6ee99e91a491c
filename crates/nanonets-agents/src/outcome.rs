//! The outcome of a wait: an output, a question, or an end without either.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use nanonets_agents_api::Json;
use nanonets_agents_api::types::{Message, TaskStatus, TaskSummary};
use serde::de::DeserializeOwned;

use crate::author::Author;
use crate::output::{Lack, Output, OutputSource, TaskSummaryRaw};
use crate::patience::POLL_TIMEOUT;
use crate::task::TaskHandle;
use crate::transport::answered::Answered;
use crate::transport::client::Client;
use crate::transport::ending::{Asked, End, Ending};
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::memory::Content;

/// The outcome of a wait.
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
            Self::NeedsInput(_) => "asks a question, which `Client::outcome_of` has",
            Self::NeedsReview(_) => "waits for approval in the dashboard",
            Self::Failed(_) => "has failed: its result has the reasons",
            Self::Stopped(_) => "was stopped",
        };
        let message = format!("the task {} {what}", self.task().id());
        Error::new(ErrorKind::NotCompleted, message).with_ending(self.into_ending())
    }

    /// The outcome as data.
    fn into_ending(self) -> Ending {
        let (task, end) = match self {
            Self::Completed(Completed { task, summary }) => (task, End::Completed(summary)),
            Self::NeedsInput(Question { task, asked }) => (task, End::NeedsInput(asked)),
            Self::NeedsReview(task) => (task, End::NeedsReview),
            Self::Failed(Failure { task }) => (task, End::Failed),
            Self::Stopped(task) => (task, End::Stopped),
        };
        let task = task.into_state();
        Ending { task, end }
    }

    fn of(client: Client, ending: Ending) -> Self {
        let task = TaskHandle::of(client, ending.task);
        match ending.end {
            End::Completed(summary) => Self::Completed(Completed { task, summary }),
            End::NeedsInput(asked) => Self::NeedsInput(Question { task, asked }),
            End::NeedsReview => Self::NeedsReview(task),
            End::Failed => Self::Failed(Failure { task }),
            End::Stopped => Self::Stopped(task),
        }
    }
}

impl Client {
    /// The outcome of the task in an error: it did not fill in the type that was asked for. A question can be answered from
    /// it. It is [`Outcome::Completed`] if the output is missing or is not what was asked for: the summary is still there.
    ///
    /// `None` for an error of something else. Nothing is sent. Use the client that the task was started with, or a clone of
    /// it.
    #[must_use]
    pub fn outcome_of(&self, error: &Error) -> Option<Outcome> {
        let ending = error.ending()?.clone();
        Some(Outcome::of(self.clone(), ending))
    }
}

/// A task that has completed.
#[derive(Clone, Debug)]
pub struct Completed {
    task: TaskHandle,
    summary: TaskSummaryRaw,
}

impl Completed {
    pub(crate) fn new(task: TaskHandle, summary: TaskSummaryRaw) -> Self {
        Self { task, summary }
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }

    /// The summary, decoded by the first call. It takes a multiple of its size; a field that can't be decoded is in `extra`.
    /// One with tens of thousands of fields has none here.
    /// [`raw_summary`](Self::raw_summary) is the same as it came.
    #[must_use]
    pub fn summary(&self) -> &TaskSummary {
        self.summary.typed()
    }

    /// The summary as it came, which need not be what the documentation has it to be.
    #[must_use]
    pub fn raw_summary(&self) -> &Bytes {
        self.summary.body()
    }

    pub(crate) fn content(&self) -> Option<Content> {
        self.summary.content()
    }

    pub(crate) fn status_of_summary(&self) -> Option<&TaskStatus> {
        self.summary.status()
    }

    /// Whether the agent has answered: with an output, or in words. A summary without an answer has nothing but blank values
    /// at the locations of an output, or could not be read. The wait has read it again for a while, for it may lag behind.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        self.summary.has_answer()
    }

    /// The structured output as it came, from the first location in the summary that has one: see [`OutputSource`]. The
    /// documented answer `{summary, completed_at}` is none, and neither is a blank value.
    #[must_use]
    pub fn output(&self) -> Option<&Output> {
        self.summary.output()
    }

    /// The location of the output in the summary.
    #[must_use]
    pub fn output_source(&self) -> Option<OutputSource> {
        self.output().map(Output::source)
    }

    /// The structured output as it came, or the error that says what is there instead.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] if there is none or it is blank, with the location and the shape of what came.
    /// [`ErrorKind::Unreadable`] if the summary is not JSON.
    pub fn require_output(&self) -> Result<&Output> {
        let missing = || match self.summary.lack(self.task.id()) {
            Lack::Unreadable(message) => Error::new(ErrorKind::Unreadable, message),
            Lack::Mismatch(message) => Error::new(ErrorKind::Mismatch, message),
        };
        self.output()
            .ok_or_else(|| missing().with_ending(self.ending()))
    }

    /// The structured output as a `T`, decoded from the text as it came.
    ///
    /// A success has something in it. Each object that is decoded as a struct, at any depth, has a field of it or no keys at
    /// all; it is an error otherwise, although the fields may all be optional. A struct is not taken from an array. Nothing
    /// is known of the keys of maps, of structs with `#[serde(flatten)]`, and of enums that are untagged or have a tag
    /// among their fields. If the run was given a schema and was started by this process, the output is valid against it, as far as
    /// types and fields go. [`Output::decode`] decodes without these checks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] if there is no output or it is not a `T`, with the location that does not fit and the shape
    /// of what came, without its values; [`Error::raw_output`] has the output. [`ErrorKind::Unreadable`] if the summary is
    /// not JSON.
    pub fn extracted<T: DeserializeOwned>(&self) -> Result<T> {
        let output = self.require_output()?;
        let extracted = output.extract(self.task.schema());
        extracted.map_err(|error| error.with_ending(self.ending()))
    }

    fn ending(&self) -> Ending {
        Outcome::Completed(self.clone()).into_ending()
    }
}

/// A question that a task waits to be answered: the newest message of the agent, also if others follow it.
///
/// The API documents no roles. A message is the agent's if its role is `assistant` or another word for it (`agent`, `ai`,
/// `bot`, `model`), or if it has neither a role nor a user. If there is no such message, it is the newest one with a role
/// that is not known. A message without content, or with blank content, counts only if all of them are so.
///
/// The messages may lag behind the status. If they have no question, or if a user wrote at a later time than the question, the wait
/// reads them again for a while.
#[derive(Clone)]
pub struct Question {
    task: TaskHandle,
    asked: Box<Asked>,
}

/// The text may hold what was in a document.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("task", &self.task)
            .field("message", &self.asked.message)
            .field("number", &self.asked.number)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// The newest message of the agent.
    pub(crate) async fn of(task: TaskHandle, idle: Duration) -> Result<Self> {
        let messages = task.messages().once().idle_timeout(idle).await?;
        Ok(Self::newest(task, messages))
    }

    fn newest(task: TaskHandle, messages: Vec<Message>) -> Self {
        let of_users = messages
            .iter()
            .filter(|message| Author::of(message) == Author::User);
        let last_of_user = of_users.filter_map(created_at).max();
        let (number, message) = newest_of_agent(messages);
        let asked = message.as_ref().and_then(created_at);
        let has_answer = asked
            .zip(last_of_user)
            .is_some_and(|(asked, answered)| answered > asked);
        let content = message
            .as_ref()
            .and_then(|message| message.content.as_ref());
        let text = content.and_then(|content| content.get().ok());
        Self {
            task,
            asked: Box::new(Asked {
                message,
                text,
                number,
                has_answer,
            }),
        }
    }

    /// Whether a user wrote a message after it, by their times.
    pub(crate) fn has_answer(&self) -> bool {
        self.asked.has_answer
    }

    /// Reads whether the task still waits for an answer to this question. A person may take long to answer, and somebody else
    /// may have answered meanwhile, so that the task asks another one.
    ///
    /// # Errors
    ///
    /// The errors of reading the task and its messages.
    pub async fn is_open(&self) -> Result<bool> {
        if self.task.get().await?.status != TaskStatus::WaitingForInput {
            return Ok(false);
        }
        let messages = self.task.messages().await?;
        let newest = Self::newest(self.task.clone(), messages);
        Ok(self.remembered().is(&newest.remembered()))
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &TaskHandle {
        &self.task
    }

    /// The agent's words, if they are plain text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.asked.text.as_deref()
    }

    /// The agent's message, if one was found.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        self.asked.message.as_ref()
    }

    /// Its difference from other questions.
    pub(crate) fn remembered(&self) -> Answered {
        Answered::of(self.asked.message.as_ref(), self.asked.number)
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
        self.reply_within(answer, None).await
    }

    /// The same, with the longest duration of the call beside that of the client.
    pub(crate) async fn reply_within(
        &self,
        answer: impl Into<String>,
        timeout: Option<Duration>,
    ) -> Result<TaskHandle> {
        let message = self.task.send_message(answer);
        let timeouts = [timeout, self.task.client().timeout()];
        let message = match timeouts.into_iter().flatten().min() {
            Some(timeout) => message.timeout(timeout),
            None => message,
        };
        message.await?;
        Ok(self.task.clone().after_answer(self.remembered()))
    }
}

fn created_at(message: &Message) -> Option<DateTime<Utc>> {
    Some(message.created_at()?.utc())
}

/// The number of messages that the agent wrote, and the newest of them by their times.
///
/// The documentation has the oldest first. Where the times go down, the list is read from its end. Of messages of the same
/// time, the later one in the list is newer; one without a time is as old as the one before it.
fn newest_of_agent(mut messages: Vec<Message>) -> (usize, Option<Message>) {
    let times: Vec<_> = messages.iter().filter_map(created_at).collect();
    let count = |is: fn(&[DateTime<Utc>]) -> bool| times.windows(2).filter(|two| is(two)).count();
    if count(|two| two[0] > two[1]) > count(|two| two[0] < two[1]) {
        messages.reverse();
    }
    // A message without content asks nothing: it counts only where no other message does.
    let candidates = [true, false].into_iter().flat_map(|has_content| {
        [Author::Agent, Author::Unknown].map(|author| (has_content, author))
    });
    for (has_content, author) in candidates {
        let mut time = None;
        let mut newest: Option<(Option<DateTime<Utc>>, usize)> = None;
        let mut number = 0;
        for (index, message) in messages.iter().enumerate() {
            time = created_at(message).or(time);
            if Author::of(message) == author && (!has_content || is_there(message)) {
                number += 1;
                newest = newest.max(Some((time, index)));
            }
        }
        if let Some((_, index)) = newest {
            return (number, Some(messages.swap_remove(index)));
        }
    }
    (0, None)
}

/// Whether a message has content that is not blank.
fn is_there(message: &Message) -> bool {
    let content = message.content.as_ref().map(Json::as_json_text);
    let blank = ["null", "[]", "{}"];
    content.is_some_and(|content| match serde_json::from_str::<String>(content) {
        Ok(text) => !text.trim().is_empty(),
        Err(_) => !blank.contains(&content.trim()),
    })
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

    /// Reads why, as far as the task's summary says so: the last words of the agent. They may have what was in a document. It
    /// takes ten seconds at most.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn reason(&self) -> Result<Option<String>> {
        let summary = self.task.summary().timeout(POLL_TIMEOUT).await?;
        let result = summary.result.filter(|result| !result.is_null());
        let text = |result: Json| match result.get() {
            Ok(text) => text,
            Err(_) => result.as_json_text().to_owned(),
        };
        Ok(result.map(text))
    }
}
