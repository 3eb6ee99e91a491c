//! The headers of every operation.

use workspace_tests::server::Framing;

use crate::calls::{KEY, OPERATIONS, sent_by};

#[tokio::test]
async fn every_operation_carries_the_key_of_the_context() {
    for operation in OPERATIONS {
        let sent = sent_by(operation).await;
        let expected = format!("Bearer {KEY}");
        assert_eq!(
            sent.header("authorization"),
            Some(&*expected),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn every_operation_asks_for_json() {
    for operation in OPERATIONS {
        let sent = sent_by(operation).await;
        assert_eq!(
            sent.header("accept"),
            Some("application/json"),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn no_operation_sends_an_api_version() {
    for operation in OPERATIONS {
        let sent = sent_by(operation).await;
        assert_eq!(sent.header("api-version"), None, "{operation}");
    }
}

#[tokio::test]
async fn a_json_body_has_its_content_type_and_length() {
    for operation in [
        "create_agent",
        "run_agent",
        "send_task_message",
        "update_agent",
    ] {
        let sent = sent_by(operation).await;
        let length = sent.body.as_ref().unwrap().len() as u64;
        assert_eq!(sent.framing, Framing::Length(length), "{operation}");
        assert_eq!(
            sent.header("content-type"),
            Some("application/json"),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_post_without_a_body_says_that_its_length_is_zero() {
    for operation in ["cancel_task", "publish_agent_version"] {
        let sent = sent_by(operation).await;
        assert_eq!(sent.framing, Framing::Length(0), "{operation}");
    }
}
