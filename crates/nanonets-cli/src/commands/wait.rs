//! Waiting for a task until it ends, and answering its questions. Whatever ends the wait, the message names the task.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{
    Effect, ErrorKind, Outcome, Question, TaskHandle, TaskId, TaskStatus, Update,
};

use crate::args::Waiting;
use crate::commands::ask::ask;
use crate::commands::watch::{NOT_SENT, Origin, WaitError, Watched, unless_final};
use crate::exit_code::Code;
use crate::failure::Failure;
use crate::limit::{Limit, TimedOut, unless_interrupted, unless_interrupted_again};
use crate::session::Session;

/// The longest wait for the answer to a cancelling at a signal. A signal ends the command in three seconds.
const CANCELLING: Duration = Duration::from_millis(2500);

/// The longest wait for the output of a completed task before a message is sent to it.
const OUTPUT_BEFORE: Duration = Duration::from_secs(2);

/// Waits for a task, and prints its output. Its questions are put to the person at the terminal.
pub async fn follow(
    watched: &Watched<'_>,
    task: TaskHandle,
    waiting: Waiting,
) -> Result<(), Failure> {
    let work = to_the_end(watched, task.clone());
    unless_left(watched, &task, waiting, work).await
}

/// Sends a task a message, and waits for it.
pub async fn reply_and_follow(
    session: &Session,
    task: TaskHandle,
    message: String,
    limit: Limit,
    waiting: Waiting,
) -> Result<(), Failure> {
    let watched = Watched::new(session, task.id(), limit, Origin::Given);
    watched.before_message();
    let work = async {
        let question = limit.around(open_question(&watched, &task)).await;
        let question = question.map_err(|TimedOut| {
            Failure::new(Code::Refused, "timed out before the message was sent")
        })??;
        let replied = match question {
            Some(question) => watched.send(&message, question.reply(&message)).await?,
            None => {
                let sent = task.send_message(&message).into_future();
                watched.send(&message, sent).await?;
                task.clone()
            }
        };
        to_the_end(&watched, replied).await
    };
    unless_left(&watched, &task, waiting, work).await
}

/// Works until it is interrupted.
async fn unless_left(
    watched: &Watched<'_>,
    task: &TaskHandle,
    waiting: Waiting,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let interrupted = match unless_interrupted(work).await {
        Ok(result) => return result,
        Err(interrupted) => interrupted,
    };
    if !waiting.cancel_on_interrupt {
        return Err(watched.interrupted(interrupted.because("interrupted")));
    }
    watched.session.notes.say("cancelling");
    let id = task.id();
    // A second interrupt ends this too.
    let cancelling = Limit::new(Some(CANCELLING));
    let cancelling = cancelling.around(task.cancel().into_future());
    let cancelled = unless_interrupted_again(cancelling).await;
    Err(match cancelled {
        Ok(Ok(Ok(task))) => {
            let what = after_cancelling(id, &task.status);
            let failure = interrupted.because(format!("interrupted; the task {what}"));
            match watched.is_before_message() {
                true => failure.line(NOT_SENT),
                false => failure,
            }
        }
        Ok(Ok(Err(error))) if error.effect() == Effect::None => {
            let why = format!("interrupted; cancelling failed: {error}");
            watched.interrupted(interrupted.because(why))
        }
        Ok(Ok(Err(error))) => {
            let why = format!("interrupted; the task may have been cancelled: {error}");
            watched.interrupted(interrupted.because(why))
        }
        Ok(Err(TimedOut)) => {
            let why =
                "interrupted; the task may have been cancelled: the answer did not come in time";
            watched.interrupted(interrupted.because(why))
        }
        Err(_) => {
            let why = "interrupted before the answer to the cancelling came";
            watched.interrupted(interrupted.because(why))
        }
    })
}

/// The sentence for the status in the answer to a cancelling.
pub fn after_cancelling(id: TaskId, status: &TaskStatus) -> String {
    match status {
        TaskStatus::Completed | TaskStatus::Failed => format!("{id} is {status} already"),
        TaskStatus::Stopped => format!("{id} is cancelled"),
        _ => format!("{id} is being cancelled: a step under way still ends"),
    }
}

/// The question that a task asks now, if it asks one. The state of the task is known to the client from then on.
async fn open_question(
    watched: &Watched<'_>,
    task: &TaskHandle,
) -> Result<Option<Question>, Failure> {
    let (wait, mut finals) = watched.reporting_failures(task.wait(), None);
    let mut updates = wait.updates();
    let first = unless_final(updates.try_next(), &mut finals).await;
    let status = match first.map_err(not_sent)? {
        Some(Update::Status(task)) => task.status,
        _ => return Ok(None),
    };
    // The outcome of this status comes without another poll.
    let second = unless_final(updates.try_next(), &mut finals);
    match status {
        TaskStatus::WaitingForInput => match second.await.map_err(not_sent)? {
            Some(Update::Outcome(Outcome::NeedsInput(question))) => Ok(Some(question)),
            _ => Ok(None),
        },
        TaskStatus::Completed => {
            // The client knows the output from before the message then. Without it, the wait takes longer.
            let _ = tokio::time::timeout(OUTPUT_BEFORE, second).await;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The task can't be read before a message is sent to it.
fn not_sent(error: WaitError) -> Failure {
    let failure = match error {
        WaitError::Final(failure) => failure,
        WaitError::Failed(error) => error.into(),
    };
    failure.line(NOT_SENT)
}

async fn to_the_end(watched: &Watched<'_>, mut task: TaskHandle) -> Result<(), Failure> {
    let (session, limit) = (watched.session, watched.limit);
    session.notes.say(&format!("task {}", task.id()));
    loop {
        let question = match watched.outcome(&task).await? {
            Outcome::Completed(done) => {
                let printed = match done.require_output() {
                    Ok(output) => session.output.task_output(output),
                    Err(error) if error.kind() == ErrorKind::Unreadable => {
                        return Err(watched.without_summary(&error));
                    }
                    // The agent's words are worth more than an error.
                    Err(_) if done.has_answer() => session.output.object(done.summary()),
                    Err(error) => return Err(watched.completed_without_output(&error)),
                };
                return printed.map_err(|failure| watched.with_state(failure));
            }
            Outcome::NeedsInput(question) => question,
            outcome => return Err(watched.without_output(&outcome).await),
        };
        let answer = limit.around(ask(&question)).await;
        let answer = answer.map_err(|TimedOut| {
            // The prompt stands there still.
            eprintln!();
            watched.timed_out("the question was not answered in time")
        })?;
        let Some(answer) = answer else {
            let outcome = Outcome::NeedsInput(question);
            return Err(watched.without_output(&outcome).await);
        };
        // A person takes time, and the task may have gone on meanwhile.
        match limit.around(question.is_open()).await {
            Ok(Ok(true)) => task = watched.send(&answer, question.reply(&answer)).await?,
            Ok(Ok(false)) => session.notes.say(
                "the answer was not sent: the task does not wait for an answer to this question any more",
            ),
            Ok(Err(error)) => {
                let failure = Failure::from(error).line(NOT_SENT);
                return Err(watched.with_state(failure));
            }
            Err(TimedOut) => {
                let message = "timed out before the message was sent";
                return Err(watched.timed_out(message));
            }
        }
    }
}
