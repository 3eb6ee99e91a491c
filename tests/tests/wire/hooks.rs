//! The effect of the context on every call.

use nanonets_agents_api::support::BodyProblem;
use nanonets_agents_api::{Client, Context};
use reqwest::StatusCode;
use serde_json::json;
use workspace_tests::server::{Answer, Server};

use crate::bodies;
use crate::calls::{OPERATIONS, answer, call, context};

async fn limited(limit: u64, answer: Answer, operation: &str) -> crate::calls::Outcome {
    let server = Server::start([answer]).await;
    let client = Client::new(&server.url(), context().response_limit(limit)).unwrap();
    call(&client, operation).await
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error_that_keeps_its_beginning() {
    for operation in OPERATIONS {
        let body = bodies::of(operation);
        let outcome = limited(10, Answer::ok(&body), operation).await;
        let answer = answer(outcome.expect_err(operation));
        assert_eq!(answer.status(), StatusCode::OK, "{operation}");
        assert_eq!(*answer.bytes(), body.to_string()[..10], "{operation}");
        assert!(
            matches!(answer.problem(), Some(BodyProblem::TooLarge { limit: 10 })),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let body = bodies::task();
    let limit = body.to_string().len() as u64;
    let outcome = limited(limit, Answer::ok(&body), "get_task").await;
    assert!(outcome.is_ok());
}

#[tokio::test]
async fn the_body_of_an_error_is_limited_too() {
    let refused = Answer::json(StatusCode::BAD_REQUEST, &json!({"error": "x".repeat(100)}));
    let outcome = limited(10, refused, "get_task").await;
    let answer = answer(outcome.expect_err("an error"));
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.bytes().len(), 10);
}

#[tokio::test]
async fn a_context_without_a_key_sends_none() {
    let mut server = Server::start([Answer::ok(&bodies::task())]).await;
    let client = Client::new(&server.url(), Context::default()).unwrap();
    call(&client, "get_task").await.unwrap();
    assert_eq!(server.next().await.header("authorization"), None);
}

#[tokio::test]
async fn clients_with_different_keys_do_not_mix_them_up() {
    let body = bodies::task();
    let mut server = Server::start([Answer::ok(&body), Answer::ok(&body)]).await;
    let first = Client::new(&server.url(), Context::with_api_key("one").unwrap()).unwrap();
    let second = Client::new(&server.url(), Context::with_api_key("two").unwrap()).unwrap();
    call(&second, "get_task").await.unwrap();
    call(&first, "get_task").await.unwrap();
    let (one, two) = (server.next().await, server.next().await);
    assert_eq!(one.header("authorization"), Some("Bearer two"));
    assert_eq!(two.header("authorization"), Some("Bearer one"));
}
