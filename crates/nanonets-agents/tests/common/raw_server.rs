//! An HTTP server on a raw socket, for responses and connections that no HTTP library and no simulator would produce.
//!
//! Most tests need [`RawServer::start`], which answers each request with a [`Reply`]. Where the order of single reads
//! and writes matters, [`RawServer::play`] hands each [`Connection`] to the test. A server ends with the runtime of its
//! test, and so do its connections.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// The header of a JSON body.
pub const JSON: &str = "Content-Type: application/json";
/// The header of a page, as gateways answer with.
pub const HTML: &str = "Content-Type: text/html";

/// The longest request head.
const MAX_HEAD: u64 = 64 << 10;
/// The longest request body that is kept.
const MAX_BODY: usize = 16 << 20;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The path and the query, such as `/api/v1/tasks?limit=1`.
    pub target: String,
    /// The request line and the headers, without the empty line that ends them.
    pub head: String,
    /// Empty until the body is read.
    pub body: Vec<u8>,
}

impl Request {
    fn of(head: String) -> Option<Self> {
        let mut words = head.lines().next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let body = Vec::new();
        Some(Self {
            method,
            target,
            head,
            body,
        })
    }

    /// The target without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether the request has this method, and a path that contains this text.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path().contains(path)
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = headers.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    }

    /// The `Content-Length`, or 0 without one.
    pub fn length(&self) -> usize {
        let length = self.header("Content-Length").map(str::parse);
        length.and_then(Result::ok).unwrap_or(0)
    }

    /// The whole request.
    pub fn text(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{}\r\n\r\n{body}", self.head)
    }
}

/// The response to a request, and what happens to the connection after it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status line and the headers except the length. Without it, not a byte is sent.
    head: Option<String>,
    /// Each part of the body, and how often it is sent.
    body: Vec<(Vec<u8>, usize)>,
    /// The difference between the `Content-Length` and the length of the body. `None` is a response without the header.
    excess: Option<usize>,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    /// Reads the next request.
    Continue,
    /// Closes the connection.
    Close,
    /// Keeps the connection open, and neither reads nor writes.
    Hang,
}

impl Reply {
    /// A response with these header lines, a `Date`, and a `Content-Length`.
    pub fn new(status: impl Display, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let mut head = format!("HTTP/1.1 {status} \r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if !headers.iter().any(|header| header.starts_with("Date:")) {
            head += &format!("{}\r\n", date(Utc::now()));
        }
        Self {
            head: Some(head),
            body: vec![(body.as_ref().to_vec(), 1)],
            excess: Some(0),
            then: Then::Continue,
        }
    }

    /// A response that calls its body JSON.
    pub fn json(status: impl Display, body: impl Display) -> Self {
        Self::new(status, &[JSON], body.to_string())
    }

    /// No response: the connection closes.
    pub fn close() -> Self {
        Self {
            head: None,
            body: Vec::new(),
            excess: None,
            then: Then::Close,
        }
    }

    /// No response: the connection stays open.
    pub fn hang() -> Self {
        Self {
            then: Then::Hang,
            ..Self::close()
        }
    }

    /// The body continues with a part that is repeated. It is never in memory as a whole.
    pub fn then(mut self, part: impl Into<Vec<u8>>, times: usize) -> Self {
        self.body.push((part.into(), times));
        self
    }

    /// The body has no length, and ends with the connection.
    pub fn without_length(mut self) -> Self {
        (self.excess, self.then) = (None, Then::Close);
        self
    }

    /// The `Content-Length` promises more than the body, after which the connection closes.
    pub fn cut_off(mut self) -> Self {
        (self.excess, self.then) = (Some(900), Then::Close);
        self
    }

    /// The `Content-Length` promises more than the body, and the connection stays open.
    pub fn unended(mut self) -> Self {
        (self.excess, self.then) = (Some(900), Then::Hang);
        self
    }

    async fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        if let Some(head) = &self.head {
            let mut head = head.clone();
            if let Some(excess) = self.excess {
                let lengths = self.body.iter().map(|(part, times)| part.len() * times);
                let length = lengths.sum::<usize>() + excess;
                head += &format!("Content-Length: {length}\r\n");
            }
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        }
        for (part, times) in &self.body {
            for _ in 0..*times {
                stream.write_all(part).await?;
            }
        }
        Ok(())
    }
}

/// The header of a server whose clock says this.
pub fn date(clock: DateTime<Utc>) -> String {
    format!("Date: {}", clock.format("%a, %d %b %Y %T GMT"))
}

/// An address that nothing listens on.
pub fn unused_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// The connections and requests that arrived so far.
#[derive(Debug, Default)]
struct Log {
    connections: usize,
    requests: Vec<Request>,
}

/// A server on a free port of this machine.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    log: Arc<watch::Sender<Log>>,
}

impl RawServer {
    /// Answers each request with what `reply` returns.
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let reply = Arc::new(reply);
        Self::play(move |mut connection| {
            let reply = Arc::clone(&reply);
            async move {
                while let Some(request) = connection.request().await {
                    let reply = reply(&request);
                    connection.send(&reply).await;
                    match reply.then {
                        Then::Continue => {}
                        Then::Close => return connection.half_close().await,
                        Then::Hang => return connection.hang().await,
                    }
                }
            }
        })
    }

    /// Answers the first bytes of each connection, such as those of a TLS handshake, with an HTTP error.
    pub fn without_tls() -> Self {
        Self::play(|mut connection| async move {
            connection.read(64).await;
            connection.write(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            // Closing with unread bytes would reset the connection.
            connection.half_close().await;
            connection.read(MAX_BODY).await;
        })
    }

    /// Hands each connection to `play`, in a task of its own. The connection closes when `play` is done with it.
    pub fn play<Play, Played>(play: Play) -> Self
    where
        Play: Fn(Connection) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        Self::listen(None, play)
    }

    /// The same with a receive buffer of about so many bytes in the kernel.
    pub fn play_with_receive_buffer<Play, Played>(bytes: u32, play: Play) -> Self
    where
        Play: Fn(Connection) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        Self::listen(Some(bytes), play)
    }

    fn listen<Play, Played>(bytes: Option<u32>, play: Play) -> Self
    where
        Play: Fn(Connection) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        let listener = listener(bytes).expect("a port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(watch::Sender::new(Log::default()));
        let shared = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Otherwise a body that is written after its head waits for an acknowledgement, for 40 ms.
                let _gone = stream.set_nodelay(true);
                shared.send_modify(|log| log.connections += 1);
                tokio::spawn(play(Connection {
                    stream: BufReader::new(stream),
                    log: Arc::clone(&shared),
                }));
            }
        });
        Self { address, log }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of connections that were accepted.
    pub fn connections(&self) -> usize {
        self.log.borrow().connections
    }

    /// The requests that arrived whole.
    pub fn requests(&self) -> Vec<Request> {
        self.log.borrow().requests.clone()
    }

    /// The number of requests with this method whose path contains this text.
    pub fn count(&self, method: &str, path: &str) -> usize {
        count(&self.log.borrow(), method, path)
    }

    /// Waits until that count is reached.
    pub async fn wait_for(&self, method: &str, path: &str, least: usize) {
        let mut log = self.log.subscribe();
        let arrived = log.wait_for(|log| count(log, method, path) >= least);
        arrived.await.expect("a server");
    }
}

fn count(log: &Log, method: &str, path: &str) -> usize {
    let requests = log.requests.iter();
    requests.filter(|request| request.is(method, path)).count()
}

fn listener(receive_buffer: Option<u32>) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    socket.listen(1024)
}

/// The server's end of a connection. A client that is gone makes reads end and writes do nothing: its test says so.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    log: Arc<watch::Sender<Log>>,
}

impl Connection {
    /// The next request, or none at the end of the connection. The server counts it.
    pub async fn request(&mut self) -> Option<Request> {
        let mut request = self.head().await?;
        request.body = vec![0; request.length().min(MAX_BODY)];
        self.stream.read_exact(&mut request.body).await.ok()?;
        let arrived = request.clone();
        self.log.send_modify(|log| log.requests.push(arrived));
        Some(request)
    }

    /// The next request without its body, or none at the end of the connection. [`Self::read`] reads the body.
    pub async fn head(&mut self) -> Option<Request> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut rest = (&mut self.stream).take(MAX_HEAD - head.len() as u64);
            if rest.read_until(b'\n', &mut head).await.ok()? == 0 {
                return None;
            }
        }
        let head = String::from_utf8_lossy(&head);
        Request::of(head.trim_end().to_owned())
    }

    /// Reads so many bytes, or fewer if the connection ends before; returns how many.
    pub async fn read(&mut self, most: usize) -> usize {
        let mut part = (&mut self.stream).take(most as u64);
        let read = tokio::io::copy_buf(&mut part, &mut tokio::io::sink()).await;
        read.map_or(0, |read| read as usize)
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        let _gone = self.stream.get_mut().write_all(bytes).await;
    }

    /// Sends a response. What the reply does afterwards is left to the caller.
    pub async fn send(&mut self, reply: &Reply) {
        let _gone = reply.send(self.stream.get_mut()).await;
    }

    /// Sends no more.
    pub async fn half_close(&mut self) {
        let _gone = self.stream.get_mut().shutdown().await;
    }

    /// Keeps the connection open, and neither reads nor writes, until the test ends.
    pub async fn hang(self) {
        std::future::pending().await
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let stream = self.stream.into_inner();
        stream.set_zero_linger().expect("a socket");
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }
}
