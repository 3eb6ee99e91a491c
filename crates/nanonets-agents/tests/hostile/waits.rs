//! Waiting for tasks of servers that hang, lag, and answer something else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nanonets_agents::{ErrorKind, Outcome, TaskId};
use serde_json::json;

use crate::raw_server::{HTML, JSON, RawServer, Reply};
use crate::{TASK, builder, client, run, soon, task};

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
