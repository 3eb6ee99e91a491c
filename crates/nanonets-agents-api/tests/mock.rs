//! The typed mocks, used as the tests of a program that uses this client would.

use httpmock::MockServer;
use nanonets_agents_api::mock::MockServerExt;
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, RunAgentRequest, Task};
use nanonets_agents_api::{Client, Context, Error, FilePart};

const TASK: &str = r#"{
    "agent_id": "7f7e4431-66f4-4eb9-bc91-473994247fe4",
    "created_at": "2026-01-02T03:04:05Z",
    "status": "running",
    "task_id": "0b0c5b36-7b0c-4f6c-9d67-6d0e6cf1a3f2",
    "updated_at": "2026-01-02T03:04:06Z"
}"#;

fn task() -> Task {
    serde_json::from_str(TASK).expect("a task")
}

fn agent() -> AgentId {
    task().agent_id
}

fn client(server: &MockServer) -> Client {
    let context = Context::with_api_key("test-key").expect("a key");
    Client::new(&server.base_url(), context).expect("a client")
}

#[tokio::test]
async fn a_mock_answers_with_a_type_of_the_client() {
    let server = MockServer::start();
    let (task, other) = (task(), agent());
    let found = server.get_task(|when, then| {
        when.task_id(&task.task_id);
        then.success(200, &task);
    });
    let client = client(&server);
    let answer = client.get_task(task.task_id).send().await.expect("a task");
    assert_eq!(*answer, task);
    found.assert();
    // Nothing answers for another task.
    let missing = client.get_task(other.0).send().await;
    assert!(missing.is_err());
}

#[tokio::test]
async fn a_mock_matches_parameters_and_a_body_as_the_client_sends_them() {
    let server = MockServer::start();
    let request = RunAgentRequest::default().query("Extract the line items.");
    let problem = ErrorEnvelope::new("Too many tasks.".to_owned());
    let run = server.run_agent(|when, then| {
        when.agent_id(&agent()).body(&request);
        then.default_response(429, &problem);
    });
    let listed = server.list_agents(|when, then| {
        when.limit(5).q("invoices").cursor(None);
        then.into_inner().status(200).body(r#"{ "data": [] }"#);
    });
    let client = client(&server);
    match client.run_agent(agent(), request.clone()).send().await {
        Err(Error::ErrorResponse(answer)) => {
            assert_eq!(answer.status(), 429);
            assert_eq!(answer.decoded(), Some(&problem));
        }
        other => panic!("{other:?}"),
    }
    let _ = client.list_agents().limit(5).q("invoices").send().await;
    run.assert();
    listed.assert();
    let _ = client.list_agents().limit(6).send().await;
    assert_eq!(listed.calls(), 1);
}

#[tokio::test]
async fn an_operation_with_parts_is_matched_by_its_path_and_more_by_the_mock_server() {
    let server = MockServer::start();
    let run = server.run_agent_multipart(|when, then| {
        let when = when.agent_id(&agent()).into_inner();
        when.body_includes("filename=\"invoice.pdf\"");
        then.into_inner().status(202);
    });
    let file = FilePart::from_bytes("invoice.pdf", "%PDF-1.7");
    let client = client(&server);
    let request = client.run_agent_multipart(agent()).files([file]);
    let _ = request.send().await;
    run.assert();
}
