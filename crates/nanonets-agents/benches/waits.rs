//! How much memory it takes to wait for very many tasks at once.
//!
//! `cargo bench -p nanonets-agents --bench waits` has one process wait for ten thousand tasks, each with
//! `client.task(id).wait()` in a tokio task of its own; `-- 100` has it wait for a hundred. The tasks live in the simulator,
//! another process: each shows `running` twice and then completes, so a wait is three polls, two pauses of a second or
//! more between them, and the read of the answer. All of them were started, over HTTP, before the first wait begins.
//!
//! Memory is what Linux reports of the waiting process: its peak, and for comparison what it had when it had made one
//! request, knew all the ids and waited for none.

mod common;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/simulator.rs"]
mod simulator;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use common::{Limit, Peer, Result};
use memory::MIB;
use nanonets_agents::{Outcome, TaskId};
use nanonets_agents_sim::Script;
use serde_json::json;
use simulator::Server;
use tokio::task::JoinSet;

const TASKS: usize = 10_000;
/// In MiB.
const MEMORY_BOUND: f64 = 40.0;
/// How often the simulator shows a task as running.
const RUNNING: u32 = 2;

fn main() -> ExitCode {
    let arguments = common::arguments();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    common::end(match arguments[..] {
        ["server"] => {
            let script = Script::new().running(RUNNING);
            simulator::serve(script.complete(json!({ "total": 12.5 })))
        }
        ["wait", base_url, api_key, tasks] => wait(base_url, api_key, tasks),
        [tasks] => tasks.parse().map_err(Into::into).and_then(bench),
        _ => bench(TASKS),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn bench(tasks: usize) -> Result<()> {
    let server = Server::start(&["server"])?;
    let client = server.client()?;
    let mut ids = tempfile::NamedTempFile::new()?;
    for _ in 0..tasks {
        let run = client.agent(server.agent).run();
        writeln!(ids, "{}", run.query("Add it up.").start().await?.id())?;
    }
    let path = ids.path().to_str().ok_or("a path that is not UTF-8")?;
    let waiting = Peer::start(&["wait", &server.base_url, &server.api_key, path])?;
    let said = waiting.finish()?;
    let (polls, summaries) = server.stop()?;

    let (figures, failures) = said.split_once('\n').ok_or("no figures")?;
    let figures: Vec<f64> = figures
        .split(' ')
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    let [idle, peak, seconds, failed] = figures[..] else {
        return Err(format!("the waiting process says {said:?}").into());
    };
    print!("{failures}");
    println!("tasks waited for at once   {tasks:>10}");
    println!("time                       {seconds:>10.1} s");
    println!("polls                      {polls:>10}");
    println!("answers read               {summaries:>10}");
    println!("resident when idle         {:>10.1} MiB", idle / MIB);
    println!("resident at the peak       {:>10.1} MiB", peak / MIB);
    println!(
        "for each wait              {:>10.0} bytes",
        (peak - idle) / tasks as f64
    );
    common::judge(&[
        ("waits that failed", failed, Limit::AtMost(0.0)),
        (
            "peak memory in MiB",
            peak / MIB,
            Limit::AtMost(MEMORY_BOUND),
        ),
    ])
}

/// Waits for the tasks whose ids are in a file. Writes what it had resident before, what it had at most, how many seconds
/// it took and how many waits failed, and then why.
#[tokio::main]
async fn wait(base_url: &str, api_key: &str, path: &str) -> Result<()> {
    let client = simulator::client(base_url, api_key)?;
    let ids = std::fs::read_to_string(path)?;
    let ids: Vec<TaskId> = ids
        .lines()
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    // So that a connection, and whatever is set up once, is not counted as that of a wait. Tasks are not looked at: their
    // scripts would move on.
    client.agents().list().page_size(1).page().await?;
    let idle = memory::own("VmRSS")?;

    let start = Instant::now();
    let mut waits = JoinSet::new();
    for id in ids {
        let wait = client.task(id).wait();
        waits.spawn(async move {
            match wait.await {
                Ok(Outcome::Completed(_)) => None,
                Ok(outcome) => Some(format!("{outcome:?}")),
                Err(error) => Some(reasons(&error)),
            }
        });
    }
    let mut failures = BTreeMap::<_, usize>::new();
    while let Some(failure) = waits.join_next().await {
        if let Some(failure) = failure? {
            *failures.entry(failure).or_default() += 1;
        }
    }
    let (peak, seconds) = (memory::own("VmHWM")?, start.elapsed().as_secs_f64());
    println!(
        "{idle} {peak} {seconds} {}",
        failures.values().sum::<usize>()
    );
    for (failure, count) in failures {
        println!("{count} waits failed: {failure}");
    }
    Ok(())
}

/// An error, and the last of its causes.
fn reasons(error: &nanonets_agents::Error) -> String {
    let mut reasons = format!("{:?}", error.kind());
    let mut cause = error.source();
    while let Some(reason) = cause {
        cause = reason.source();
        if cause.is_none() {
            reasons = format!("{reasons}: {reason}");
        }
    }
    reasons
}
