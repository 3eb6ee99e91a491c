//! Waiting for tasks of servers that hang, lag, and answer something else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nanonets_agents::{ErrorKind, Outcome, TaskId};
use serde_json::json;

use crate::raw_server::{HTML, JSON, RawServer, Reply};
use crate::{NOW, TASK, builder, client, run, soon, task};

const QUICK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(20));

fn id() -> TaskId {
    TASK.parse().expect("an id")
}

fn summary() -> Reply {
    let mut summary = task("completed");
    summary["extracted_data"] = json!({ "total": 7 });
    Reply::json("200 OK", &summary)
}

#[tokio::test]
async fn failures_that_pass_do_not_end_a_wait() {
    for status in [
        "408 Request Timeout",
        "425 Too Early",
        "429 Too Many Requests",
        "500 Error",
        "503 Unavailable",
    ] {
        let polls = AtomicUsize::new(0);
        let server = RawServer::start(move |request| match request.is("GET", "/summary") {
            true => summary(),
            false => match polls.fetch_add(1, Ordering::Relaxed) {
                0..3 => Reply::new(status, &[], r#"{"error":"later"}"#),
                _ => Reply::json("200 OK", task("completed")),
            },
        });
        let wait = client(&server).task(id()).wait().pauses(QUICK.0, QUICK.1);
        let outcome = soon(wait).await;
        assert!(
            matches!(outcome, Ok(Outcome::Completed(_))),
            "{status}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_task_that_was_started_just_now_may_be_unknown_for_a_while() {
    let polls = Arc::new(AtomicUsize::new(0));
    let server = RawServer::start({
        let polls = polls.clone();
        move |request| {
            if request.is("POST", "/run") {
                Reply::json("201 Created", json!({ "task_id": TASK }))
            } else if request.is("GET", "/summary") {
                summary()
            } else if polls.fetch_add(1, Ordering::Relaxed) < 3 {
                Reply::new("404 Not Found", &[], r#"{"error":"no such task"}"#)
            } else {
                Reply::json("200 OK", task("completed"))
            }
        }
    });
    let client = client(&server);
    let started = run(&client).start().await.expect("a task");
    let outcome = soon(started.wait().pauses(QUICK.0, QUICK.1)).await;
    assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
    // A task that somebody names may not exist at all.
    polls.store(0, Ordering::Relaxed);
    let error = soon(client.task(id()).wait())
        .await
        .expect_err("no such task");
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn a_summary_that_lags_behind_the_status_is_read_again() {
    let reads = AtomicUsize::new(0);
    let server = RawServer::start(move |request| match request.is("GET", "/summary") {
        true if reads.fetch_add(1, Ordering::Relaxed) < 2 => {
            Reply::json("200 OK", task("completed"))
        }
        true => summary(),
        false => Reply::json("200 OK", task("completed")),
    });
    let outcome = soon(client(&server).task(id()).wait()).await;
    let Ok(Outcome::Completed(done)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(done.output().is_some());
}

#[tokio::test]
async fn an_answer_that_does_not_decode_is_told_at_once() {
    for body in [r#"{"result": NaN}"#, r#"{"result": "x" "y"}"#] {
        let server = RawServer::start(move |request| match request.is("GET", "/summary") {
            true => Reply::new("200 OK", &[JSON], body),
            false => Reply::json("200 OK", task("completed")),
        });
        let wait = client(&server).task(id()).wait().pauses(QUICK.0, QUICK.1);
        let outcome = soon(wait.timeout(Duration::from_secs(600))).await;
        let Ok(Outcome::Completed(done)) = outcome else {
            panic!("{outcome:?}");
        };
        let error = done.extracted::<serde_json::Value>().expect_err("a defect");
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
        assert_eq!(done.raw_summary(), body.as_bytes());
        let requests = server.requests().len();
        assert!(requests <= 3, "{body}: {requests} requests");
    }
    let server = RawServer::start(move |_| {
        Reply::new(
            "200 OK",
            &[JSON],
            r#"{"task_id": 7, "status": "completed"}"#,
        )
    });
    let wait = client(&server).task(id()).wait().pauses(QUICK.0, QUICK.1);
    let error = soon(wait.timeout(Duration::from_secs(600))).await;
    let error = error.expect_err("a defect");
    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn polls_that_hang_do_not_hold_up_others() {
    const HANGING: usize = 20;
    let polls = AtomicUsize::new(0);
    let server = RawServer::start(move |request| match request.is("GET", "/summary") {
        true => summary(),
        false if polls.fetch_add(1, Ordering::Relaxed) < HANGING => Reply::hang(),
        false => Reply::json("200 OK", task("completed")),
    });
    let client = builder(&server)
        .concurrent_polls(4)
        .build()
        .expect("a client");
    let limit = Duration::from_secs(3);
    let start = Instant::now();
    let waits = (0..2 * HANGING).map(|_| {
        let wait = client.task(id()).wait().pauses(QUICK.0, QUICK.1);
        wait.poll_timeout(limit).into_future()
    });
    let outcomes = soon(join_all(waits)).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(Outcome::Completed(_))))
    );
    // With four turns, twenty polls that keep their turns would take five times the limit.
    assert!(start.elapsed() < limit * 4, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_asks_polls_to_come_back_in_a_day_is_asked_sooner() {
    let server = RawServer::start(|_| {
        Reply::new(
            "429 Too Many Requests",
            &["Retry-After: 86400"],
            r#"{"error":"tomorrow"}"#,
        )
    });
    let policy =
        nanonets_agents::RetryPolicy::default().longest_retry_after(Duration::from_millis(10));
    let client = builder(&server).retry(policy).build().expect("a client");
    let wait = client.task(id()).wait().pauses(QUICK.0, QUICK.1);
    let error = soon(wait.timeout(Duration::from_secs(2)))
        .await
        .expect_err("no status");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.waited().expect("a wait").polls > 10,
        "{:?}",
        error.waited()
    );
}

#[tokio::test]
async fn a_gateway_that_knows_no_task_does_not_end_a_wait_unless_the_api_was_never_seen() {
    for status in ["404 Not Found", "403 Forbidden", "302 Found", "200 OK"] {
        let polls = Arc::new(AtomicUsize::new(0));
        let server = RawServer::start({
            let polls = polls.clone();
            move |request| match polls.fetch_add(1, Ordering::Relaxed) {
                0 => Reply::json("200 OK", task("running")),
                1..8 => Reply::new(status, &[HTML], "<h1>Deploying</h1>"),
                _ if request.is("GET", "/summary") => summary(),
                _ => Reply::json("200 OK", task("completed")),
            }
        });
        let wait = || client(&server).task(id()).wait().pauses(QUICK.0, QUICK.1);
        let outcome = soon(wait()).await;
        assert!(
            matches!(outcome, Ok(Outcome::Completed(_))),
            "{status}: {outcome:?}"
        );
        polls.store(1, Ordering::Relaxed);
        let error = soon(wait()).await.expect_err("another server");
        assert!(!error.is_retryable(), "{status}: {error}");
        assert_eq!(polls.load(Ordering::Relaxed), 5, "{status}");
    }
}

/// A server whose task has completed, with these answers to reads of its summary, one after the other.
fn with_summaries(summaries: Vec<Reply>) -> RawServer {
    let reads = AtomicUsize::new(0);
    RawServer::start(move |request| match request.path().ends_with("/summary") {
        true => {
            let read = reads.fetch_add(1, Ordering::Relaxed);
            summaries[read.min(summaries.len() - 1)].clone()
        }
        false => Reply::json(200, task("completed")),
    })
}

#[tokio::test]
async fn a_summary_that_is_not_there_yet_is_read_again() {
    let done = json!({ "task_id": TASK, "status": "completed", "extracted_data": 7 });
    let part = json!({ "task_id": TASK, "status": "running", "extracted_data": 6 });
    for lag in [
        Reply::json(404, r#"{"error":"no summary"}"#),
        Reply::json(409, r#"{"error":"not yet"}"#),
        Reply::json(200, &part),
    ] {
        let server = with_summaries(vec![lag.clone(), lag, Reply::json(200, &done)]);
        let pause = Duration::from_millis(5);
        let wait = client(&server).task(TASK.parse().expect("an id")).wait();
        let outcome = soon(wait.pauses(pause, pause)).await.expect("an outcome");
        let Outcome::Completed(done) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(done.extracted::<u32>().expect("an output"), 7);
    }
}

#[tokio::test]
async fn a_summary_of_a_task_that_did_not_complete_is_no_success() {
    for status in ["running", "queued", "failed", "stopped"] {
        let summary = json!({ "task_id": TASK, "status": status, "extracted_data": 7 });
        let server = with_summaries(vec![Reply::json(200, summary)]);
        let pause = Duration::from_millis(5);
        let wait = client(&server).task(TASK.parse().expect("an id")).wait();
        let outcome = soon(wait.pauses(pause, pause)).await.expect("an outcome");
        match (status, &outcome) {
            ("failed", Outcome::Failed(_)) | ("stopped", Outcome::Stopped(_)) => {}
            ("running" | "queued", Outcome::Completed(done)) => {
                assert!(!done.has_answer() && done.require_output().is_err());
            }
            _ => panic!("{status}: {outcome:?}"),
        }
    }
}

/// A question, an answer to it, and then these messages.
async fn next_question(
    messages: impl Fn() -> Vec<serde_json::Value> + Send + Sync + 'static,
) -> Option<String> {
    let is_sent = AtomicUsize::new(0);
    let server = RawServer::start(move |request| match request.path() {
        path if path.ends_with("/message") => {
            is_sent.store(1, Ordering::Relaxed);
            Reply::json(200, json!({ "task_id": TASK }))
        }
        path if path.ends_with("/messages") => {
            let mut all = vec![question("1", "Which year?", NOW)];
            if is_sent.load(Ordering::Relaxed) == 1 {
                all = messages();
            }
            Reply::json(200, json!({ "data": all }))
        }
        _ => Reply::json(200, task("waiting_for_input")),
    });
    let pause = Duration::from_millis(5);
    let wait = |task: &nanonets_agents::TaskHandle| task.wait().pauses(pause, pause);
    let task = client(&server).task(TASK.parse().expect("an id"));
    let Outcome::NeedsInput(first) = soon(wait(&task)).await.expect("a question") else {
        panic!("no question")
    };
    let task = first.reply("2026").await.expect("a message");
    match soon(wait(&task).timeout(pause * 60)).await {
        Ok(Outcome::NeedsInput(next)) => Some(next.text().unwrap_or_default().to_owned()),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

fn question(id: &str, text: &str, time: &str) -> serde_json::Value {
    let id = format!("55555555-5555-4555-8555-55555555555{id}");
    json!({ "id": id, "role": "assistant", "content": text, "created_at": time })
}

#[tokio::test]
async fn a_new_question_with_the_id_of_the_answered_one_is_asked() {
    const LATER: &str = "2026-01-31T10:30:00Z";
    let old = || question("1", "Which year?", NOW);
    assert_eq!(next_question(move || vec![old()]).await, None);
    // The same id again, edited in place, the same words later, another id.
    for new in [
        vec![old(), question("1", "Which currency?", LATER)],
        vec![question("1", "Which currency?", NOW)],
        vec![old(), question("1", "Which year?", LATER)],
        vec![old(), question("2", "Which year?", NOW)],
    ] {
        let last = new.last().expect("a question")["content"].clone();
        let asked = next_question(move || new.clone()).await;
        assert_eq!(asked.as_deref(), last.as_str());
    }
}

#[tokio::test]
async fn a_message_without_content_hides_no_question() {
    for blank in [json!(null), json!(""), json!(" \n"), json!([])] {
        let asked = next_question(move || {
            let mut empty = question("3", "", "2026-01-31T10:40:00Z");
            empty["content"] = blank.clone();
            vec![
                question("2", "Which currency?", "2026-01-31T10:30:00Z"),
                empty,
            ]
        });
        assert_eq!(asked.await.as_deref(), Some("Which currency?"));
    }
}
