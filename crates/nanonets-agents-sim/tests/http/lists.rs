//! Pages, cursors and filters.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, json, refused};

/// Walks a list, and returns the field of each item and how many pages there were.
async fn walk(api: &Api, path: &str, field: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = json(api.get(&format!("{path}{separator}cursor={cursor}"))).await;
        pages += 1;
        let data = page["data"].as_array().expect("items").iter();
        items.extend(data.map(|item| item[field].clone()));
        assert_eq!(
            page["has_more"].as_bool(),
            Some(page["next_cursor"].is_string())
        );
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return (items, pages),
        }
    }
}

#[tokio::test]
async fn a_walk_gives_every_task_once_newest_first() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("History").id;
    api.simulator.add_history(agent, 45);
    let (titles, pages) = walk(&api, "/tasks", "title").await;
    let expected: Vec<String> = (1..=45)
        .rev()
        .map(|n| format!("Simulated task {n} of 45"))
        .collect();
    assert_eq!(titles, expected);
    assert_eq!(pages, 3, "20 to a page unless told otherwise");
    assert_eq!(walk(&api, "/tasks?limit=45", "title").await.1, 1);
    assert_eq!(walk(&api, "/tasks?limit=7", "title").await.0, expected);
}

#[tokio::test]
async fn what_comes_during_a_walk_neither_repeats_nor_hides_anything() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("History").id;
    api.simulator.add_history(agent, 4);
    let first = json(api.get("/tasks?limit=2")).await;
    api.run(&agent.to_string()).await;
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = json(api.get(&format!("/tasks?limit=2&cursor={cursor}"))).await;
    assert_eq!(second["data"][0]["title"], "Simulated task 2 of 4");
    assert_eq!(second["data"][1]["title"], "Simulated task 1 of 4");
}

#[tokio::test]
async fn tasks_are_found_by_agent_status_title_and_time() {
    let api = Api::start().await;
    let (one, two) = (
        api.simulator.create_agent("One").id,
        api.simulator.create_agent("Two").id,
    );
    api.simulator.add_history(one, 3);
    api.simulator
        .script(nanonets_agents_sim::Script::new().running(100));
    let running = api.run(&two.to_string()).await;
    let ids = |path: String| {
        let api = &api;
        async move { walk(api, &path, "task_id").await.0 }
    };
    assert_eq!(
        ids(format!("/tasks?agent_id={two}")).await,
        [running.as_str()]
    );
    assert_eq!(
        ids("/tasks?status=running".to_owned()).await,
        [running.as_str()]
    );
    assert_eq!(
        ids("/tasks?status=completed,running".to_owned())
            .await
            .len(),
        4
    );
    assert_eq!(
        ids("/tasks?q=SIMULATED%20task%202".to_owned()).await.len(),
        1
    );
    assert_eq!(
        ids("/tasks?q=nothing".to_owned()).await,
        Vec::<Value>::new()
    );
    let all = json(api.get("/tasks")).await;
    let second = all["data"][2]["created_at"].as_str().expect("a time");
    assert_eq!(
        ids(format!("/tasks?created_after={second}")).await.len(),
        3,
        "inclusive"
    );
    assert_eq!(
        ids(format!("/tasks?created_before={second}")).await.len(),
        2,
        "inclusive"
    );
}

#[tokio::test]
async fn agents_are_found_by_name_and_status() {
    let api = Api::start().await;
    for name in ["Invoices EU", "Receipts", "invoices US"] {
        api.agent(name);
    }
    let found = walk(&api, "/agents?q=INVOICE&limit=1", "name").await;
    assert_eq!(found, (vec![json!("invoices US"), json!("Invoices EU")], 2));
    assert_eq!(
        walk(&api, "/agents?status=draft,archived", "name").await.0,
        Vec::<Value>::new()
    );
    assert_eq!(walk(&api, "/agents?status=", "name").await.0.len(), 3);
}

#[tokio::test]
async fn parameters_out_of_range_are_400() {
    let api = Api::start().await;
    api.simulator
        .add_history(api.simulator.create_agent("History").id, 30);
    let page = json(api.get("/tasks")).await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    for path in [
        "/tasks?limit=0",
        "/tasks?limit=101",
        "/tasks?limit=-1",
        "/tasks?limit=many",
        "/tasks?limit=%2B5",
        "/tasks?limit=",
        "/tasks?agent_id=00000000000040008000000000000000",
        "/tasks?created_after=2026-01-01%2000:00:00Z",
        "/tasks?cursor=20",
        "/tasks?status=running,asleep",
        "/tasks?status=running&status=completed",
        "/tasks?agent_id=42",
        "/tasks?created_after=yesterday",
        "/agents?status=asleep",
        &format!("/agents?cursor={cursor}"),
    ] {
        assert_eq!(
            refused(api.get(path)).await.0,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
}
