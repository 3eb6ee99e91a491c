//! Every operation under every fault: a result or a typed error, soon, and never a second task.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{Admission, AgentId, Client, Error, Result, TaskId};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::Map;

use crate::builder;
use crate::faults::faults;

/// Longer than any of these calls takes on a busy machine, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// The texts that no output may contain.
const KEY: &str = "key-not-to-be-shown";
const PROMPT: &str = "prompt-not-to-be-shown";

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
        other => panic!("no test calls `{other}`"),
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

/// The result of an operation under a fault that strikes this number of times, after its effect or instead of it.
async fn strike(operation: Operation, name: &str, fault: Fault, times: u64) {
    let what = format!("{operation} under `{name}`, {times} times");
    let simulator = Simulator::builder()
        .api_key(KEY)
        .start()
        .await
        .expect("a simulator");
    let client = builder(&simulator)
        .response_limit(1_000_000)
        // No fault needs this limit. A call that only this limit ends counts as one that hangs.
        .idle_timeout(2 * PATIENCE)
        .admission(Admission::new().give_up_after(Duration::from_secs(1)))
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
        "redirect",
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
