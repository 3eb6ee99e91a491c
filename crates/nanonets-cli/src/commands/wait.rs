//! Waiting for a task to its end, and answering what it asks. Whatever comes between, the task can be picked up again.

use futures_util::TryStreamExt as _;
use nanonets_agents::{Outcome, Question, TaskHandle, TaskStatus, Update};

use crate::args::Waiting;
use crate::commands::ask::ask;
use crate::commands::watch::{self, Watched};
use crate::failure::Failure;
use crate::limit::{Limit, TimedOut, unless_interrupted};
use crate::session::Session;

/// Waits for a task, and prints its output. What it asks is asked of whoever sits there.
pub async fn follow(
    session: &Session,
    task: TaskHandle,
    limit: Limit,
    waiting: Waiting,
) -> Result<(), Failure> {
    let watched = Watched::new(session, task.id(), limit);
    let work = to_the_end(&watched, task.clone());
    unless_left(&watched, &task, waiting, work).await
}

/// Says something to a task, and waits for it.
pub async fn reply_and_follow(
    session: &Session,
    task: TaskHandle,
    message: String,
    waiting: Waiting,
) -> Result<(), Failure> {
    let limit = Limit::new(waiting.timeout);
    let watched = Watched::new(session, task.id(), limit);
    let work = async {
        let replied = limit.around(reply(&watched, task.clone(), message)).await;
        let replied = replied.map_err(|TimedOut| {
            watched.in_vain("no answer in time; the message may have been taken")
        })??;
        to_the_end(&watched, replied).await
    };
    unless_left(&watched, &task, waiting, work).await
}

/// Works until somebody wants an end of it.
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
    let pick_up = watched.pick_up();
    if !waiting.cancel_on_interrupt {
        watched.print_state(None);
        return Err(interrupted.because(format!("interrupted; the task goes on: {pick_up}")));
    }
    watched.session.notes.say("cancelling");
    // Whoever can't wait for that either is let go.
    let cancelled = unless_interrupted(task.cancel().into_future()).await;
    Err(interrupted.because(match cancelled {
        Ok(Ok(_)) => format!("interrupted; the task {} is cancelled", task.id()),
        Ok(Err(error)) => format!("interrupted; the task goes on: {error}; {pick_up}"),
        Err(_) => format!("interrupted; the task may go on: {pick_up}"),
    }))
}

/// Answers what a task asks, or says something else to it.
async fn reply(
    watched: &Watched<'_>,
    task: TaskHandle,
    message: String,
) -> Result<TaskHandle, Failure> {
    match open_question(watched, &task).await? {
        Some(question) => Ok(question.reply(message).await?),
        None => {
            task.send_message(message).await?;
            Ok(task)
        }
    }
}

/// The question that a task asks now, if it asks one.
async fn open_question(
    watched: &Watched<'_>,
    task: &TaskHandle,
) -> Result<Option<Question>, Failure> {
    let (wait, mut elsewhere) = watched.tells_of_failures(task.wait(), None);
    let mut updates = wait.updates();
    let first = watch::unless_elsewhere(updates.try_next(), &mut elsewhere).await?;
    let waits = match first {
        Some(Update::Status(task)) => task.status == TaskStatus::WaitingForInput,
        _ => false,
    };
    if !waits {
        return Ok(None);
    }
    // What is to be told of this status comes without another look at it.
    match updates.try_next().await? {
        Some(Update::Outcome(Outcome::NeedsInput(question))) => Ok(Some(question)),
        _ => Ok(None),
    }
}

async fn to_the_end(watched: &Watched<'_>, mut task: TaskHandle) -> Result<(), Failure> {
    let (session, limit) = (watched.session, watched.limit);
    session.notes.say(&format!("task {}", task.id()));
    loop {
        let question = match watched.outcome(&task).await? {
            Outcome::Completed(done) => {
                return match done.require_output() {
                    Ok(output) => session.output.raw(output),
                    // The agent's words are worth more than an error.
                    Err(_) if done.summary().result.is_some() => {
                        session.output.object(done.summary())
                    }
                    Err(error) => Err(error.into()),
                };
            }
            Outcome::NeedsInput(question) => question,
            outcome => return Err(watched.without_output(&outcome).await),
        };
        let answer = limit.around(ask(&question)).await;
        let answer = answer.map_err(|TimedOut| {
            // The prompt stands there still.
            eprintln!();
            watched.in_vain("the question was not answered in time")
        })?;
        let Some(answer) = answer else {
            let outcome = Outcome::NeedsInput(question);
            return Err(watched.without_output(&outcome).await);
        };
        let replied = question.reply(answer).await;
        task = replied.map_err(|error| watched.lost_sight(error))?;
    }
}
