//! Where an answer sends the client, and what goes along.

use nanonets_agents_api::Client;
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use workspace_tests::server::{Answer, Server};

use crate::bodies;
use crate::calls::{KEY, answer, call, client, context, failure};

fn redirect(status: StatusCode, location: &str) -> Answer {
    Answer::new(status, "").header(LOCATION, location)
}

#[tokio::test]
async fn a_302_that_leads_nowhere_is_an_error_with_its_status() {
    let answer = answer(failure(Answer::new(StatusCode::FOUND, "elsewhere")).await);
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(*answer.bytes(), "elsewhere");
}

#[tokio::test]
async fn a_client_that_follows_redirects_does_not_take_the_key_to_another_host() {
    let mut server = Server::start([]).await;
    let port = server.address().port();
    let mut front = Server::start([redirect(
        StatusCode::FOUND,
        &format!("http://elsewhere.example:{port}/"),
    )])
    .await;
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve("elsewhere.example", server.address())
        .build()
        .unwrap();
    let client = Client::new_with_client(&front.url(), http, context());
    let _either = call(&client, "get_task").await;
    let first = front.next().await;
    assert_eq!(
        first.header("authorization"),
        Some(&*format!("Bearer {KEY}"))
    );
    let followed = server.rest();
    assert_eq!(followed.len(), 1);
    assert_eq!(followed[0].header("authorization"), None);
}

/// The request that another server gets when the API answers with a redirect to it.
async fn sent_on(status: StatusCode, operation: &str) -> usize {
    let body = bodies::of(operation);
    let mut other = Server::start([Answer::ok(&body)]).await;
    let here = Server::start([redirect(status, &other.url())]).await;
    let outcome = call(&client(&here.url()), operation).await;
    assert_eq!(answer(outcome.expect_err(operation)).status(), status);
    other.rest().len()
}

#[tokio::test]
async fn a_prompt_does_not_go_to_another_server() {
    assert_eq!(
        sent_on(StatusCode::TEMPORARY_REDIRECT, "run_agent").await,
        0
    );
}

#[tokio::test]
async fn another_server_does_not_answer_for_the_api() {
    assert_eq!(sent_on(StatusCode::FOUND, "run_agent").await, 0);
}

#[tokio::test]
async fn a_search_does_not_go_to_another_server_as_referer() {
    assert_eq!(sent_on(StatusCode::FOUND, "list_tasks").await, 0);
}
