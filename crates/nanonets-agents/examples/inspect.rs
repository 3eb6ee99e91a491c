//! Everything that can be read of a task: status, answer, conversation and what the agent did. Then it is cancelled.
//!
//! `cargo run -p nanonets-agents --example inspect -- TASK_ID`, with `NANONETS_API_KEY` set and, for the simulator,
//! `NANONETS_BASE_URL`.

use nanonets_agents::{Client, TaskId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id: TaskId = std::env::args()
        .nth(1)
        .ok_or("a task id is needed")?
        .parse()?;
    let task = Client::from_env()?.task(id);
    let seen = task.get().await?;
    println!("{} since {}", seen.status, seen.updated_at);
    let summary = task.summary().await?;
    let output = summary.extracted_data.as_ref();
    println!(
        "output: {}",
        output.map_or("none", |json| json.as_json_text())
    );
    for message in task.messages().await? {
        let role = message.role().map_or("?", |role| role.as_str());
        let content = message.content.as_ref();
        println!("{role}: {}", content.map_or("", |json| json.as_json_text()));
    }
    let result = task.result().await?;
    println!("{} steps", result.feed().unwrap_or_default().len());
    let seen = task.cancel().await?;
    println!("{} after cancelling", seen.status);
    Ok(())
}
