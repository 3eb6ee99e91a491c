//! A server that keeps every request as it came. It knows HTTP/1.1 as far as both clients speak it, and shares no code with them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The path that stops the server.
const STOP: &str = "/stop";
/// The longest wait for bytes of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path and query, as sent.
    pub target: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The server, and the requests by the first part of their path.
pub struct Recorder {
    address: SocketAddr,
    requests: Arc<Mutex<BTreeMap<String, Recorded>>>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Starts it on a port of its own.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<BTreeMap<String, Recorded>>> = Arc::default();
        let kept = Arc::clone(&requests);
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                let connection = connection.expect("a connection");
                if serve(connection, &kept).is_none() {
                    return;
                }
            }
        });
        Self {
            address,
            requests,
            thread,
        }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it, and returns the requests.
    pub fn stop(self) -> BTreeMap<String, Recorded> {
        let mut connection = TcpStream::connect(self.address).expect("a connection");
        write!(connection, "GET {STOP} HTTP/1.1\r\n\r\n").expect("sent");
        self.thread.join().expect("the server");
        let requests = self.requests.lock().expect("no panic");
        requests.clone()
    }
}

/// Answers one request; nothing if it asks the server to stop.
fn serve(connection: TcpStream, kept: &Mutex<BTreeMap<String, Recorded>>) -> Option<()> {
    connection.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut stream = BufReader::new(connection);
    let mut recorded = Recorded::default();
    let request = line(&mut stream);
    let mut words = request.split(' ').map(str::to_owned);
    recorded.method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    if target == STOP {
        return None;
    }
    let mut parts = target.splitn(3, '/').skip(1).map(str::to_owned);
    let call = parts.next().unwrap_or_default();
    recorded.target = format!("/{}", parts.next().unwrap_or_default());
    loop {
        let header = line(&mut stream);
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        let header = (name.to_ascii_lowercase(), value.trim().to_owned());
        recorded.headers.push(header);
    }
    let header = |name: &str| {
        let found = recorded.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.clone())
    };
    if header("transfer-encoding").is_some() {
        loop {
            let size = usize::from_str_radix(&line(&mut stream), 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).expect("a chunk");
            chunk.truncate(size);
            recorded.body.extend(chunk);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = header("content-length").and_then(|text| text.parse().ok()) {
        recorded.body = vec![0; length];
        stream.read_exact(&mut recorded.body).expect("the body");
    }
    kept.lock().expect("no panic").insert(call, recorded);
    let answer = b"HTTP/1.1 418 Recorded\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.get_mut().write_all(answer).expect("answered");
    Some(())
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).expect("a line");
    String::from_utf8_lossy(&line).trim_end().to_owned()
}
