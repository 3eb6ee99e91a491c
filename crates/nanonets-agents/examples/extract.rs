//! From documents to a struct.
//!
//! `cargo run -p nanonets-agents --example extract -- AGENT_ID FILE...`, with `NANONETS_API_KEY` set and, for the
//! simulator, `NANONETS_BASE_URL`.

use nanonets_agents::{AgentId, Client};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "they are printed")]
struct Invoice {
    vendor: String,
    line_items: Vec<LineItem>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "they are printed")]
struct LineItem {
    sku: String,
    qty: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let agent: AgentId = args.next().ok_or("an agent id is needed")?.parse()?;
    let client = Client::from_env()?;
    let run = client.agent(agent).run().query("Extract the line items.");
    let invoice: Invoice = run.files(args).extract().await?;
    println!("{invoice:#?}");
    Ok(())
}
