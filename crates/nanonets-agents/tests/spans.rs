//! The spans and events of a run, in a process of its own: subscribers are global.

#![cfg(feature = "tracing")]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanonets_agents::{Client, RetryPolicy};
use nanonets_agents_sim::{Fault, Operation, Simulator};
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a buffer").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_span_has_operation_attempts_and_status_and_nothing_private() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    tracing_subscriber::fmt()
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let simulator = Simulator::builder()
        .api_key("secret-key")
        .start()
        .await
        .expect("a simulator");
    let agent = simulator.create_agent("Invoices").id;
    simulator.fault(
        Fault::status(429)
            .retry_after(Duration::ZERO)
            .on(Operation::RunAgent)
            .times(1),
    );
    let client = Client::builder("secret-key")
        .base_url(simulator.base_url())
        .retry(RetryPolicy::default().pauses([Duration::ZERO]))
        .build()
        .expect("a client");
    client
        .agent(agent)
        .run()
        .query("secret prompt")
        .start()
        .await
        .expect("a task");
    let log = String::from_utf8(buffer.0.lock().expect("a buffer").clone()).expect("UTF-8");
    assert!(
        log.contains("operation=\"run_agent\"")
            && log.contains("attempts=2")
            && log.contains("status=201"),
        "{log}"
    );
    assert!(
        log.contains("trying again") && log.contains("status=429"),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn attempts_and_status_are_printed_without_the_ends_of_spans() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.fault(Fault::status(500).on(Operation::GetAgent).times(1));
    simulator.fault(Fault::status(403).on(Operation::GetAgent).after(2));
    let client = Client::builder(simulator.api_key())
        .base_url(simulator.base_url())
        .retry(RetryPolicy::default().pauses([Duration::ZERO]))
        .build()
        .expect("a client");
    let dispatch = tracing::Dispatch::new(subscriber);
    let calls = async {
        client.agent(agent).get().await.expect("an agent");
        client.agent(agent).get().await.expect_err("it is refused");
    };
    tracing::instrument::WithSubscriber::with_subscriber(calls, dispatch).await;
    let log = String::from_utf8(buffer.0.lock().expect("a buffer").clone()).expect("UTF-8");
    let ends: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(": done") || line.contains(": failed"))
        .collect();
    let [done, failed] = ends[..] else {
        panic!("{log}");
    };
    assert!(done.contains("done attempts=2 status=200"), "{done}");
    assert!(
        failed.contains("failed attempts=1 status=403 error=Status"),
        "{failed}"
    );
}
