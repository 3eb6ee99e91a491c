//! Requests that can't be right are refused before anything is sent.

use nanonets_agents_api::{Client, Error, FilePart};
use workspace_tests::server::{Answer, Server};

use crate::bodies;
use crate::calls::{Failure, agent_id, call, client, context};

fn reason(failure: Failure) -> String {
    match failure {
        Error::InvalidRequest(reason) => reason,
        other => panic!("sent, and failed: {other}"),
    }
}

/// The reason for refusing a call of the client, which the server must not have seen: the first request that it gets
/// is one that is made afterwards.
macro_rules! refused {
    (|$client:ident| $call:expr) => {{
        let mut server = Server::start([Answer::ok(&bodies::task())]).await;
        let $client = client(&server.url());
        let failure = $call.send().await.expect_err("a refusal");
        call(&$client, "get_task").await.expect("a success");
        let path = format!("/api/v1/tasks/{}", bodies::TASK);
        assert_eq!(server.next().await.path, path);
        reason(failure)
    }};
}

#[tokio::test]
async fn a_limit_of_0_is_refused() {
    let reason = refused!(|client| client.list_tasks().limit(0));
    assert!(reason.contains("`limit` must be from 1 to 100"), "{reason}");
}

#[tokio::test]
async fn a_limit_of_101_is_refused() {
    let reason = refused!(|client| client.list_agents().limit(101));
    assert!(reason.contains("`limit` must be from 1 to 100"), "{reason}");
}

#[tokio::test]
async fn a_missing_file_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone.pdf");
    let reason = refused!(|client| {
        let files = [FilePart::from_bytes("a", "a"), FilePart::from_path(&path)];
        client.run_agent_multipart(agent_id()).files(files)
    });
    assert!(reason.contains("gone.pdf"), "{reason}");
}

#[tokio::test]
async fn a_content_type_that_is_none_is_refused() {
    let part = FilePart::from_bytes("a", "a").content_type("pdf\r\nx: y");
    let reason = refused!(|client| { client.run_agent_multipart(agent_id()).files([part]) });
    assert!(reason.contains("not a media type"), "{reason}");
}

#[tokio::test]
async fn the_key_is_not_sent_over_plain_http_unless_that_is_allowed() {
    // Nothing resolves or connects: the request is refused before that.
    let client = Client::new("http://api.example", context()).unwrap();
    let error = client.list_agents().send().await.unwrap_err();
    assert!(
        matches!(&error, Error::InvalidRequest(text) if text.contains("plain http")),
        "{error}"
    );

    let mut server = Server::start([Answer::ok(&bodies::of("list_agents"))]).await;
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve("api.example", server.address())
        .build()
        .unwrap();
    let url = format!("http://api.example:{}", server.address().port());
    let client = Client::new_with_client(&url, http, context().allow_plain_http());
    client.list_agents().send().await.unwrap();
    assert_eq!(server.rest().len(), 1);
}

#[tokio::test]
async fn a_base_url_that_is_none_is_said_to_be_that() {
    let client = Client::new("not a url", context()).unwrap();
    let error = client.list_agents().send().await.unwrap_err();
    assert!(
        matches!(&error, Error::InvalidRequest(text) if text.contains("base URL")),
        "{error}"
    );
}

#[test]
fn debug_of_a_client_shows_no_header_and_no_url() {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("authorization", "Bearer secret".parse().unwrap());
    let http = reqwest::Client::builder()
        .default_headers(headers)
        .build()
        .unwrap();
    let client = Client::new_with_client("https://user:secret@api.example", http, context());
    assert_eq!(format!("{client:?}"), "Client { .. }");
}
