//! `nanonets runs`.

use std::path::Path;
use std::time::Duration;

use nanonets_agents::{Candidate, Error, ErrorKind, Evidence, FoundRun, RunRecord, TaskId};
use serde_json::{Value, json};

use crate::args::Runs;
use crate::command_line::CommandLine;
use crate::exit_code::Code;
use crate::explain::is_defect;
use crate::failure::Failure;
use crate::limit::unless_interrupted;
use crate::output::{Columns, Last};
use crate::record::{Progress, ReadRecord, Record};
use crate::session::Session;

const COLUMNS: &Columns = &[
    ("ID", "task_id"),
    ("CREATED", "created_at"),
    ("STATUS", "status"),
    ("EVIDENCE", "evidence"),
];

/// Runs one of the commands.
pub async fn run(session: &Session, command: Runs) -> Result<(), Failure> {
    let Runs::Find {
        record: path,
        wait,
        other_key,
    } = command;
    let read = ReadRecord::of(&path).await?;
    if let Some(task) = read.record.task_id {
        return print_known(session, task);
    }
    if read.had_no_effect() {
        return Err(without_effect());
    }
    let looked = unless_interrupted(look(session, &path, read, wait, other_key));
    let looked = looked
        .await
        .map_err(|interrupted| interrupted.because("interrupted"))?;
    let Looked {
        found,
        record,
        progress,
    } = looked?;
    if let Some(task) = record.task_id {
        return print_known(session, task);
    }
    let found = found.map_err(|error| not_known(error, &record.run))?;
    let task = found.task();
    match found {
        FoundRun::Found(candidates) => {
            let rows: Vec<Value> = candidates.iter().map(row).collect();
            let printed = session.output.list(&rows, COLUMNS, Last::Whole);
            match (task, candidates.len()) {
                (Some(_), _) => printed,
                // The exit code says what is known of the run, whether the candidates were read or not.
                (None, 1) => Err(Failure::new(
                    Code::Ambiguous,
                    "this task may be the one of this run, or of another one: compare its messages",
                )),
                (None, several) => Err(Failure::new(
                    Code::Ambiguous,
                    format!("{several} tasks may be the one of this run: compare their messages"),
                )),
            }
        }
        FoundRun::RuledOut | FoundRun::NotYet { .. } if progress == Progress::InFlight => {
            let failure = Failure::new(Code::Ambiguous, "no task of this run is listed so far")
                .line("The run is still being sent: its command has not ended.");
            Err(failure.command("To look until it is known", find_again(&path)))
        }
        FoundRun::RuledOut => Err(Failure::ruled_out(
            "no task was started: the run can be repeated",
        )),
        FoundRun::NotYet { ruled_out_at } => {
            let time = ruled_out_at.format("%FT%TZ");
            let failure = Failure::new(Code::Ambiguous, "no task of this run is listed so far")
                .line(format!("It may still appear until {time}."));
            Err(match path == Path::new("-") {
                true => failure.line("The same command with --wait looks until then."),
                false => failure.command("To look until then", find_again(&path)),
            })
        }
        _ => Err(Failure::new(
            Code::Ambiguous,
            "the result of the search is not known",
        )),
    }
}

/// The longest pause between looks for the task of a run that is still being sent.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The result of a search, and the record and the progress of the run at its end.
struct Looked {
    found: Result<FoundRun, Error>,
    record: Record,
    progress: Progress,
}

impl Looked {
    fn new(found: Result<FoundRun, Error>, read: ReadRecord) -> Self {
        Self {
            found,
            record: read.record,
            progress: read.progress,
        }
    }
}

/// The command of the run has recorded that the run had no effect.
fn without_effect() -> Failure {
    let failure = Failure::ruled_out("no task was started: the run can be repeated");
    failure.line("Its command has ended without effect, and removes the record then.")
}

/// The record of a run that was being sent can't be read any more.
fn unreadable_while_sent(failure: &Failure) -> Failure {
    let message = "the record can't be read any more: whether a task was started is not known";
    Failure::new(Code::Ambiguous, message).line(failure.message())
}

/// Looks once, or until the result is final.
async fn look(
    session: &Session,
    path: &Path,
    mut read: ReadRecord,
    wait: bool,
    other_key: bool,
) -> Result<Looked, Failure> {
    let mut pause = Duration::from_secs(1);
    loop {
        let mut find = session.client.find_run(&read.record.run);
        if other_key {
            find = find.with_other_key();
        }
        let is_in_flight = read.progress == Progress::InFlight;
        let found = match wait && !is_in_flight {
            true => find.until_decided().await,
            false => find.await,
        };
        let is_open = matches!(found, Ok(FoundRun::NotYet { .. } | FoundRun::RuledOut));
        if !(wait && is_in_flight && is_open) {
            return Ok(Looked::new(found, read));
        }
        // While the run is being sent, nothing rules it out.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let before = read;
        read = match ReadRecord::of(path).await {
            Ok(read) if read.had_no_effect() => return Err(without_effect()),
            Ok(read) => read,
            Err(_) if before.had_no_effect() => return Err(without_effect()),
            Err(failure) => return Err(unreadable_while_sent(&failure)),
        };
        if read.record.task_id.is_some() {
            return Ok(Looked::new(found, read));
        }
    }
}

/// The task whose id the answer to the run had.
fn print_known(session: &Session, task: TaskId) -> Result<(), Failure> {
    let found = json!({ "task_id": task, "evidence": "answer" });
    session.output.list(&[found], COLUMNS, Last::Whole)
}

fn find_again(path: &Path) -> CommandLine {
    CommandLine::new(["runs", "find"]).file(path).word("--wait")
}

/// A failed look. It proves neither that the run started a task nor that it did not.
fn not_known(error: Error, run: &RunRecord) -> Failure {
    let (has_other_key, is_defect) = (
        error.kind() == ErrorKind::Configuration,
        is_defect(&error) && error.task_id().is_none(),
    );
    let mut failure = Failure::from(error).after("Whether a task was started is not known.");
    if has_other_key {
        failure = failure.line(
            "If the key was replaced by another one of the same workspace, give --other-key.",
        );
    }
    if is_defect {
        let agent = run.agent_id.to_string();
        let list = CommandLine::new(["tasks", "list", "--agent", &agent, "--raw"]);
        failure = failure.command("To print a page of tasks as it came", list);
    }
    failure
}

fn row(candidate: &Candidate) -> Value {
    let evidence = match candidate.evidence {
        Evidence::Title => "title",
        Evidence::FirstMessage => "first_message",
        _ => "window",
    };
    let task = &candidate.task;
    json!({
        "task_id": task.task_id,
        "created_at": task.created_at,
        "status": task.status,
        "evidence": evidence,
    })
}
