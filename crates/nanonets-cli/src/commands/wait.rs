//! Waiting for a task: what is shown meanwhile, what is asked, and how it ends.

use std::io::{BufRead as _, IsTerminal as _, stderr, stdin};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::{Outcome, Question, TaskHandle, TaskId, TaskStatus, Update};
use serde_json::json;

use crate::args::Waiting;
use crate::failure::{Code, Failure};
use crate::interrupt::unless_interrupted;
use crate::output::Output;
use crate::session::Session;
use crate::terminal::printable;

/// Waits for a task to its end, and prints its output. What it asks is asked of whoever sits there.
pub async fn follow(session: &Session, task: TaskHandle, waiting: Waiting) -> Result<(), Failure> {
    let id = task.id();
    let work = to_the_end(session, task.clone(), waiting.timeout);
    match unless_interrupted(work).await {
        Ok(result) => result,
        Err(interrupted) if waiting.cancel_on_interrupt => {
            // Whoever can't wait for that either is let go.
            let cancelled = unless_interrupted(task.cancel().into_future()).await;
            Err(match cancelled {
                Ok(Ok(_)) => {
                    interrupted.because(format!("interrupted; the task {id} is cancelled"))
                }
                Ok(Err(error)) => {
                    interrupted.because(format!("interrupted; the task {id} goes on: {error}"))
                }
                Err(_) => interrupted.because(format!("interrupted; the task {id} may go on")),
            })
        }
        Err(interrupted) => Err(interrupted.because(format!(
            "interrupted; the task goes on: `{}` picks it up",
            pick_up(id)
        ))),
    }
}

/// Says something to a task, and waits for it.
pub async fn reply_and_follow(
    session: &Session,
    task: TaskHandle,
    message: String,
    waiting: Waiting,
) -> Result<(), Failure> {
    let question = open_question(&task).await?;
    let task = match question {
        Some(question) => question.reply(message).await?,
        None => {
            task.send_message(message).await?;
            task
        }
    };
    follow(session, task, waiting).await
}

/// The question that a task asks now, if it asks one.
async fn open_question(task: &TaskHandle) -> Result<Option<Question>, Failure> {
    let mut updates = task.wait().updates();
    let waits = match updates.try_next().await? {
        Some(Update::Status(task)) => task.status == TaskStatus::WaitingForInput,
        _ => false,
    };
    // What is to be told of this status comes without another look at it.
    match if waits {
        updates.try_next().await?
    } else {
        None
    } {
        Some(Update::Outcome(Outcome::NeedsInput(question))) => Ok(Some(question)),
        _ => Ok(None),
    }
}

fn pick_up(id: TaskId) -> String {
    format!("nanonets tasks wait {id}")
}

async fn to_the_end(
    session: &Session,
    mut task: TaskHandle,
    timeout: Option<Duration>,
) -> Result<(), Failure> {
    let start = Instant::now();
    let id = task.id();
    session.notes.say(&format!("task {id}"));
    loop {
        let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        let outcome = watched(session, &task, left, start).await?;
        let question = match outcome {
            Outcome::Completed(done) => {
                return match done.output() {
                    Some(output) => session.output.value(output),
                    None => session.output.object(done.summary()),
                };
            }
            Outcome::NeedsInput(question) => question,
            outcome => return Err(unfinished(session, &outcome).await),
        };
        let Some(answer) = ask(&question, left.map(|left| start + left)).await? else {
            return Err(unfinished(session, &Outcome::NeedsInput(question)).await);
        };
        task = question.reply(answer).await?;
    }
}

/// Waits for an outcome, and shows every status until then.
async fn watched(
    session: &Session,
    task: &TaskHandle,
    timeout: Option<Duration>,
    start: Instant,
) -> Result<Outcome, Failure> {
    let line = session.notes.is_live().then(|| status_line(start));
    let mut wait = session.patient(task.wait());
    if let Some(timeout) = timeout {
        wait = wait.timeout(timeout);
    }
    let mut updates = wait.updates();
    let outcome = loop {
        match updates.try_next().await {
            Ok(Some(Update::Status(task))) => {
                let status = printable(task.status.as_str()).replace('_', " ");
                match &line {
                    Some(line) => line.set_message(status),
                    None => session.notes.say(&status),
                }
            }
            Ok(Some(Update::Outcome(outcome))) => break Ok(outcome),
            Ok(Some(_)) => {}
            Ok(None) => {
                break Err(Failure::new(
                    Code::Refused,
                    "the wait ended without an outcome",
                ));
            }
            Err(error) if error.is_timeout() && error.waited().is_some() => {
                let command = pick_up(task.id());
                break Err(Failure::new(
                    Code::TimedOut,
                    format!("{error}; `{command}` picks it up"),
                ));
            }
            Err(error) => break Err(Failure::from(error)),
        }
    };
    if let Some(line) = line {
        line.finish_and_clear();
    }
    outcome
}

/// A line that lives: what the task does, and for how long.
fn status_line(start: Instant) -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        line.set_style(style);
    }
    let line = line.with_elapsed(start.elapsed());
    line.enable_steady_tick(Duration::from_millis(120));
    line
}

/// Asks a person, if there is one. `None` if there is none, or if nothing more is typed.
async fn ask(question: &Question, deadline: Option<Instant>) -> Result<Option<String>, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Ok(None);
    }
    let text = words(question);
    let typed = tokio::task::spawn_blocking(move || {
        loop {
            eprintln!("{}", printable(&text));
            eprint!("> ");
            let mut line = String::new();
            match stdin().lock().read_line(&mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => return Some(line.trim().to_owned()),
            }
        }
    });
    let typed = match deadline {
        Some(deadline) => match tokio::time::timeout_at(deadline.into(), typed).await {
            Ok(typed) => typed,
            Err(_) => return Ok(None),
        },
        None => typed.await,
    };
    Ok(typed.unwrap_or_default())
}

/// The words of a question, whatever it is made of.
fn words(question: &Question) -> String {
    let content = question
        .message()
        .and_then(|message| message.content.as_ref());
    match (question.text(), content) {
        (Some(text), _) => text.to_owned(),
        (None, Some(content)) => content.to_string(),
        (None, None) => "the agent asks something that its messages do not have".to_owned(),
    }
}

/// Says why there is no output: to a person in words, to a program as data.
async fn unfinished(session: &Session, outcome: &Outcome) -> Failure {
    let id = outcome.task().id();
    let (code, status, message) = match outcome {
        Outcome::NeedsInput(question) => (
            Code::NeedsPerson,
            "waiting_for_input",
            format!(
                "the task asks: {}; answer it by `nanonets tasks reply {id} TEXT --wait`",
                words(question)
            ),
        ),
        Outcome::NeedsReview(_) => (
            Code::NeedsPerson,
            "awaiting_review",
            format!(
                "the task waits for approval in the dashboard; then, `{}` picks it up",
                pick_up(id)
            ),
        ),
        Outcome::Stopped(_) => (Code::Failed, "stopped", "the task was stopped".to_owned()),
        Outcome::Failed(failure) => {
            // The task has failed whether that can be read or not.
            let reason = failure.reason().await.ok().flatten();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let more = format!("`nanonets tasks result {id}` has everything that the agent did");
            let message = format!("the task has failed{reason}; {more}");
            (Code::Failed, "failed", message)
        }
        _ => (
            Code::Failed,
            "unknown",
            format!("the task {id} did not complete"),
        ),
    };
    let question = match outcome {
        Outcome::NeedsInput(question) => question
            .message()
            .and_then(|message| message.content.clone()),
        _ => None,
    };
    if session.output != Output::Table {
        let mut data = json!({ "task_id": id, "status": status });
        if let Some(question) = question {
            data["question"] = question;
        }
        if let Err(failure) = session.output.value(&data) {
            return failure;
        }
    }
    Failure::new(code, message)
}
