//! `nanonets runs`.

use std::path::Path;

use nanonets_agents::{Candidate, Error, ErrorKind, Evidence, FoundRun, RunRecord};
use serde_json::{Value, json};

use crate::args::Runs;
use crate::command_line::CommandLine;
use crate::explain::is_defect;
use crate::failure::{Code, Failure};
use crate::input;
use crate::limit::unless_interrupted;
use crate::output::{Columns, Last};
use crate::record::Record;
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
    let text = input::record(&path).await?;
    let record: Record = serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Failure::usage(format!("{path} is not the record of a run: {error}"))
    })?;
    if let Some(task) = record.task_id {
        let found = json!({ "task_id": task, "evidence": "answer" });
        return session.output.list(&[found], COLUMNS, Last::Whole);
    }
    let mut find = session.client.find_run(&record.run);
    if other_key {
        find = find.with_other_key();
    }
    let looked = unless_interrupted(async {
        match wait {
            true => find.until_decided().await,
            false => find.await,
        }
    });
    let looked = looked
        .await
        .map_err(|interrupted| interrupted.because("interrupted"))?;
    let found = looked.map_err(|error| not_known(error, &record.run))?;
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
        FoundRun::RuledOut => Err(Failure::ruled_out(
            "no task was started: the run can be repeated",
        )),
        FoundRun::NotYet { ruled_out_at } => {
            let time = ruled_out_at.format("%FT%TZ");
            let failure = Failure::new(Code::Ambiguous, "no task of this run is listed so far")
                .line(format!("It may still appear until {time}."));
            Err(match path == Path::new("-") {
                true => failure.line("The same command with --wait looks until then."),
                false => {
                    let find = CommandLine::new(["runs", "find"]).file(&path);
                    failure.command("To look until then", find.word("--wait"))
                }
            })
        }
        _ => Err(Failure::new(
            Code::Ambiguous,
            "the result of the search is not known",
        )),
    }
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
