//! The message of a command that a signal ends while it is blocked.

use std::sync::{Mutex, PoisonError};

use nanonets_agents::{Client, TaskId};

use crate::command_line::CommandLine;
use crate::effect::interrupted;
use crate::exit_code::Code;
use crate::failure::Failure;

/// The message of a command that a signal ends while it is blocked: it names the request in flight, or the task that the
/// command waits for.
pub fn last_words(client: &Client, code: Code) -> Failure {
    let failure = Failure::new(code, "interrupted while an answer was read or written");
    let (failure, has_no_effect) = interrupted(client, failure, None);
    let watched = *WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    match watched.filter(|_| has_no_effect) {
        Some(task) => {
            let id = task.to_string();
            let wait = CommandLine::new(["tasks", "wait", &id]);
            let failure = failure.line(format!("The task {id} may still be running."));
            failure.command("To wait for it", wait)
        }
        None => failure,
    }
}

/// The task that the command waits for.
static WATCHED: Mutex<Option<TaskId>> = Mutex::new(None);

/// Remembers the task that the command has started or waits for.
pub fn watch(task: TaskId) {
    *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
}
