//! Answers of every kind, written to a socket byte for byte.

mod common;

use std::collections::BTreeMap;

use codegen_runtime::error_body::{BodyProblem, ErrorBody};
use codegen_runtime::response::{self, ResponseLimit};
use common::{canned, chain, read_head};
use futures_util::StreamExt;
use progenitor_client::{Error, ResponseValue};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, PartialEq, Deserialize)]
struct Task {
    id: u64,
    #[serde(flatten)]
    extra: BTreeMap<String, serde_json::Value>,
}

/// The documented error.
#[derive(Debug, PartialEq, Deserialize)]
struct Envelope {
    error: String,
}

type Failure = ResponseValue<ErrorBody<Envelope>>;

/// An answer that is complete.
fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nX-Request-Id: r-1\r\nContent-Length: {length}\r\n\r\n{body}")
}

async fn get(answer: impl Into<Vec<u8>>) -> reqwest::Response {
    reqwest::get(canned(answer).await).await.unwrap()
}

fn failure<T, E>(result: Result<T, Error<E>>) -> ResponseValue<E> {
    match result {
        Err(Error::ErrorResponse(failure)) => failure,
        _ => panic!("neither a success nor another error was expected"),
    }
}

async fn failed_task(answer: impl Into<Vec<u8>>) -> Failure {
    failure(response::json::<Task, Envelope>(get(answer).await).await)
}

fn problem(failure: &Failure) -> String {
    failure.problem().expect("a problem").to_string()
}

#[tokio::test]
async fn a_success_is_decoded_with_status_and_headers() {
    for status in ["200 OK", "201 Created", "202 Accepted", "299 Whatever"] {
        let response = get(answer(status, r#"{"id": 7, "new": [1]}"#)).await;
        let task = response::json::<Task, Envelope>(response).await.unwrap();
        assert_eq!(task.status().as_str(), &status[..3]);
        assert_eq!(task.headers()["x-request-id"], "r-1");
        assert_eq!(task.id, 7);
        assert_eq!(task.extra["new"], serde_json::json!([1]));
    }
}

#[tokio::test]
async fn a_documented_error_is_decoded_with_status_and_headers() {
    let failure = failed_task(answer("404 Not Found", r#"{"error": "no such task"}"#)).await;
    assert_eq!(failure.status(), 404);
    assert_eq!(failure.headers()["x-request-id"], "r-1");
    assert_eq!(failure.decoded().unwrap().error, "no such task");
    assert_eq!(failure.bytes(), r#"{"error": "no such task"}"#);
    assert!(failure.problem().is_none());
}

#[tokio::test]
async fn an_html_error_page_keeps_its_status_and_body() {
    let page = "<html>Bad Gateway</html>";
    let failure = failed_task(answer("502 Bad Gateway", page)).await;
    assert_eq!(failure.status(), 502);
    assert_eq!(failure.headers()["x-request-id"], "r-1");
    assert_eq!(failure.bytes(), page);
    assert_eq!(failure.decoded(), None);
    assert_eq!(problem(&failure), "not JSON (line 1, column 1)");
}

#[tokio::test]
async fn an_empty_error_keeps_its_status() {
    let failure = failed_task(answer("500 Internal Server Error", "")).await;
    assert_eq!(failure.status(), 500);
    assert!(failure.bytes().is_empty());
    assert_eq!(
        problem(&failure),
        "JSON that ends too early (line 1, column 0)"
    );
}

#[tokio::test]
async fn a_truncated_error_keeps_its_status_and_what_arrived() {
    let failure =
        failed_task("HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n{\"error\": \"no such")
            .await;
    assert_eq!(failure.status(), 404);
    assert_eq!(failure.bytes(), "{\"error\": \"no such");
    assert_eq!(failure.decoded(), None);
    assert!(matches!(
        failure.problem(),
        Some(BodyProblem::Incomplete(_))
    ));
}

#[tokio::test]
async fn an_error_that_breaks_off_in_a_chunk_keeps_its_status() {
    let failure = failed_task(
        "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\nff\r\nsec",
    )
    .await;
    assert_eq!(failure.status(), 503);
    assert!(failure.bytes().starts_with(b"first"));
    assert!(matches!(
        failure.problem(),
        Some(BodyProblem::Incomplete(_))
    ));
}

#[tokio::test]
async fn a_truncated_error_that_is_whole_json_is_decoded_all_the_same() {
    let failure =
        failed_task("HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{\"error\":\"bad\"}")
            .await;
    assert_eq!(failure.decoded().unwrap().error, "bad");
    assert!(matches!(
        failure.problem(),
        Some(BodyProblem::Incomplete(_))
    ));
}

/// An answer that is complete, whatever its bytes are.
fn bytes_answer(status: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[tokio::test]
async fn half_a_character_does_not_lose_an_answer() {
    let cases: [(&[u8], &str); 12] = [
        (br"cut \ud83d", "cut \u{fffd}"),
        (br"\udcc4 cut", "\u{fffd} cut"),
        (br"\ud83d\ud83d\udcc4", "\u{fffd}\u{1f4c4}"),
        (br"\ud83d\udcc4\udcc4", "\u{1f4c4}\u{fffd}"),
        (br"\ud83dx\udcc4", "\u{fffd}x\u{fffd}"),
        (br"\ud83d\n", "\u{fffd}\n"),
        (br"\ud83d\u0041", "\u{fffd}A"),
        (br"\\ud83d \uDBFF", "\\ud83d \u{fffd}"),
        (br#"\"\ud83d\""#, "\"\u{fffd}\""),
        (b"caf\xe9", "caf\u{fffd}"),
        (b"\xf0\x9f\x93", "\u{fffd}"),
        (b"\xff \\ud83d \xc3\xa9", "\u{fffd} \u{fffd} \u{e9}"),
    ];
    for (title, expected) in cases {
        let task = [br#"{"id": 7, "title": ""#, title, br#""}"#].concat();
        let response = get(bytes_answer("200 OK", &task)).await;
        let task = response::json::<Task, Envelope>(response).await;
        let task = task.unwrap_or_else(|_| panic!("{title:?}"));
        assert_eq!(task.extra["title"], expected);
        let envelope = [br#"{"error": ""#, title, br#""}"#].concat();
        let failure = failed_task(bytes_answer("400 Bad Request", &envelope)).await;
        assert_eq!(failure.decoded().unwrap().error, expected);
    }
}

#[tokio::test]
async fn what_is_not_json_for_another_reason_is_still_an_error() {
    let bodies: [&[u8]; 5] = [
        br#"{"id": 7, "title": "\ud83"}"#,
        br#"{"id": 7, "title": "\x"}"#,
        br#"{"id": 7, "title": "\ud83d" x}"#,
        br#"{"id": 7, "title": "\ud83d"#,
        b"\xff\xfe{}",
    ];
    for body in bodies {
        let failure = failed_task(bytes_answer("200 OK", body)).await;
        assert_eq!(failure.bytes(), body);
        assert!(matches!(
            failure.problem(),
            Some(BodyProblem::Undecodable(_))
        ));
    }
    let failure = failed_task(bytes_answer("200 OK", br#"{"title": "\ud83d"}"#)).await;
    assert_eq!(problem(&failure), "no field `id` in $ (line 1, column 19)");
}

#[tokio::test]
async fn an_error_in_another_encoding_keeps_its_bytes() {
    let compressed = b"\x0b\x02\x80\x7b\x7d\x03";
    let mut answer =
        b"HTTP/1.1 500 Oops\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\n".to_vec();
    answer.extend_from_slice(compressed);
    let failure = failed_task(answer).await;
    assert_eq!(failure.status(), 500);
    assert_eq!(&failure.bytes()[..], compressed);
}

#[tokio::test]
async fn json_of_another_shape_is_no_documented_error() {
    let failure = failed_task(answer("401 Unauthorized", r#"{"message": "who are you"}"#)).await;
    assert_eq!(failure.decoded(), None);
    assert_eq!(
        problem(&failure),
        "no field `error` in $ (line 1, column 26)"
    );
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_an_error_with_its_status() {
    for status in ["302 Found", "304 Not Modified", "300 Multiple Choices"] {
        let failure = failed_task(answer(status, "")).await;
        assert_eq!(failure.status().as_str(), &status[..3]);
    }
}

#[tokio::test]
async fn an_unknown_status_is_an_error_with_its_status() {
    for status in ["418 I'm a teapot", "599 Whatever", "999 Beyond"] {
        let failure = failed_task(answer(status, "")).await;
        assert_eq!(failure.status().as_str(), &status[..3]);
    }
}

#[tokio::test]
async fn a_document_without_an_error_schema_can_ignore_or_keep_anything() {
    let body = r#"{"anything": ["goes"]}"#;
    let ignored = response::json::<Task, IgnoredAny>(get(answer("400 Bad", body)).await).await;
    let ignored = failure(ignored);
    assert!(ignored.decoded().is_some() && ignored.problem().is_none());
    assert_eq!(ignored.bytes(), body);
    let kept = response::json::<Task, serde_json::Value>(get(answer("400 Bad", body)).await).await;
    assert_eq!(failure(kept).decoded().unwrap()["anything"][0], "goes");
}

#[tokio::test]
async fn a_success_that_cannot_be_decoded_keeps_status_headers_and_body() {
    let bodies = [
        ("<html>logged out</html>", "not JSON (line 1, column 1)"),
        (r#"{"id": 7"#, "JSON that ends too early (line 1, column 8)"),
        (r#"{"id": 7} x"#, "not JSON (line 1, column 11)"),
        (
            r#"{"error": "with a 200"}"#,
            "no field `id` in $ (line 1, column 23)",
        ),
        (
            r#"{"id": "seven"}"#,
            "not the documented kind of value at $.id (line 1, column 14)",
        ),
    ];
    for (body, reason) in bodies {
        let failure = failed_task(answer("200 OK", body)).await;
        assert_eq!(failure.status(), 200);
        assert_eq!(failure.headers()["x-request-id"], "r-1");
        assert_eq!(failure.bytes(), body);
        assert_eq!(failure.decoded(), None);
        assert_eq!(problem(&failure), reason);
    }
}

#[tokio::test]
async fn an_empty_success_where_a_document_is_due_is_an_error() {
    for status in ["200 OK", "204 No Content"] {
        let failure = failed_task(answer(status, "")).await;
        assert_eq!(failure.status().as_str(), &status[..3]);
        assert_eq!(
            problem(&failure),
            "JSON that ends too early (line 1, column 0)"
        );
    }
}

#[tokio::test]
async fn a_success_that_breaks_off_is_an_error_even_if_it_looks_whole() {
    for body in [r#"{"id": 7, "ex"#, r#"{"id": 7}"#] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{body}");
        let failure = failed_task(answer).await;
        assert_eq!(failure.status(), 200);
        assert_eq!(failure.bytes(), body);
        assert_eq!(problem(&failure), "the body could not be read to its end");
        assert!(
            chain(failure.problem().unwrap()).len() > 1,
            "the cause is kept"
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_cut_and_said_to_be() {
    let body = format!(r#"{{"id": 7, "extra": "{}"}}"#, "x".repeat(100_000));
    for status in ["200 OK", "500 Oops"] {
        let mut response = get(answer(status, &body)).await;
        response.extensions_mut().insert(ResponseLimit(1000));
        let failure: Failure = failure(response::json::<Task, Envelope>(response).await);
        assert_eq!(failure.status().as_str(), &status[..3]);
        assert_eq!(failure.bytes(), &body.as_bytes()[..1000]);
        assert!(matches!(
            failure.problem(),
            Some(BodyProblem::TooLarge { limit: 1000 })
        ));
        assert_eq!(
            problem(&failure),
            "the body is longer than the limit of 1000 bytes"
        );
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let body = r#"{"id": 7}"#;
    let mut response = get(answer("200 OK", body)).await;
    response
        .extensions_mut()
        .insert(ResponseLimit(body.len() as u64));
    assert_eq!(
        response::json::<Task, Envelope>(response).await.unwrap().id,
        7
    );
}

#[tokio::test]
async fn an_endless_body_is_not_read_beyond_the_limit() {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        // Ends when the client hangs up.
        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
    });
    let mut response = reqwest::get(format!("http://{address}/")).await.unwrap();
    response.extensions_mut().insert(ResponseLimit(1_000_000));
    let failure: Failure = failure(response::json::<Task, Envelope>(response).await);
    assert_eq!(failure.bytes().len(), 1_000_000);
    server.await.unwrap();
}

#[test]
fn the_default_limit_is_64_mebibytes() {
    assert_eq!(ResponseLimit::default(), ResponseLimit(67_108_864));
}

#[tokio::test]
async fn no_content_is_printed_by_debug_or_display() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct Strict {
        id: u64,
        by_name: BTreeMap<String, u64>,
        kind: Kind,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Kind {
        Known,
    }
    let bodies = [
        r#"{"id": "s3cret"}"#,
        r#"{"id": 1, "by_name": {"s3cret person": "s3cret"}}"#,
        r#"{"id": 1, "by_name": {"s3cret\nperson": null}}"#,
        r#"{"id": 1, "kind": "s3cret"}"#,
        r#"{"id": 1, "kind": {"s3cret": 1}}"#,
        r#"{"id": 1, "by_name": {}, "kind": "known", "s3cret": s3cret}"#,
        "s3cret",
        r#""s3cret"#,
        r#"{"error": "s3cret"}"#,
    ];
    for status in ["200 OK", "400 Bad Request"] {
        for body in bodies {
            let response = get(answer(status, body)).await;
            let error = response::json::<Strict, Envelope>(response)
                .await
                .unwrap_err();
            let printed = format!("{error} {error:?} {error:#} {error:#?} {:?}", chain(&error));
            assert!(!printed.contains("s3cret"), "{printed}");
            let failure = failure(Err::<(), _>(error));
            let body = failure.into_inner();
            let printed = format!("{body} {body:?} {body:#} {body:#?}");
            assert!(!printed.contains("s3cret"), "{printed}");
            if let Some(problem) = body.problem() {
                let printed = format!("{problem} {problem:?} {problem:#?} {:?}", chain(problem));
                assert!(!printed.contains("s3cret"), "{printed}");
            }
        }
    }
}

#[tokio::test]
async fn the_full_error_of_the_decoder_can_be_asked_for() {
    let failure = failed_task(answer("200 OK", r#"{"id": "seven"}"#)).await;
    let Some(BodyProblem::Undecodable(error)) = failure.problem() else {
        panic!("another problem");
    };
    assert_eq!(error.path(), "$.id");
    assert!(error.full().to_string().contains("\"seven\""));
    let (bytes, decoded, problem) = failure.into_inner().into_parts();
    assert_eq!(bytes, r#"{"id": "seven"}"#);
    assert!(decoded.is_none() && problem.is_some());
}

#[tokio::test]
async fn a_path_names_fields_and_positions_and_hides_free_keys() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct Page {
        data: Vec<BTreeMap<String, u64>>,
    }
    let body = r#"{"data": [{"a_b": 1}, {"a_b": 2, "Jane Doe": "x"}]}"#;
    let failure =
        failure(response::json::<Page, Envelope>(get(answer("200 OK", body)).await).await);
    assert_eq!(
        failure.problem().unwrap().to_string(),
        "not the documented kind of value at $.data[1].? (line 1, column 48)"
    );
}

#[tokio::test]
async fn a_success_without_content_ignores_whatever_comes() {
    let answers = [
        answer("204 No Content", ""),
        answer("200 OK", "<html>fine</html>"),
        "HTTP/1.1 202 Accepted\r\nX-Request-Id: r-1\r\nContent-Length: 1000\r\n\r\ncut".to_owned(),
    ];
    for answer in answers {
        let done = response::empty::<Envelope>(get(answer).await)
            .await
            .unwrap();
        assert!(done.status().is_success());
        assert_eq!(done.headers()["x-request-id"], "r-1");
    }
}

#[tokio::test]
async fn an_error_where_no_content_was_due_is_decoded() {
    let response = get(answer("409 Conflict", r#"{"error": "nothing to publish"}"#)).await;
    let failure: Failure = failure(response::empty(response).await);
    assert_eq!(failure.status(), 409);
    assert_eq!(failure.decoded().unwrap().error, "nothing to publish");
}

#[tokio::test]
async fn a_streamed_success_is_passed_on_without_a_limit() {
    let body = "x".repeat(100_000);
    let mut response = get(answer("200 OK", &body)).await;
    response.extensions_mut().insert(ResponseLimit(10));
    let streamed = response::stream::<Envelope>(response).await.unwrap();
    assert_eq!(streamed.headers()["x-request-id"], "r-1");
    let mut chunks = streamed.into_inner_stream();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        length += chunk.unwrap().len();
    }
    assert_eq!(length, body.len());
}

#[tokio::test]
async fn an_error_where_a_stream_was_due_is_decoded() {
    let response = get(answer("404 Not Found", r#"{"error": "gone"}"#)).await;
    let failure: Failure = failure(response::stream(response).await);
    assert_eq!(failure.decoded().unwrap().error, "gone");
}

#[test]
fn what_a_caller_awaits_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    fn is_send_and_sync<T: Send + Sync>() {}
    fn all(response: fn() -> reqwest::Response) {
        is_send(response::json::<Task, Envelope>(response()));
        is_send(response::empty::<Envelope>(response()));
        is_send(response::stream::<Envelope>(response()));
    }
    // Compiling is the test; there is no response to call it with.
    let _: fn(fn() -> reqwest::Response) = all;
    is_send_and_sync::<ErrorBody<Envelope>>();
}
