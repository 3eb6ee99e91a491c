//! The progress of a wait, and the messages about a task whose wait ends without an output.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::{Error, Outcome, TaskHandle, TaskId, TaskStatus, Update, Wait};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::ambiguity;
use crate::command_line::CommandLine;
use crate::commands::ask::words;
use crate::exit_code::Code;
use crate::explain;
use crate::failure::Failure;
use crate::last_words;
use crate::limit::{Limit, TimedOut};
use crate::output::Output;
use crate::session::Session;
use crate::terminal::printable;

/// Where the task of a wait comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This command started it.
    Started,
    /// Its id was given.
    Given,
}

/// A task that is waited for.
pub struct Watched<'a> {
    pub session: &'a Session,
    pub limit: Limit,
    id: TaskId,
    origin: Origin,
    /// Whether this command started the task or sent it a message, so that repeating it does so again.
    has_effect: Cell<bool>,
    /// Whether a message is under way.
    is_sending: Cell<bool>,
    /// Whether the command is about to send a message, and has not begun to.
    is_before_message: Cell<bool>,
    /// The status that it was last seen in.
    status: RefCell<Option<TaskStatus>>,
}

impl<'a> Watched<'a> {
    pub fn new(session: &'a Session, id: TaskId, limit: Limit, origin: Origin) -> Self {
        last_words::watch(id);
        Self {
            session,
            limit,
            id,
            origin,
            has_effect: Cell::new(origin == Origin::Started),
            is_sending: Cell::new(false),
            is_before_message: Cell::new(false),
            status: RefCell::new(None),
        }
    }

    /// Waits for an outcome, and shows every status until then.
    pub async fn outcome(&self, task: &TaskHandle) -> Result<Outcome, Failure> {
        let notes = self.session.notes;
        let line = notes.is_live().then(|| self.status_line());
        let mut wait = self.session.patient(task.wait());
        if let Some(left) = self.limit.left() {
            wait = wait.timeout(left);
        }
        let (wait, mut finals) = self.reporting_failures(wait, line.clone());
        let mut updates = wait.updates();
        let outcome = loop {
            match unless_final(updates.try_next(), &mut finals).await {
                Ok(Some(Update::Status(task))) => {
                    let status = printable(task.status.as_str()).replace('_', " ");
                    *self.status.borrow_mut() = Some(task.status);
                    match &line {
                        Some(line) => line.set_message(status),
                        None => notes.say(&status),
                    }
                }
                Ok(Some(Update::Outcome(outcome))) => break Ok(outcome),
                Ok(Some(_)) => {}
                Ok(None) => {
                    let failure = Failure::new(Code::Refused, "the wait ended without an outcome");
                    break Err(self.with_state(failure));
                }
                Err(WaitError::Failed(error)) if error.waited().is_some() => {
                    break Err(self.timed_out(&error.to_string()));
                }
                Err(error) => break Err(self.wait_failed(error)),
            }
        };
        if let Some(line) = line {
            line.finish_and_clear();
        }
        outcome
    }

    /// A line with the status of the task and the time so far.
    fn status_line(&self) -> ProgressBar {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
            line.set_style(style);
        }
        let since = self.limit.start.elapsed();
        let line = line.with_elapsed(since).with_message("starting");
        line.enable_steady_tick(Duration::from_millis(120));
        line
    }

    /// A wait that reports failed polls, and the failures that end it.
    pub fn reporting_failures(
        &self,
        wait: Wait,
        line: Option<ProgressBar>,
    ) -> (Wait, FinalFailures) {
        let notes = self.session.notes;
        let (tell, failures) = unbounded_channel();
        let finals = FinalFailures(failures);
        let last_note = Mutex::new(String::new());
        let wait = wait.on_failure(move |error| {
            let failure = Failure::of(error);
            let trouble = format!("trying again after: {}", failure.message());
            // It ends the wait. Whether another failure does is up to the SDK.
            if explain::is_defect(error) {
                let _ended = tell.send(failure);
                return;
            }
            let Ok(mut last_note) = last_note.lock() else {
                return;
            };
            match &line {
                Some(line) => line.set_message(printable(&trouble).into_owned()),
                None if *last_note == trouble => {}
                None => notes.say(&trouble),
            }
            *last_note = trouble;
        });
        (wait, finals)
    }

    /// Sends the task a message with this text, in the time that there is.
    pub async fn send<T>(
        &self,
        text: &str,
        message: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.is_before_message.set(false);
        self.is_sending.set(true);
        let sent = self.limit.around(message).await;
        self.is_sending.set(false);
        match sent {
            Ok(Ok(answer)) => {
                self.has_effect.set(true);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let failure = ambiguity::explained_message(self.session, error, text).await;
                Err(match self.has_effect.get() {
                    true => self.with_state(failure),
                    false => failure,
                })
            }
            Err(TimedOut) => {
                let message = "timed out before the answer came";
                let unfinished = self.session.client.unfinished();
                match unfinished.last() {
                    Some(error) if error.proves_no_effect() => {
                        let failure = Failure::new(Code::TimedOut, message);
                        Err(self.with_state(failure.line(NOT_SENT)))
                    }
                    _ => Err(self.perhaps_sent(Failure::new(Code::Ambiguous, message))),
                }
            }
        }
    }

    /// A message is to be sent.
    pub fn before_message(&self) {
        self.is_before_message.set(true);
    }

    /// Whether a message is to be sent, and the command has not begun to send it.
    pub fn is_before_message(&self) -> bool {
        self.is_before_message.get()
    }

    /// Adds that a message may have been sent.
    fn perhaps_sent(&self, failure: Failure) -> Failure {
        let id = self.id.to_string();
        failure
            .line("The message may have been sent. Look before you send it again.")
            .command("To look", CommandLine::new(["tasks", "messages", &id]))
    }

    fn pick_up(&self) -> CommandLine {
        CommandLine::new(["tasks", "wait", &self.id.to_string()])
    }

    /// Adds what is known of the task to a failure that does not name it.
    pub fn with_state(&self, failure: Failure) -> Failure {
        let id = self.id.to_string();
        let failure = match self.has_effect.get() {
            true => failure.after_effect(),
            false => failure,
        };
        let status = self.status.borrow();
        match (&*status, self.origin) {
            (Some(TaskStatus::Completed), _) => failure
                .line(format!("The task {id} has completed."))
                .command("To print its output", self.pick_up()),
            (Some(status @ (TaskStatus::Failed | TaskStatus::Stopped)), _) => failure
                .line(format!("The task {id} is {status}."))
                .command(RESULT, CommandLine::new(["tasks", "result", &id])),
            (Some(status), _) => {
                let status = status.as_str().replace('_', " ");
                failure
                    .line(format!("The task {id} was {status} when it was last seen."))
                    .command("To wait for it again", self.pick_up())
            }
            (None, Origin::Started) => failure
                .line(format!("The task {id} was started."))
                .command("To wait for it", self.pick_up()),
            (None, Origin::Given) => failure.command("To wait for it again", self.pick_up()),
        }
    }

    /// The failure of a wait, with what is known of the task.
    pub fn wait_failed(&self, error: WaitError) -> Failure {
        let error = match error {
            // The command that prints the answer as it came is part of it.
            WaitError::Final(failure) => return self.with_last_state(failure),
            WaitError::Failed(error) => error,
        };
        let failure = Failure::of(&error);
        // 404, 410, 403 and whatever else the API says for good: waiting again would end in the same way.
        let status = error.status();
        let is_final =
            !error.is_retryable() && status.is_some_and(|status| status.is_client_error());
        if is_final || explain::is_defect(&error) {
            self.with_last_state(failure)
        } else {
            self.with_state(failure)
        }
    }

    /// The same after the API refused to tell more. Whether the task still runs is not known then.
    fn with_last_state(&self, failure: Failure) -> Failure {
        let id = self.id.to_string();
        let failure = match self.has_effect.get() {
            true => failure.after_effect(),
            false => failure,
        };
        let status = self.status.borrow();
        match (&*status, self.origin) {
            (Some(TaskStatus::Completed), _) => {
                failure.line(format!("The task {id} has completed."))
            }
            (Some(status), _) => {
                let status = status.as_str().replace('_', " ");
                failure.line(format!("The task {id} was {status} when it was last seen."))
            }
            (None, Origin::Started) => failure.line(format!("The task {id} was started.")),
            (None, Origin::Given) => failure,
        }
    }

    /// The failure of a wait that was interrupted, with what is known of the task.
    pub fn interrupted(&self, failure: Failure) -> Failure {
        self.print_state(NOTHING);
        if self.is_before_message() {
            return failure.line(NOT_SENT);
        }
        let unfinished = self.session.client.unfinished();
        let is_sent = unfinished
            .last()
            .is_none_or(|error| !error.proves_no_effect());
        match (self.is_sending.get(), is_sent) {
            (true, true) => self.perhaps_sent(failure),
            (true, false) => self.with_state(failure.line(NOT_SENT)),
            (false, _) => self.with_state(failure),
        }
    }

    /// The timeout has passed.
    pub fn timed_out(&self, message: &str) -> Failure {
        self.print_state(NOTHING);
        let purpose = match &*self.status.borrow() {
            Some(TaskStatus::Completed) => "To print its output",
            _ => "To wait for it again",
        };
        Failure::new(Code::TimedOut, message).command(purpose, self.pick_up())
    }

    /// Prints the id of the task and its status, for a program.
    pub fn print_state<T: Serialize>(&self, more: Option<(&'static str, T)>) {
        if self.session.output == Output::Table {
            return;
        }
        let status = self.status.borrow();
        let status = status.as_ref().map_or("unknown", TaskStatus::as_str);
        let data = State {
            task_id: self.id,
            status,
            more: more.into_iter().collect(),
        };
        // The exit code says what happened to the task, not to this.
        let _ = self.session.output.value(&data);
    }

    /// The summary of the completed task does not decode.
    pub fn without_summary(&self, error: &Error) -> Failure {
        let failure = Failure::new(Code::Refused, error.to_string());
        self.with_raw_summary(self.with_last_state(failure))
    }

    /// The task has completed with neither an output nor words, or they are blank.
    pub fn completed_without_output(&self, error: &Error) -> Failure {
        self.print_state(NOTHING);
        let result = CommandLine::new(["tasks", "result", &self.id.to_string()]);
        let failure = Failure::new(Code::Failed, error.to_string());
        self.with_raw_summary(failure).command(RESULT, result)
    }

    fn with_raw_summary(&self, failure: Failure) -> Failure {
        let summary = CommandLine::new(["tasks", "summary", &self.id.to_string(), "--raw"]);
        failure.command("To print the answer as it came", summary)
    }

    /// Why there is no output: a message for a person, and data on stdout for a program.
    pub async fn without_output(&self, outcome: &Outcome) -> Failure {
        let id = self.id.to_string();
        // The summary of a task may say that it did not complete after all.
        let status = match outcome {
            Outcome::Failed(_) => Some(TaskStatus::Failed),
            Outcome::Stopped(_) => Some(TaskStatus::Stopped),
            _ => None,
        };
        if status.is_some() {
            self.status.replace(status);
        }
        match outcome {
            Outcome::NeedsInput(question) => {
                let content = question
                    .message()
                    .and_then(|message| message.content.as_ref())
                    .filter(|content| !content.is_null());
                self.print_state(content.map(|content| ("question", content)));
                let message = format!("the task {id} asks: {}", words(question));
                let reply = CommandLine::new(["tasks", "reply", &id, "TEXT", "--wait"]);
                Failure::new(Code::NeedsPerson, message).command("To answer it", reply)
            }
            Outcome::NeedsReview(_) => {
                self.print_state(NOTHING);
                let message = format!("the task {id} waits for approval in the dashboard");
                Failure::new(Code::NeedsPerson, message)
                    .command("To wait for it once it is approved", self.pick_up())
            }
            Outcome::Failed(failure) => {
                // The task has failed whether that can be read or not.
                let reason = self.limit.around(failure.reason().into_future()).await;
                let reason = reason.ok().and_then(Result::ok).flatten();
                let more = reason
                    .as_ref()
                    .map(|reason| ("reason", Value::from(reason.as_str())));
                self.print_state(more);
                let reason = reason.map(|reason| failure.task().redacted(&reason));
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                Failure::new(Code::Failed, format!("the task {id} failed{reason}"))
                    .command(RESULT, CommandLine::new(["tasks", "result", &id]))
            }
            Outcome::Stopped(_) => {
                self.print_state(NOTHING);
                Failure::new(Code::Failed, format!("the task {id} was stopped"))
            }
            _ => Failure::new(Code::Failed, format!("the task {id} did not complete")),
        }
    }
}

/// The JSON that a program gets about a task.
#[derive(Serialize)]
struct State<'a, T> {
    task_id: TaskId,
    status: &'a str,
    #[serde(flatten)]
    more: BTreeMap<&'static str, T>,
}

/// Nothing more of a task than its id and its status.
const NOTHING: Option<(&str, Value)> = None;

/// The line about a message that was not sent.
pub const NOT_SENT: &str = "The message was not sent.";

const RESULT: &str = "To print everything that the agent did";

/// The answers of the API that do not decode. They end a wait, for another poll would not succeed either.
#[derive(Debug)]
pub struct FinalFailures(UnboundedReceiver<Failure>);

/// Why a wait failed.
#[derive(Debug)]
pub enum WaitError {
    /// The API's answer does not decode.
    Final(Failure),
    /// The wait of the SDK failed.
    Failed(Error),
}

/// Waits for the next update, unless a failure ends the wait.
pub async fn unless_final<T>(
    next: impl Future<Output = Result<T, Error>>,
    finals: &mut FinalFailures,
) -> Result<T, WaitError> {
    tokio::select! {
        biased;
        next = next => next.map_err(WaitError::Failed),
        Some(failure) = finals.0.recv() => Err(WaitError::Final(failure)),
    }
}
