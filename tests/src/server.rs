//! Servers on loopback for tests of clients: what a client sends has to be seen by something that is not a client.
//!
//! - [`Server`] speaks HTTP. It gives the [`Answer`]s of its script, one for each request, and hands out each request
//!   as it [`Received`] it.
//! - [`BrokenServer`] speaks bytes. It does what no HTTP library would: answers that break off, that are no HTTP, or
//!   that never come.
//!
//! Both take a free port of 127.0.0.1 and are gone with the runtime of the test.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// An HTTP server that follows a script.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<Received>,
}

impl Server {
    /// Starts a server that gives `answers` in turn, to requests that came whole. One beyond the last of them gets an
    /// empty 501.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script: VecDeque<Answer> = answers.into_iter().collect();
        let script = Arc::new(Mutex::new(script));
        let (report, received) = mpsc::unbounded_channel();
        let app = axum::Router::new().fallback(move |request: Request<Body>| {
            let (script, report) = (script.clone(), report.clone());
            // A task of its own: hyper drops the handler of a request that breaks off, and that is to be reported too.
            let answered = tokio::spawn(async move {
                let request = Received::read(request).await;
                if request.body.is_none() {
                    let _over = report.send(request);
                    return Response::default();
                }
                // Taken when the request is whole, so that the script follows the order of the reports.
                let answer = script
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front()
                    .unwrap_or_else(|| Answer::new(StatusCode::NOT_IMPLEMENTED, ""));
                // The test may have dropped its end.
                let _over = report.send(request);
                answer.give().await
            });
            async move { answered.await.expect("a server that doesn't panic") }
        });
        let (listener, address) = listen().await;
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, received }
    }

    /// The base URL of the server, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next request that has not been handed out. A request is there before it is answered.
    ///
    /// # Panics
    ///
    /// If the server is gone.
    pub async fn next(&mut self) -> Received {
        self.received.recv().await.expect("a running server")
    }

    /// The requests that came and have not been handed out yet, without waiting for more.
    pub fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: String,
    /// The query, without the `?`, as it was sent. An empty query is not the same as none.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// How the end of its body was announced.
    pub framing: Framing,
    /// Its body, or nothing if that broke off.
    pub body: Option<Bytes>,
}

/// How a request announces where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Neither `Content-Length` nor `Transfer-Encoding`: there is no body.
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl Received {
    async fn read(request: Request<Body>) -> Self {
        let (head, body) = request.into_parts();
        let length = head.headers.get(CONTENT_LENGTH);
        let framing = match length.map(|length| length.to_str().map(str::parse)) {
            Some(Ok(Ok(length))) => Framing::Length(length),
            _ if head.headers.contains_key(TRANSFER_ENCODING) => Framing::Chunked,
            _ => Framing::None,
        };
        Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            framing,
            body: to_bytes(body, usize::MAX).await.ok(),
        }
    }

    /// The value of a header, if it is there.
    ///
    /// # Panics
    ///
    /// If it is there twice, or isn't ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers.get_all(name);
        assert!(values.iter().count() <= 1, "a header came twice");
        let value = values.iter().next()?;
        Some(value.to_str().expect("a header in ASCII"))
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it broke off, or is no JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let body = self.body.as_ref().expect("a whole body");
        serde_json::from_slice(body).expect("a body of JSON")
    }

    /// The parts of a `multipart/form-data` body, as [multer](https://docs.rs/multer) reads them.
    ///
    /// # Panics
    ///
    /// If it isn't one.
    pub async fn parts(&self) -> Vec<Part> {
        let content_type = self.header(CONTENT_TYPE.as_str()).expect("a content type");
        let boundary = multer::parse_boundary(content_type).expect("a boundary");
        let body = self.body.clone().expect("a whole body");
        let body = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
        let mut multipart = multer::Multipart::new(body, boundary);
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await.expect("a well-formed part") {
            parts.push(Part {
                name: field.name().expect("the name of a part").to_owned(),
                file_name: field.file_name().map(str::to_owned),
                content_type: field.content_type().map(ToString::to_string),
                content: field.bytes().await.expect("a whole part"),
            });
        }
        parts
    }
}

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its file name, which makes it a file.
    pub file_name: Option<String>,
    /// Its content type.
    pub content_type: Option<String>,
    /// Its content.
    pub content: Bytes,
}

/// The answer of the server to one request.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    held: Option<oneshot::Receiver<()>>,
}

impl Answer {
    /// An answer with this body, and no content type.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            held: None,
        }
    }

    /// An answer in JSON.
    #[must_use]
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, body.to_string())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// 200, in JSON.
    #[must_use]
    pub fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// If the value can't be one.
    #[must_use]
    pub fn header<V>(mut self, name: HeaderName, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: std::fmt::Debug>,
    {
        let value = value.try_into().expect("the value of a header");
        self.headers.append(name, value);
        self
    }

    /// Holds the answer back until the sender is used or dropped.
    #[must_use]
    pub fn held(mut self) -> (Self, oneshot::Sender<()>) {
        let (release, held) = oneshot::channel();
        self.held = Some(held);
        (self, release)
    }

    async fn give(self) -> Response<Body> {
        if let Some(held) = self.held {
            let _released_or_dropped = held.await;
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The behaviour of a [`BrokenServer`] on each connection.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Closes it, and reads nothing.
    CloseAtOnce,
    /// Reads the head of a request, then closes it.
    CloseAfterHead,
    /// Reads the head of a request, sends exactly these bytes, then closes it.
    Send(Vec<u8>),
}

/// A server that breaks the rules of HTTP, in the same way on every connection.
#[derive(Debug)]
pub struct BrokenServer {
    address: SocketAddr,
    connections: mpsc::UnboundedReceiver<()>,
}

impl BrokenServer {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(fault: Fault) -> Self {
        let (report, connections) = mpsc::unbounded_channel();
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _over = report.send(());
                // A client that goes away first is no problem here.
                let _gone = break_off(stream, &fault).await;
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// The base URL of the server, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of connections since the last call.
    pub fn connections(&mut self) -> usize {
        std::iter::from_fn(|| self.connections.try_recv().ok()).count()
    }
}

async fn break_off(mut stream: TcpStream, fault: &Fault) -> std::io::Result<()> {
    if matches!(fault, Fault::CloseAtOnce) {
        return Ok(());
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if let Fault::Send(bytes) = fault {
        stream.write_all(bytes).await?;
    }
    stream.shutdown().await?;
    // Closing with unread bytes would reset the connection and may take the answer away from the client.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// The base URL of a port that nobody listens on.
///
/// # Panics
///
/// If there is no free port.
pub async fn refusing() -> String {
    let (listener, address) = listen().await;
    drop(listener);
    format!("http://{address}")
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}
