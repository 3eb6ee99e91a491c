//! Bodies as the document describes them: forms with more in them than texts, and bodies that need not be sent.

use crate::server::{Received, Server};
use serde_json::json;
use workspace_tests::fixtures::{forms, request_bodies};

/// The pairs of the form that was sent.
fn pairs(server: &Server) -> Vec<(String, String)> {
    let request = server.only();
    let content_type = request.header("content-type");
    assert_eq!(content_type, Some("application/x-www-form-urlencoded"));
    let body = std::str::from_utf8(&request.body).expect("a form in UTF-8");
    let url = reqwest::Url::parse(&format!("http://h/?{body}")).expect("a form");
    url.query_pairs().into_owned().collect()
}

async fn charge(body: serde_json::Value) -> Vec<(String, String)> {
    let server = Server::silent().await;
    let client = forms::Client::new(&server.url).expect("a client");
    let body: forms::types::Charge = serde_json::from_value(body).expect("a body");
    let sent = client.charge(body).send().await;
    sent.expect("a success");
    pairs(&server)
}

fn expected<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

#[tokio::test]
async fn lists_and_objects_of_a_form_are_sent() {
    let sent = charge(json!({
        "items": ["a", "b c"], "meta": { "a": "x", "tags": ["t"] }, "lines": [{ "price": 1 }, { "price": 2 }],
        "either": { "day": 3 }, "note": "ü&="
    }));
    assert_eq!(
        sent.await,
        expected([
            ("either[day]", "3"),
            ("items", "a"),
            ("items", "b c"),
            ("lines[0][price]", "1"),
            ("lines[1][price]", "2"),
            ("meta[a]", "x"),
            ("meta[tags][0]", "t"),
            ("note", "ü&="),
        ])
    );
}

#[tokio::test]
async fn a_field_of_a_form_is_sent_in_the_style_that_its_encoding_names() {
    let sent = charge(json!({
        "items": [], "deep": ["x"], "spread": { "red": 1, "green": 2 }, "commas": ["a", "b"], "spaces": ["a", "b"],
        "bars": ["a", "b"], "json": { "b": true }, "ratio": 0.1, "either": ""
    }));
    assert_eq!(
        sent.await,
        expected([
            ("bars", "a|b"),
            ("commas", "a,b"),
            ("deep[0]", "x"),
            ("either", ""),
            ("json", r#"{"b":true}"#),
            ("ratio", "0.1"),
            ("spaces", "a b"),
            ("green", "2"),
            ("red", "1"),
        ])
    );
}

#[tokio::test]
async fn a_list_of_the_query_that_is_a_deep_object_has_positions() {
    let server = Server::silent().await;
    let client = forms::Client::new(&server.url).expect("a client");
    let sent = client.filter().expand(["a", "b"]).send().await;
    sent.expect("a success");
    assert_eq!(server.only().query, "expand%5B0%5D=a&expand%5B1%5D=b");
}

#[tokio::test]
async fn a_body_that_may_be_skipped_is_not_sent_unless_it_is_set() {
    let server = Server::silent().await;
    let client = request_bodies::Client::new(&server.url).expect("a client");
    client.send_optional().send().await.expect("JSON");
    client.send_form().send().await.expect("a form");
    client.send_bytes().send().await.expect("bytes");
    client.send_text().send().await.expect("text");
    client.send_any().send().await.expect("any JSON");
    let received = server.received();
    assert_eq!(received.len(), 5);
    for request in received {
        assert_eq!(request.header("content-type"), None, "{}", request.path);
        assert_eq!(
            request.header("content-length"),
            Some("0"),
            "{}",
            request.path
        );
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn a_body_that_may_be_skipped_is_sent_beside_parameters_if_it_is_set() {
    let server = Server::json(200, json!({ "text": "n" })).await;
    let client = request_bodies::Client::new(&server.url).expect("a client");
    let image = client.send_optional_bytes().body("png");
    let sent = image.request("q").x_trace("t").send().await;
    sent.expect("a success");
    let request = server.only();
    assert_eq!(request.header("content-type"), Some("image/png"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("x-trace"), Some("t"));
    assert_eq!(
        (request.query.as_str(), &*request.body),
        ("request=q", &b"png"[..])
    );
}

#[tokio::test]
async fn a_body_that_may_be_skipped_takes_an_option_too() {
    let server = Server::silent().await;
    let client = request_bodies::Client::new(&server.url).expect("a client");
    let mut note = request_bodies::types::Note::new("a".to_owned());
    let sent = client.send_optional().body(note.clone()).send().await;
    sent.expect("a success");
    note.stars = Some(1);
    let sent = client.send_optional().body(Some(note)).send().await;
    sent.expect("a success");
    let bodies: Vec<_> = server.received().iter().map(Received::json).collect();
    let expected = [json!({ "text": "a" }), json!({ "text": "a", "stars": 1 })];
    assert_eq!(bodies, expected);
}
