//! From documents to JSON without `async`.
//!
//! `cargo run -p nanonets-agents --features blocking --example blocking -- AGENT_ID FILE...`, with `NANONETS_API_KEY`
//! set and, for the simulator, `NANONETS_BASE_URL`.

use nanonets_agents::blocking::{Block, BlockStream};
use nanonets_agents::{AgentId, Client};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let run = client.agent(agent).run().files(args);
    let run = run.output_in_words("the vendor, and each line item with its amount");
    let output: Value = run.extract_as().block()?;
    println!("{output:#}");
    for task in client.tasks().list().agent(agent).stream().iter() {
        println!("{}", task?.task_id);
    }
    Ok(())
}
