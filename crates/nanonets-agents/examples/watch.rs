//! An upload and a task, both told as they move.
//!
//! `cargo run -p nanonets-agents --example watch -- AGENT_ID FILE...`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use futures_util::TryStreamExt;
use nanonets_agents::{AgentId, Client, Update};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let run = client.agent(agent).run().files(args);
    let run = run.on_progress(|progress| {
        let total = progress.total.unwrap_or_default();
        println!(
            "file {}: {} of {total} bytes",
            progress.file + 1,
            progress.sent
        );
    });
    let task = run.start().await?;
    let mut updates = task.wait().updates();
    while let Some(update) = updates.try_next().await? {
        match update {
            Update::Status(task) => println!("{}", task.status),
            Update::Outcome(outcome) => println!("{outcome:?}"),
            _ => {}
        }
    }
    Ok(())
}
