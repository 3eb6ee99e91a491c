//! The outputs of tasks, over real sockets, with the bytes that a server may send.

mod blank;
mod extracting;
mod known_fields;
mod locations;
mod questions;
#[path = "../common/raw_server.rs"]
mod raw_server;
mod raw_text;
mod schemas;

use std::time::Duration;

use nanonets_agents::{Client, Completed, Outcome, RetryPolicy, Run, TaskHandle};
use raw_server::{JSON, RawServer, Reply, Request};
use serde_json::json;

const AGENT: &str = "11111111-1111-4111-8111-111111111111";
const TASK: &str = "22222222-2222-4222-8222-222222222222";
const QUICK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(5));

/// A server whose one task has a status, and this summary or these messages.
struct Service {
    server: RawServer,
    client: Client,
}

impl Service {
    /// The task has completed.
    fn completed(summary: impl AsRef<[u8]>) -> Self {
        let summary = Reply::new(200, &[JSON], summary);
        Self::start("completed", move |_| summary.clone())
    }

    fn start(status: &str, rest: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let task = json!({
            "task_id": TASK, "agent_id": AGENT, "status": status, "message": "m",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        let server = RawServer::start(move |request| {
            let path = request.path();
            match path.ends_with("/run") || path.ends_with(TASK) {
                true => Reply::json(200, &task),
                false => rest(request),
            }
        });
        let client = Client::builder("not-a-real-key")
            .base_url(server.url())
            .retry(RetryPolicy::default().pauses([Duration::ZERO]))
            .build()
            .expect("a client");
        Self { server, client }
    }

    fn run(&self) -> Run {
        let agent = self.client.agent(AGENT.parse().expect("an id"));
        agent.run().query("Extract the line items.")
    }

    /// The task, by its id alone.
    fn task(&self) -> TaskHandle {
        self.client.task(TASK.parse().expect("an id"))
    }

    async fn outcome(&self, task: TaskHandle) -> nanonets_agents::Result<Outcome> {
        let wait = task.wait().pauses(QUICK.0, QUICK.1);
        wait.timeout(Duration::from_secs(20)).await
    }

    async fn done(&self, task: TaskHandle) -> Completed {
        match self.outcome(task).await.expect("an outcome") {
            Outcome::Completed(done) => done,
            other => panic!("{other:?}"),
        }
    }
}

/// Waits for a task that has completed with this summary, by its id.
async fn completed(summary: impl AsRef<[u8]>) -> Completed {
    let service = Service::completed(summary);
    service.done(service.task()).await
}
