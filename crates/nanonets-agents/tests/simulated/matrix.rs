//! Every operation under every fault: a result or a typed error, soon, and never a second task.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{AgentId, Client, Error, Result, TaskId};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::Map;

use crate::builder;

/// Longer than any of these calls takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// What no output may contain.
const KEY: &str = "key-not-to-be-shown";
const PROMPT: &str = "prompt-not-to-be-shown";

/// The faults, each by its name.
fn faults() -> Vec<(&'static str, Fault)> {
    let pause = Duration::from_millis(200);
    vec![
        ("html", Fault::status(502).html("<h1>Bad gateway</h1>")),
        ("empty", Fault::status(500).empty()),
        (
            "truncated error",
            Fault::status(404).body("application/json", "{\"err"),
        ),
        ("not found", Fault::status(404)),
        ("conflict", Fault::status(409)),
        ("unauthorized", Fault::status(401)),
        (
            "rate limited",
            Fault::status(429).retry_after(Duration::ZERO),
        ),
        (
            "rate limited until a date",
            Fault::status(429).retry_after_date(chrono::Utc::now()),
        ),
        ("unavailable", Fault::status(503)),
        (
            "unavailable for now",
            Fault::status(503).retry_after(Duration::ZERO),
        ),
        (
            "redirect",
            Fault::status(307).header("location", "http://127.0.0.1:1/elsewhere"),
        ),
        ("large", Fault::status(200).json_of(20_000_000)),
        ("no JSON", Fault::status(200).body("text/plain", "ok")),
        (
            "another JSON",
            Fault::status(200).body("application/json", "[1]"),
        ),
        ("late headers", Fault::delay_headers(pause)),
        ("late body", Fault::delay_body(pause)),
        ("truncated", Fault::truncate()),
        ("cut off", Fault::cut_off()),
        ("reset", Fault::reset()),
        ("unknown values", Fault::unknown_enum_values()),
        ("unknown fields", Fault::unknown_fields()),
        ("no status", Fault::without_field("status")),
        ("null status", Fault::null_field("status")),
        ("no id", Fault::without_field("id")),
        ("no task id", Fault::without_field("task_id")),
        ("no data", Fault::without_field("data")),
        ("endless list", Fault::repeat_cursor()),
        ("empty page", Fault::empty_page()),
    ]
}

/// Calls an operation by the name that a person would guess.
async fn call(client: &Client, operation: Operation, agent: AgentId, task: TaskId) -> Result<()> {
    let (of_agent, of_task) = (client.agent(agent), client.task(task));
    match operation {
        Operation::ListAgents => list(client.agents().list().stream()).await,
        Operation::CreateAgent => client
            .agents()
            .create()
            .system_prompt(PROMPT)
            .await
            .map(drop),
        Operation::GetAgent => of_agent.get().await.map(drop),
        Operation::UpdateAgent => of_agent.update().replace_config(Map::new()).await.map(drop),
        Operation::RunAgent => of_agent.run().query(PROMPT).start().await.map(drop),
        Operation::ListAgentVersions => list(of_agent.versions().stream()).await,
        Operation::PublishAgentVersion => of_agent.publish().await.map(drop),
        Operation::ListTasks => list(client.tasks().list().stream()).await,
        Operation::GetTask => of_task.get().await.map(drop),
        Operation::GetTaskSummary => of_task.summary().await.map(drop),
        Operation::GetTaskResult => of_task.result().await.map(drop),
        Operation::ListTaskMessages => of_task.messages().await.map(drop),
        Operation::SendTaskMessage => of_task.send_message(PROMPT).await.map(drop),
        Operation::CancelTask => of_task.cancel().await.map(drop),
    }
}

async fn list<T>(stream: impl futures_util::Stream<Item = Result<T>> + Unpin) -> Result<()> {
    stream.try_collect::<Vec<_>>().await.map(drop)
}

fn assert_private(error: &Error, what: &str) {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        shown.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    assert!(
        !shown.contains(KEY) && !shown.contains(PROMPT),
        "{what}: {shown}"
    );
}

/// What an operation comes to under a fault that strikes so often, after its effect or instead of it.
async fn strike(operation: Operation, name: &str, fault: Fault, times: u64) {
    let what = format!("{operation} under `{name}`, {times} times");
    let simulator = Simulator::builder()
        .api_key(KEY)
        .start()
        .await
        .expect("a simulator");
    let client = builder(&simulator)
        .response_limit(1_000_000)
        .read_timeout(Duration::from_secs(5))
        .build()
        .expect("a client");
    let agent = simulator.create_agent("Invoices").id;
    simulator.create_draft(agent);
    simulator.script(Script::new().ask("Go on?"));
    let task = client
        .agent(agent)
        .run()
        .query(PROMPT)
        .start()
        .await
        .expect("a task")
        .id();
    simulator.forget_requests();
    let fault = simulator.fault(fault.on(operation).times(times));

    let result = tokio::time::timeout(PATIENCE, call(&client, operation, agent, task)).await;
    let result = result.unwrap_or_else(|_| panic!("{what}: it hangs"));
    if let Err(error) = &result {
        assert_private(error, &what);
        if let Some(id) = error.operation() {
            assert_eq!(id, operation.id(), "{what}");
        }
    }
    let tasks = simulator.tasks().len();
    let ambiguous = result.as_ref().err().is_some_and(Error::is_ambiguous);
    match (&result, operation) {
        (Ok(()), Operation::RunAgent) => assert_eq!(tasks, 2, "{what}"),
        (Err(error), Operation::RunAgent) if !ambiguous => assert_eq!(tasks, 1, "{what}: {error}"),
        _ => assert!(tasks <= 2, "{what}: {tasks} tasks"),
    }
    let sent = simulator.count(operation) as u64;
    assert!(sent <= 25, "{what}: {sent} requests");
    // A success that nothing struck would prove nothing.
    let can_strike = !matches!(name, "endless list" | "empty page")
        || matches!(
            operation,
            Operation::ListAgents | Operation::ListTasks | Operation::ListAgentVersions
        );
    assert!(fault.fired() > 0 || !can_strike, "{what}: it never struck");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_every_fault_that_passes() {
    for (name, fault) in faults() {
        let calls = Operation::ALL
            .iter()
            .map(|&operation| strike(operation, name, fault.clone(), 1));
        futures_util::future::join_all(calls).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_every_fault_that_stays() {
    for (name, fault) in faults() {
        let calls = Operation::ALL
            .iter()
            .map(|&operation| strike(operation, name, fault.clone(), 1000));
        futures_util::future::join_all(calls).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_the_loss_of_an_answer_to_what_took_effect() {
    // These say that the request was not taken, and are believed.
    let denials = [
        "truncated error",
        "not found",
        "conflict",
        "unauthorized",
        "rate limited",
        "rate limited until a date",
        "unavailable for now",
    ];
    for (name, fault) in faults()
        .into_iter()
        .filter(|(name, _)| !denials.contains(name))
    {
        let calls = Operation::ALL
            .iter()
            .map(|&operation| strike(operation, name, fault.clone().after_effect(), 1));
        futures_util::future::join_all(calls).await;
    }
}
