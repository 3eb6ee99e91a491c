//! Statuses and roles that this version does not know are kept as they came.

use nanonets_agents_api::types::{AgentStatus, MessageRole, TaskStatus};
use serde_json::json;

use crate::bodies::{self, with};
use crate::calls::{agent_id, serving, task_id};

#[tokio::test]
async fn a_task_with_an_unknown_status_can_be_read() {
    let body = with(bodies::task(), json!({"status": "brand_new"}));
    let (_server, client) = serving(&body).await;
    let task = client.get_task(task_id()).send().await.unwrap();
    assert_eq!(task.status, TaskStatus::from("brand_new"));
}

#[tokio::test]
async fn an_agent_with_an_unknown_status_can_be_read() {
    let body = with(bodies::agent(), json!({"status": "brand_new"}));
    let (_server, client) = serving(&body).await;
    let agent = client.get_agent(agent_id()).send().await.unwrap();
    assert_eq!(agent.status.as_str(), "brand_new");
}

#[tokio::test]
async fn a_message_with_an_unknown_role_can_be_read() {
    let (_server, client) = serving(&json!({"data": [{"role": "system"}]})).await;
    let call = client.list_task_messages(task_id());
    let list = call.send().await.unwrap();
    assert_eq!(list.data[0].role, Some(Some(MessageRole::from("system"))));
}

#[test]
fn an_unknown_value_reads_as_it_came() {
    let status = TaskStatus::from("brand_new");
    assert!(matches!(status, TaskStatus::Unrecognized(_)));
    assert_eq!(status.as_str(), "brand_new");
    assert_eq!(status.to_string(), "brand_new");
}

#[test]
fn an_unknown_value_survives_a_round_trip() {
    let status: TaskStatus = serde_json::from_value(json!("Brand New")).unwrap();
    assert_eq!(serde_json::to_value(status).unwrap(), json!("Brand New"));
}

#[test]
fn every_documented_task_status_has_a_variant() {
    let documented = [
        "pending",
        "queued",
        "running",
        "waiting_for_input",
        "awaiting_review",
        "completed",
        "failed",
        "stopped",
    ];
    assert_eq!(
        TaskStatus::KNOWN
            .iter()
            .map(TaskStatus::as_str)
            .collect::<Vec<_>>(),
        documented
    );
    assert_eq!(documented.map(TaskStatus::from), TaskStatus::KNOWN);
}

#[test]
fn every_documented_agent_status_has_a_variant() {
    let documented = ["draft", "published", "archived"];
    assert_eq!(
        AgentStatus::KNOWN
            .iter()
            .map(AgentStatus::as_str)
            .collect::<Vec<_>>(),
        documented
    );
    assert_eq!(documented.map(AgentStatus::from), AgentStatus::KNOWN);
}

#[test]
fn parsing_never_fails() {
    let Ok(status) = "brand_new".parse::<TaskStatus>();
    assert_eq!(status, TaskStatus::from("brand_new".to_owned()));
}
