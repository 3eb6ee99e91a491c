//! Nothing that prints itself shows the key, a prompt, or the content of a document.

use std::fmt::Debug;

use nanonets_agents_api::types::{RunAgentRequest, TaskId, TaskOutputConfig};
use nanonets_agents_api::{Client, FilePart, PartValue};
use reqwest::StatusCode;
use reqwest::header::{LOCATION, SET_COOKIE};
use serde_json::json;
use workspace_tests::server::{Answer, BrokenServer, Fault, Server, refusing};

use crate::bodies;
use crate::calls::{Failure, KEY, agent_id, client, context};

const PROMPT: &str = "prompt-about-a-divorce";
const DOCUMENT: &str = "document-of-a-patient";

fn is_clean(text: &str) {
    for secret in [KEY, PROMPT, DOCUMENT] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn debug_is_clean(value: &impl Debug) {
    is_clean(&format!("{value:?} {value:#?}"));
}

fn is_clean_with_its_sources(error: &impl std::error::Error) {
    debug_is_clean(error);
    is_clean(&format!("{error} {error:#}"));
    let mut source = error.source();
    while let Some(error) = source {
        is_clean(&format!("{error} {error:#} {error:?} {error:#?}"));
        source = error.source();
    }
}

/// Sends all secrets to a server, and returns the results.
async fn failures(url: &str) -> [Failure; 3] {
    let client = client(url);
    let config = TaskOutputConfig::default().instructions(PROMPT);
    let body = RunAgentRequest::default()
        .query(PROMPT)
        .output_config(config.clone());
    let run = client.run_agent(agent_id(), body);
    let upload = client
        .run_agent_multipart(agent_id())
        .query(PROMPT)
        .output_config(config)
        .files([FilePart::from_bytes("a.txt", DOCUMENT)])
        .extra_part("notes", PROMPT);
    let search = client.list_tasks().q(PROMPT);
    [
        run.send().await.expect_err("a failure"),
        upload.send().await.expect_err("a failure"),
        search.send().await.expect_err("a failure"),
    ]
}

async fn errors_of_answer_are_clean(answer: impl Fn() -> Answer) {
    let server = Server::start([answer(), answer(), answer()]).await;
    for failure in failures(&server.url()).await {
        is_clean_with_its_sources(&failure);
    }
}

#[tokio::test]
async fn an_error_that_quotes_the_request_is_not_printed() {
    let quote = format!("bad input: {PROMPT} {DOCUMENT} {KEY}");
    errors_of_answer_are_clean(|| {
        Answer::json(
            StatusCode::BAD_REQUEST,
            &json!({"error": quote, "extra": quote}),
        )
    })
    .await;
}

#[tokio::test]
async fn a_page_that_quotes_the_request_is_not_printed() {
    let quote = format!("<html>{PROMPT} {DOCUMENT} {KEY}</html>");
    errors_of_answer_are_clean(|| Answer::new(StatusCode::BAD_GATEWAY, quote.clone())).await;
}

#[tokio::test]
async fn a_success_of_another_shape_is_not_printed() {
    errors_of_answer_are_clean(|| {
        Answer::ok(&json!({"task_id": DOCUMENT, "data": DOCUMENT, PROMPT: KEY}))
    })
    .await;
}

#[tokio::test]
async fn a_redirect_that_quotes_the_request_is_not_printed() {
    errors_of_answer_are_clean(|| {
        Answer::new(StatusCode::NOT_MODIFIED, "")
            .header(LOCATION, format!("/?q={PROMPT}&key={KEY}"))
            .header(SET_COOKIE, format!("session={KEY}"))
    })
    .await;
}

#[tokio::test]
async fn a_refused_connection_prints_no_secret() {
    for failure in failures(&refusing().await).await {
        is_clean_with_its_sources(&failure);
    }
}

#[tokio::test]
async fn a_lost_answer_prints_no_secret() {
    let server = BrokenServer::start(Fault::CloseAfterHead).await;
    for failure in failures(&server.url()).await {
        is_clean_with_its_sources(&failure);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_prints_no_secret() {
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{PROMPT} {DOCUMENT} {KEY}");
    let server = BrokenServer::start(Fault::Send(half.into_bytes())).await;
    for failure in failures(&server.url()).await {
        is_clean_with_its_sources(&failure);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_printed() {
    let body = bodies::with(bodies::task(), json!({"title": DOCUMENT, "name": KEY}));
    let server = Server::start([Answer::ok(&body)]).await;
    let client = Client::new(&server.url(), context().response_limit(200)).unwrap();
    let failure = crate::calls::call(&client, "get_task").await.unwrap_err();
    is_clean_with_its_sources(&failure);
}

#[test]
fn a_value_that_cannot_be_converted_is_not_printed() {
    let error = TaskId::try_from(DOCUMENT).expect_err("no id");
    is_clean(&format!("{error} {error:#} {error:?} {error:#?}"));
}

#[test]
fn the_context_does_not_print_the_key() {
    debug_is_clean(&context());
}

#[test]
fn the_client_does_not_print_the_key() {
    debug_is_clean(&client("http://127.0.0.1"));
}

#[test]
fn builders_print_nothing_of_what_was_set() {
    let client = client("http://127.0.0.1");
    let body = RunAgentRequest {
        query: Some(Some(PROMPT.to_owned())),
        ..RunAgentRequest::default()
    };
    debug_is_clean(&client.run_agent(agent_id(), body));
    debug_is_clean(&client.run_agent_multipart(agent_id()).query(PROMPT));
    debug_is_clean(
        &client
            .run_agent_multipart(agent_id())
            .extra_part("notes", DOCUMENT),
    );
    debug_is_clean(&client.list_tasks().q(PROMPT));
}

#[test]
fn what_goes_into_a_part_does_not_print_its_content() {
    let file = FilePart::from_bytes("a.txt", DOCUMENT);
    debug_is_clean(&file);
    debug_is_clean(&PartValue::from(file));
    debug_is_clean(&PartValue::from(PROMPT));
}
