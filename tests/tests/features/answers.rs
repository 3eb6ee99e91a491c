//! Answers that are decoded, and bodies on the wire.

use crate::server::Server;
use futures_util::TryStreamExt;
use progenitor_client::Error;
use serde_json::json;
use workspace_tests::fixtures::{error_bodies, request_bodies, successes};

#[tokio::test]
async fn any_2xx_is_the_success_that_is_described() {
    for status in [200, 201, 202, 299] {
        let server = Server::json(status, json!({ "name": "n" })).await;
        let client = successes::Client::new(&server.url).expect("a client");
        let answer = client.any_success().send().await.expect("a success");
        assert_eq!(answer.status(), status);
        assert_eq!(answer.name, "n");
        assert_eq!(
            client.two_alike().send().await.expect("a success").name,
            "n"
        );
        assert_eq!(
            client.default_only().send().await.expect("a success").name,
            "n"
        );
        client.no_content().send().await.expect("a success");
    }
}

#[tokio::test]
async fn methods_without_a_function_in_reqwest_are_sent_all_the_same() {
    let server = Server::silent().await;
    let client = successes::Client::new(&server.url).expect("a client");
    let allowed = client.what_is_allowed().deep(true).send().await;
    allowed.expect("a success");
    client.the_request_again().send().await.expect("a success");
    client.only_headers().send().await.expect("a success");
    let received = server.received();
    let methods: Vec<&str> = received
        .iter()
        .map(|request| request.method.as_str())
        .collect();
    assert_eq!(methods, ["OPTIONS", "TRACE", "HEAD"]);
    assert_eq!(received[0].query, "deep=true");
}

#[tokio::test]
async fn json_by_another_name_is_asked_for_by_that_name() {
    let server = Server::new(200, "application/hal+json", r#"{"name":"n"}"#).await;
    let client = successes::Client::new(&server.url).expect("a client");
    let answer = client.other_json().send().await.expect("a success");
    assert_eq!(answer.name, "n");
    assert_eq!(server.only().header("accept"), Some("application/hal+json"));
}

#[tokio::test]
async fn what_is_described_as_json_alone_can_be_is_json_under_any_type() {
    let server = Server::json(200, json!({ "name": "n" })).await;
    let client = successes::Client::new(&server.url).expect("a client");
    let answer = client.any_type().send().await.expect("a success");
    assert_eq!(answer.name, "n");
    let client = successes::Client::new(&server.url).expect("a client");
    client.any_text().send().await.expect("bytes");
}

#[tokio::test]
async fn bodies_that_are_not_json_are_streamed_as_they_come() {
    let server = Server::new(200, "application/pdf", "%PDF").await;
    let client = successes::Client::new(&server.url).expect("a client");
    let answers = [
        client.raw_bytes().send().await.expect("a success"),
        client.undeclared().send().await.expect("a success"),
        client.nothing_declared().send().await.expect("a success"),
    ];
    for answer in answers {
        let body = answer.into_inner().into_inner();
        let chunks: Vec<_> = body.try_collect().await.expect("a body");
        assert_eq!(chunks.concat(), b"%PDF");
    }
}

#[tokio::test]
async fn an_error_is_decoded_as_what_all_its_statuses_share() {
    for status in [400, 404, 500] {
        let server = Server::json(status, json!({ "message": "no" })).await;
        let client = error_bodies::Client::new(&server.url).expect("a client");
        for error in [
            client.with_default().send().await.expect_err("an error"),
            client.with_ranges().send().await.expect_err("an error"),
        ] {
            let Error::ErrorResponse(answer) = error else {
                panic!("an answer was expected")
            };
            assert_eq!(answer.status(), status);
            assert_eq!(answer.decoded().expect("a problem").message, "no");
        }
    }
}

#[tokio::test]
async fn differing_errors_are_any_json_and_an_inline_one_has_a_type() {
    let server = Server::json(400, json!({ "code": 7 })).await;
    let client = error_bodies::Client::new(&server.url).expect("a client");
    let error = client.with_differing().send().await.expect_err("an error");
    let Error::ErrorResponse(answer) = error else {
        panic!("an answer was expected")
    };
    assert_eq!(*answer.decoded().expect("JSON"), json!({ "code": 7 }));
    let error = client.with_inline().send().await.expect_err("an error");
    let Error::ErrorResponse(answer) = error else {
        panic!("an answer was expected")
    };
    assert_eq!(answer.decoded().expect("an error").code, 7);
}

#[tokio::test]
async fn an_error_page_keeps_status_headers_and_body() {
    let server = Server::new(502, "text/html", "<h1>Bad gateway</h1>").await;
    let client = error_bodies::Client::new(&server.url).expect("a client");
    let error = client.with_default().send().await.expect_err("an error");
    let Error::ErrorResponse(answer) = error else {
        panic!("an answer was expected")
    };
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(&answer.bytes()[..], b"<h1>Bad gateway</h1>");
    assert!(answer.decoded().is_none() && answer.problem().is_some());
}

#[tokio::test]
async fn bodies_are_sent_in_their_media_type() {
    use request_bodies::types::SendEnumBody;

    let server = Server::silent().await;
    let client = request_bodies::Client::new(&server.url).expect("a client");
    let note = request_bodies::types::Note::new("a".to_owned());
    let json = client.send_json(note);
    json.send().await.expect("a success");
    client
        .send_any()
        .body(request_bodies::Json::from(json!([1])))
        .send()
        .await
        .expect("a success");
    client
        .send_scalar()
        .body(7)
        .send()
        .await
        .expect("a success");
    client
        .send_enum()
        .body(SendEnumBody::Stop)
        .send()
        .await
        .expect("a success");
    let note = request_bodies::types::Note::new("a&b".to_owned());
    let form = client.send_form().body(note);
    form.send().await.expect("a success");
    client
        .send_bytes()
        .body("bytes")
        .send()
        .await
        .expect("a success");
    client
        .send_text()
        .body("text")
        .send()
        .await
        .expect("a success");
    let received: Vec<(String, String)> = server
        .received()
        .iter()
        .map(|request| {
            let content_type = request.header("content-type").unwrap_or_default();
            let body = String::from_utf8_lossy(&request.body);
            (content_type.to_owned(), body.into_owned())
        })
        .collect();
    let expected = [
        ("application/json", "{\"text\":\"a\"}"),
        ("application/json", "[1]"),
        ("application/json", "7"),
        ("application/json", "\"stop\""),
        ("application/x-www-form-urlencoded", "text=a%26b"),
        ("application/octet-stream", "bytes"),
        ("text/plain", "text"),
    ];
    let expected = expected.map(|(left, right)| (left.to_owned(), right.to_owned()));
    assert_eq!(received, expected);
}
