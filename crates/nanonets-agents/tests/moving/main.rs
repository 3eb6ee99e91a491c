//! The client against servers that a simulator can't play: they read slowly, stop, or close when they should not.

mod connections;
mod files;
#[path = "../common/raw_server.rs"]
mod raw_server;
mod responses;
mod uploads;

use std::time::Duration;

use nanonets_agents::{AgentHandle, AgentId, Client, ClientBuilder, RetryPolicy};
use serde_json::json;

use raw_server::{Connection, RawServer, Reply};

/// The idle limit of these tests. A server of theirs that moves does so more often by far.
const IDLE: Duration = Duration::from_secs(1);
const AGENT: &str = "11111111-1111-4111-8111-111111111111";
const TASK: &str = "22222222-2222-4222-8222-222222222222";

/// A server that hands each connection to the test. Its receive buffer is small, so that the client's kernel sees each
/// read as it would in a network.
fn server<Play, Played>(play: Play) -> RawServer
where
    Play: Fn(Connection) -> Played + Send + 'static,
    Played: Future<Output = ()> + Send + 'static,
{
    RawServer::play_with_receive_buffer(16 << 10, play)
}

/// The response to a run.
fn started() -> Reply {
    let task = json!({
        "task_id": TASK, "agent_id": AGENT, "status": "running", "message": "Taken.",
        "created_at": "2026-01-01T00:00:00Z",
    });
    Reply::json("201 Created", task)
}

fn builder(server: &RawServer) -> ClientBuilder {
    Client::builder("key")
        .base_url(server.url())
        .retry(RetryPolicy::never())
        .idle_timeout(IDLE)
}

fn agent(client: ClientBuilder) -> AgentHandle {
    let id: AgentId = AGENT.parse().expect("an id");
    client.build().expect("a client").agent(id)
}

/// Fails a test that would hang.
async fn soon<F: IntoFuture>(work: F) -> F::Output {
    let limit = Duration::from_secs(30);
    let result = tokio::time::timeout(limit, work.into_future()).await;
    result.unwrap_or_else(|_| panic!("it does not end within {limit:?}"))
}
