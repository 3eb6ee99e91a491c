//! The request of each operation: method, path, and body.

use nanonets_agents_api::Client;
use nanonets_agents_api::types::{
    AgentConfig, CreateAgentRequest, RunAgentRequest, SendTaskMessageRequest, TaskOutputConfig,
    UpdateAgentRequest,
};
use serde_json::json;
use workspace_tests::server::{Answer, Framing, Received, Server};

use crate::bodies;
use crate::calls::{agent_id, client, context, sent_by, serving, task_id};

fn line(request: &Received) -> String {
    assert_eq!(request.query, None);
    format!("{} {}", request.method, request.path)
}

/// Whether there is no body, said in the one way that every server and proxy takes for a POST too.
fn is_bare(request: &Received) -> bool {
    request.body.as_ref().is_some_and(|body| body.is_empty())
        && request.header("content-type").is_none()
        && request.framing != Framing::Chunked
}

#[tokio::test]
async fn list_agents_gets_the_agents() {
    let sent = sent_by("list_agents").await;
    assert_eq!(line(&sent), "GET /api/v1/agents");
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn create_agent_posts_what_was_set_as_json() {
    let (mut server, client) = serving(&bodies::agent()).await;
    let config = json!({"tools": [], "model": null});
    let body = CreateAgentRequest::default()
        .name("Invoices")
        .system_prompt("Extract \"all\"\n")
        .config(serde_json::from_value::<AgentConfig>(config.clone()).unwrap());
    client.create_agent(body).send().await.unwrap();
    let sent = server.next().await;
    assert_eq!(line(&sent), "POST /api/v1/agents");
    assert_eq!(
        sent.json(),
        json!({"name": "Invoices", "system_prompt": "Extract \"all\"\n", "config": config})
    );
}

#[tokio::test]
async fn create_agent_posts_an_empty_object_if_nothing_is_set() {
    let (mut server, client) = serving(&bodies::agent()).await;
    client
        .create_agent(CreateAgentRequest::default())
        .send()
        .await
        .unwrap();
    assert_eq!(server.next().await.json(), json!({}));
}

#[tokio::test]
async fn get_agent_gets_the_agent() {
    let sent = sent_by("get_agent").await;
    let path = format!("GET /api/v1/agents/{}", bodies::AGENT);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn update_agent_patches_what_was_set_as_json() {
    let (mut server, client) = serving(&bodies::agent()).await;
    let body = UpdateAgentRequest::default().is_active(false);
    let call = client.update_agent(agent_id(), body);
    call.send().await.unwrap();
    let sent = server.next().await;
    let path = format!("PATCH /api/v1/agents/{}", bodies::AGENT);
    assert_eq!(line(&sent), path);
    assert_eq!(sent.json(), json!({"is_active": false}));
}

#[tokio::test]
async fn run_agent_posts_the_prompt_and_the_output_config_as_json() {
    let (mut server, client) = serving(&bodies::run_agent_response()).await;
    let output = TaskOutputConfig::default().output_schema(json!({"total": "number"}).to_string());
    let body = RunAgentRequest::default()
        .query("Què hi ha? 你好")
        .output_config(output);
    let call = client.run_agent(agent_id(), body);
    call.send().await.unwrap();
    let sent = server.next().await;
    let path = format!("POST /api/v1/agents/{}/run", bodies::AGENT);
    assert_eq!(line(&sent), path);
    assert_eq!(
        sent.json(),
        json!({
            "query": "Què hi ha? 你好",
            "output_config": {"output_schema": "{\"total\":\"number\"}"},
        })
    );
}

#[tokio::test]
async fn a_body_has_the_members_that_were_set_null_included() {
    for (mut body, expected) in [
        (RunAgentRequest::default(), json!({"later": [1.50]})),
        (
            RunAgentRequest::default().query_null(),
            json!({"query": null, "later": [1.50]}),
        ),
    ] {
        let (mut server, client) = serving(&bodies::run_agent_response()).await;
        body.extra.insert("later".to_owned(), json!([1.50]).into());
        client.run_agent(agent_id(), body).send().await.unwrap();
        assert_eq!(server.next().await.json(), expected);
    }
}

#[tokio::test]
async fn run_agent_multipart_posts_to_the_path_of_run_agent() {
    let sent = sent_by("run_agent_multipart").await;
    let path = format!("POST /api/v1/agents/{}/run", bodies::AGENT);
    assert_eq!(line(&sent), path);
}

#[tokio::test]
async fn list_agent_versions_gets_the_versions() {
    let sent = sent_by("list_agent_versions").await;
    let path = format!("GET /api/v1/agents/{}/versions", bodies::AGENT);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn publish_agent_version_posts_nothing() {
    let sent = sent_by("publish_agent_version").await;
    let path = format!("POST /api/v1/agents/{}/versions/publish", bodies::AGENT);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn list_tasks_gets_the_tasks() {
    let sent = sent_by("list_tasks").await;
    assert_eq!(line(&sent), "GET /api/v1/tasks");
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn get_task_gets_the_task() {
    let sent = sent_by("get_task").await;
    let path = format!("GET /api/v1/tasks/{}", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn get_task_summary_gets_the_summary() {
    let sent = sent_by("get_task_summary").await;
    let path = format!("GET /api/v1/tasks/{}/summary", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn get_task_result_gets_the_result() {
    let sent = sent_by("get_task_result").await;
    let path = format!("GET /api/v1/tasks/{}/result", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn list_task_messages_gets_the_plural_path() {
    let sent = sent_by("list_task_messages").await;
    let path = format!("GET /api/v1/tasks/{}/messages", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn send_task_message_posts_json_to_the_singular_path() {
    let (mut server, client) = serving(&bodies::send_task_message_response()).await;
    let body = SendTaskMessageRequest::default().message("EUR");
    let call = client.send_task_message(task_id(), body);
    call.send().await.unwrap();
    let sent = server.next().await;
    let path = format!("POST /api/v1/tasks/{}/message", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert_eq!(sent.json(), json!({"message": "EUR"}));
}

#[tokio::test]
async fn cancel_task_posts_nothing() {
    let sent = sent_by("cancel_task").await;
    let path = format!("POST /api/v1/tasks/{}/cancel", bodies::TASK);
    assert_eq!(line(&sent), path);
    assert!(is_bare(&sent));
}

#[tokio::test]
async fn a_base_url_may_end_in_slashes_and_have_a_path() {
    let mut server = Server::start([Answer::ok(&bodies::agent_page())]).await;
    let client = client(&format!("{}/proxy/nanonets//", server.url()));
    client.list_agents().send().await.unwrap();
    let sent = server.next().await;
    assert_eq!(line(&sent), "GET /proxy/nanonets/api/v1/agents");
}

#[tokio::test]
async fn a_call_can_be_spawned() {
    let (mut server, _) = serving(&bodies::task()).await;
    let client = Client::new(&server.url(), context()).unwrap();
    let call = async move { client.get_task(task_id()).send().await.is_ok() };
    assert!(tokio::spawn(call).await.unwrap());
    server.next().await;
}
