//! How the simulated service behaves when it is told to: limits, lags and a wrong clock.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::client::{Api, json, refusal, refused};

/// Moves the clock, and nothing else.
async fn advance(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Asks for a run.
async fn run(api: &Api, agent: &str) -> Response {
    let request = api.post(&format!("/agents/{agent}/run"));
    let request = request.json(&json!({ "query": "Read this." }));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn runs_beyond_the_rate_get_429_and_start_nothing() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    // A run a minute: the clock of the test adds none while the test runs.
    api.simulator.limit_rate(1.0 / 60.0, 3);
    for _ in 0..3 {
        assert_eq!(run(&api, &agent).await.status(), StatusCode::CREATED);
    }
    for _ in 0..2 {
        let answer = run(&api, &agent).await;
        assert_eq!(answer.headers().get("retry-after"), None);
        let (status, message) = refusal(answer).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert!(message.contains("rate limit"), "{message}");
        assert_eq!(json(api.get("/agents")).await["data"][0]["id"], agent);
    }
    assert_eq!(api.simulator.rate_limited(), 2);
    assert_eq!(api.simulator.tasks().len(), 3);
    let requests = api.simulator.requests_to(Operation::RunAgent);
    let statuses: Vec<u16> = requests
        .iter()
        .filter_map(|request| request.status.map(|status| status.as_u16()))
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429, 429]);
    assert!(requests.iter().all(|request| !request.faulted));

    advance(Duration::from_secs(61)).await;
    assert_eq!(run(&api, &agent).await.status(), StatusCode::CREATED);
    assert_eq!(
        run(&api, &agent).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    api.simulator.limit_rate_with_retry_after(1.0 / 60.0, 1);
    assert_eq!(run(&api, &agent).await.status(), StatusCode::CREATED);
    let answer = run(&api, &agent).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "60");
    api.simulator.unlimit_rate();
    assert_eq!(run(&api, &agent).await.status(), StatusCode::CREATED);
    assert_eq!(api.simulator.rate_limited(), 4);

    let builder = Simulator::builder().limit_rate_with_retry_after(0, 1);
    let api = Api::of(builder.start().await.expect("a simulator"));
    let agent = api.agent("Invoices");
    assert_eq!(run(&api, &agent).await.status(), StatusCode::CREATED);
    let answer = run(&api, &agent).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers().get("retry-after"), None, "it never ends");
}

#[tokio::test]
async fn a_new_task_is_listed_and_read_after_the_lag() {
    let api = Api::start().await;
    let agent = api.simulator.create_agent("Invoices").id;
    api.simulator.add_history(agent, 2);
    api.simulator.listing_lag(Duration::from_secs(120));
    api.simulator.read_lag(Duration::from_secs(60));
    api.simulator.script(Script::new().ask("Which currency?"));
    let task = api.run(&agent.to_string()).await;
    let listed = async || {
        let page = json(api.get("/tasks")).await;
        page["data"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(listed().await, 2);
    for path in ["", "/summary", "/result", "/messages"] {
        let request = api.get(&format!("/tasks/{task}{path}"));
        assert_eq!(refused(request).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let cancel = api.post(&format!("/tasks/{task}/cancel"));
    assert_eq!(refused(cancel).await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.simulator.tasks().len(), 1, "it is there all the same");

    advance(Duration::from_secs(61)).await;
    assert_eq!(api.status(&task).await, "waiting_for_input");
    assert_eq!(listed().await, 2);
    advance(Duration::from_secs(60)).await;
    assert_eq!(listed().await, 3);

    let builder = Simulator::builder()
        .listing_lag(Duration::MAX)
        .read_lag(Duration::MAX);
    let api = Api::of(builder.start().await.expect("a simulator"));
    let task = api.run(&api.agent("Invoices")).await;
    let request = api.get(&format!("/tasks/{task}"));
    assert_eq!(refused(request).await.0, StatusCode::NOT_FOUND);
    assert_eq!(json(api.get("/tasks")).await["data"], json!([]));
}

#[tokio::test]
async fn the_first_reads_of_a_summary_have_no_answer() {
    let builder = Simulator::builder().summary_lag(2);
    let api = Api::of(builder.start().await.expect("a simulator"));
    let script = Script::new().running(1).complete(json!({ "total": 1 }));
    api.simulator.script(script.running(1).complete(json!(2)));
    let task = api.run(&api.agent("Invoices")).await;
    let path = format!("/tasks/{task}/summary");
    let summary = json(api.get(&path)).await;
    assert_eq!(
        (&summary["status"], &summary["result"]),
        (&json!("running"), &json!("Read this."))
    );
    for _ in 0..2 {
        let summary = json(api.get(&path)).await;
        assert_eq!(summary["status"], "completed");
        assert_eq!(summary.get("result"), None);
        assert_eq!(summary.get("extracted_data"), None);
        assert_eq!(api.status(&task).await, "completed");
    }
    let summary = json(api.get(&path)).await;
    assert_eq!(summary["extracted_data"], json!({ "total": 1 }));
    assert!(summary["result"]["summary"].is_string());

    // The next completion has a lag of its own.
    let message = api.post(&format!("/tasks/{task}/message"));
    json(message.json(&json!({ "message": "And now?" }))).await;
    assert_eq!(api.status(&task).await, "running");
    for _ in 0..2 {
        assert_eq!(json(api.get(&path)).await.get("extracted_data"), None);
    }
    assert_eq!(json(api.get(&path)).await["extracted_data"], 2);
    api.simulator.summary_lag(0);
}

/// The header `Date` of an answer.
fn date(answer: &Response) -> DateTime<Utc> {
    let dates: Vec<_> = answer.headers().get_all("date").iter().collect();
    let [date] = dates[..] else {
        panic!("{} dates", dates.len());
    };
    let date = date.to_str().expect("text");
    let date = NaiveDateTime::parse_from_str(date, "%a, %d %b %Y %H:%M:%S GMT");
    date.expect("a date").and_utc()
}

#[tokio::test]
async fn every_answer_has_a_date_by_the_clock_of_the_simulator() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    for offset in [
        TimeDelta::zero(),
        TimeDelta::hours(5),
        TimeDelta::days(-400),
    ] {
        api.simulator.clock_offset(offset);
        let near = |time: DateTime<Utc>| {
            let off = time - Utc::now() - offset;
            assert!(off.abs() < TimeDelta::seconds(60), "{time} {offset}");
        };
        api.simulator.fault(Fault::status(502).html("<p>").times(1));
        let mut statuses = Vec::new();
        for path in [
            "/agents",
            "/agents",
            "/tasks/42",
            "/nothing",
            "/agents?limit=0",
        ] {
            let answer = api.get(path).send().await.expect("an answer");
            near(date(&answer));
            statuses.push(answer.status().as_u16());
        }
        assert_eq!(statuses, [502, 200, 400, 404, 400]);
        let unauthorized = api
            .http
            .get(format!("{}/api/v1/agents", api.simulator.base_url()));
        near(date(&unauthorized.send().await.expect("an answer")));
        let answer = run(&api, &agent).await;
        near(date(&answer));
        let answer: Value = answer.json().await.expect("JSON");
        let created = answer["created_at"].as_str().expect("a time");
        near(created.parse().expect("a time"));

        // The filter compares with the same clock.
        let count = async |time: DateTime<Utc>| {
            let time = time.format("%Y-%m-%dT%H:%M:%SZ");
            let page = json(api.get(&format!("/tasks?created_after={time}&limit=1"))).await;
            page["data"].as_array().map_or(0, Vec::len)
        };
        let now = Utc::now() + offset;
        assert_eq!(count(now - TimeDelta::minutes(2)).await, 1);
        if offset >= TimeDelta::zero() {
            assert_eq!(count(now + TimeDelta::minutes(2)).await, 0);
        }
    }
    // Clocks have an end.
    for offset in [TimeDelta::MAX, TimeDelta::MIN] {
        api.simulator.clock_offset(offset);
        let answer = run(&api, &agent).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        date(&answer);
    }
    api.simulator
        .fault(Fault::status(503).header("Date", "Wed, 02 Jan 2030 03:04:05 GMT"));
    let answer = api.get("/agents").send().await.expect("an answer");
    assert_eq!(date(&answer).to_rfc3339(), "2030-01-02T03:04:05+00:00");
}

#[tokio::test]
async fn a_field_is_set_in_the_answer_or_in_an_item_of_its_list() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    let odd = "2026-01-31 09:30:00.123456";
    let faults = [
        Fault::set_field("created_at", odd),
        Fault::null_field("message"),
        Fault::without_field("status"),
        Fault::set_field("unheard_of", json!([1])),
    ];
    for fault in faults {
        api.simulator.fault(fault.on(Operation::RunAgent).times(1));
    }
    let answer: Value = run(&api, &agent).await.json().await.expect("JSON");
    assert_eq!(answer["created_at"], odd);
    assert_eq!(answer["message"], Value::Null);
    assert_eq!(answer.get("status"), None);
    assert_eq!(answer["unheard_of"], json!([1]));
    assert!(answer["task_id"].is_string());

    api.run(&agent).await;
    let list = |fault: Fault| {
        api.simulator.fault(fault.on(Operation::ListTasks).times(1));
        json(api.get("/tasks"))
    };
    let page = list(Fault::set_field("created_at", odd)).await;
    assert_eq!(page["data"][0]["created_at"], odd);
    assert_eq!(page["data"][1]["created_at"], odd);
    assert_eq!(page.get("created_at"), None);
    let page = list(Fault::set_item_field(1, "task_id", 42)).await;
    assert!(page["data"][0]["task_id"].is_string());
    assert_eq!(page["data"][1]["task_id"], 42);
    let page = list(Fault::set_item_field(2, "task_id", 42)).await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_marker_at_the_start_of_a_prompt_is_found_by_the_title() {
    let api = Api::start().await;
    let agent = api.agent("Invoices");
    for number in 0..3 {
        let query = format!(
            "[run-ab12cd3{number}] Extract the line items.\n\n{}",
            "Then add them up. ".repeat(1000)
        );
        let request = api.post(&format!("/agents/{agent}/run"));
        json(request.json(&json!({ "query": query }))).await;
    }
    let page = json(api.get("/tasks?q=%5BRUN-ab12cd31%5D")).await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
    let title = page["data"][0]["title"].as_str().expect("a title");
    assert!(
        title.starts_with("[run-ab12cd31] Extract the line items. Then add"),
        "{title}"
    );
    assert_eq!(title.chars().count(), 80);
}
