//! Key, prompt, document, answer and output: whatever happens to a run, none of them is in a log, a span, an error or a
//! `Debug`. In a process of its own, for it listens to everything that is logged in it.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use nanonets_agents::{Client, Error, File, Outcome, RetryPolicy};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

#[path = "common/faults.rs"]
mod faults;

/// No text that the client shows has this in it.
const SECRET: &str = "hush";
/// Longer than any of these runs takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Everything that is logged from now on, by `tracing` or by `log`.
    fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a log")).into_owned()
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "it is only decoded")]
struct Invoice {
    vendor: String,
}

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(shown, " {error} {error:?}");
        source = error.source();
    }
    shown
}

fn assert_private(shown: &str, what: &str) {
    assert!(!shown.contains(SECRET), "{what}: {shown}");
}

/// Runs an agent on a secret document, with a fault that strikes an operation so often.
async fn extract(operation: Operation, name: &str, fault: Fault, times: u64) {
    let what = format!("a run with `{name}` on {operation}, {times} times");
    let key = format!("{SECRET}-key");
    let simulator = Simulator::builder().api_key(&key).start().await;
    let simulator = simulator.expect("a simulator");
    let agent = simulator.create_agent("Invoices").id;
    let output = json!({ "vendor": format!("{SECRET} Ltd") });
    let script = Script::new().ask(format!("Is it {SECRET}?"));
    simulator.script(script.running(1).complete(output));
    let client = Client::builder(&key)
        .base_url(simulator.base_url())
        .response_limit(1_000_000)
        .retry(RetryPolicy::default().pauses([Duration::ZERO]));
    let client = client.build().expect("a client");
    let fault = simulator.fault(fault.on(operation).times(times));

    let pauses = (Duration::from_millis(1), Duration::from_millis(5));
    let run = client
        .agent(agent)
        .run()
        .query(format!("{SECRET} prompt"))
        .instructions(format!("{SECRET} instructions"))
        .output::<Invoice>()
        .file(File::bytes("invoice.pdf", format!("{SECRET} document")));
    assert_private(&format!("{run:?} {client:?}"), &what);
    let work = async {
        let task = run.start().await?;
        let wait = task
            .wait()
            .pauses(pauses.0, pauses.1)
            .timeout(PATIENCE / 10);
        let outcome = wait
            .answer_with(|question| {
                assert_private(&format!("{question:?}"), &what);
                async { Some(format!("{SECRET} answer")) }
            })
            .await?;
        assert_private(&format!("{outcome:?} {:?}", task.get()), &what);
        match outcome {
            Outcome::Completed(done) => done.extracted::<Invoice>().map(drop),
            _ => Ok(()),
        }
    };
    let result = tokio::time::timeout(PATIENCE, work).await;
    if let Err(error) = result.unwrap_or_else(|_| panic!("{what}: it hangs")) {
        assert_private(&shown(&error), &what);
    }
    assert!(fault.fired() > 0, "{what}: it never struck");
    assert!(simulator.tasks().len() <= 1, "{what}: a second task");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_shows_nothing_of_key_document_prompt_answer_and_output() {
    let log = Log::listen();
    let of_a_run = [
        Operation::RunAgent,
        Operation::GetTask,
        Operation::ListTaskMessages,
        Operation::SendTaskMessage,
        Operation::GetTaskSummary,
    ];
    let faults = faults::faults();
    // These strike lists alone.
    let faults = faults
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "endless list" | "empty page"));
    for (name, fault) in faults {
        let runs = of_a_run.into_iter().flat_map(|operation| {
            let fault = &fault;
            // Five attempts make a call.
            [1, 20].map(|times| extract(operation, name, fault.clone(), times))
        });
        join_all(runs).await;
    }
    let echoes = [
        (Operation::RunAgent, "prompt"),
        (Operation::RunAgent, "instructions"),
        (Operation::SendTaskMessage, "answer"),
    ];
    let echoes = echoes.map(|(operation, text)| {
        let words = format!("{SECRET}-key may not say \"{SECRET} {text}\"");
        let fault =
            Fault::status(422).body("application/json", json!({ "error": words }).to_string());
        extract(operation, "echo", fault, 1)
    });
    join_all(echoes).await;
    let log = log.text();
    for expected in [
        "operation=\"run_agent\"",
        "trying again",
        "reqwest",
        "hyper_util",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    let line = log.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None, "the log has what is private");
}
