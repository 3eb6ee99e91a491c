//! Which tasks are kept.

use nanonets_agents_sim::{Script, Simulator};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, json, refused};

/// A simulator that keeps ten finished tasks, and an agent.
async fn start() -> (Api, nanonets_agents_api::types::AgentId) {
    let builder = Simulator::builder().max_finished_tasks(10);
    let api = Api::of(builder.start().await.expect("a simulator"));
    let agent = api.simulator.create_agent("Invoices").id;
    (api, agent)
}

#[tokio::test]
async fn the_oldest_finished_tasks_are_forgotten_and_live_ones_are_kept() {
    let (api, agent) = start().await;
    let agent = agent.to_string();
    let mut live = Vec::new();
    let mut finished = Vec::new();
    for _ in 0..5 {
        api.simulator.script_next(Script::new().ask("Go on?"));
        live.push(api.run(&agent).await);
        for _ in 0..6 {
            finished.push(api.run(&agent).await);
        }
    }
    for task in &live {
        assert_eq!(api.status(task).await, "waiting_for_input");
    }
    let (forgotten, kept) = finished.split_at(20);
    for task in kept {
        assert_eq!(api.status(task).await, "completed");
    }
    for task in forgotten {
        for path in ["", "/summary", "/result", "/messages"] {
            let request = api.get(&format!("/tasks/{task}{path}"));
            assert_eq!(refused(request).await.0, StatusCode::NOT_FOUND);
        }
    }
    let page = json(api.get("/tasks?limit=100")).await;
    let listed: Vec<&Value> = page["data"].as_array().expect("tasks").iter().collect();
    assert_eq!(listed.len(), 15);
    assert_eq!(api.simulator.tasks().len(), 15);
    // A live task that ends is one of the finished ones.
    let message = api
        .post(&format!("/tasks/{}/message", live[0]))
        .json(&json!({ "message": "Yes." }));
    json(message).await;
    let newest = api.run(&agent).await;
    assert_eq!(api.status(&newest).await, "completed");
    let gone = api.get(&format!("/tasks/{}", live[0]));
    assert_eq!(refused(gone).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_walk_goes_on_while_tasks_are_forgotten() {
    let (api, agent) = start().await;
    api.simulator.add_history(agent, 10);
    let first = json(api.get("/tasks?limit=3")).await;
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    for _ in 0..4 {
        api.run(&agent.to_string()).await;
    }
    let rest = json(api.get(&format!("/tasks?limit=100&cursor={cursor}"))).await;
    let titles: Vec<&Value> = rest["data"]
        .as_array()
        .expect("tasks")
        .iter()
        .map(|task| &task["title"])
        .collect();
    assert_eq!(
        titles,
        [
            "Simulated task 7 of 10",
            "Simulated task 6 of 10",
            "Simulated task 5 of 10"
        ]
    );
    for _ in 0..20 {
        api.run(&agent.to_string()).await;
    }
    let rest = json(api.get(&format!("/tasks?limit=100&cursor={cursor}"))).await;
    assert_eq!(
        (&rest["data"], &rest["has_more"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test]
async fn an_agent_with_a_limit_goes_on_while_tasks_are_forgotten() {
    let (api, agent) = start().await;
    api.simulator.limit_concurrent_tasks(agent, 2);
    api.simulator.script(Script::new().running(1));
    let agent = agent.to_string();
    let mut tasks = Vec::new();
    for _ in 0..40 {
        tasks.push(api.run(&agent).await);
        // Reads move the tasks on, oldest first.
        json(api.get("/tasks?limit=100")).await;
    }
    for _ in 0..40 {
        json(api.get("/tasks?limit=100")).await;
    }
    let last = tasks.last().expect("a task");
    assert_eq!(api.status(last).await, "completed");
}

#[tokio::test]
async fn a_task_is_read_as_it_was_however_often_and_when() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let schema = r#"{"type": "object", "properties": {"total": {"type": "number"}, "lines": {"type": "array"}}}"#;
    let body = json!({ "query": "Add it up.", "output_config": { "output_schema": schema } });
    let run = json(api.post(&format!("/agents/{agent}/run")).json(&body)).await;
    let task = run["task_id"].as_str().expect("a task id").to_owned();
    for path in ["", "/summary", "/result", "/messages"] {
        let path = format!("/tasks/{task}{path}");
        let first = json(api.get(&path)).await;
        api.run(&agent).await;
        assert_eq!(json(api.get(&path)).await, first, "{path}");
    }
    let summary = json(api.get(&format!("/tasks/{task}/summary"))).await;
    let result = json(api.get(&format!("/tasks/{task}/result"))).await;
    assert!(summary["extracted_data"]["total"].is_number(), "{summary}");
    assert_eq!(
        result["feed"][2]["result"]["extracted_data"],
        summary["extracted_data"]
    );
}

#[tokio::test]
async fn the_oldest_messages_to_a_finished_task_are_cut() {
    let (api, agent) = start().await;
    let task = api.run(&agent.to_string()).await;
    assert_eq!(api.status(&task).await, "completed");
    let long = "x".repeat(900_000);
    for number in 0..30 {
        let message = json!({ "message": format!("{number} {long}") });
        let sent = api.post(&format!("/tasks/{task}/message")).json(&message);
        json(sent).await;
    }
    let messages = json(api.get(&format!("/tasks/{task}/messages"))).await;
    let messages = messages["data"].as_array().expect("messages");
    let said = |message: &Value| message["content"].as_str().map_or(0, str::len);
    // The prompt, the words of the agent, and all messages.
    assert_eq!(messages.len(), 32);
    assert!(messages.iter().map(said).sum::<usize>() < 17 * 1024 * 1024);
    assert!(said(&messages[2]) > 1000, "its beginning is kept");
    assert!(said(&messages[31]) > long.len(), "the last one is kept");
}
