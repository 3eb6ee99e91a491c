//! The cost of reading a task beyond the request itself, in instructions.
//!
//! `cargo bench -p nanonets-agents --bench get_task` compares two clients of the same simulator: this crate's
//! `client.task(id).get()`, and what one would write by hand with reqwest and serde. Both use the same reqwest with the
//! same settings, a runtime with one thread, and one kept connection without TLS, which would cost both the same and hide
//! the difference. Both decode the same fields into the same types; see [`ByHand`].
//!
//! Time is noisy, so valgrind counts instructions of a process that is the client and nothing else; the simulator is
//! another process. One such process makes [`FEW`] calls, another [`MANY`]; the difference, divided by that of the calls,
//! is the cost of a call without that of the start. A median of several rounds evens out small differences, such as the
//! number of reads that find the socket empty.

mod common;
#[path = "common/simulator.rs"]
mod simulator;

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{Limit, Result};
use nanonets_agents_sim::Script;
use serde::Deserialize;
use simulator::Server;
use uuid::Uuid;

/// At most so many times the instructions of the client by hand.
const BOUND: f64 = 1.05;
const FEW: u32 = 200;
const MANY: u32 = 1200;
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let arguments = common::arguments();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    common::end(match arguments[..] {
        ["server"] => simulator::serve(Script::new().running(u32::MAX)),
        ["crate", calls, base_url, api_key, task] => with_crate(calls, base_url, api_key, task),
        ["by-hand", calls, base_url, api_key, task] => by_hand(calls, base_url, api_key, task),
        _ => bench(),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn bench() -> Result<()> {
    let server = Server::start(&["server"])?;
    let run = server.client()?.agent(server.agent).run();
    let task = run.query("Add it up.").start().await?.id().to_string();
    let (mut ours, mut theirs, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (client, costs) in [("crate", &mut ours), ("by-hand", &mut theirs)] {
            let (few, _) = counted(client, FEW, &server, &task)?;
            let (many, answer) = counted(client, MANY, &server, &task)?;
            costs.push((many - few) / f64::from(MANY - FEW));
            answers.push(answer);
        }
    }
    if answers.iter().any(|answer| *answer != answers[0]) {
        return Err(format!("the two clients read different tasks: {answers:?}").into());
    }
    let (reads, _) = server.stop()?;
    let expected = u64::from(FEW + MANY) * 2 * ROUNDS as u64;
    if reads != expected {
        return Err(format!("the server saw {reads} reads, and not {expected}").into());
    }

    println!("client      instructions per call   of all rounds");
    for (client, costs) in [("this crate", &ours), ("by hand", &theirs)] {
        let median = common::median(costs.clone());
        println!("{client:<10} {median:>22.0}   {costs:.0?}");
    }
    let ratio = common::median(ours) / common::median(theirs);
    common::judge(&[("this crate / by hand", ratio, Limit::AtMost(BOUND))])
}

/// The instructions of a process for a number of calls, and the task that it read.
fn counted(client: &str, calls: u32, server: &Server, task: &str) -> Result<(f64, String)> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(std::env::current_exe()?)
        .args([client, &calls.to_string()])
        .args([&server.base_url, &server.api_key, task])
        .output()
        .map_err(|error| format!("this benchmark needs valgrind, which can't be run: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("the client under valgrind has failed:\n{report}").into());
    }
    // `==1234== I   refs:      12,345,678`
    let count = report.lines().find_map(|line| {
        let (before, count) = line.split_once("refs:")?;
        before.trim_end().ends_with(" I").then_some(count)
    });
    let count = count.ok_or(format!("valgrind gives no count:\n{report}"))?;
    let answer = String::from_utf8(output.stdout)?;
    Ok((count.trim().replace(',', "").parse()?, answer))
}

#[tokio::main(flavor = "current_thread")]
async fn with_crate(calls: &str, base_url: &str, api_key: &str, task: &str) -> Result<()> {
    let client = simulator::client(base_url, api_key)?;
    let id = task.parse()?;
    let mut last = None;
    for _ in 0..calls.parse()? {
        last = Some(black_box(client.task(id).get().await?));
    }
    let task = last.ok_or("no call")?;
    println!(
        "{} {} {} {} {} {:?}",
        task.task_id,
        task.agent_id,
        task.status,
        task.created_at.utc(),
        task.updated_at.utc(),
        task.title()
    );
    Ok(())
}

/// A task as one would write it down by hand: the fields of [`nanonets_agents::Task`] but for those that are not
/// documented, which nobody would keep.
#[derive(Deserialize)]
struct ByHand {
    task_id: Uuid,
    agent_id: Uuid,
    status: Status,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    Queued,
    Running,
    WaitingForInput,
    AwaitingReview,
    Completed,
    Failed,
    Stopped,
}

#[tokio::main(flavor = "current_thread")]
async fn by_hand(calls: &str, base_url: &str, api_key: &str, task: &str) -> Result<()> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .user_agent("by-hand/1.0")
        .build()?;
    let id: Uuid = task.parse()?;
    let mut last = None;
    for _ in 0..calls.parse()? {
        let response = http
            .get(format!("{base_url}/api/v1/tasks/{id}"))
            .bearer_auth(api_key)
            .send()
            .await?;
        if !response.status().is_success() {
            return Err(format!("refused with {}", response.status()).into());
        }
        let task: ByHand = serde_json::from_slice(&response.bytes().await?)?;
        last = Some(black_box(task));
    }
    let task = last.ok_or("no call")?;
    println!(
        "{} {} {} {} {} {:?}",
        task.task_id,
        task.agent_id,
        format!("{:?}", task.status).to_lowercase(),
        task.created_at,
        task.updated_at,
        task.title
    );
    Ok(())
}
