//! The client against servers that a simulator can't play: they read slowly, stop, or close when they should not.

mod connections;
mod files;
mod responses;
mod server;
mod uploads;

use std::time::Duration;

use nanonets_agents::{AgentHandle, AgentId, Client, ClientBuilder, RetryPolicy};

use server::Server;

/// The idle limit of these tests. A server of theirs that moves does so more often by far.
const IDLE: Duration = Duration::from_secs(1);
const AGENT: &str = "11111111-1111-4111-8111-111111111111";

fn builder(server: &Server) -> ClientBuilder {
    Client::builder("key")
        .base_url(server.base_url())
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
