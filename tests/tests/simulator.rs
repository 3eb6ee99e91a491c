//! The generated client against the simulator: each knows the API from the description alone.

use std::collections::BTreeSet;
use std::path::Path;

use nanonets_agents_api::types::{
    AgentStatus, CreateAgentRequest, SendTaskMessageRequest, TaskOutputConfig, TaskStatus,
    UpdateAgentRequest,
};
use nanonets_agents_api::{Client, Context, FilePart};
use nanonets_agents_sim::{Operation, Script, SeenBody, Simulator};
use openapi_document::read::Document;
use openapi_document::view::OperationView;
use serde_json::json;

#[test]
fn the_simulator_has_the_operations_of_the_description_and_no_others() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/agents.yaml");
    let document = Document::open(&spec).expect("the description");
    let described: BTreeSet<(String, String, String)> = OperationView::all(&document.root)
        .iter()
        .map(|operation| {
            let method = operation.method.to_uppercase();
            (operation.effective_id(), method, operation.path.to_owned())
        })
        .collect();
    let simulated: BTreeSet<(String, String, String)> = Operation::ALL
        .iter()
        .map(|operation| {
            let method = operation.method().to_string();
            (
                operation.id().to_owned(),
                method,
                operation.path().to_owned(),
            )
        })
        .collect();
    let lines = |operations: &mut dyn Iterator<Item = &(String, String, String)>, remedy: &str| {
        let lines =
            operations.map(|(id, method, path)| format!("`{id}` ({method} {path}) {remedy}\n"));
        lines.collect::<String>()
    };
    // The simulator takes its operations from the generated client.
    let missing = lines(
        &mut described.difference(&simulated),
        "is described and not simulated: run `cargo xtask codegen`, then add an arm to crates/nanonets-agents-sim/src/handlers.rs",
    );
    let unknown = lines(
        &mut simulated.difference(&described),
        "is simulated and not in spec/agents.yaml: run `cargo xtask codegen`, then remove its arm from crates/nanonets-agents-sim/src/handlers.rs",
    );
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "\n{missing}{unknown}"
    );
}

fn client(simulator: &Simulator) -> Client {
    let context = Context::with_api_key(simulator.api_key()).expect("a key");
    Client::new(&simulator.base_url(), context).expect("a client")
}

#[tokio::test]
async fn a_document_goes_in_and_data_comes_out() {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    let body = CreateAgentRequest {
        name: Some("Invoices".to_owned()),
        ..CreateAgentRequest::default()
    };
    let agent = client
        .create_agent(body)
        .send()
        .await
        .expect("an agent")
        .into_inner();
    simulator.script_agent(
        agent.id,
        Script::new()
            .pending(1)
            .running(1)
            .ask("Which currency?")
            .complete_simulated(),
    );
    let config = TaskOutputConfig {
        output_schema: Some(r#"{"total": "number"}"#.to_owned()),
        ..TaskOutputConfig::default()
    };
    let run = client
        .run_agent_multipart(agent.id)
        .query("Add it up.")
        .output_config(config)
        .files([FilePart::from_bytes("invoice.pdf", b"%PDF".as_slice())])
        .send()
        .await
        .expect("a task");
    let task = run.task_id;
    let mut seen = vec![run.status.clone()];
    loop {
        let status = client
            .get_task(task)
            .send()
            .await
            .expect("a task")
            .status
            .clone();
        if seen.last() != Some(&status) {
            seen.push(status.clone());
        }
        match status {
            TaskStatus::WaitingForInput => {
                let messages = client.list_task_messages(task).send().await;
                let messages = messages.expect("messages").into_inner().data;
                let question = messages.last().and_then(|message| message.content.clone());
                assert_eq!(question, Some(json!("Which currency?").into()));
                let answer = SendTaskMessageRequest {
                    message: Some(Some("EUR".to_owned())),
                    ..SendTaskMessageRequest::default()
                };
                let answer = client.send_task_message(task, answer);
                answer.send().await.expect("a receipt");
            }
            TaskStatus::Completed => break,
            _ => {}
        }
    }
    assert_eq!(
        seen,
        [
            TaskStatus::Pending,
            TaskStatus::Running,
            TaskStatus::WaitingForInput,
            TaskStatus::Completed
        ]
    );
    let summary = client
        .get_task_summary(task)
        .send()
        .await
        .expect("a summary");
    let data = summary.extracted_data.as_ref().expect("data");
    let data = data.to_value().expect("a value");
    assert!(data["total"].is_number(), "{data}");
    let result = client.get_task_result(task).send().await.expect("a result");
    assert!(matches!(&result.feed, Some(Some(feed)) if !feed.is_empty()));
    let cancelled = client.cancel_task(task).send().await.expect("a task");
    assert_eq!(cancelled.status, TaskStatus::Completed);
    let tasks = client
        .list_tasks()
        .agent_id(agent.id)
        .status([TaskStatus::Completed]);
    let tasks = tasks.send().await.expect("tasks").into_inner();
    assert_eq!(tasks.data.len(), 1);

    let request = simulator.requests_to(Operation::RunAgent).remove(0);
    let SeenBody::Multipart(parts) = request.body else {
        panic!("a multipart body was sent");
    };
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["output_config", "query", "files"]);
}

#[tokio::test]
async fn an_agent_is_changed_and_published() {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    let agent = simulator.create_agent("Invoices");
    let change = UpdateAgentRequest {
        system_prompt: Some("Read.".to_owned()),
        ..UpdateAgentRequest::default()
    };
    let changed = client.update_agent(agent.id, change).send().await;
    assert_eq!(
        changed.expect("an agent").config["system_prompt"],
        json!("Read.")
    );
    let draft = simulator.create_draft(agent.id);
    let published = client.publish_agent_version(agent.id).send().await;
    assert_eq!(published.expect("a version").id, draft.id);
    let read = client.get_agent(agent.id).send().await.expect("an agent");
    assert_eq!(read.status, AgentStatus::Archived);
    let versions = client.list_agent_versions(draft.id).send().await;
    assert_eq!(versions.expect("versions").data.len(), 2);
    let agents = client
        .list_agents()
        .q("voice")
        .limit(5)
        .send()
        .await
        .expect("agents");
    assert_eq!(agents.data.len(), 1);
    let called: usize = Operation::ALL
        .iter()
        .map(|operation| simulator.count(*operation))
        .sum();
    assert_eq!(called, 5);
}
