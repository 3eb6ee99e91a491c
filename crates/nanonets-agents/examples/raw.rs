//! Requests beyond the types of the crate: the answer as it came, further headers, form fields that nobody documents, an
//! HTTP client and a retry policy of one's own.
//!
//! `cargo run -p nanonets-agents --example raw -- AGENT_ID`, with `NANONETS_API_KEY` set and, for the simulator,
//! `NANONETS_BASE_URL`.

use std::time::Duration;

use nanonets_agents::{AgentId, Client, RetryPolicy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agent: AgentId = std::env::args()
        .nth(1)
        .ok_or("an agent id is needed")?
        .parse()?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let client = Client::builder_from_env()?
        .http_client(http)
        .retry(RetryPolicy::default().attempts(3))
        .timeout(Duration::from_secs(30))
        .build()?;
    let request = client.agent(agent).get();
    let raw = request.header("x-trace", "7").raw().await?;
    println!("{}: {} bytes", raw.status, raw.body.len());

    let run = client.agent(agent).run().query("Extract the total.");
    let task = run.form_field("source", "test").start().await?;
    println!("task {}", task.id());
    Ok(())
}
