//! Servers that answer a poll and then hang.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::Outcome;
use serde_json::json;

use crate::raw_server::{RawServer, Reply};
use crate::{TASK, client, soon, task};

/// A summary, the messages and the reason of a failure are parts of a poll.
#[tokio::test]
async fn what_follows_a_status_does_not_hang_either() {
    for status in ["completed", "waiting_for_input"] {
        let server = RawServer::start({
            let hanging = AtomicUsize::new(1);
            move |request| match request.path() {
                path if path.ends_with(TASK) => Reply::json("200 OK", task(status)),
                _ if hanging.swap(0, Ordering::Relaxed) == 1 => Reply::hang(),
                path if path.ends_with("/summary") => {
                    Reply::json("200 OK", json!({ "extracted_data": { "total": 1 } }))
                }
                _ => Reply::json(
                    "200 OK",
                    json!({ "data": [{ "role": "agent", "content": "Which?" }] }),
                ),
            }
        });
        let wait = client(&server).task(TASK.parse().expect("an id")).wait();
        let wait = wait
            .pauses(Duration::from_millis(1), Duration::from_millis(1))
            .poll_timeout(Duration::from_millis(300));
        let outcome = soon(wait).await.expect("an outcome");
        match outcome {
            Outcome::Completed(done) => assert!(done.output().is_some()),
            Outcome::NeedsInput(question) => assert_eq!(question.text(), Some("Which?")),
            outcome => panic!("{outcome:?}"),
        }
    }
    let server = RawServer::start(|request| match request.path() {
        path if path.ends_with(TASK) => Reply::json("200 OK", task("failed")),
        _ => Reply::hang(),
    });
    let outcome = soon(client(&server).task(TASK.parse().expect("an id")).wait()).await;
    let Ok(Outcome::Failed(failure)) = outcome else {
        panic!("{outcome:?}");
    };
    soon(failure.reason()).await.expect_err("no reason in time");
}
