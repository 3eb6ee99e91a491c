//! Agents, their versions, and who may see them.

use nanonets_agents_sim::Operation;
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::client::{Api, json, refusal, refused};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn an_agent_is_created_published_as_version_1() {
    let api = Api::start().await;
    let agent = json(api.post("/agents").json(&json!({}))).await;
    assert_eq!(agent["status"], "published");
    assert_eq!(agent["version_number"], 1);
    assert_eq!(agent["name"], "Untitled Agent 1");
    assert_eq!(agent["is_active"], true);
    assert!(agent["config"]["tools"].is_array());
    let read = json(api.get(&format!("/agents/{}", agent["id"].as_str().expect("an id")))).await;
    assert_eq!(read, agent);
}

#[tokio::test]
async fn the_config_wins_over_the_prompt_on_creation_and_loses_on_update() {
    let api = Api::start().await;
    let body =
        json!({ "system_prompt": "short", "config": { "system_prompt": "long", "model": "m" } });
    let agent = json(api.post("/agents").json(&body)).await;
    assert_eq!(
        agent["config"],
        json!({ "system_prompt": "long", "model": "m" })
    );
    let path = format!("/agents/{}", agent["id"].as_str().expect("an id"));
    let agent = json(api.patch(&path).json(&json!({ "system_prompt": "new" }))).await;
    assert_eq!(
        agent["config"],
        json!({ "system_prompt": "new", "model": "m" })
    );
    let agent = json(api.patch(&path).json(&json!({ "config": { "tools": [] } }))).await;
    assert_eq!(
        agent["config"],
        json!({ "tools": [] }),
        "the whole is replaced"
    );
    assert_eq!(agent["version_number"], 1, "it makes no new version");
}

#[tokio::test]
async fn a_name_is_given_once_in_a_workspace() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let (status, _) = refused(api.post("/agents").json(&json!({ "name": "Invoices" }))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let other = api.agent("Receipts");
    let rename = api
        .patch(&format!("/agents/{other}"))
        .json(&json!({ "name": "Invoices" }));
    assert_eq!(refused(rename).await.0, StatusCode::CONFLICT);
    let same = api
        .patch(&format!("/agents/{agent}"))
        .json(&json!({ "name": "Invoices" }));
    json(same).await;
}

#[tokio::test]
async fn an_inactive_agent_refuses_runs_with_403() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    json(
        api.patch(&format!("/agents/{agent}"))
            .json(&json!({ "is_active": false })),
    )
    .await;
    let run = api
        .post(&format!("/agents/{agent}/run"))
        .json(&json!({ "query": "q" }));
    assert_eq!(refused(run).await.0, StatusCode::FORBIDDEN);
    assert!(api.simulator.tasks().is_empty());
}

#[tokio::test]
async fn only_a_draft_can_be_published_and_then_replaces_the_published_version() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("Invoices");
    let publish = format!("/agents/{}/versions/publish", agent.id);
    assert_eq!(refused(api.post(&publish)).await.0, StatusCode::CONFLICT);

    let draft = api.simulator.create_draft(agent.id);
    let run = api
        .post(&format!("/agents/{}/run", draft.id))
        .json(&json!({ "query": "q" }));
    assert_eq!(
        refused(run).await.0,
        StatusCode::CONFLICT,
        "a draft can't be run"
    );
    let published = json(api.post(&publish)).await;
    assert_eq!(published["id"], json!(draft.id));
    assert_eq!(published["version_number"], 2);
    assert_eq!(published["status"], "published");
    assert_eq!(published.get("config"), None);

    let versions = json(api.get(&format!("/agents/{}/versions", agent.id))).await;
    let seen = |field: &str| -> Vec<Value> {
        let items = versions["data"].as_array().expect("versions").iter();
        items.map(|item| item[field].clone()).collect()
    };
    assert_eq!(seen("version_number"), [2, 1], "newest first");
    assert_eq!(seen("status"), ["published", "archived"]);
    let listed = json(api.get("/agents")).await;
    assert_eq!(
        listed["data"].as_array().map(Vec::len),
        Some(1),
        "archived ones are left out"
    );
    let archived = json(api.get("/agents?status=archived")).await;
    assert_eq!(archived["data"][0]["id"], json!(agent.id));
}

#[tokio::test]
async fn a_missing_malformed_unknown_or_revoked_key_is_401() {
    let api = Api::start().await;
    let url = format!("{}/api/v1/agents", api.simulator.base_url());
    let missing = refused(api.http.get(&url)).await;
    assert_eq!(missing.0, StatusCode::UNAUTHORIZED);
    for value in [
        "Bearer",
        "Bearer ",
        "Basic abc",
        "simulated-key",
        "Bearer wrong",
    ] {
        let request = api.http.get(&url).header(AUTHORIZATION, value);
        assert_eq!(
            refused(request).await.0,
            StatusCode::UNAUTHORIZED,
            "{value}"
        );
    }
    json(api.get("/agents")).await;
    assert!(api.simulator.revoke(api.simulator.api_key()));
    assert_eq!(
        refused(api.get("/agents")).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_403_and_what_is_not_there_404() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let task = api.run(&agent).await;
    let key = api.simulator.add_workspace();
    let as_other = |path: String| {
        let url = format!("{}/api/v1{path}", api.simulator.base_url());
        api.http.get(url).bearer_auth(&key)
    };
    for path in [
        format!("/agents/{agent}"),
        format!("/agents/{agent}/versions"),
        format!("/tasks/{task}"),
        format!("/tasks/{task}/summary"),
        format!("/tasks/{task}/result"),
        format!("/tasks/{task}/messages"),
    ] {
        assert_eq!(
            refused(as_other(path.clone())).await.0,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        json(api.get(&path)).await;
        let nobodys = path.replace(&agent, NOBODY).replace(&task, NOBODY);
        assert_eq!(
            refused(api.get(&nobodys)).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        let bad = path.replace(&agent, "42").replace(&task, "42");
        assert_eq!(
            refused(api.get(&bad)).await.0,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    assert_eq!(json(as_other("/tasks".to_owned())).await["data"], json!([]));
    let cancel = api.http.post(format!(
        "{}/api/v1/tasks/{task}/cancel",
        api.simulator.base_url()
    ));
    assert_eq!(
        refused(cancel.bearer_auth(&key)).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn each_operation_of_the_description_is_played() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let task = api.run(&agent).await;
    for operation in Operation::ALL {
        let path = operation.path().trim_start_matches("/api/v1");
        let path = path
            .replace("{agent_id}", &agent)
            .replace("{task_id}", &task);
        let response = api.request(operation.method(), &path).send().await;
        let status = response.expect("an answer").status();
        assert_ne!(status, StatusCode::NOT_IMPLEMENTED, "{operation}");
    }
}

#[tokio::test]
async fn what_is_no_operation_is_refused_in_the_envelope() {
    let api = Api::start().await;
    let (status, _) = refused(api.get("/agent")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let response = api.patch("/agents").send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, POST");
    assert_eq!(refusal(response).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let head = api
        .request(reqwest::Method::HEAD, "/agents")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        head.status(),
        StatusCode::METHOD_NOT_ALLOWED,
        "it is not documented"
    );
    assert_eq!(
        refused(api.get("/agents/%ff")).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(api.count(Operation::ListAgents), 0);
}

#[tokio::test]
async fn bodies_that_are_not_as_documented_are_400() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let task = api.run(&agent).await;
    let (agents, agent, run) = (
        "/agents".to_owned(),
        format!("/agents/{agent}"),
        format!("/agents/{agent}/run"),
    );
    let message = format!("/tasks/{task}/message");
    for (path, body) in [
        (&agents, "{"),
        (&agents, ""),
        (&agents, "[]"),
        (&agents, r#"["name"]"#),
        (&agents, r#"{"name": 1}"#),
        (&agents, r#"{"name": null}"#),
        (&agents, r#"{"config": []}"#),
        (&run, "{}"),
        (&run, r#"{"query": ""}"#),
        (&run, r#"{"query": "q", "output_config": "text"}"#),
        (&message, "{}"),
        (&message, r#"{"message": "  "}"#),
    ] {
        let request = api
            .post(path)
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(
            refused(request).await.0,
            StatusCode::BAD_REQUEST,
            "{path} {body}"
        );
    }
    let request = api
        .patch(&agent)
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(refused(request).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(api.simulator.tasks().len(), 1);
}
