//! A server on a raw socket, whose connections a test plays by hand.

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// The answer to a run.
pub const STARTED: &str = r#"{"task_id": "22222222-2222-4222-8222-222222222222",
    "agent_id": "11111111-1111-4111-8111-111111111111", "status": "running", "message": "Taken.",
    "created_at": "2026-01-01T00:00:00Z"}"#;

/// A server that accepts connections until the test ends.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Plays each connection in a task of its own. `play` also gets the number of the connection, from 0.
    pub fn start<Play, Played>(play: Play) -> Self
    where
        Play: Fn(usize, Connection) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        // A small buffer lets the client's kernel see each read, as it would see it in a network.
        Self::with_receive_buffer(16 << 10, play)
    }

    /// The same with another receive buffer in the kernel.
    pub fn with_receive_buffer<Play, Played>(bytes: u32, play: Play) -> Self
    where
        Play: Fn(usize, Connection) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(bytes).expect("a buffer");
        let any = "127.0.0.1:0".parse().expect("an address");
        socket.bind(any).expect("a port");
        let listener = socket.listen(64).expect("a listener");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(play(number, Connection(BufReader::new(stream))));
                number += 1;
            }
        });
        Self { address }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The server's end of a connection.
pub struct Connection(BufReader<TcpStream>);

/// The head of a request.
pub struct Head {
    /// The method and the target, such as `GET /api/v1/agents`.
    pub target: String,
    /// The length of the body.
    pub length: usize,
}

impl Connection {
    /// The head of the next request, or none at the end of the connection.
    pub async fn head(&mut self) -> Option<Head> {
        let mut head = Head {
            target: String::new(),
            length: 0,
        };
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.ok()?;
            let line = line.strip_suffix("\r\n")?;
            if head.target.is_empty() {
                head.target = line.rsplit_once(' ')?.0.to_owned();
            } else if line.is_empty() {
                return Some(head);
            } else if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                head.length = value.parse().ok()?;
            }
        }
    }

    /// Reads at most so many bytes of a body, and returns how many they are.
    pub async fn read(&mut self, most: usize) -> usize {
        let mut piece = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match self.0.read(&mut piece[filled..]).await {
                Ok(read @ 1..) => filled += read,
                _ => break,
            }
        }
        filled
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        // The client may be gone: its test says so.
        let _ = self.0.get_mut().write_all(bytes).await;
    }

    /// Answers a run.
    pub async fn started(&mut self) {
        self.answer("201 Created", STARTED).await;
    }

    /// Answers with JSON.
    pub async fn answer(&mut self, status: &str, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json");
        let length = body.len();
        let text = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.write(text.as_bytes()).await;
    }

    /// Keeps the connection open, and neither reads nor writes, until the test ends.
    pub async fn ignore(self) {
        std::future::pending().await
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let stream = self.0.into_inner();
        stream.set_zero_linger().expect("a socket");
    }

    /// The raw connection.
    pub fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }
}
