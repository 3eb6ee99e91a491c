//! A server on loopback that gives one answer to everything, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    pub path: String,
    /// The query as it was sent, percent-encoding and all.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header in ASCII"))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// The answer to give.
#[derive(Clone)]
struct Script {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    received: Arc<Mutex<Vec<Received>>>,
}

pub struct Server {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// A server that answers with this status and JSON.
    pub async fn json(status: u16, body: serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string()).await
    }

    /// A server that answers 204.
    pub async fn silent() -> Self {
        Self::new(204, "text/plain", "").await
    }

    pub async fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let received = Arc::default();
        let script = Script {
            status: StatusCode::from_u16(status).expect("a status"),
            content_type,
            body: body.into(),
            received: Arc::clone(&received),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = axum::Router::new().fallback(answer).with_state(script);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("a lock").clone()
    }

    /// The one request that came.
    pub fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "one request was expected");
        received.remove(0)
    }
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("a body");
    script.received.lock().expect("a lock").push(Received {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    });
    let content_type = [("content-type", script.content_type)];
    (script.status, content_type, script.body).into_response()
}
