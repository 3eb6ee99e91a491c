//! Starting a task without ever paying for it twice: where the answer was lost, the task is looked for.
//!
//! `cargo run -p nanonets-agents --example lost_answer -- AGENT_ID PROMPT`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use futures_util::TryStreamExt;
use nanonets_agents::{AgentId, Client, TaskId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let prompt = args.next().ok_or("a prompt is needed")?;
    let client = Client::from_env()?;
    println!("task {}", start(&client, agent, prompt).await?);
    Ok(())
}

/// Starts a task, of which there is one in the end, as long as nobody else runs the agent at the same time.
async fn start(
    client: &Client,
    agent: AgentId,
    prompt: String,
) -> Result<TaskId, Box<dyn std::error::Error>> {
    let error = match client.agent(agent).run().query(prompt).start().await {
        Ok(task) => return Ok(task.id()),
        Err(error) => error,
    };
    let Some(candidates) = error.candidates(client) else {
        return Err(error.into());
    };
    println!("{error}");
    let candidates: Vec<_> = candidates.stream().try_collect().await?;
    match &candidates[..] {
        [task] => Ok(task.task_id),
        [] => Err("no task was started; it can be tried again".into()),
        several => Err(format!("{} tasks may be the one", several.len()).into()),
    }
}
