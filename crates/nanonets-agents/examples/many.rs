//! Many documents, a few at a time. One that fails does not stop the others, and none is paid for twice.
//!
//! `cargo run -p nanonets-agents --example many -- AGENT_ID FILE...`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use nanonets_agents::{AgentId, Client, Error, FoundRun, Marker, Outcome, Result, TaskHandle};

/// The number of documents in flight at the same time.
const AT_ONCE: usize = 4;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Invoice {
    total: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let client = &client;
    let documents = args.map(async |path| (read(client, agent, &path).await, path));
    let mut failed = 0;
    let mut done = stream::iter(documents).buffer_unordered(AT_ONCE);
    while let Some((invoice, path)) = done.next().await {
        match invoice {
            Ok(invoice) => println!("{path}: {}", invoice.total),
            Err(error) => {
                failed += 1;
                // The id, if there is one, says which task to look at.
                let task = error.task_id().map(|id| format!(" (task {id})"));
                println!("{path}: {error}{}", task.unwrap_or_default());
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} documents failed").into()),
    }
}

/// Reads one document.
async fn read(client: &Client, agent: AgentId, path: &str) -> Result<Invoice> {
    let task = start(client, agent, path).await?;
    match task.wait().timeout(Duration::from_secs(600)).await? {
        Outcome::Completed(done) => done.extracted(),
        outcome => Err(outcome.into_error()),
    }
}

/// Starts the task of a document. The marker tells it from the other tasks of the agent if the answer is lost.
async fn start(client: &Client, agent: AgentId, path: &str) -> Result<TaskHandle> {
    let run = client.agent(agent).run().query("Extract the total.");
    let run = run.file(path).output::<Invoice>();
    let error = match run.clone().marker(Marker::random()).start().await {
        Ok(task) => return Ok(task),
        Err(error) => error,
    };
    let Some(found) = found(client, path, &error).await else {
        return Err(error);
    };
    match found.task() {
        Some(task) => Ok(client.task(task)),
        // No task was started, so the document can be sent again.
        None if matches!(found, FoundRun::RuledOut) => run.marker(Marker::random()).start().await,
        // It may be running, and so may the task of another run.
        None => Err(error),
    }
}

/// The task of a run whose answer was lost. If the search fails, the run is as ambiguous as before.
async fn found(client: &Client, path: &str, error: &Error) -> Option<FoundRun> {
    let found = client.find_run(error.run_record()?).until_decided().await;
    found
        .inspect_err(|search| println!("{path}: the search for its task failed: {search}"))
        .ok()
}
