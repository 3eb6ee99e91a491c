//! How a burst of runs gets through a server's rate limit.
//!
//! `cargo bench -p nanonets-agents --bench admission` starts a thousand runs at once with one client, without any setting.
//! The server, another process, accepts fifty a second from a bucket of fifty, and answers 429 to all others: first without
//! `Retry-After`, then with `Retry-After: 1`. `-- 200` starts two hundred.
//!
//! The time is compared to that of the limit alone, twenty seconds. The server counts the requests.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use common::{Limit, Peer, Result};
use futures_util::future::join_all;
use nanonets_agents::{AgentId, Client};

const RUNS: usize = 1000;
/// Starts per second, and the size of the bucket.
const RATE: f64 = 50.0;
/// The time in comparison to that of the limit.
const TIME_BOUND: f64 = 1.1;
/// The requests for each run.
const REQUEST_BOUND: f64 = 1.1;
const AGENT: &str = "11111111-1111-4111-8111-111111111111";

fn main() -> ExitCode {
    let arguments = common::arguments();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    common::end(match arguments[..] {
        ["server", head] => serve(head),
        [runs] => runs.parse().map_err(Into::into).and_then(bench),
        _ => bench(RUNS),
    })
}

fn bench(runs: usize) -> Result<()> {
    println!("runs at once {runs}, limit {RATE} a second");
    println!("retry-after   seconds   requests   failed");
    let mut figures = Vec::new();
    for (name, head) in [("no", ""), ("1", "Retry-After: 1\r\n")] {
        let mut server = Peer::start(&["server", head])?;
        let base_url = server.line()?;
        let start = Instant::now();
        let failed = run(&base_url, runs)?;
        let seconds = start.elapsed().as_secs_f64();
        let requests: f64 = server.finish()?.trim().parse()?;
        println!("{name:<11} {seconds:>9.1} {requests:>10} {failed:>8}");
        let time = seconds / (runs as f64 / RATE);
        figures.push(("runs that failed", failed as f64, Limit::AtMost(0.0)));
        figures.push(("time / time of the limit", time, Limit::AtMost(TIME_BOUND)));
        let requests = requests / runs as f64;
        figures.push(("requests per run", requests, Limit::AtMost(REQUEST_BOUND)));
    }
    common::judge(&figures)
}

/// Starts the runs, and returns how many failed.
#[tokio::main]
async fn run(base_url: &str, runs: usize) -> Result<usize> {
    let client = Client::builder("any").base_url(base_url).build()?;
    let agent: AgentId = AGENT.parse()?;
    let agent = client.agent(agent);
    let starts = (0..runs).map(|number| agent.run().query(format!("Invoice {number}")).start());
    let started = join_all(starts).await;
    let mut errors = started
        .iter()
        .filter_map(|started| started.as_ref().err())
        .peekable();
    if let Some(error) = errors.peek() {
        eprintln!("{error}");
    }
    Ok(errors.count())
}

/// A bucket of tokens.
struct Bucket {
    tokens: f64,
    last: Instant,
    requests: u64,
}

impl Bucket {
    fn accepts(&mut self) -> bool {
        let elapsed = self.last.elapsed();
        self.last += elapsed;
        self.requests += 1;
        self.tokens = (self.tokens + elapsed.as_secs_f64() * RATE).min(RATE);
        let accepts = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(accepts));
        accepts
    }
}

/// Serves runs until stdin is closed, and then writes how many requests there were. Refusals have this in their head.
fn serve(head: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    let bucket = Arc::new(Mutex::new(Bucket {
        tokens: RATE,
        last: Instant::now(),
        requests: 0,
    }));
    let refusal = format!("HTTP/1.1 429 Too Many Requests\r\n{head}");
    let shared = Arc::clone(&bucket);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (bucket, refusal) = (Arc::clone(&shared), refusal.clone());
            // A connection that breaks is the client's to tell.
            std::thread::spawn(move || {
                stream
                    .map_err(Into::into)
                    .and_then(|stream| answer(stream, &bucket, &refusal))
            });
        }
    });
    common::until_stdin_closes()?;
    println!(
        "{}",
        bucket.lock().map_err(|_| "a thread has panicked")?.requests
    );
    Ok(())
}

/// Answers the requests of one connection.
fn answer(mut stream: TcpStream, bucket: &Mutex<Bucket>, refusal: &str) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let mut length = 0;
        while !line.trim().is_empty() {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            line.clear();
            reader.read_line(&mut line)?;
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        line.clear();
        let accepts = bucket
            .lock()
            .map_err(|_| "a thread has panicked")?
            .accepts();
        let (head, body) = match accepts {
            true => ("HTTP/1.1 201 Created\r\n", task()),
            false => (refusal, r#"{"error": "too many requests"}"#.to_owned()),
        };
        let length = body.len();
        write!(
            stream,
            "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
    }
    Ok(())
}

fn task() -> String {
    let id = uuid::Uuid::from_u128(fastrand::u128(..));
    format!(
        r#"{{"task_id": "{id}", "agent_id": "{AGENT}", "status": "running", "message": "Taken.",
            "created_at": "2026-01-01T00:00:00Z"}}"#
    )
}
