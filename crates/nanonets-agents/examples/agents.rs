//! An agent that is created, configured, listed and published.
//!
//! `cargo run -p nanonets-agents --example agents -- NAME`, with `NANONETS_API_KEY` set and, for the simulator,
//! `NANONETS_BASE_URL`.

use futures_util::TryStreamExt;
use nanonets_agents::Client;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).ok_or("a name is needed")?;
    let client = Client::from_env()?;
    let create = client.agents().create().name(&name);
    let agent = create.system_prompt("You read invoices.").await?;
    println!("{} is {}", agent.id, agent.status);

    // The rest of the configuration stays as it is.
    let handle = client.agent(agent.id);
    let agent = handle.merge_config(json!({ "model": "large" })).await?;
    let keys: Vec<&String> = agent.config.0.keys().collect();
    println!("configured: {keys:?}");

    let update = handle.update().name(format!("{name} 2")).active(true);
    let agent = update.await?;
    println!("{} can be run: {}", agent.name, agent.is_active);

    let found = client.agents().list().name_contains(&name);
    for agent in found.stream().try_collect::<Vec<_>>().await? {
        println!("found {}", agent.name);
    }
    for version in handle.versions().stream().try_collect::<Vec<_>>().await? {
        println!("version {}", version.version_number);
    }
    match handle.publish().await {
        Ok(version) => println!("published {}", version.id),
        Err(error) if error.is_conflict() => println!("there is no draft to publish"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
