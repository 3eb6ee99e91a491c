//! How much memory the upload of a large file takes, and how fast it is beside curl.
//!
//! `cargo bench -p nanonets-agents --bench upload` writes 1 GiB to disk and uploads it with
//! `client.agent(id).run().file(path).start()` and with `curl -F files=@path`, in turns. Each upload is a process of its
//! own, timed from its start to its end; what counts is the ratio of the two medians, for machines differ and are noisy.
//! Memory is the peak of this crate's process as Linux reports it.
//!
//! Both send to the same sink, on this machine: a process that reads bodies, throws them away and answers as the API does.
//! The simulator would take them apart and hash them, and thereby be what is measured. A first upload by each, which is
//! not counted, leaves the file in the page cache, so that neither waits for the disk.

mod common;
#[path = "common/memory.rs"]
mod memory;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use common::{Limit, Peer, Result};
use memory::MIB;
use nanonets_agents::{AgentId, Client};

const SIZE: u64 = 1 << 30;
/// In MiB.
const MEMORY_BOUND: f64 = 24.0;
/// At least this part of curl's throughput.
const SPEED_BOUND: f64 = 1.0;
const ROUNDS: usize = 5;
const AGENT: &str = "11111111-1111-4111-8111-111111111111";

fn main() -> ExitCode {
    let arguments = common::arguments();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    common::end(match arguments[..] {
        ["sink"] => sink(),
        ["upload", base_url, path] => upload(base_url, path),
        _ => bench(),
    })
}

fn bench() -> Result<()> {
    let file = large_file()?;
    let mut sink = Peer::start(&["sink"])?;
    let base_url = sink.line()?;
    let (mut ours, mut theirs, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let start = Instant::now();
        let peak = with_crate(&base_url, file.path())?;
        let our_time = start.elapsed();
        let start = Instant::now();
        with_curl(&base_url, file.path())?;
        let their_time = start.elapsed();
        peaks.push(peak);
        if round > 0 {
            let speed = |seconds: f64| SIZE as f64 / MIB / seconds;
            ours.push(speed(our_time.as_secs_f64()));
            theirs.push(speed(their_time.as_secs_f64()));
        }
    }
    sink.finish()?;

    println!("client      MiB per second   of all rounds");
    for (client, speeds) in [("this crate", &ours), ("curl", &theirs)] {
        let median = common::median(speeds.clone());
        println!("{client:<10} {median:>15.0}   {speeds:.0?}");
    }
    let peak = peaks.into_iter().fold(0.0, f64::max);
    let ratio = common::median(ours) / common::median(theirs);
    common::judge(&[
        (
            "peak memory in MiB",
            peak / MIB,
            Limit::AtMost(MEMORY_BOUND),
        ),
        ("this crate / curl", ratio, Limit::AtLeast(SPEED_BOUND)),
    ])
}

/// Real bytes: a file of holes would be read without any.
fn large_file() -> Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().suffix(".pdf").tempfile()?;
    let mut piece = vec![0; 1 << 20];
    for _ in 0..SIZE / piece.len() as u64 {
        fastrand::fill(&mut piece);
        file.write_all(&piece)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Returns the process's peak of memory in bytes.
fn with_crate(base_url: &str, path: &Path) -> Result<f64> {
    let path = path.to_str().ok_or("a path that is not UTF-8")?;
    let peak = Peer::start(&["upload", base_url, path])?.finish()?;
    Ok(peak.trim().parse()?)
}

fn with_curl(base_url: &str, path: &Path) -> Result<()> {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail"])
        .args(["--header", "Authorization: Bearer any"])
        .args(["--form", &format!("files=@{}", path.display())])
        .arg(format!("{base_url}/api/v1/agents/{AGENT}/run"))
        .output()
        .map_err(|error| format!("this benchmark needs curl, which can't be run: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        let reason = String::from_utf8_lossy(&output.stderr);
        Err(format!("curl has failed: {reason}").into())
    }
}

#[tokio::main]
async fn upload(base_url: &str, path: &str) -> Result<()> {
    let client = Client::builder("any").base_url(base_url).build()?;
    let agent: AgentId = AGENT.parse()?;
    client.agent(agent).run().file(path).start().await?;
    println!("{}", memory::own("VmHWM")?);
    Ok(())
}

/// Takes bodies until stdin is closed.
fn sink() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(|| stream.map_err(Into::into).and_then(swallow));
        }
    });
    common::until_stdin_closes()
}

/// Reads one request and answers it. If there is anything wrong with it there is no answer, and the client fails.
fn swallow(stream: TcpStream) -> Result<()> {
    let mut answer = stream.try_clone()?;
    let mut stream = BufReader::with_capacity(1 << 20, stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        } else if line == "expect: 100-continue" {
            answer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
    }
    if length < SIZE {
        return Err("less than the file".into());
    }
    let mut body = stream.by_ref().take(length);
    loop {
        let piece = body.fill_buf()?.len();
        if piece == 0 {
            break;
        }
        body.consume(piece);
    }
    if body.limit() > 0 {
        return Err("the body broke off".into());
    }
    let body = format!(
        r#"{{"task_id": "22222222-2222-4222-8222-222222222222", "agent_id": "{AGENT}", "status": "running",
            "message": "Taken.", "created_at": "2026-01-01T00:00:00Z"}}"#
    );
    let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close";
    let length = body.len();
    write!(answer, "{head}\r\nContent-Length: {length}\r\n\r\n{body}")?;
    Ok(())
}
