//! Answers that a gateway has compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use nanonets_agents::Origin;
use serde_json::json;

use crate::raw_server::{JSON, RawServer, Reply};
use crate::{TASK, client, run, soon, task};

const GZIP: &str = "Content-Encoding: gzip";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn answers_are_asked_for_compressed_and_read() {
    let server = RawServer::start(|request| {
        assert_eq!(request.header("Accept-Encoding"), Some("gzip"));
        let answer = match request.is("POST", "/run") {
            true => json!({ "task_id": TASK, "status": null }),
            false => task("running"),
        };
        Reply::new("200 OK", &[JSON, GZIP], gzip(&answer.to_string()))
    });
    let started = soon(run(&client(&server)).start()).await.expect("a task");
    assert_eq!(started.id().to_string(), TASK);
    let read = soon(started.get().into_future()).await.expect("a task");
    assert_eq!(read.status.as_str(), "running");
}

#[tokio::test]
async fn the_id_in_a_compressed_answer_that_breaks_off_is_known() {
    // The text after the id is long and does not shrink.
    let noise: Vec<u64> = (1..20_000)
        .map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    let answer = gzip(&format!(r#"{{"task_id":"{TASK}","message":"{noise:?}"}}"#));
    let cut = answer[..answer.len() / 2].to_vec();
    let server = RawServer::start(move |_| Reply::new("201 Created", &[JSON, GZIP], &cut));
    let started = soon(run(&client(&server)).start()).await.expect("a task");
    assert_eq!(started.id().to_string(), TASK);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_compressed_refusal_is_that_of_the_api() {
    let body = gzip(r#"{"error":"the agent is not active"}"#);
    let server = RawServer::start(move |_| Reply::new("403 Forbidden", &[JSON, GZIP], &body));
    let error = soon(run(&client(&server)).start())
        .await
        .expect_err("a refusal");
    assert_eq!(error.origin(), Some(Origin::Api));
    assert!(!error.is_ambiguous(), "{error}");
}

#[tokio::test]
async fn what_is_not_compressed_although_it_says_so_is_ambiguous() {
    for body in ["{}", "", "\u{1f}plain"] {
        let server = RawServer::start(move |_| Reply::new("201 Created", &[JSON, GZIP], body));
        let error = soon(run(&client(&server)).start())
            .await
            .expect_err("an odd answer");
        assert!(error.is_ambiguous(), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}
