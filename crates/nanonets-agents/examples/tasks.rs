//! The failed tasks of an agent, a page at a time.
//!
//! `cargo run -p nanonets-agents --example tasks -- AGENT_ID [CURSOR]`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use futures_util::TryStreamExt;
use nanonets_agents::{AgentId, Client, TaskStatus};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let list = client
        .tasks()
        .list()
        .agent(agent)
        .status([TaskStatus::Failed]);
    let mut list = list.page_size(100);
    if let Some(cursor) = args.next() {
        list = list.cursor(cursor);
    }
    // `list.stream()` gives the tasks one by one, and needs no pages.
    let mut pages = list.pages();
    while let Some(page) = pages.try_next().await? {
        for task in page.items {
            println!("{} {}", task.task_id, task.title().unwrap_or_default());
        }
        if let Some(cursor) = page.next_cursor {
            println!("to go on from here: {cursor}");
        }
    }
    Ok(())
}
