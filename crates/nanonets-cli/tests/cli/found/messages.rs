//! The look for a message whose answer was lost.

use chrono::Utc;
use serde_json::{Value, json};

use super::{OTHER, TASK, in_shell};
use crate::raw_server::{RawServer, Reply};

/// The look after a lost message and the search for a run have one notion of a user.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_found_whatever_users_are_called() {
    for (role, is_found) in [
        ("user", true),
        ("human", true),
        ("Customer", true),
        ("assistant", false),
        ("tool", false),
    ] {
        let message =
            json!({ "id": OTHER, "role": role, "content": "again", "created_at": Utc::now() });
        let said = json!({ "data": [message] });
        let server = RawServer::start(move |request| match request.is("GET", "/messages") {
            true => Reply::json(200, &said),
            false => Reply::close(),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let line = format!("nanonets tasks reply {TASK} again");
        let run = in_shell(&server, folder.path(), line).await;
        assert_eq!(run.code, 6, "{run:?}");
        assert_eq!(run.stderr.contains(OTHER), is_found, "{role}: {run:?}");
    }
}

/// The API documents neither the id nor the role of a message.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_found_by_its_text_if_other_fields_are_odd() {
    let message = |change: Value| {
        let mut message =
            json!({ "id": OTHER, "role": "user", "content": "again", "created_at": Utc::now() });
        for (key, value) in change.as_object().expect("members") {
            message[key] = value.clone();
        }
        message
    };
    let without = |key: &str| {
        let mut message = message(json!({}));
        message.as_object_mut().expect("an object").remove(key);
        message
    };
    let no_id = "a message without an id";
    for (said, expected) in [
        (without("created_at"), Some(OTHER)),
        (message(json!({ "created_at": "yesterday" })), Some(OTHER)),
        (without("id"), Some(no_id)),
        (message(json!({ "id": null })), Some(no_id)),
        (message(json!({ "id": "msg_12" })), Some("msg_12")),
        (message(json!({ "id": 12 })), Some("12")),
        (without("role"), Some(OTHER)),
        (message(json!({ "role": 7 })), Some(OTHER)),
        (message(json!({ "role": "member" })), Some(OTHER)),
        (
            message(json!({ "role": null, "content": [{ "type": "text", "text": "again\n" }] })),
            Some(OTHER),
        ),
        (json!({ "content": { "text": "again" } }), Some(no_id)),
        // Another text without a role, words of the agent, and a message from before.
        (
            message(json!({ "role": null, "content": "Which year?" })),
            None,
        ),
        (message(json!({ "role": "assistant" })), None),
        (
            message(json!({ "created_at": "2020-01-31T09:30:00Z" })),
            None,
        ),
    ] {
        let list = json!({ "data": [said] });
        let server = RawServer::start(move |request| match request.is("GET", "/messages") {
            true => Reply::json(200, &list),
            false if request.is("POST", "/message") => Reply::close(),
            false => {
                let now = Utc::now();
                Reply::json(
                    200,
                    json!({
                        "task_id": TASK, "agent_id": OTHER, "status": "running",
                        "created_at": now, "updated_at": now,
                    }),
                )
            }
        });
        for wait in ["", " --wait"] {
            let folder = tempfile::tempdir().expect("a folder");
            let line = format!("nanonets tasks reply {TASK} again{wait}");
            let run = in_shell(&server, folder.path(), line).await;
            assert_eq!(run.code, 6, "{run:?}");
            let found = expected.unwrap_or("A look found nothing so far");
            assert!(run.stderr.contains(found), "{said}: {run:?}");
        }
    }
}
