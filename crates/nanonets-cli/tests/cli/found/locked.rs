//! The record of a run that is locked, changed by searches, and removed.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Sending, listed};
use crate::raw_server::{RawServer, Reply};

const FIND: &str = "nanonets runs find run.json";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_writes_counts_only_while_the_lock_is_free() {
    let mut sending = Sending::start().await;
    let path = sending.folder.path().join("run.json");
    // As a search does where locks do not work, such as on another machine.
    let mut record = sending.record();
    record["since"] = json!(Utc::now() - TimeDelta::hours(3));
    record["seen_unlocked_at"] = json!(Utc::now() - TimeDelta::hours(1));
    std::fs::write(path, record.to_string()).expect("a file");
    let run = sending.find(FIND).await;
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stderr.contains("is still being sent"), "{run:?}");
    sending.kill();
    let run = sending.find(FIND).await;
    assert_eq!(run.code, 1, "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leaves_the_file_that_may_be_locked_in_its_place() {
    let mut sending = Sending::start().await;
    let path = sending.folder.path().join("run.json");
    let file = || std::fs::metadata(&path).expect("a file").ino();
    sending.kill();
    let before = (file(), sending.record());
    // Another text of the same record.
    let long = serde_json::to_string_pretty(&before.1).expect("JSON") + &" ".repeat(1000);
    std::fs::write(&path, long).expect("a file");
    std::os::unix::fs::symlink(&path, sending.folder.path().join("link.json")).expect("a link");
    let run = sending.find("nanonets runs find link.json").await;
    assert_eq!(run.code, 6, "{run:?}");
    let mut after = sending.record();
    let seen = after
        .as_object_mut()
        .expect("an object")
        .remove("seen_unlocked_at");
    assert!(seen.is_some_and(|seen| seen.is_string()));
    assert_eq!((file(), after), before);
}

/// A server that lists no task, and refuses a run when it is told to.
fn refusing(when: Arc<Notify>) -> RawServer {
    RawServer::play(move |mut connection| {
        let when = Arc::clone(&when);
        async move {
            while let Some(request) = connection.request().await {
                let reply = match request.is("POST", "/run") {
                    true => {
                        when.notified().await;
                        Reply::json(422, r#"{"error":"no such agent"}"#)
                    }
                    false => listed(&request, &[]),
                };
                connection.send(&reply).await;
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_waits_sees_that_the_run_ended_without_effect() {
    for is_wait in [true, false] {
        let refusal = Arc::new(Notify::new());
        let mut sending = Sending::to(refusing(Arc::clone(&refusal))).await;
        let looks = sending.server.count("GET", "/tasks");
        if !is_wait {
            // The record of a command that could not remove it.
            let mut record = sending.record();
            record["had_no_effect"] = Value::Bool(true);
            let path = sending.folder.path().join("run.json");
            std::fs::write(path, record.to_string()).expect("a file");
            let run = sending.find(FIND).await;
            assert_eq!(run.code, 1, "{run:?}");
            sending.kill();
            continue;
        }
        let line = format!("{FIND} --wait");
        let (run, ()) = tokio::join!(sending.find(&line), async {
            sending.server.wait_for("GET", "/tasks", looks + 1).await;
            refusal.notify_one();
        });
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("no task was started"), "{run:?}");
        assert!(!sending.folder.path().join("run.json").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_somebody_removes_during_a_search_proves_nothing() {
    let sending = Sending::start().await;
    let line = format!("{FIND} --wait");
    let path = sending.folder.path().join("run.json");
    for text in [None, Some("{")] {
        let looks = sending.server.count("GET", "/tasks");
        let (run, ()) = tokio::join!(sending.find(&line), async {
            sending.server.wait_for("GET", "/tasks", looks + 1).await;
            match text {
                Some(text) => std::fs::write(&path, text).expect("a file"),
                None => std::fs::rename(&path, path.with_extension("old")).expect("a file"),
            }
        });
        assert_eq!(run.code, 6, "{run:?}");
        assert!(run.stderr.contains("can't be read any more"), "{run:?}");
        if text.is_none() {
            std::fs::rename(path.with_extension("old"), &path).expect("a file");
        }
    }
}
