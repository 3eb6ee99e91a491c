//! A task as it is seen while it is waited for, and what is said of it when there is no more to wait for.

use std::cell::RefCell;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::{Error, Outcome, TaskHandle, TaskId, Update, Wait};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::commands::ask::words;
use crate::failure::{self, Code, Failure};
use crate::limit::Limit;
use crate::output::Output;
use crate::session::Session;
use crate::terminal::printable;

/// A task that is waited for.
pub struct Watched<'a> {
    pub session: &'a Session,
    pub limit: Limit,
    id: TaskId,
    /// The status that it was last seen in.
    status: RefCell<String>,
}

impl<'a> Watched<'a> {
    pub fn new(session: &'a Session, id: TaskId, limit: Limit) -> Self {
        Self {
            session,
            limit,
            id,
            status: RefCell::new("unknown".to_owned()),
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
        let (wait, mut elsewhere) = self.tells_of_failures(wait, line.clone());
        let mut updates = wait.updates();
        let outcome = loop {
            match unless_elsewhere(updates.try_next(), &mut elsewhere).await {
                Ok(Some(Update::Status(task))) => {
                    task.status
                        .as_str()
                        .clone_into(&mut self.status.borrow_mut());
                    let status = printable(task.status.as_str()).replace('_', " ");
                    match &line {
                        Some(line) => line.set_message(status),
                        None => notes.say(&status),
                    }
                    // From here on, whatever else may answer, the API is there.
                    elsewhere.close();
                }
                Ok(Some(Update::Outcome(outcome))) => break Ok(outcome),
                Ok(Some(_)) => {}
                Ok(None) => {
                    let message = format!("the wait ended without an outcome; {}", self.pick_up());
                    break Err(Failure::new(Code::Refused, message));
                }
                Err(Unseen::Elsewhere(failure)) => break Err(failure),
                Err(Unseen::Failed(error)) if error.waited().is_some() => {
                    break Err(self.in_vain(&error.to_string()));
                }
                Err(Unseen::Failed(error)) => break Err(self.lost_sight(error)),
            }
        };
        if let Some(line) = line {
            line.finish_and_clear();
        }
        outcome
    }

    /// A line that lives: what the task does, and for how long.
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

    /// A wait that says why nothing happens, and what answers in place of the API.
    pub fn tells_of_failures(
        &self,
        wait: Wait,
        line: Option<ProgressBar>,
    ) -> (Wait, UnboundedReceiver<Failure>) {
        let notes = self.session.notes;
        let (tell, elsewhere) = unbounded_channel();
        let told = Mutex::new(String::new());
        let wait = wait.on_failure(move |error| {
            let failure = Failure::of(error);
            let trouble = format!("trying again after: {}", failure.message());
            // Whoever waits gives up then, unless the API was seen there already.
            if failure::is_other_server(error) && tell.send(failure).is_ok() {
                return;
            }
            let Ok(mut told) = told.lock() else { return };
            match &line {
                Some(line) => line.set_message(printable(&trouble).into_owned()),
                None if *told == trouble => {}
                None => notes.say(&trouble),
            }
            *told = trouble;
        });
        (wait, elsewhere)
    }

    /// How the task is picked up again.
    pub fn pick_up(&self) -> String {
        format!("`nanonets tasks wait {}` picks it up", self.id)
    }

    /// Something that is not about the task went wrong, which goes on.
    pub fn lost_sight(&self, error: Error) -> Failure {
        Failure::from(error).and(&format!("the task goes on: {}", self.pick_up()))
    }

    /// There is no time left.
    pub fn in_vain(&self, message: &str) -> Failure {
        self.print_state(None);
        Failure::new(Code::TimedOut, format!("{message}; {}", self.pick_up()))
    }

    /// Tells a program which task there is and how it is. Who has stopped reading is not told.
    pub fn print_state(&self, more: Option<(&str, Value)>) {
        if self.session.output == Output::Table {
            return;
        }
        let mut data = json!({ "task_id": self.id, "status": *self.status.borrow() });
        if let Some((name, value)) = more {
            data[name] = value;
        }
        // The exit code says what happened to the task, not to this.
        let _ = self.session.output.value(&data);
    }

    /// Says why there is no output: to a person in words, to a program as data.
    pub async fn without_output(&self, outcome: &Outcome) -> Failure {
        let id = self.id;
        match outcome {
            Outcome::NeedsInput(question) => {
                let content = question
                    .message()
                    .and_then(|message| message.content.clone());
                self.print_state(content.map(|content| ("question", content)));
                let message = format!(
                    "the task asks: {}; answer it by `nanonets tasks reply {id} TEXT --wait`",
                    words(question)
                );
                Failure::new(Code::NeedsPerson, message)
            }
            Outcome::NeedsReview(_) => {
                self.print_state(None);
                let message = format!(
                    "the task waits for approval in the dashboard; then, {}",
                    self.pick_up()
                );
                Failure::new(Code::NeedsPerson, message)
            }
            Outcome::Failed(failure) => {
                // The task has failed whether that can be read or not.
                let reason = failure.reason().await.ok().flatten();
                let told = reason
                    .as_ref()
                    .map(|reason| ("reason", Value::from(reason.as_str())));
                self.print_state(told);
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                let more =
                    format!("`nanonets tasks result {id}` has everything that the agent did");
                Failure::new(Code::Failed, format!("the task has failed{reason}; {more}"))
            }
            Outcome::Stopped(_) => {
                self.print_state(None);
                Failure::new(Code::Failed, format!("the task {id} was stopped"))
            }
            _ => Failure::new(Code::Failed, format!("the task {id} did not complete")),
        }
    }
}

/// Why nothing is seen of a task.
#[derive(Debug)]
pub enum Unseen {
    /// What answers is not the API, and won't become it.
    Elsewhere(Failure),
    /// What the wait failed with.
    Failed(Error),
}

impl From<Unseen> for Failure {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Elsewhere(failure) => failure,
            Unseen::Failed(error) => error.into(),
        }
    }
}

/// Waits for what a task does next, unless something else than the API answers.
pub async fn unless_elsewhere<T>(
    next: impl Future<Output = Result<T, Error>>,
    elsewhere: &mut UnboundedReceiver<Failure>,
) -> Result<T, Unseen> {
    tokio::select! {
        biased;
        next = next => next.map_err(Unseen::Failed),
        Some(failure) = elsewhere.recv() => Err(Unseen::Elsewhere(failure)),
    }
}
