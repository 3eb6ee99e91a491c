//! Starts a task without ever paying for it twice, also if this process is killed: the run is written down first, and if
//! its answer is lost, its task is looked for.
//!
//! `cargo run -p nanonets-agents --example lost_answer -- AGENT_ID PROMPT RECORD_FILE`, with `NANONETS_API_KEY` set and, for
//! the simulator, `NANONETS_BASE_URL`. If RECORD_FILE exists already, an earlier process may have sent the run.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nanonets_agents::{AgentId, Client, FoundRun, Marker, RunRecord, TaskId};

/// The longest time that the run is sent. If this process is killed, its record has the end of this time.
const LONGEST_RUN: Duration = Duration::from_secs(600);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let prompt = args.next().ok_or("a prompt is needed")?;
    let path = PathBuf::from(args.next().ok_or("a file for the record is needed")?);
    let client = Client::from_env()?;
    let task = match std::fs::read(&path) {
        Ok(record) => find(&client, &serde_json::from_slice(&record)?).await?,
        Err(_) => start(&client, agent, prompt, &path).await?,
    };
    println!("task {task}");
    Ok(())
}

/// Starts the task, after its record is safely on disk.
async fn start(client: &Client, agent: AgentId, prompt: String, path: &Path) -> Result<TaskId> {
    let run = client.agent(agent).run().query(prompt);
    let run = run.marker(Marker::random()).timeout(LONGEST_RUN);
    let prepared = run.prepare().await?;
    let mut file = File::create_new(path)?;
    file.write_all(&serde_json::to_vec(prepared.record())?)?;
    file.sync_all()?;
    let error = match prepared.start().await {
        Ok(task) => return Ok(task.id()),
        Err(error) => error,
    };
    let Some(record) = error.run_record() else {
        return Err(error.into()); // it is certain that no task was started
    };
    println!("{error}");
    find(client, record).await
}

/// Looks for the task of a run until it is found or ruled out: for five minutes after the run has ended. The run of a process
/// that was killed has ended by its timeout.
async fn find(client: &Client, record: &RunRecord) -> Result<TaskId> {
    let found = client.find_run(record).until_decided().await;
    let found = found
        .map_err(|error| format!("a task may be running; the search for it failed: {error}"))?;
    match (found.task(), found) {
        (Some(task), _) => Ok(task),
        (None, FoundRun::Found(candidates)) => {
            let tasks = candidates.len();
            Err(format!("{tasks} tasks may be the one: compare their messages").into())
        }
        _ => Err("no task was started: delete the record and run it again".into()),
    }
}
