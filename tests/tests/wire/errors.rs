//! Answers that are errors: status, headers and body are kept, whatever the body is.

use nanonets_agents_api::support::BodyProblem;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::json;
use workspace_tests::server::{Answer, Server};

use crate::calls::{OPERATIONS, answer, call, client, failure};

/// Whether an error with the documented body is reported with its status and that body.
async fn is_told(status: StatusCode) {
    let body = json!({"error": "no such thing", "code": 7});
    let answer = answer(failure(Answer::json(status, &body)).await);
    assert_eq!(answer.status(), status);
    let envelope = answer.decoded().expect("the documented body");
    assert_eq!(envelope.error, "no such thing");
    assert_eq!(envelope.extra["code"], json!(7));
    assert_eq!(*answer.bytes(), body.to_string());
    assert!(answer.problem().is_none());
}

#[tokio::test]
async fn a_400_is_told_with_its_reason() {
    is_told(StatusCode::BAD_REQUEST).await;
}

#[tokio::test]
async fn a_401_is_told_with_its_reason() {
    is_told(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn a_403_is_told_with_its_reason() {
    is_told(StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_404_is_told_with_its_reason() {
    is_told(StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_409_is_told_with_its_reason() {
    is_told(StatusCode::CONFLICT).await;
}

#[tokio::test]
async fn a_429_is_told_with_its_reason() {
    is_told(StatusCode::TOO_MANY_REQUESTS).await;
}

#[tokio::test]
async fn a_500_is_told_with_its_reason() {
    is_told(StatusCode::INTERNAL_SERVER_ERROR).await;
}

#[tokio::test]
async fn a_503_is_told_with_its_reason() {
    is_told(StatusCode::SERVICE_UNAVAILABLE).await;
}

#[tokio::test]
async fn a_429_keeps_how_long_to_wait() {
    let refused = Answer::json(
        StatusCode::TOO_MANY_REQUESTS,
        &json!({"error": "slow down"}),
    );
    let answer = answer(failure(refused.header(RETRY_AFTER, "17")).await);
    assert_eq!(answer.headers()[RETRY_AFTER], "17");
}

#[tokio::test]
async fn every_operation_tells_an_error_in_the_same_way() {
    for operation in OPERATIONS {
        let refused = Answer::json(StatusCode::FORBIDDEN, &json!({"error": "not yours"}));
        let server = Server::start([refused]).await;
        let outcome = call(&client(&server.url()), operation).await;
        let answer = answer(outcome.expect_err(operation));
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{operation}");
        assert_eq!(answer.decoded().unwrap().error, "not yours", "{operation}");
    }
}

#[tokio::test]
async fn a_502_in_html_keeps_its_page() {
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let refused = Answer::new(StatusCode::BAD_GATEWAY, page).header(CONTENT_TYPE, "text/html");
    let answer = answer(failure(refused).await);
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/html");
    assert_eq!(*answer.bytes(), page);
    assert!(answer.decoded().is_none());
}

#[tokio::test]
async fn an_empty_500_keeps_its_status() {
    let answer = answer(failure(Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "")).await);
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.bytes().is_empty());
    assert!(answer.decoded().is_none());
}

#[tokio::test]
async fn a_200_in_html_is_an_error_that_keeps_its_page() {
    let page = "<html>Log in</html>";
    let answer = answer(failure(Answer::new(StatusCode::OK, page)).await);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(*answer.bytes(), page);
    assert!(matches!(
        answer.problem(),
        Some(BodyProblem::Undecodable(_))
    ));
}

#[tokio::test]
async fn a_200_with_half_a_document_is_an_error_that_keeps_it() {
    let answer = answer(failure(Answer::new(StatusCode::OK, "{\"task_id\": \"0f8d")).await);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(*answer.bytes(), "{\"task_id\": \"0f8d");
}

#[tokio::test]
async fn a_200_of_another_shape_says_which_field_is_missing() {
    let answer = answer(failure(Answer::ok(&json!({"task_id": crate::bodies::TASK}))).await);
    let problem = answer.problem().expect("a problem").to_string();
    assert!(problem.contains("no field `agent_id` in $"), "{problem}");
}

#[tokio::test]
async fn a_204_where_a_document_is_due_is_an_error() {
    let answer = answer(failure(Answer::new(StatusCode::NO_CONTENT, "")).await);
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.bytes().is_empty());
}
