//! Two servers on loopback: one that reports what it received, one that answers with the bytes it was given.

#![allow(dead_code, reason = "each test binary uses its own half")]

use std::convert::Infallible;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Empty};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A request as a server saw it.
pub struct Received {
    pub headers: HeaderMap,
    /// The body, or nothing if it broke off.
    pub body: Option<Bytes>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header in ASCII"))
    }
}

/// Answers every request with 200 and nothing, and reports it. A connection that closes before so much as the head
/// of a request came is reported too, as a request without headers and body.
pub async fn recording() -> (String, mpsc::UnboundedReceiver<Received>) {
    let (report, reports) = mpsc::unbounded_channel();
    let closed = {
        let report = report.clone();
        move || {
            let headers = HeaderMap::new();
            // The test may be over.
            let _over = report.send(Received {
                headers,
                body: None,
            });
        }
    };
    let take = move |request: hyper::Request<Incoming>| {
        let report = report.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.ok();
            let _over = report.send(Received {
                headers: head.headers,
                body: body.map(Collected::to_bytes),
            });
        }
    };
    (serve(take, closed).await, reports)
}

/// Runs `take` on every request before answering 200, and `closed` after a connection without any.
pub async fn serve<Take, Taken, Closed>(take: Take, closed: Closed) -> String
where
    Take: Fn(hyper::Request<Incoming>) -> Taken + Clone + Send + Sync + 'static,
    Taken: Future<Output = ()> + Send,
    Closed: Fn() + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (take, closed) = (take.clone(), closed.clone());
            tokio::spawn(async move {
                let requests = AtomicUsize::new(0);
                let service = service_fn(|request| {
                    requests.fetch_add(1, Ordering::SeqCst);
                    let taken = take(request);
                    async move {
                        taken.await;
                        Ok::<_, Infallible>(hyper::Response::new(Empty::<Bytes>::new()))
                    }
                });
                // A client that goes away is part of some tests.
                let _gone = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                if requests.load(Ordering::SeqCst) == 0 {
                    closed();
                }
            });
        }
    });
    format!("http://{address}/")
}

/// Answers the first request with exactly `answer`, then closes the connection.
pub async fn canned(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_head(&mut stream).await;
        // The client may stop reading early.
        let _cut = stream.write_all(&answer).await;
        let _cut = stream.shutdown().await;
    });
    format!("http://{address}/")
}

/// Reads a request without a body.
pub async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
}

/// The messages of an error and of all its sources.
pub fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts
}

/// The cause of a failed request that is of type `T`.
pub fn find<T: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
