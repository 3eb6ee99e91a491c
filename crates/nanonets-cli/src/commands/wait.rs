//! Waiting for a task: what is shown meanwhile, what is asked, and how it ends.

use std::io::{BufRead as _, IsTerminal as _, stderr, stdin};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::{Outcome, Question, TaskHandle, TaskId, TaskStatus, Update};
use serde_json::{Value, json};

use crate::args::Waiting;
use crate::failure::{Code, Failure};
use crate::interrupt::unless_interrupted;
use crate::output::Output;
use crate::session::Session;
use crate::terminal::printable;

/// Waits for a task to its end, and prints its output. What it asks is asked of whoever sits there. Whatever goes wrong,
/// the task can be picked up again.
pub async fn follow(session: &Session, task: TaskHandle, waiting: Waiting) -> Result<(), Failure> {
    let id = task.id();
    let work = to_the_end(session, task.clone(), waiting.timeout);
    let interrupted = match unless_interrupted(work).await {
        Ok(result) => return result,
        Err(interrupted) => interrupted,
    };
    if !waiting.cancel_on_interrupt {
        print_state(session, id, "unknown", None);
        return Err(interrupted.because(format!(
            "interrupted; the task goes on: `{}` picks it up",
            pick_up(id)
        )));
    }
    session.notes.say("cancelling");
    // Whoever can't wait for that either is let go.
    let cancelled = unless_interrupted(task.cancel().into_future()).await;
    Err(interrupted.because(match cancelled {
        Ok(Ok(_)) => format!("interrupted; the task {id} is cancelled"),
        Ok(Err(error)) => {
            format!(
                "interrupted; the task goes on: {error}; `{}` picks it up",
                pick_up(id)
            )
        }
        Err(_) => format!(
            "interrupted; the task may go on: `{}` picks it up",
            pick_up(id)
        ),
    }))
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
    if !waits {
        return Ok(None);
    }
    // What is to be told of this status comes without another look at it.
    match updates.try_next().await? {
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
        let deadline = timeout.and_then(|timeout| start.checked_add(timeout));
        let answer = match ask(&question, deadline).await {
            Ok(answer) => answer,
            Err(TimedOut) => {
                return Err(in_vain(
                    session,
                    id,
                    "waiting_for_input",
                    "the question was not answered in time",
                ));
            }
        };
        let Some(answer) = answer else {
            return Err(unfinished(session, &Outcome::NeedsInput(question)).await);
        };
        let replied = question.reply(answer).await;
        task = replied.map_err(|error| lost_sight(id, error))?;
    }
}

/// Something that is not about the task went wrong, which goes on.
fn lost_sight(id: TaskId, error: nanonets_agents::Error) -> Failure {
    Failure::from(error).and(&format!("`{}` picks the task up", pick_up(id)))
}

/// There is no time left.
fn in_vain(session: &Session, id: TaskId, status: &str, message: &str) -> Failure {
    print_state(session, id, status, None);
    Failure::new(
        Code::TimedOut,
        format!("{message}; `{}` picks it up", pick_up(id)),
    )
}

/// Tells a program which task there is and how it is. Who has stopped reading is not told.
fn print_state(session: &Session, id: TaskId, status: &str, more: Option<(&str, Value)>) {
    if session.output == Output::Table {
        return;
    }
    let mut data = json!({ "task_id": id, "status": status });
    if let Some((name, value)) = more {
        data[name] = value;
    }
    // The exit code says what happened to the task, not to this.
    let _ = session.output.value(&data);
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
    let (shown, notes) = (line.clone(), session.notes);
    let wait = wait.on_failure(move |error| {
        let trouble = format!("trying again after: {error}");
        match &shown {
            Some(line) => line.set_message(printable(&trouble).into_owned()),
            None => notes.say(&trouble),
        }
    });
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
                let message = format!(
                    "the wait ended without an outcome; `{}`",
                    pick_up(task.id())
                );
                break Err(Failure::new(Code::Refused, message));
            }
            Err(error) => {
                break Err(match error.waited() {
                    Some(waited) => {
                        let status = waited.last_status.as_ref();
                        let status = status.map_or("unknown", |status| status.as_str());
                        in_vain(session, task.id(), status, &error.to_string())
                    }
                    None => lost_sight(task.id(), error),
                });
            }
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
    let line = line.with_elapsed(start.elapsed()).with_message("starting");
    line.enable_steady_tick(Duration::from_millis(120));
    line
}

/// The time for an answer has run out.
struct TimedOut;

/// Asks a person, if there is one. `None` if there is none, or if nothing more is typed.
async fn ask(question: &Question, deadline: Option<Instant>) -> Result<Option<String>, TimedOut> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Ok(None);
    }
    let text = words(question);
    let typed = tokio::task::spawn_blocking(move || {
        // What was typed before the question is no answer to it.
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(stdin(), rustix::termios::QueueSelector::IFlush);
        loop {
            for line in text.lines() {
                eprintln!("{}", printable(line));
            }
            eprint!("> ");
            let mut line = String::new();
            match stdin().lock().read_line(&mut line) {
                Ok(0) | Err(_) => {
                    eprintln!();
                    return None;
                }
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => return Some(line.trim().to_owned()),
            }
        }
    });
    let typed = match deadline {
        Some(deadline) => {
            let typed = tokio::time::timeout_at(deadline.into(), typed).await;
            typed.map_err(|_| {
                eprintln!();
                TimedOut
            })?
        }
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
    match outcome {
        Outcome::NeedsInput(question) => {
            let content = question
                .message()
                .and_then(|message| message.content.clone());
            let content = content.map(|content| ("question", content));
            print_state(session, id, "waiting_for_input", content);
            let message = format!(
                "the task asks: {}; answer it by `nanonets tasks reply {id} TEXT --wait`",
                words(question)
            );
            Failure::new(Code::NeedsPerson, message)
        }
        Outcome::NeedsReview(_) => {
            print_state(session, id, "awaiting_review", None);
            let message = format!(
                "the task waits for approval in the dashboard; then, `{}` picks it up",
                pick_up(id)
            );
            Failure::new(Code::NeedsPerson, message)
        }
        Outcome::Failed(failure) => {
            // The task has failed whether that can be read or not.
            let reason = failure.reason().await.ok().flatten();
            let told = reason
                .as_ref()
                .map(|reason| ("reason", Value::from(reason.as_str())));
            print_state(session, id, "failed", told);
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let more = format!("`nanonets tasks result {id}` has everything that the agent did");
            Failure::new(Code::Failed, format!("the task has failed{reason}; {more}"))
        }
        Outcome::Stopped(_) => {
            print_state(session, id, "stopped", None);
            Failure::new(Code::Failed, format!("the task {id} was stopped"))
        }
        _ => Failure::new(Code::Failed, format!("the task {id} did not complete")),
    }
}
