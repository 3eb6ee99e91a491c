//! The life of a task, with and without a script.

use std::time::Duration;

use nanonets_agents_sim::{OnCancel, Script};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, json, refused};

#[tokio::test]
async fn without_a_script_a_task_completes_at_once_and_says_that_it_is_simulated() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let body = json!({
        "query": "Read this.",
        "output_config": { "output_schema": "{\"line_items\": [{\"sku\": \"string\", \"qty\": \"number\"}]}" },
    });
    let run = json(api.post(&format!("/agents/{agent}/run")).json(&body)).await;
    assert_eq!(run["status"], "completed");
    assert!(
        run["message"]
            .as_str()
            .is_some_and(|message| message.contains("Simulated"))
    );
    let task = run["task_id"].as_str().expect("a task id");
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    let item = &summary["extracted_data"]["line_items"][0];
    assert!(
        item["sku"]
            .as_str()
            .is_some_and(|sku| sku.contains("simulated")),
        "{summary}"
    );
    assert!(item["qty"].is_number());
    assert!(
        summary["result"]["summary"]
            .as_str()
            .is_some_and(|text| text.contains("no document"))
    );
    assert!(summary["result"]["completed_at"].is_string());
    let result = json(api.get(&format!("/tasks/{task}/result"))).await;
    assert_eq!(result["feed"][0]["content"], "Read this.");
    let last = result["feed"]
        .as_array()
        .and_then(|feed| feed.last())
        .expect("a feed");
    assert_eq!(last["type"], "task_complete");
    assert_eq!(
        last["structuredContent"]["summary"],
        summary["result"]["summary"]
    );
    assert_eq!(result["title"], "Read this.");
}

#[tokio::test]
async fn a_script_is_followed_read_by_read() {
    let api = Api::start().await;
    api.simulator.script(
        Script::new()
            .pending(1)
            .running(2)
            .complete(json!({ "total": 1 })),
    );
    let task = api.run(&api.agent("Invoices")).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(api.status(&task).await);
    }
    assert_eq!(
        seen,
        ["pending", "running", "running", "completed", "completed"]
    );
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    assert_eq!(summary["extracted_data"], json!({ "total": 1 }));
}

#[tokio::test]
async fn a_step_that_takes_time_ends_when_the_time_is_over() {
    let api = Api::start().await;
    api.simulator.script(
        Script::new()
            .running(Duration::ZERO)
            .running(Duration::from_secs(3600)),
    );
    let task = api.run(&api.agent("Invoices")).await;
    assert_eq!(api.status(&task).await, "running");
    let before = json(api.get(&format!("/tasks/{task}"))).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3601)).await;
    tokio::time::resume();
    let after = json(api.get(&format!("/tasks/{task}"))).await;
    assert_eq!(after["status"], "completed");
    assert_ne!(after["updated_at"], before["updated_at"]);
    assert_eq!(after["created_at"], before["created_at"]);
}

#[tokio::test]
async fn a_question_waits_for_a_message_and_the_log_has_both() {
    let api = Api::start().await;
    api.simulator.script(
        Script::new()
            .ask("Which currency?")
            .running(1)
            .complete(json!({})),
    );
    let task = api.run(&api.agent("Invoices")).await;
    for _ in 0..3 {
        assert_eq!(api.status(&task).await, "waiting_for_input");
    }
    let messages = json(api.get(&format!("/tasks/{task}/messages"))).await;
    let newest = messages["data"]
        .as_array()
        .and_then(|data| data.last())
        .expect("a message");
    assert_eq!(
        (&newest["role"], &newest["content"]),
        (&json!("assistant"), &json!("Which currency?"))
    );
    let receipt = json(
        api.post(&format!("/tasks/{task}/message"))
            .json(&json!({ "message": "EUR" })),
    )
    .await;
    assert_eq!(api.status(&task).await, "running");
    assert_eq!(api.status(&task).await, "completed");
    let messages = json(api.get(&format!("/tasks/{task}/messages"))).await;
    let roles: Vec<&Value> = messages["data"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| &m["role"])
        .collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(messages["data"][2]["id"], receipt["message_id"]);
    assert_eq!(messages["data"][2]["parent_id"], messages["data"][1]["id"]);
}

#[tokio::test]
async fn a_review_waits_for_approval() {
    let api = Api::start().await;
    api.simulator
        .script(Script::new().await_review().complete(json!({})));
    let task = api.run(&api.agent("Invoices")).await;
    assert_eq!(api.status(&task).await, "awaiting_review");
    assert_eq!(api.status(&task).await, "awaiting_review");
    let id = api.simulator.tasks()[0].id;
    assert!(api.simulator.approve(id));
    assert_eq!(api.status(&task).await, "completed");
    assert!(
        !api.simulator.approve(id),
        "there is nothing left to approve"
    );
}

#[tokio::test]
async fn a_failure_has_its_reason_in_the_feed() {
    let api = Api::start().await;
    api.simulator
        .script(Script::new().fail("The scan is unreadable."));
    let task = api.run(&api.agent("Invoices")).await;
    assert_eq!(api.status(&task).await, "failed");
    let result = json(api.get(&format!("/tasks/{task}/result"))).await;
    let last = result["feed"]
        .as_array()
        .and_then(|feed| feed.last())
        .expect("a feed");
    assert_eq!(last["content"], "The scan is unreadable.");
    let message = api
        .post(&format!("/tasks/{task}/message"))
        .json(&json!({ "message": "Why?" }));
    assert_eq!(refused(message).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_status_that_nobody_has_heard_of_can_be_scripted() {
    let api = Api::start().await;
    api.simulator
        .script(Script::new().hold("archiving", 1).stop());
    let task = api.run(&api.agent("Invoices")).await;
    assert_eq!(api.status(&task).await, "archiving");
    assert_eq!(api.status(&task).await, "stopped");
}

#[tokio::test]
async fn cancelling_is_idempotent_and_leaves_a_terminal_task_as_it_is() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let done = api.run(&agent).await;
    let cancelled = json(api.post(&format!("/tasks/{done}/cancel"))).await;
    assert_eq!(cancelled["status"], "completed");
    api.simulator.script(Script::new().ask("Go on?"));
    let task = api.run(&agent).await;
    for _ in 0..2 {
        let cancelled = json(api.post(&format!("/tasks/{task}/cancel"))).await;
        assert_eq!(cancelled["status"], "stopped");
    }
    let log = json(api.get(&format!("/tasks/{task}/messages"))).await;
    assert_eq!(
        log["data"].as_array().map(Vec::len),
        Some(2),
        "the log stays readable"
    );
}

#[tokio::test]
async fn a_step_under_way_may_still_finish_after_cancelling() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let script = Script::new().running(2).running(5).complete(json!({}));
    api.simulator
        .script(script.clone().on_cancel(OnCancel::FinishStep));
    let task = api.run(&agent).await;
    assert_eq!(
        json(api.post(&format!("/tasks/{task}/cancel"))).await["status"],
        "running"
    );
    assert_eq!(api.status(&task).await, "running");
    assert_eq!(api.status(&task).await, "running");
    assert_eq!(api.status(&task).await, "stopped");

    api.simulator.script(
        Script::new()
            .running(1)
            .complete(json!({}))
            .on_cancel(OnCancel::TooLate),
    );
    let task = api.run(&agent).await;
    assert_eq!(
        json(api.post(&format!("/tasks/{task}/cancel"))).await["status"],
        "running"
    );
    assert_eq!(api.status(&task).await, "running");
    assert_eq!(api.status(&task).await, "completed");
}

#[tokio::test]
async fn tasks_beyond_the_limit_of_an_agent_are_queued_in_order() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("Invoices").id;
    api.simulator.limit_concurrent_tasks(agent, 1);
    api.simulator
        .script(Script::new().running(2).complete(json!({})));
    let id = agent.to_string();
    let (first, second, third) = (api.run(&id).await, api.run(&id).await, api.run(&id).await);
    assert_eq!(api.status(&second).await, "queued");
    assert_eq!(api.status(&first).await, "running");
    json(api.post(&format!("/tasks/{second}/cancel"))).await;
    assert_eq!(
        api.status(&second).await,
        "stopped",
        "a queued one can be cancelled"
    );
    assert_eq!(api.status(&third).await, "queued");
    assert_eq!(api.status(&first).await, "running");
    assert_eq!(api.status(&first).await, "completed");
    assert_eq!(api.status(&third).await, "running");
}

#[tokio::test]
async fn a_task_gets_the_next_script_or_its_agents_or_the_common_one() {
    let api = Api::start().await;
    let (one, two) = (api.simulator.create_agent("One").id, api.agent("Two"));
    api.simulator.script(Script::new().fail("common"));
    api.simulator.script_agent(one, Script::new().stop());
    api.simulator.script_next(Script::new().ask("next"));
    let one = one.to_string();
    let (first, second, third) = (
        api.run(&one).await,
        api.run(&one).await,
        api.run(&two).await,
    );
    assert_eq!(api.status(&first).await, "waiting_for_input");
    assert_eq!(api.status(&second).await, "stopped");
    assert_eq!(api.status(&third).await, "failed");
}

#[tokio::test]
async fn a_conversation_goes_on_after_its_end_if_the_script_does() {
    let api = Api::start().await;
    api.simulator.script(
        Script::new()
            .complete(json!(1))
            .running(1)
            .complete(json!(2)),
    );
    let task = api.run(&api.agent("Invoices")).await;
    assert_eq!(api.status(&task).await, "completed");
    json(
        api.post(&format!("/tasks/{task}/message"))
            .json(&json!({ "message": "And now?" })),
    )
    .await;
    assert_eq!(api.status(&task).await, "running");
    assert_eq!(api.status(&task).await, "completed");
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    assert_eq!(summary["extracted_data"], 2);
}

#[tokio::test]
async fn the_summary_of_an_unfinished_task_has_the_last_word_of_the_feed_or_none() {
    let api = Api::start().await;
    api.simulator.script(Script::new().running(100));
    let agent = api.agent("Invoices");
    let task = api.run(&agent).await;
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    assert_eq!(summary["result"], "Read this.");
    assert_eq!(summary.get("extracted_data"), None);
    let form = reqwest::multipart::Form::new().part(
        "files",
        reqwest::multipart::Part::bytes(vec![1]).file_name("a"),
    );
    let run = json(api.post(&format!("/agents/{agent}/run")).multipart(form)).await;
    let path = format!(
        "/tasks/{}/summary",
        run["task_id"].as_str().expect("a task id")
    );
    let summary = json(api.get(&path)).await;
    assert_eq!(summary.get("result"), None);
    assert_eq!(summary.get("title"), None, "no message, no title");
}

/// Moves the clock, and nothing else.
async fn advance(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn steps_begin_when_they_should_and_not_when_somebody_looks() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("Invoices").id;
    api.simulator.limit_concurrent_tasks(agent, 1);
    api.simulator
        .script(Script::new().running(Duration::from_secs(600)));
    let id = agent.to_string();
    let (first, second, third) = (api.run(&id).await, api.run(&id).await, api.run(&id).await);
    advance(1300).await;
    assert_eq!(api.status(&first).await, "completed");
    assert_eq!(api.status(&second).await, "completed");
    assert_eq!(api.status(&third).await, "running");

    api.simulator.script(
        Script::new()
            .await_review()
            .running(Duration::from_secs(600)),
    );
    let task = api.run(&api.agent("Reviewed")).await;
    let id = api.simulator.tasks()[3].id;
    assert!(api.simulator.approve(id));
    advance(1300).await;
    assert_eq!(api.status(&task).await, "completed");
}

#[tokio::test]
async fn script_and_limit_stay_with_an_agent_when_a_version_is_published() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("Invoices").id;
    api.simulator
        .script_agent(agent, Script::new().running(100));
    api.simulator.limit_concurrent_tasks(agent, 1);
    let draft = api.simulator.create_draft(agent).id.to_string();
    json(api.post(&format!("/agents/{agent}/versions/publish"))).await;
    let (first, second) = (api.run(&draft).await, api.run(&draft).await);
    assert_eq!(api.status(&first).await, "running");
    assert_eq!(api.status(&second).await, "queued");
}
