//! The client against the simulator, over real sockets.

mod admission;
#[path = "../common/faults.rs"]
mod faults;
mod files;
mod lists;
mod matrix;
mod paused;
#[path = "../common/raw_server.rs"]
mod raw_server;
mod retries;
mod tasks;
mod updates;

use std::time::Duration;

use nanonets_agents::{Client, ClientBuilder, RetryPolicy};
use nanonets_agents_sim::Simulator;

/// A client of the simulator that does not pause between attempts.
fn client(simulator: &Simulator) -> Client {
    builder(simulator).build().expect("a client")
}

fn builder(simulator: &Simulator) -> ClientBuilder {
    Client::builder(simulator.api_key())
        .base_url(simulator.base_url())
        .retry(
            RetryPolicy::default()
                .pauses([Duration::ZERO])
                .longest_rate_limit(Duration::from_secs(1)),
        )
}

const QUICK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(5));

/// Fails a test that would hang, or run as long as a pause that should not be made.
async fn soon<F: IntoFuture>(work: F) -> F::Output {
    let limit = Duration::from_secs(20);
    let result = tokio::time::timeout(limit, work.into_future()).await;
    result.unwrap_or_else(|_| panic!("it does not end within {limit:?}"))
}
