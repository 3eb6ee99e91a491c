//! A server of raw sockets, for what no HTTP library and no simulator would do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use nanonets_agents::{Client, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The method, the path and the query: `GET /api/v1/tasks?limit=1`.
    pub line: String,
    pub body: Vec<u8>,
    /// All of it, as text.
    pub text: String,
}

impl RawRequest {
    /// Whether it is a request of this method to a path that contains this.
    pub fn is(&self, method: &str, path: &str) -> bool {
        let (own_method, target) = self.line.split_once(' ').unwrap_or_default();
        let own_path = target.split('?').next().unwrap_or_default();
        own_method == method && own_path.contains(path)
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these bytes, and reads the next request.
    Send(Vec<u8>),
    /// Sends these bytes, and closes the connection.
    SendAndClose(Vec<u8>),
    /// Closes the connection without a byte.
    Close,
    /// Sends nothing, and keeps the connection open.
    Hang,
}

impl Reply {
    /// An answer with a length, a `Date`, and further header lines.
    pub fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let date = chrono::Utc::now().format("%a, %d %b %Y %T GMT").to_string();
        Self::answer_dated(&date, status, headers, body)
    }

    /// The same by a server whose clock says this.
    pub fn answer_dated(
        date: &str,
        status: &str,
        headers: &[&str],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status}\r\nDate: {date}\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        Self::Send([head.as_bytes(), body].concat())
    }

    /// A JSON answer.
    pub fn json(status: &str, body: &serde_json::Value) -> Self {
        Self::answer(
            status,
            &["Content-Type: application/json"],
            body.to_string(),
        )
    }
}

type Handler = dyn Fn(&RawRequest) -> Reply + Send + Sync;

/// A server that answers each request with what a function returns. It is gone with the runtime of the test.
#[derive(Debug)]
pub struct RawServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<RawRequest>>>,
    arrived: Arc<Notify>,
}

impl RawServer {
    pub async fn start(handler: impl Fn(&RawRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let arrived = Arc::new(Notify::new());
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, notify) = (requests.clone(), arrived.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (handler, log, notify) = (handler.clone(), log.clone(), notify.clone());
                tokio::spawn(async move {
                    // A client that goes away ends its connection and nothing else.
                    let _gone = serve(socket, &*handler, &log, &notify).await;
                });
            }
        });
        Self {
            address,
            requests,
            arrived,
        }
    }

    /// A server that answers with this status, and with JSON that it makes of the request.
    pub async fn json(status: u16, body: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |request| {
            let status = format!("{status} Status");
            let json = ["Content-Type: application/json"];
            Reply::answer(&status, &json, body(&request.text))
        })
        .await
    }

    /// A client of the server that sends everything once.
    pub fn client(&self, key: &str) -> Client {
        Client::builder(key)
            .base_url(self.url())
            .retry(RetryPolicy::never())
            .build()
            .expect("a client")
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<RawRequest> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many requests of this method and path there were.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let requests = self.requests();
        requests
            .iter()
            .filter(|request| request.is(method, path))
            .count()
    }

    /// Waits until so many requests of this method and path have arrived.
    pub async fn wait_for(&self, method: &str, path: &str, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.count(method, path) >= count {
                return;
            }
            arrived.await;
        }
    }
}

async fn serve(
    mut socket: TcpStream,
    handler: &Handler,
    log: &Mutex<Vec<RawRequest>>,
    arrived: &Notify,
) -> std::io::Result<()> {
    loop {
        let request = read(&mut socket).await?;
        let reply = handler(&request);
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        arrived.notify_waiters();
        match reply {
            Reply::Send(bytes) => socket.write_all(&bytes).await?,
            Reply::SendAndClose(bytes) => {
                socket.write_all(&bytes).await?;
                return socket.shutdown().await;
            }
            Reply::Close => return Ok(()),
            Reply::Hang => std::future::pending().await,
        }
    }
}

/// Reads a request whole.
async fn read(socket: &mut TcpStream) -> std::io::Result<RawRequest> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let (line, head) = head.split_once("\r\n").unwrap_or_default();
    let line = line.trim_end_matches(" HTTP/1.1").to_owned();
    let head = head.to_ascii_lowercase();
    let header = |name: &str| {
        let lines = head.lines();
        lines.filter_map(|line| line.strip_prefix(name)).next()
    };
    let mut body = Vec::new();
    if let Some(length) = header("content-length:") {
        body.resize(length.trim().parse().unwrap_or_default(), 0);
        socket.read_exact(&mut body).await?;
    } else if header("transfer-encoding:").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            body.push(socket.read_u8().await?);
        }
    }
    let text = format!("{line}\r\n{head}{}", String::from_utf8_lossy(&body));
    Ok(RawRequest { line, body, text })
}
