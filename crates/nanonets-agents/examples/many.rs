//! Many documents, a few at a time; one that fails does not stop the others.
//!
//! `cargo run -p nanonets-agents --example many -- AGENT_ID FILE...`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use nanonets_agents::{AgentId, Client};

/// So many tasks run at once.
const AT_ONCE: usize = 4;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Invoice {
    total: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let client = &client;
    let runs = args.map(async |path| {
        let extract = client.agent(agent).run().file(&path).extract::<Invoice>();
        let invoice = extract.timeout(Duration::from_secs(600)).await;
        (path, invoice)
    });
    let mut failed = 0;
    let mut done = stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((path, invoice)) = done.next().await {
        match invoice {
            Ok(invoice) => println!("{path}: {}", invoice.total),
            Err(error) => {
                failed += 1;
                println!("{path}: {error}");
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} documents failed").into()),
    }
}
