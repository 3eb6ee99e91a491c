//! The client against servers that no simulator can be: gateways, caches, clocks that are wrong, answers that are odd.

mod blocked;
mod compressed;
mod effects;
mod found;
mod incomplete;
mod messages;
mod odd_lists;
mod other_answers;
mod paid;
mod questions;
#[path = "../common/raw_server.rs"]
mod raw_server;
mod remarks;
mod secrets;
mod stalled;
mod table;
mod waits;

use std::time::Duration;

use nanonets_agents::{AgentId, Client, ClientBuilder, RetryPolicy, Run};
use serde_json::{Value, json};

use raw_server::RawServer;

const AGENT: &str = "11111111-1111-4111-8111-111111111111";
const TASK: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
const NOW: &str = "2026-01-31T09:30:00Z";

fn agent() -> AgentId {
    AGENT.parse().expect("an id")
}

/// A client with short pauses.
fn builder(server: &RawServer) -> ClientBuilder {
    let pauses = [Duration::from_millis(1)];
    let policy = RetryPolicy::default()
        .pauses(pauses)
        .longest_rate_limit(Duration::from_secs(2));
    Client::builder("key-of-this-test")
        .base_url(server.url())
        .retry(policy)
}

fn client(server: &RawServer) -> Client {
    builder(server).build().expect("a client")
}

/// A client with this key that sends everything once.
fn client_without_retries(server: &RawServer, key: &str) -> Client {
    Client::builder(key)
        .base_url(server.url())
        .retry(RetryPolicy::never())
        .build()
        .expect("a client")
}

/// A run of one prompt.
fn run(client: &Client) -> Run {
    client.agent(agent()).run().query("q")
}

/// A task as the API describes it.
fn task(status: &str) -> Value {
    json!({
        "task_id": TASK, "agent_id": AGENT, "status": status, "created_at": NOW, "updated_at": NOW,
    })
}

/// Fails a test that would hang.
async fn soon<F: IntoFuture>(work: F) -> F::Output {
    let limit = Duration::from_secs(20);
    let result = tokio::time::timeout(limit, work.into_future()).await;
    result.unwrap_or_else(|_| panic!("it does not end within {limit:?}"))
}
