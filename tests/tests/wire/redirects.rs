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
async fn the_key_does_not_go_to_another_port() {
    let mut other = Server::start([Answer::ok(&bodies::task())]).await;
    let here = Server::start([redirect(StatusCode::FOUND, &other.url())]).await;
    let _either = call(&client(&here.url()), "get_task").await;
    for request in other.rest() {
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn the_key_does_not_go_to_another_host() {
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
    for request in server.rest() {
        assert_eq!(request.header("authorization"), None);
    }
}
