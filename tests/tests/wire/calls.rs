//! One call of each operation, and the few steps that most tests begin with.

use nanonets_agents_api::types::{
    AgentId, CreateAgentRequest, ErrorEnvelope, RunAgentRequest, SendTaskMessageRequest, TaskId,
    UpdateAgentRequest,
};
use nanonets_agents_api::{Client, Context, Error, ErrorBody, FilePart, ResponseValue};
use reqwest::StatusCode;
use serde::Serialize;
use serde_json::Value;
use workspace_tests::server::{Answer, Received, Server};

use crate::bodies;

/// The error of every operation.
pub type Failure = Error<ErrorBody<ErrorEnvelope>>;

pub const KEY: &str = "key-5up3r-53cr37";

/// The methods of the client: the operations of the API description, and the other body of `run_agent`.
pub const OPERATIONS: [&str; 15] = [
    "cancel_task",
    "create_agent",
    "get_agent",
    "get_task",
    "get_task_result",
    "get_task_summary",
    "list_agent_versions",
    "list_agents",
    "list_task_messages",
    "list_tasks",
    "publish_agent_version",
    "run_agent",
    "run_agent_multipart",
    "send_task_message",
    "update_agent",
];

pub fn agent_id() -> AgentId {
    bodies::AGENT.parse().expect("a UUID")
}

pub fn task_id() -> TaskId {
    bodies::TASK.parse().expect("a UUID")
}

pub fn context() -> Context {
    Context::with_api_key(KEY).expect("a key that a header can carry")
}

/// A client of its own HTTP client, as most programs have it.
pub fn client(url: &str) -> Client {
    Client::new(url, context()).expect("an HTTP client")
}

/// Starts a server that answers once, with 200 and this body.
pub async fn serving(body: &Value) -> (Server, Client) {
    let server = Server::start([Answer::ok(body)]).await;
    let client = client(&server.url());
    (server, client)
}

/// The status and the value of an answer, as JSON.
pub type Outcome = Result<(StatusCode, Value), Failure>;

/// Calls one operation, with its required parameters alone.
pub async fn call(client: &Client, operation: &str) -> Outcome {
    let (agent, task) = (agent_id(), task_id());
    match operation {
        "cancel_task" => client.cancel_task(task).send().await.map(value),
        "create_agent" => {
            let body = CreateAgentRequest::default();
            client.create_agent(body).send().await.map(value)
        }
        "get_agent" => client.get_agent(agent).send().await.map(value),
        "get_task" => client.get_task(task).send().await.map(value),
        "get_task_result" => client.get_task_result(task).send().await.map(value),
        "get_task_summary" => client.get_task_summary(task).send().await.map(value),
        "list_agent_versions" => client.list_agent_versions(agent).send().await.map(value),
        "list_agents" => client.list_agents().send().await.map(value),
        "list_task_messages" => client.list_task_messages(task).send().await.map(value),
        "list_tasks" => client.list_tasks().send().await.map(value),
        "publish_agent_version" => client.publish_agent_version(agent).send().await.map(value),
        "run_agent" => {
            let body = RunAgentRequest::default();
            client.run_agent(agent, body).send().await.map(value)
        }
        "run_agent_multipart" => {
            let files = [FilePart::from_bytes("a.txt", "a")];
            let call = client.run_agent_multipart(agent).files(files);
            call.send().await.map(value)
        }
        "send_task_message" => {
            let body = SendTaskMessageRequest::default();
            let call = client.send_task_message(task, body);
            call.send().await.map(value)
        }
        "update_agent" => {
            let body = UpdateAgentRequest::default();
            let call = client.update_agent(agent, body);
            call.send().await.map(value)
        }
        other => panic!("no call of {other}"),
    }
}

fn value<T: Serialize>(answer: ResponseValue<T>) -> (StatusCode, Value) {
    let value = serde_json::to_value(&*answer).expect("a value of JSON");
    (answer.status(), value)
}

/// The request of an operation that is called with its required parameters alone.
pub async fn sent_by(operation: &str) -> Received {
    let (mut server, client) = serving(&bodies::of(operation)).await;
    call(&client, operation).await.expect("a success");
    server.next().await
}

/// The error of a call that the server answers like this.
pub async fn failure(answer: Answer) -> Failure {
    let server = Server::start([answer]).await;
    call(&client(&server.url()), "get_task")
        .await
        .expect_err("a failure")
}

/// The answer that a failure is made of.
pub fn answer(failure: Failure) -> ResponseValue<ErrorBody<ErrorEnvelope>> {
    match failure {
        Error::ErrorResponse(answer) => answer,
        other => panic!("not an answer: {other}"),
    }
}

#[test]
fn the_list_of_operations_is_that_of_the_description() {
    let description = include_str!("../../../spec/agents.yaml");
    let mut described: Vec<&str> = description
        .lines()
        .filter_map(|line| line.trim().strip_prefix("operationId: "))
        .chain(["run_agent_multipart"])
        .collect();
    described.sort_unstable();
    assert_eq!(described, OPERATIONS);
}
