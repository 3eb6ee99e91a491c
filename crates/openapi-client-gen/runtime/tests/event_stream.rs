//! Events, wherever the network cuts them.

use std::time::Duration;

use codegen_runtime::error_body::ErrorBody;
use codegen_runtime::event_stream::{self, Event, EventError, EventStream};
use futures_util::{StreamExt, stream};
use progenitor_client::Error;
use serde::Deserialize;

/// An answer whose body arrives in these chunks.
fn answer(status: u16, chunks: Vec<Vec<u8>>) -> reqwest::Response {
    let chunks = chunks.into_iter().map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(stream::iter(chunks));
    let answer = hyper::Response::builder().status(status).body(body);
    answer.unwrap().into()
}

async fn texts(chunks: Vec<Vec<u8>>) -> Vec<Event<String>> {
    let answer = event_stream::text::<serde_json::Value>(answer(200, chunks)).await;
    let events = answer.unwrap().into_inner();
    events.map(Result::unwrap).collect().await
}

/// The events of a body that arrives at once.
async fn of(body: &str) -> Vec<Event<String>> {
    texts(vec![body.as_bytes().to_vec()]).await
}

async fn data(body: &str) -> Vec<String> {
    of(body).await.into_iter().map(|event| event.data).collect()
}

#[tokio::test]
async fn an_event_has_the_fields_that_were_sent() {
    let events = of("id: 7\nevent: tick\nretry: 1500\ndata: one\n\n").await;
    let expected = Event {
        id: "7".to_owned(),
        event: "tick".to_owned(),
        data: "one".to_owned(),
        retry: Some(Duration::from_millis(1500)),
    };
    assert_eq!(events.len(), 1);
    assert!(events[0] == expected, "{events:?}");
}

#[tokio::test]
async fn id_and_retry_last_and_the_kind_of_event_does_not() {
    let events = of("id: 7\nevent: tick\nretry: 5\ndata: a\n\ndata: b\n\n").await;
    assert_eq!((&*events[1].id, &*events[1].event), ("7", "message"));
    assert_eq!(events[1].retry, Some(Duration::from_millis(5)));
}

#[tokio::test]
async fn lines_of_data_are_joined_and_one_space_is_taken_off() {
    assert_eq!(
        data("data: a\ndata:  b\ndata:c\ndata\n\n").await,
        ["a\n b\nc\n"]
    );
}

#[tokio::test]
async fn comments_unknown_fields_and_events_without_data_are_passed_over() {
    let body = ": hello\nother: x\nevent: empty\n\nretry: soon\nid: a\0b\ndata: x\n\n";
    let events = of(body).await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (&*event.id, &*event.event, event.retry),
        ("", "message", None)
    );
}

#[tokio::test]
async fn an_event_that_was_not_finished_is_none() {
    assert_eq!(data("data: a\n\ndata: b\n").await, ["a"]);
    assert_eq!(data("data: a").await, [""; 0]);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_first_field() {
    assert_eq!(data("\u{feff}data: a\n\n").await, ["a"]);
}

#[tokio::test]
async fn every_end_of_a_line_is_one_wherever_it_is_cut() {
    let lines = [
        "id: 1",
        "data: \u{fc}ber",
        "data: two",
        "",
        "data: three",
        "",
    ];
    for end in ["\n", "\r", "\r\n"] {
        let body: String = lines.map(|line| format!("{line}{end}")).concat();
        let whole = of(&body).await;
        assert_eq!(whole.len(), 2, "{end:?}");
        assert_eq!(whole[0].data, "\u{fc}ber\ntwo");
        let bytes = body.as_bytes();
        for cut in 0..=bytes.len() {
            let chunks = vec![bytes[..cut].to_vec(), Vec::new(), bytes[cut..].to_vec()];
            assert!(texts(chunks).await == whole, "{end:?} cut at {cut}");
        }
        let single = bytes.iter().map(|byte| vec![*byte]).collect();
        assert!(texts(single).await == whole, "{end:?} byte by byte");
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Tick {
    count: u64,
}

#[tokio::test]
async fn data_that_is_not_as_documented_is_one_error_and_the_stream_goes_on() {
    let body = b"data: {\"count\":1}\n\ndata: [DONE]\n\ndata: {\"count\":2}\n\n".to_vec();
    let answer = event_stream::json::<Tick, serde_json::Value>(answer(200, vec![body])).await;
    let events: Vec<_> = answer.unwrap().into_inner().collect().await;
    let counts: Vec<_> = events
        .iter()
        .filter_map(|event| Some(event.as_ref().ok()?.data.count))
        .collect();
    assert_eq!(counts, [1, 2]);
    let Err(EventError::Undecodable { event, .. }) = &events[1] else {
        panic!("an error was expected, not {:?}", events[1])
    };
    assert_eq!(event.data, "[DONE]");
    assert!(!format!("{:?}", events[1]).contains("DONE"));
}

#[tokio::test]
async fn a_line_without_end_is_an_error_before_it_fills_the_memory() {
    let chunks = vec![vec![b'x'; 1 << 20]; 17];
    let answer = event_stream::text::<serde_json::Value>(answer(200, chunks)).await;
    let events: Vec<_> = answer.unwrap().into_inner().collect().await;
    assert_eq!(events.len(), 1);
    assert!(matches!(events[0], Err(EventError::TooLarge)));
}

#[tokio::test]
async fn another_status_is_an_error_with_its_body() {
    let body = br#"{"count":9}"#.to_vec();
    let result: Result<_, Error<ErrorBody<Tick>>> =
        event_stream::text(answer(429, vec![body])).await;
    let Err(Error::ErrorResponse(failure)) = result else {
        panic!("an error was expected")
    };
    assert_eq!(failure.status(), 429);
    assert_eq!(failure.decoded(), Some(&Tick { count: 9 }));
}

#[tokio::test]
async fn nothing_of_an_event_is_printed_but_what_is_not_its_data() {
    let events = of("id: 1\ndata: secret\n\n").await;
    assert!(!format!("{events:?}").contains("secret"));
    let answer = event_stream::text::<serde_json::Value>(answer(200, Vec::new())).await;
    let stream: EventStream<String> = answer.unwrap().into_inner();
    assert_eq!(format!("{stream:?}"), "EventStream");
}
