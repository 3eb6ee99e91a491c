//! Where each field of an answer lands, and which answers count as success.

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::{
    AgentStatus, Message, MessageRole, RunAgentRequest, SendTaskMessageRequest,
    SendTaskMessageResponse, TaskResult, TaskStatus, TaskSummary,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use workspace_tests::server::{Answer, Server};

use crate::bodies::{self, with, without};
use crate::calls::{OPERATIONS, agent_id, call, client, serving, task_id};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time in RFC 3339")
}

fn text(member: &Option<Option<String>>) -> Option<&str> {
    member.as_ref()?.as_deref()
}

#[tokio::test]
async fn an_agent_has_its_fields() {
    let (_server, client) = serving(&bodies::agent()).await;
    let agent = client.get_agent(agent_id()).send().await.unwrap();
    assert_eq!(agent.id.to_string(), bodies::AGENT);
    assert_eq!(agent.agent_group_id.to_string(), bodies::GROUP);
    assert_eq!(agent.version_number, 3);
    assert_eq!(agent.status, AgentStatus::Published);
    assert_eq!(agent.name, "Invoices");
    assert!(agent.is_active);
    assert_eq!(agent.created_at, at(bodies::CREATED));
    assert_eq!(agent.updated_at, at(bodies::UPDATED));
    let config = serde_json::to_value(&agent.config).unwrap();
    assert_eq!(config, bodies::agent()["config"]);
    assert!(agent.extra.is_empty());
}

#[tokio::test]
async fn a_published_version_has_its_fields() {
    let (_server, client) = serving(&bodies::agent_version()).await;
    let call = client.publish_agent_version(agent_id());
    let version = call.send().await.unwrap();
    assert_eq!(version.id.to_string(), bodies::AGENT);
    assert_eq!(version.agent_group_id.to_string(), bodies::GROUP);
    assert_eq!(version.version_number, 3);
    assert_eq!(version.status, AgentStatus::Published);
    assert_eq!(version.name, "Invoices");
    assert!(version.is_active);
    assert_eq!(version.created_at, at(bodies::CREATED));
    assert_eq!(version.updated_at, at(bodies::UPDATED));
    assert!(version.extra.is_empty());
}

#[tokio::test]
async fn a_page_of_agents_has_its_items_and_its_cursor() {
    let (_server, client) = serving(&bodies::agent_page()).await;
    let page = client.list_agents().send().await.unwrap();
    assert_eq!(page.data.len(), 1);
    assert_eq!(page.data[0].id.to_string(), bodies::AGENT);
    assert_eq!(page.data[0].status, Some(Some(AgentStatus::Published)));
    assert!(page.has_more);
    assert_eq!(text(&page.next_cursor), Some("b2Zmc2V0OjE="));
    assert!(page.extra.is_empty());
}

#[tokio::test]
async fn a_list_of_versions_may_have_no_paging() {
    let (_server, client) = serving(&bodies::agent_version_page()).await;
    let call = client.list_agent_versions(agent_id());
    let page = call.send().await.unwrap();
    assert_eq!(page.data[0].version_number, 3);
    assert_eq!((page.has_more, &page.next_cursor), (None, &None));
}

#[tokio::test]
async fn a_list_of_versions_may_have_paging() {
    let paging = json!({"has_more": true, "next_cursor": "c"});
    let (_server, client) = serving(&with(bodies::agent_version_page(), paging)).await;
    let call = client.list_agent_versions(agent_id());
    let page = call.send().await.unwrap();
    assert_eq!(page.has_more, Some(Some(true)));
    assert_eq!(text(&page.next_cursor), Some("c"));
}

#[tokio::test]
async fn a_task_has_its_fields() {
    let (_server, client) = serving(&bodies::task()).await;
    let task = client.get_task(task_id()).send().await.unwrap();
    assert_eq!(task.task_id.to_string(), bodies::TASK);
    assert_eq!(task.agent_id.to_string(), bodies::AGENT);
    assert_eq!(task.status, TaskStatus::Running);
    assert_eq!(task.created_at, at(bodies::CREATED));
    assert_eq!(task.updated_at, at(bodies::UPDATED));
    assert_eq!(text(&task.title), Some("March invoices"));
    assert!(task.extra.is_empty());
}

#[tokio::test]
async fn a_title_may_be_null_or_missing() {
    let null = with(bodies::task(), json!({"title": null}));
    let missing = without(bodies::task(), "title");
    let server = Server::start([Answer::ok(&null), Answer::ok(&missing)]).await;
    let client = client(&server.url());
    for title in [Some(None), None] {
        let task = client.cancel_task(task_id()).send().await;
        assert_eq!(task.unwrap().title, title);
    }
}

#[tokio::test]
async fn a_page_of_tasks_has_its_items() {
    let (_server, client) = serving(&bodies::task_page()).await;
    let page = client.list_tasks().send().await.unwrap();
    let task = &page.data[0];
    assert_eq!(task.task_id.to_string(), bodies::TASK);
    assert_eq!(task.agent_id.to_string(), bodies::AGENT);
    assert_eq!(text(&task.agent_name), Some("Invoices"));
    assert_eq!(task.status, Some(Some(TaskStatus::Running)));
    assert_eq!(text(&task.title), Some("March invoices"));
    assert!(task.extra.is_empty());
    assert_eq!((page.has_more, &page.next_cursor), (false, &Some(None)));
}

#[tokio::test]
async fn an_item_of_a_list_may_lack_its_status() {
    let item = without(bodies::task(), "status");
    let page = json!({"data": [item], "has_more": false});
    let (_server, client) = serving(&page).await;
    let page = client.list_tasks().send().await.unwrap();
    assert_eq!(page.data[0].status, None);
}

#[tokio::test]
async fn a_started_task_has_its_fields() {
    let (_server, client) = serving(&bodies::run_agent_response()).await;
    let call = client.run_agent(agent_id(), RunAgentRequest::default());
    let task = call.send().await.unwrap();
    assert_eq!(task.task_id.to_string(), bodies::TASK);
    assert_eq!(task.agent_id.to_string(), bodies::AGENT);
    assert_eq!(task.status, TaskStatus::Running);
    assert_eq!(task.message, "Poll /v1/tasks/{task_id} for the result.");
    assert_eq!(task.created_at, at(bodies::CREATED));
    assert!(task.extra.is_empty());
}

#[tokio::test]
async fn a_summary_has_its_fields() {
    let (_server, client) = serving(&bodies::task_summary()).await;
    let call = client.get_task_summary(task_id());
    let summary = call.send().await.unwrap();
    assert_eq!(summary.task_id, Some(Some(task_id())));
    assert_eq!(summary.agent_id, Some(Some(agent_id())));
    assert_eq!(summary.status, Some(Some(TaskStatus::Completed)));
    assert_eq!(
        summary.extracted_data,
        Some(json!({"total": 120.5, "lines": [1, 2]}).into())
    );
    assert_eq!(
        summary.result,
        Some(json!({"summary": "Two invoices.", "completed_at": bodies::UPDATED}).into())
    );
    assert!(summary.extra.is_empty());
}

#[tokio::test]
async fn a_result_has_its_feed() {
    let (_server, client) = serving(&bodies::task_result()).await;
    let call = client.get_task_result(task_id());
    let result = call.send().await.unwrap();
    assert_eq!(result.status, Some(Some(TaskStatus::Failed)));
    let feed = result.feed.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(feed[0].to_value().unwrap()["type"], "tool_call");
    assert_eq!(feed[1].to_value().unwrap()["type"], "task_complete");
    assert!(result.extra.is_empty());
}

#[tokio::test]
async fn a_message_has_its_fields() {
    let (_server, client) = serving(&bodies::message_list()).await;
    let call = client.list_task_messages(task_id());
    let list = call.send().await.unwrap();
    let message = &list.data[0];
    assert_eq!(message.id().unwrap().to_string(), bodies::MESSAGE);
    assert_eq!(message.task_id, Some(Some(task_id())));
    assert_eq!(message.agent_id, Some(Some(agent_id())));
    assert_eq!(
        message.content,
        Some(json!([{"type": "text", "text": "Which currency?"}]).into())
    );
    assert_eq!(message.created_at, Some(Some(at(bodies::CREATED).into())));
    assert_eq!(message.user_id.flatten().unwrap().to_string(), bodies::USER);
    assert_eq!(
        message.parent_id.flatten().unwrap().to_string(),
        bodies::PARENT
    );
    assert_eq!(message.role, Some(Some(MessageRole::Assistant)));
    assert!(message.extra.is_empty());
}

#[tokio::test]
async fn a_receipt_for_a_message_has_its_fields() {
    let (_server, client) = serving(&bodies::send_task_message_response()).await;
    let call = client.send_task_message(task_id(), SendTaskMessageRequest::default());
    let receipt = call.send().await.unwrap();
    assert_eq!(
        receipt.message_id.flatten().unwrap().to_string(),
        bodies::MESSAGE
    );
    assert_eq!(receipt.status, Some(Some(TaskStatus::WaitingForInput)));
    assert_eq!(text(&receipt.message), Some("Message queued."));
    assert_eq!(receipt.task_id, Some(Some(task_id())));
    assert!(receipt.extra.is_empty());
}

/// A type whose every field is inferred reads an empty object, and one that has null for each field, and is written as it came.
fn may_be_empty<T>(fields: &[&str])
where
    T: serde::de::DeserializeOwned + serde::Serialize,
{
    let absent: T = serde_json::from_value(json!({})).unwrap();
    assert_eq!(serde_json::to_value(absent).unwrap(), json!({}));
    let null = fields
        .iter()
        .map(|field| ((*field).to_owned(), Value::Null));
    let null = Value::Object(null.collect());
    let read: T = serde_json::from_value(null.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), null);
}

#[test]
fn inferred_fields_of_a_summary_may_be_absent_or_null() {
    may_be_empty::<TaskSummary>(&["task_id", "status", "result", "extracted_data", "title"]);
}

#[test]
fn inferred_fields_of_a_result_may_be_absent_or_null() {
    may_be_empty::<TaskResult>(&["task_id", "agent_id", "status", "feed", "updated_at"]);
}

#[test]
fn inferred_fields_of_a_message_may_be_absent_or_null() {
    may_be_empty::<Message>(&["id", "task_id", "content", "role", "user_id", "parent_id"]);
}

#[test]
fn inferred_fields_of_a_receipt_may_be_absent_or_null() {
    may_be_empty::<SendTaskMessageResponse>(&["message", "message_id", "status", "task_id"]);
}

#[tokio::test]
async fn every_operation_takes_any_2xx_for_success() {
    for operation in OPERATIONS {
        for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::ACCEPTED] {
            let answer = Answer::json(status, &bodies::of(operation));
            let server = Server::start([answer]).await;
            let outcome = call(&client(&server.url()), operation).await;
            assert_eq!(outcome.unwrap().0, status, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_success_has_the_headers_of_the_answer() {
    let name = reqwest::header::HeaderName::from_static("x-request-id");
    let answer = Answer::ok(&bodies::task()).header(name, "r-1");
    let server = Server::start([answer]).await;
    let client = client(&server.url());
    let task = client.get_task(task_id()).send().await.unwrap();
    assert_eq!(task.headers()["x-request-id"], "r-1");
}
