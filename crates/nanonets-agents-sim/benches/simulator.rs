//! The memory of the simulator, and the speed of its answers.
//!
//! `cargo bench -p nanonets-agents-sim` prints these figures:
//!
//! - the memory of the `nanonets-sim` process with ten thousand tasks that wait for an answer, each started over HTTP;
//! - the same with two hundred thousand finished tasks;
//! - the memory that a half-sent upload of 300 kB takes, with three thousand of them;
//! - the reads of a task's status that a server with one thread answers in a second, over four connections;
//! - the growth of the process's peak memory by an upload of one gibibyte.
//!
//! Memory is what Linux reports in `/proc`; other systems have no figures of it.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nanonets_agents_sim::{Script, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TASKS: usize = 10_000;
const FINISHED_TASKS: usize = 200_000;
const HALF_SENT: usize = 3_000;
const CONNECTIONS: usize = 4;
const TIME: Duration = Duration::from_secs(5);
const UPLOAD: usize = 1 << 30;
/// Its tasks wait for an answer.
const AGENT: &str = "11111111-1111-4111-8111-111111111111";
/// Its tasks complete at once.
const FAST_AGENT: &str = "22222222-2222-4222-8222-222222222222";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    tasks("live", AGENT, TASKS).await?;
    tasks("finished", FAST_AGENT, FINISHED_TASKS).await?;
    half_sent().await?;
    reads().await?;
    upload().await
}

async fn tasks(kind: &str, agent: &str, count: usize) -> Result<()> {
    let process = Process::start()?;
    let empty = process.memory("VmRSS");
    let mut connection = Connection::open(&process.address).await?;
    let run = format!("/api/v1/agents/{agent}/run");
    for number in 0..count {
        let query = format!(
            "[run-{number:08}] Extract the line items from this invoice, and the total with its currency."
        );
        let body = format!(r#"{{"query": "{query}"}}"#);
        connection.request("POST", &run, &body).await?;
    }
    match (empty, process.memory("VmRSS")) {
        (Some(empty), Some(full)) => {
            println!("{count} {kind} tasks: {full:.0} MB in all, {empty:.0} MB of it without them");
        }
        _ => println!("{count} {kind} tasks: memory unknown on this system"),
    }
    Ok(())
}

async fn half_sent() -> Result<()> {
    let process = Process::start()?;
    let empty = process.memory("VmRSS");
    let mut connections = Vec::new();
    for _ in 0..HALF_SENT {
        let mut connection = Connection::open(&process.address).await?;
        connection.begin_upload(UPLOAD).await?;
        connection.stream.write_all(&vec![7; 300_000]).await?;
        connections.push(connection);
    }
    match (empty, process.memory("VmRSS")) {
        (Some(empty), Some(full)) => println!(
            "{HALF_SENT} half-sent uploads: {:.0} kB for each",
            (full - empty) * 1000.0 / HALF_SENT as f64
        ),
        _ => println!("{HALF_SENT} half-sent uploads: memory unknown on this system"),
    }
    Ok(())
}

async fn reads() -> Result<()> {
    let (tell, told) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let simulator = Simulator::builder().any_api_key().start().await?;
            let agent = simulator.create_agent("Invoices").id;
            simulator.script(Script::new().running(u32::MAX));
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            tell.send((simulator.address().to_string(), agent.to_string(), stop))?;
            let _ = stopped.await;
            Ok(())
        })
    });
    let (address, agent, stop) = told.recv()?;
    let mut connection = Connection::open(&address).await?;
    let run = format!("/api/v1/agents/{agent}/run");
    let started = connection
        .request("POST", &run, r#"{"query": "q"}"#)
        .await?;
    let started: serde_json::Value = serde_json::from_slice(&started)?;
    let path = format!(
        "/api/v1/tasks/{}",
        started["task_id"].as_str().ok_or("no task id")?
    );
    let start = Instant::now();
    let readers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, path) = (address.clone(), path.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await?;
                let mut count = 0_u32;
                while start.elapsed() < TIME {
                    connection.request("GET", &path, "").await?;
                    count += 1;
                }
                Result::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for reader in readers {
        count += reader.await??;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    println!("status reads: {rate:.0} a second from a server with one thread");
    drop(stop);
    server.join().map_err(|_| "the server panicked")?
}

async fn upload() -> Result<()> {
    let process = Process::start()?;
    let mut connection = Connection::open(&process.address).await?;
    // A small one first, so that only what grows with the size is counted.
    connection.upload(1 << 20).await?;
    let before = process.memory("VmHWM");
    let start = Instant::now();
    connection.upload(UPLOAD).await?;
    let time = start.elapsed().as_secs_f64();
    match (before, process.memory("VmHWM")) {
        (Some(before), Some(after)) => println!(
            "upload of 1 GiB: {:.1} MB more at its peak, in {time:.1} s",
            after - before
        ),
        _ => println!("upload of 1 GiB: {time:.1} s; memory unknown on this system"),
    }
    Ok(())
}

/// The binary, killed when dropped.
struct Process {
    child: Child,
    address: String,
    _script: tempfile::NamedTempFile,
}

impl Process {
    fn start() -> Result<Self> {
        let script = tempfile::NamedTempFile::new()?;
        let text = format!(
            "agents: [{{ name: Invoices, id: {AGENT}, script: [ask: Go on?] }}, {{ name: Receipts, id: {FAST_AGENT} }}]"
        );
        std::fs::write(&script, text)?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_nanonets-sim"))
            .arg("--script")
            .arg(script.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().ok_or("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .ok_or("no address")?;
        Ok(Self {
            address: address.to_owned(),
            child,
            _script: script,
        })
    }

    /// A figure of the process's memory in megabytes.
    fn memory(&self, figure: &str) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(figure))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As little of an HTTP client as it takes, so that the server is what is measured.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    async fn request(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Sends a request up to the content of its file. Returns what follows the content.
    async fn begin_upload(&mut self, size: usize) -> Result<&'static str> {
        let head =
            "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"large.pdf\"\r\n\r\n";
        let tail = "\r\n--x--\r\n";
        let request = format!(
            "POST /api/v1/agents/{AGENT}/run HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\
             Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{head}",
            head.len() + size + tail.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        Ok(tail)
    }

    async fn upload(&mut self, size: usize) -> Result<()> {
        let tail = self.begin_upload(size).await?;
        let piece = vec![7; 64 * 1024];
        for _ in 0..size / piece.len() {
            self.stream.write_all(&piece).await?;
        }
        self.stream.write_all(tail.as_bytes()).await?;
        self.answer().await.map(drop)
    }

    /// The body of a successful answer.
    async fn answer(&mut self) -> Result<Vec<u8>> {
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break end + 4;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection closed".into());
            }
        };
        let head = std::str::from_utf8(&self.buffer[..end])?.to_ascii_lowercase();
        if !head.starts_with("http/1.1 2") {
            return Err(head.into());
        }
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let length: usize = length.ok_or("no length")?.parse()?;
        while self.buffer.len() < end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection closed".into());
            }
        }
        Ok(self.buffer[end..].to_vec())
    }
}
