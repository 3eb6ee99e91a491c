//! A server that writes bytes: answers that no HTTP library would give.

use std::net::SocketAddr;
use std::sync::Arc;

use nanonets_agents::{Client, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Longer than any request of these tests.
const LONGEST: usize = 1_000_000;

/// A server that gives each request the answer that a function makes of it.
pub struct RawServer {
    address: SocketAddr,
}

impl RawServer {
    /// Answers with these bytes.
    pub async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move { serve(socket, &*answer).await });
            }
        });
        Self { address }
    }

    /// Answers with JSON.
    pub async fn json(status: u16, body: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |request| response(status, "", body(request).as_bytes())).await
    }

    /// A client of the server, which tries everything once.
    pub fn client(&self, key: &str) -> Client {
        Client::builder(key)
            .base_url(format!("http://{}", self.address))
            .retry(RetryPolicy::never())
            .build()
            .expect("a client")
    }
}

/// An answer with a body in JSON. Each of the other headers ends with a line break.
pub fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut answer = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n"
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// Reads one request and answers it.
async fn serve(mut socket: TcpStream, answer: &(dyn Fn(&str) -> Vec<u8> + Send + Sync)) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        assert!(request.len() < LONGEST, "an endless request");
        if socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let answer = answer(&String::from_utf8_lossy(&request));
    // The client may be gone.
    let _ = socket.write_all(&answer).await;
    let _ = socket.shutdown().await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    match head.split_once("content-length: ") {
        Some((_, rest)) => {
            let length = rest
                .lines()
                .next()
                .and_then(|line| line.trim().parse().ok());
            body.len() >= length.unwrap_or(0)
        }
        None => !head.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
    }
}
