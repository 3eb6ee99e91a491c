//! A response must move, and keep an average rate.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::raw_server::Connection;
use crate::{IDLE, agent, builder, server, soon};

/// Writes so much of a text at a time.
async fn trickle(connection: &mut Connection, text: &str, piece: usize, pause: Duration) {
    for piece in text.as_bytes().chunks(piece) {
        connection.write(piece).await;
        sleep(pause).await;
    }
}

/// A page without tasks, of about so many bytes.
fn page(length: usize) -> String {
    let blanks = " ".repeat(length);
    format!(r#"{{"data":[],{blanks}"has_more":false}}"#)
}

#[tokio::test]
async fn bodies_that_trickle_end_whatever_their_status() {
    let responses = [
        ("200 OK", "Content-Length: 10000\r\n\r\n"),
        ("404 Not Found", "Content-Length: 10000\r\n\r\n"),
        ("500 Internal Server Error", "\r\n"),
        (
            "503 Service Unavailable",
            "Retry-After: 1\r\nContent-Length: 10000\r\n\r\n",
        ),
    ];
    for (status, headers) in responses {
        let server = server(move |mut connection| async move {
            connection.head().await.expect("a request");
            let head = format!("HTTP/1.1 {status}\r\n{headers}");
            connection.write(head.as_bytes()).await;
            trickle(&mut connection, &page(10_000), 1, IDLE / 20).await;
        });
        let client = builder(&server).build().expect("a client");
        let start = Instant::now();
        let page = soon(client.tasks().list().page()).await;
        let error = page.expect_err("a body that trickles");
        assert!(error.is_timeout(), "{status}: {error:?}");
        let cause = std::error::Error::source(&error).expect("a cause");
        assert!(
            cause.to_string().contains("slower than 1024 bytes"),
            "{cause}"
        );
        let elapsed = start.elapsed();
        assert!(
            IDLE <= elapsed && elapsed < 3 * IDLE,
            "{status}: {elapsed:?}"
        );
    }
}

#[tokio::test]
async fn a_head_that_trickles_ends_at_the_idle_limit() {
    let server = server(|mut connection| async move {
        let head = connection.head().await.expect("a request");
        connection.read(head.length()).await;
        let head = format!("HTTP/1.1 200 OK\r\nX-Long: {}", "x".repeat(10_000));
        trickle(&mut connection, &head, 1, IDLE / 20).await;
    });
    let start = Instant::now();
    let error = soon(agent(builder(&server)).run().query("q").start()).await;
    let error = error.expect_err("no head");
    assert!(error.is_timeout() && error.is_ambiguous(), "{error:?}");
    assert!(start.elapsed() < 3 * IDLE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_body_that_keeps_the_minimum_rate_takes_as_long_as_it_takes() {
    let server = server(|mut connection| async move {
        connection.head().await.expect("a request");
        let body = page(40_000);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        connection.write(head.as_bytes()).await;
        trickle(&mut connection, &body, 1000, IDLE / 10).await;
    });
    let client = builder(&server).build().expect("a client");
    let start = Instant::now();
    let page = soon(client.tasks().list().page()).await.expect("a page");
    assert!(page.items.is_empty());
    assert!(start.elapsed() > 3 * IDLE, "it was not slow");
}
