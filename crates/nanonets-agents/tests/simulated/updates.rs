//! Agents: created, changed and published.

use nanonets_agents::ErrorKind;
use nanonets_agents_sim::{Operation, Simulator};
use serde_json::{Map, Value, json};

use crate::client;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[tokio::test]
async fn a_configuration_is_merged_and_not_replaced() {
    let simulator = Simulator::start().await;
    let client = client(&simulator);
    let config = json!({ "model": "m", "tools": ["a"], "limits": { "pages": 5, "words": 9 } });
    let agent = client
        .agents()
        .create()
        .name("Invoices")
        .config(object(config))
        .await
        .expect("an agent");
    let changes = json!({
        "tools": null,
        "model": { "name": "l", "size": null },
        "limits": { "pages": 7 },
        "new": { "on": true, "off": null },
    });
    let agent = client
        .agent(agent.id)
        .merge_config(object(changes))
        .await
        .expect("an agent");
    // As RFC 7396 has it: no null is left.
    let expected = json!({
        "model": { "name": "l" },
        "limits": { "pages": 7, "words": 9 },
        "new": { "on": true },
    });
    let config = serde_json::to_value(agent.config).expect("JSON");
    assert_eq!(config, expected);
}

#[tokio::test]
async fn an_update_without_a_change_or_with_two_prompts_is_rejected_before_it_is_sent() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let both = agent
        .update()
        .system_prompt("one")
        .replace_config(object(json!({ "system_prompt": "two" })));
    for update in [agent.update(), both] {
        assert_eq!(
            update.await.expect_err("a refusal").kind(),
            ErrorKind::InvalidRequest
        );
    }
    assert_eq!(simulator.count(Operation::UpdateAgent), 0);
    let create = client(&simulator).agents().create().system_prompt("one");
    let create = create.config(object(json!({ "system_prompt": "two" })));
    let error = create.await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(simulator.count(Operation::CreateAgent), 0);
    let agent = agent
        .update()
        .active(false)
        .name("Bills")
        .await
        .expect("an agent");
    assert_eq!((agent.is_active, agent.name.as_str()), (false, "Bills"));
}

#[tokio::test]
async fn a_draft_is_published_and_without_one_it_is_a_conflict() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    assert!(agent.publish().await.expect_err("no draft").is_conflict());
    let draft = simulator.create_draft(agent.id());
    assert_eq!(agent.publish().await.expect("a version").id, draft.id);
}
