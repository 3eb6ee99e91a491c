//! Each fault as a plain HTTP client sees it.

use std::time::Duration;

use chrono::{TimeZone as _, Utc};
use nanonets_agents_sim::{Fault, Operation, Simulator};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Api, json, refusal};

#[tokio::test]
async fn an_answer_has_any_status_and_any_body() {
    let api = Api::start().await;
    for (fault, status, media_type, body) in [
        (
            Fault::status(502).html("<h1>Bad gateway</h1>"),
            502,
            Some("text/html; charset=utf-8"),
            "<h1>Bad gateway</h1>",
        ),
        (Fault::status(500).empty(), 500, None, ""),
        (
            Fault::status(404).body("application/json", "{\"err"),
            404,
            Some("application/json"),
            "{\"err",
        ),
        (
            Fault::status(200).body("text/plain", "ok"),
            200,
            Some("text/plain"),
            "ok",
        ),
    ] {
        let handle = api.simulator.fault(fault.times(1));
        let response = api.get("/agents").send().await.expect("an answer");
        assert_eq!(response.status(), status);
        let found = response.headers().get("content-type");
        assert_eq!(found.map(|value| value.to_str().expect("text")), media_type);
        assert_eq!(response.text().await.expect("a body"), body);
        assert_eq!(handle.fired(), 1);
        json(api.get("/agents")).await;
    }
}

#[tokio::test]
async fn a_hundred_megabytes_of_json_are_streamed() {
    let api = Api::start().await;
    api.simulator.fault(Fault::status(200).json_of(100_000_000));
    let mut response = api.get("/agents").send().await.expect("an answer");
    assert_eq!(response.content_length(), Some(100_000_000));
    let mut size = 0;
    while let Some(chunk) = response.chunk().await.expect("a body") {
        size += chunk.len();
    }
    assert_eq!(size, 100_000_000);
    api.simulator.clear_faults();
    api.simulator.fault(Fault::status(200).json_of(50));
    let small = api
        .get("/agents")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a body");
    assert_eq!(small.len(), 50);
    serde_json::from_str::<Value>(&small).expect("JSON");
}

#[tokio::test]
async fn retry_after_is_sent_in_seconds_and_as_a_date() {
    let api = Api::start().await;
    api.simulator.fault(
        Fault::status(429)
            .retry_after(Duration::from_millis(1500))
            .times(1),
    );
    let response = api.get("/agents").send().await.expect("an answer");
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(refusal(response).await.0, StatusCode::TOO_MANY_REQUESTS);
    let date = Utc
        .with_ymd_and_hms(2030, 1, 2, 3, 4, 5)
        .single()
        .expect("a date");
    api.simulator
        .fault(Fault::status(503).retry_after_date(date));
    let response = api.get("/agents").send().await.expect("an answer");
    assert_eq!(
        response.headers()["retry-after"],
        "Wed, 02 Jan 2030 03:04:05 GMT"
    );
}

#[tokio::test]
async fn a_run_that_is_reset_before_it_was_taken_starts_nothing() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    api.simulator
        .fault(Fault::reset().on(Operation::RunAgent).times(1));
    let error = api
        .post(&run)
        .json(&json!({ "query": "q" }))
        .send()
        .await
        .expect_err("no answer");
    assert!(is_reset(&error), "{error:?}");
    assert_eq!(api.count(Operation::RunAgent), 1);
    assert!(api.simulator.tasks().is_empty());
    let request = api.simulator.requests_to(Operation::RunAgent).remove(0);
    assert_eq!(
        (request.status, request.started, request.faulted),
        (None, None, true)
    );
}

#[tokio::test]
async fn a_run_whose_answer_is_lost_starts_its_task_all_the_same() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    api.simulator.fault(
        Fault::reset()
            .after_effect()
            .on(Operation::RunAgent)
            .times(1),
    );
    let error = api
        .post(&run)
        .json(&json!({ "query": "q" }))
        .send()
        .await
        .expect_err("no answer");
    assert!(is_reset(&error), "{error:?}");
    assert_eq!(api.simulator.tasks().len(), 1);
    let request = api.simulator.requests_to(Operation::RunAgent).remove(0);
    assert_eq!(request.started, Some(api.simulator.tasks()[0].id));

    api.simulator
        .fault(Fault::status(502).after_effect().times(1));
    let response = api
        .post(&run)
        .json(&json!({ "query": "q" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(api.simulator.tasks().len(), 2);
}

/// Whether the connection was reset, which is more than closed.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset) {
            return true;
        }
        source = error.source();
    }
    false
}

#[tokio::test]
async fn connections_are_refused_until_they_are_accepted_again_on_the_same_port() {
    let api = Api::start().await;
    json(api.get("/agents")).await;
    api.simulator.refuse_connections().await;
    let error = api.get("/agents").send().await.expect_err("no answer");
    assert!(error.is_connect(), "{error:?}");
    api.simulator.accept_connections().await;
    json(api.get("/agents")).await;

    api.simulator
        .fault(Fault::refuse(Duration::from_secs(3600)).times(1));
    api.get("/agents").send().await.expect_err("no answer");
    // The port is closed right after the connection is.
    while api.get("/agents").send().await.is_ok_and(|_| true) {
        tokio::task::yield_now().await;
    }
    api.simulator.accept_connections().await;
    json(api.get("/agents")).await;
}

#[tokio::test]
async fn answers_are_delayed_before_their_headers_and_in_their_bodies() {
    let api = Api::start().await;
    let time = Duration::from_millis(60);
    api.simulator.fault(Fault::delay_headers(time).times(1));
    let start = std::time::Instant::now();
    let response = api.get("/agents").send().await.expect("an answer");
    assert!(start.elapsed() >= time);
    assert!(response.status().is_success());

    api.simulator.fault(Fault::delay_body(time).times(1));
    let start = std::time::Instant::now();
    let mut response = api.get("/agents").send().await.expect("headers");
    let half = response
        .chunk()
        .await
        .expect("a body")
        .expect("the first half");
    let rest = response
        .chunk()
        .await
        .expect("a body")
        .expect("the second half");
    assert!(start.elapsed() >= time);
    serde_json::from_slice::<Value>(&[half, rest].concat()).expect("JSON");
}

#[tokio::test]
async fn a_body_is_truncated_or_cut_off() {
    let api = Api::start().await;
    api.simulator.fault(Fault::truncate().times(1));
    let body = api
        .get("/agents")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a body");
    assert!(
        body.starts_with('{') && serde_json::from_str::<Value>(&body).is_err(),
        "{body}"
    );
    api.simulator.fault(Fault::cut_off().times(1));
    let response = api.get("/agents").send().await.expect("headers");
    assert!(response.content_length().is_some_and(|length| length > 0));
    response.text().await.expect_err("a body that breaks off");
}

#[tokio::test]
async fn json_is_changed_in_every_object() {
    let api = Api::start().await;
    api.agent("Invoices");
    let faulty = |fault: Fault| {
        api.simulator.fault(fault.times(1));
        json(api.get("/agents"))
    };
    let page = faulty(Fault::unknown_enum_values()).await;
    assert_eq!(page["data"][0]["status"], "unheard_of");
    let page = faulty(Fault::unknown_fields()).await;
    assert!(page["unheard_of"].is_object() && page["data"][0]["unheard_of"].is_object());
    let page = faulty(Fault::without_field("status")).await;
    assert_eq!(page["data"][0].get("status"), None);
    let page = faulty(Fault::null_field("is_active")).await;
    assert_eq!(page["data"][0]["is_active"], Value::Null);
    let page = faulty(Fault::edit(|page| page["data"] = json!(7))).await;
    assert_eq!(page["data"], 7);
}

#[tokio::test]
async fn a_cursor_is_repeated_and_a_page_is_empty() {
    let api = Api::start().await;
    api.simulator
        .add_history(api.simulator.create_agent("History").id, 3);
    let fault = api.simulator.fault(Fault::repeat_cursor());
    let first = json(api.get("/tasks?limit=2")).await;
    let cursor = first["next_cursor"].as_str().expect("a cursor").to_owned();
    for _ in 0..3 {
        let page = json(api.get(&format!("/tasks?limit=2&cursor={cursor}"))).await;
        assert_eq!(
            (&page["next_cursor"], &page["has_more"]),
            (&json!(cursor), &json!(true))
        );
    }
    fault.remove();

    api.simulator.fault(Fault::empty_page().times(2));
    let mut cursor = String::new();
    for _ in 0..2 {
        let page = json(api.get(&format!("/tasks?limit=2&cursor={cursor}"))).await;
        assert_eq!(
            (&page["data"], &page["has_more"]),
            (&json!([]), &json!(true))
        );
        assert_ne!(page["next_cursor"], json!(cursor));
        page["next_cursor"]
            .as_str()
            .expect("a cursor")
            .clone_into(&mut cursor);
    }
    let page = json(api.get(&format!("/tasks?limit=3&cursor={cursor}"))).await;
    assert_eq!(
        page["data"].as_array().map(Vec::len),
        Some(3),
        "nothing is lost"
    );
}

#[tokio::test]
async fn a_fault_strikes_where_and_as_often_as_it_should() {
    let api = Api::start().await;
    let fault = api.simulator.fault(
        Fault::status(500)
            .on(Operation::ListTasks)
            .after(1)
            .times(2),
    );
    let mut seen = Vec::new();
    for _ in 0..5 {
        json(api.get("/agents")).await;
        seen.push(
            api.get("/tasks")
                .send()
                .await
                .expect("an answer")
                .status()
                .as_u16(),
        );
    }
    assert_eq!(seen, [200, 500, 500, 200, 200]);
    assert_eq!(fault.fired(), 2);
}

#[tokio::test]
async fn the_chance_of_a_fault_follows_from_the_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let simulator = Simulator::builder()
            .seed(seed)
            .start()
            .await
            .expect("a simulator");
        let api = Api::of(simulator);
        api.simulator.fault(Fault::status(500).probability(0.5));
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(
                api.get("/agents")
                    .send()
                    .await
                    .expect("an answer")
                    .status()
                    .as_u16(),
            );
        }
        let struck = seen.iter().filter(|status| **status == 500).count();
        assert!((8..=32).contains(&struck), "{struck}");
        runs.push(seen);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn a_dropped_simulator_is_gone() {
    let Api { simulator, http } = Api::start().await;
    let url = format!("{}/api/v1/agents", simulator.base_url());
    assert_eq!(
        http.get(&url).send().await.expect("an answer").status(),
        StatusCode::UNAUTHORIZED
    );
    drop(simulator);
    // It is torn down by the runtime, a moment later.
    while http.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_that_was_answered_by_a_fault_was_seen_all_the_same() {
    let api = Api::start().await;
    let run = format!("/agents/{}/run", api.agent("Invoices"));
    api.simulator.fault(Fault::status(503).times(1));
    let part = reqwest::multipart::Part::bytes(b"abc".to_vec()).file_name("a.pdf");
    let form = reqwest::multipart::Form::new().part("files", part);
    let response = api
        .post(&run)
        .multipart(form)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let nanonets_agents_sim::SeenBody::Multipart(parts) = api.simulator.requests().remove(0).body
    else {
        panic!("a multipart body was sent");
    };
    assert_eq!(
        (parts[0].size, parts[0].file_name.as_deref()),
        (3, Some("a.pdf"))
    );
}

#[tokio::test]
async fn a_change_of_a_success_is_not_spent_on_a_refusal() {
    let api = Api::start().await;
    let fields = api.simulator.fault(Fault::unknown_fields().times(1));
    let page = api.simulator.fault(Fault::empty_page().times(1));
    api.get("/tasks/42").send().await.expect("an answer");
    let agent = json(api.get(&format!("/agents/{}", api.agent("Invoices")))).await;
    assert_eq!((fields.fired(), page.fired()), (1, 0));
    assert!(agent["unheard_of"].is_object());
    assert_eq!(json(api.get("/agents")).await["has_more"], true);
}

#[tokio::test]
async fn a_large_body_is_cut_as_a_small_one_is() {
    let api = Api::start().await;
    api.simulator.fault(Fault::status(200).json_of(1_000_000));
    api.simulator.fault(Fault::truncate().times(1));
    let body = api
        .get("/agents")
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    assert_eq!(body.len(), 500_000);
    api.simulator.fault(Fault::cut_off().times(1));
    let response = api.get("/agents").send().await.expect("headers");
    assert_eq!(response.content_length(), Some(1_000_000));
    response.bytes().await.expect_err("a body that breaks off");
}

#[tokio::test]
async fn times_without_end_do_no_harm() {
    let api = Api::start().await;
    api.simulator.fault(Fault::refuse(Duration::MAX).times(1));
    api.get("/agents").send().await.expect_err("no answer");
    while api.get("/agents").send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    api.simulator.accept_connections().await;
    api.simulator.fault(Fault::delay_headers(Duration::MAX));
    api.simulator.fault(Fault::delay_headers(Duration::MAX));
    let request = api.get("/agents").timeout(Duration::from_millis(50));
    assert!(request.send().await.expect_err("no answer").is_timeout());
    api.simulator.clear_faults();
    api.simulator
        .fault(Fault::status(503).retry_after(Duration::MAX));
    let answer = api.get("/agents").send().await.expect("an answer");
    assert_eq!(
        answer.headers()["retry-after"],
        u64::MAX.to_string().as_str()
    );
}

#[test]
#[should_panic(expected = "from 0 to 1")]
fn a_chance_that_is_none_is_refused() {
    let _ = Fault::reset().probability(f64::NAN);
}

#[test]
#[should_panic(expected = "has an answer of its own")]
fn what_changes_an_answer_is_refused_where_there_is_none() {
    let _ = Fault::reset().retry_after(Duration::from_secs(1));
}

#[tokio::test]
async fn a_request_can_be_waited_for_and_a_simulator_shut_down() {
    let api = Api::start().await;
    let (_, answer) = tokio::join!(
        api.simulator.wait_for(Operation::ListTasks, 1),
        json(api.get("/tasks")),
    );
    assert_eq!(answer["data"], json!([]));
    let Api { simulator, http } = api;
    let url = simulator.base_url();
    simulator.shutdown().await;
    assert!(http.get(url).send().await.expect_err("nobody").is_connect());
}
