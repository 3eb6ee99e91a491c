//! Whatever JSON a server sends, nothing panics; and of what these types can hold, nothing is lost.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{Client, Outcome, RetryPolicy};
use nanonets_agents_api::types;
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Any JSON of a moderate size, with the keys and values of the API among its own.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        Just("completed".to_owned()),
        Just("waiting_for_input".to_owned()),
        Just("2026-01-31T09:30:00Z".to_owned()),
        Just("7f7e4431-66f4-4eb9-bc91-473994247fe4".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(any_key(), inner, 0..8)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let known = [
        "id",
        "task_id",
        "agent_id",
        "agent_group_id",
        "status",
        "data",
        "has_more",
        "next_cursor",
        "content",
        "role",
        "result",
        "extracted_data",
        "created_at",
        "config",
        "feed",
        "message",
        "error",
    ];
    prop_oneof![
        any::<String>(),
        prop::sample::select(known.to_vec()).prop_map(str::to_owned)
    ]
}

/// Decodes a response and encodes it again.
type Through = fn(Value) -> Result<Value, String>;
/// A response as the simulator gives it.
type Sample = (Value, Through);

fn through<T: DeserializeOwned + Serialize>(value: Value) -> Result<Value, String> {
    let decoded: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    serde_json::to_value(decoded).map_err(|error| error.to_string())
}

/// One response of each operation.
async fn samples() -> Vec<Sample> {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    let agent = simulator.create_agent("Invoices").id;
    simulator.create_draft(agent);
    simulator.script(Script::new().ask("Go on?").complete(json!({ "total": 7 })));
    let agent = client.agent(agent);
    let run = agent.run().query("q").raw().await.expect("a task");
    let run: types::RunAgentResponse = serde_json::from_slice(&run.body).expect("a task");
    let task = client.task(run.task_id);
    let create = client.agents().create().name("Receipts");
    let update = agent.update().name("Bills");
    let bodies: [(_, Through); 14] = [
        (
            client.agents().list().page().raw().await,
            through::<types::AgentPage>,
        ),
        (create.raw().await, through::<types::Agent>),
        (agent.get().raw().await, through::<types::Agent>),
        (update.raw().await, through::<types::Agent>),
        (
            agent.run().query("q").raw().await,
            through::<types::RunAgentResponse>,
        ),
        (
            agent.versions().page().raw().await,
            through::<types::AgentVersionPage>,
        ),
        (agent.publish().raw().await, through::<types::AgentVersion>),
        (
            client.tasks().list().page().raw().await,
            through::<types::TaskPage>,
        ),
        (task.get().raw().await, through::<types::Task>),
        (task.summary().raw().await, through::<types::TaskSummary>),
        (task.result().raw().await, through::<types::TaskResult>),
        (task.messages().raw().await, through::<types::MessageList>),
        (
            task.send_message("yes").raw().await,
            through::<types::SendTaskMessageResponse>,
        ),
        (task.cancel().raw().await, through::<types::Task>),
    ];
    bodies
        .into_iter()
        .map(|(raw, through)| {
            let body = raw.expect("an answer").body;
            (serde_json::from_slice(&body).expect("JSON"), through)
        })
        .collect()
}

fn client(simulator: &Simulator) -> Client {
    Client::builder(simulator.api_key())
        .base_url(simulator.base_url())
        .retry(RetryPolicy::never())
        .build()
        .expect("a client")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

fn cases(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        // A failing case is shown; nothing is written.
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn arbitrary_json_in_the_place_of_a_response_never_panics() {
    let samples = runtime().block_on(samples());
    let place = any::<prop::sample::Index>();
    let mut runner = cases(500);
    let outcome = runner.run(&(any_json(), place, any_json()), |(whole, place, part)| {
        for (sample, through) in &samples {
            let _ = through(whole.clone());
            let mut changed = sample.clone();
            let pointers = pointers(&changed);
            let pointer = &pointers[place.index(pointers.len())];
            *changed.pointer_mut(pointer).expect("a place") = part.clone();
            let _ = through(changed);
        }
        Ok(())
    });
    outcome.expect("no panic");
}

/// Every place in a document.
fn pointers(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    walk(value, format!("{at}/{key}"), found);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    walk(value, format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
        found.push(at);
    }
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

#[test]
fn unknown_fields_and_enum_values_survive() {
    let samples = runtime().block_on(samples());
    let fields = btree_map("new_[a-z]{1,8}", any_json(), 1..4);
    let mut runner = cases(200);
    let outcome = runner.run(&(fields, any::<String>()), |(fields, status)| {
        for (sample, through) in &samples {
            let mut changed = sample.clone();
            extend(&mut changed, &fields.clone().into_iter().collect(), &status);
            let decoded = through(changed.clone()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(without_nulls(decoded), without_nulls(changed));
        }
        Ok(())
    });
    outcome.expect("what is not known survives");
}

/// Adds fields to the objects of the API in a response, and gives those that have a status or a role another.
fn extend(value: &mut Value, fields: &Map<String, Value>, word: &str) {
    if let Some(Value::Array(items)) = value.get_mut("data") {
        for item in items {
            extend(item, fields, word);
        }
    }
    if let Value::Object(object) = value {
        for key in ["status", "role"] {
            if let Some(status) = object.get_mut(key) {
                *status = Value::from(word);
            }
        }
        object.extend(fields.clone());
    }
}

/// An optional field that is null and one that is missing mean the same; the field is written in one way.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "it is only decoded")]
struct Wanted {
    vendor: String,
    lines: Vec<Option<f64>>,
}

#[test]
fn arbitrary_json_as_an_answer_is_a_value_or_an_error() {
    let runtime = runtime();
    let mut runner = cases(60);
    let outcome = runner.run(&any_json(), |body| {
        runtime.block_on(answered_with(body));
        Ok(())
    });
    outcome.expect("no panic");
}

/// Calls everything that makes something of an answer.
async fn answered_with(body: Value) {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    let agent = client.agent(simulator.create_agent("Invoices").id);
    simulator.script(Script::new().complete(body.clone()));
    let task = agent.run().query("q").start().await.expect("a task");
    // An unreadable answer is requested again until then.
    let limit = Duration::from_millis(30);
    let pauses = (Duration::from_millis(1), Duration::from_millis(5));
    let wait = || task.wait().pauses(pauses.0, pauses.1).timeout(limit);
    if let Ok(Outcome::Completed(done)) = wait().await {
        let _ = done.extracted::<Wanted>();
        let _ = done.extracted::<Value>();
    }
    let answer = Fault::status(200).body("application/json", body.to_string());
    simulator.fault(answer.clone().on(Operation::GetTaskSummary));
    if let Ok(Outcome::Completed(done)) = wait().await {
        let _ = done.extracted::<Wanted>();
    }
    simulator.clear_faults();
    simulator.script(Script::new().ask(body));
    let asking = agent.run().query("q").start().await.expect("a task");
    let wait = asking.wait().pauses(pauses.0, pauses.1).timeout(limit);
    if let Ok(Outcome::NeedsInput(question)) = wait.await {
        let _ = (question.text(), question.message());
    }
    simulator.fault(answer);
    let _ = client
        .agents()
        .list()
        .stream()
        .try_collect::<Vec<_>>()
        .await;
    let _ = agent.versions().stream().try_collect::<Vec<_>>().await;
    let _ = client.tasks().list().stream().try_collect::<Vec<_>>().await;
    let _ = agent.merge_config(Map::new()).await;
    let _ = agent.publish().await;
    let _ = agent.run().query("q").start().await;
    let _ = (task.result().await, task.messages().await);
    let _ = (task.send_message("m").await, task.cancel().await);
}
