//! A server that sends the bytes that a test wants, which the simulator would not.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request that is read.
const MAX_REQUEST: usize = 1024 * 1024;

/// A request as far as tests look at it.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub body: Vec<u8>,
}

/// An answer, after which the connection is closed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it says how long it is.
    has_length: bool,
    /// Each part and how often it is sent.
    parts: Vec<(Vec<u8>, usize)>,
}

impl Answer {
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self {
            has_length: true,
            parts: vec![(body.into(), 1)],
        }
    }

    /// The body goes on with a part that is repeated, and is never in memory as a whole.
    pub fn then(mut self, part: impl Into<Vec<u8>>, times: usize) -> Self {
        self.parts.push((part.into(), times));
        self
    }

    /// It ends where the connection does.
    pub fn without_length(mut self) -> Self {
        self.has_length = false;
        self
    }

    async fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_owned();
        if self.has_length {
            let lengths = self.parts.iter().map(|(part, times)| part.len() * times);
            head += &format!("content-length: {}\r\n", lengths.sum::<usize>());
        }
        head += "connection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await?;
        for (part, times) in &self.parts {
            for _ in 0..*times {
                stream.write_all(part).await?;
            }
        }
        stream.shutdown().await
    }
}

/// A server on a free port of this machine, until it is dropped.
pub struct RawServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    serving: JoinHandle<()>,
}

impl RawServer {
    pub async fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = requests.clone();
        let answer = Arc::new(answer);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move {
                    let Ok(Some(request)) = read(&mut stream).await else {
                        return;
                    };
                    let answer = answer(&request);
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(request);
                    // A client that has seen enough may be gone.
                    let _ = answer.send(&mut stream).await;
                });
            }
        });
        Self {
            address,
            requests,
            serving,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far whose path ends like this.
    pub fn requests(&self, end: &str) -> Vec<Request> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let matching = requests
            .iter()
            .filter(|request| request.path.ends_with(end));
        matching.cloned().collect()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads a request that says how long it is.
async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse().ok())
                .unwrap_or(0);
            let body = end + 4;
            if bytes.len() >= body + length {
                let line = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let path = line.split(' ').nth(1).map(str::to_owned);
                return Ok(path.map(|path| Request {
                    path,
                    body: bytes[body..body + length].to_vec(),
                }));
            }
        }
        if bytes.len() > MAX_REQUEST || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
