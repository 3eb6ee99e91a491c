//! The `nanonets-sim` binary under load: the memory it takes, and how fast it stops.

#![cfg(all(feature = "server", target_os = "linux"))]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const AGENT: &str = "11111111-1111-4111-8111-111111111111";
/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running binary, killed when dropped.
struct Running {
    child: Child,
    address: String,
    _script: tempfile::NamedTempFile,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(args: &[&str], faults: &str) -> Self {
        let script = tempfile::NamedTempFile::new().expect("a file");
        let text = format!("agents: [{{ name: Invoices, id: {AGENT} }}]\nfaults: {faults}\n");
        std::fs::write(&script, text).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_nanonets-sim"))
            .args(args)
            .arg("--script")
            .arg(script.path())
            .env_remove("NANONETS_SIM_API_KEY")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("stdout");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.expect("the line").to_owned();
        Self {
            child,
            address,
            _script: script,
        }
    }

    /// The memory it takes, in bytes.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the status of a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        let kilobytes: u64 = kilobytes.expect("a figure").parse().expect("a number");
        kilobytes * 1024
    }

    /// Opens a connection and sends the beginning of a request.
    fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.write_all(bytes.as_bytes()).expect("a connection");
        stream
    }

    /// Sends a whole request on a connection that stays open, and returns the head of the answer.
    fn ask(&self, path: &str) -> (TcpStream, String) {
        let mut stream = self.send(&format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\r\n"
        ));
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        (stream, answer)
    }

    /// Sends SIGTERM, and returns how long the process took to end.
    fn terminate(&mut self) -> Duration {
        let pid = self.child.id().to_string();
        let start = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill").success());
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a process") {
                assert!(status.success(), "{status}");
                return start.elapsed();
            }
            std::thread::yield_now();
        }
        panic!("it still runs");
    }
}

/// A run that uploads a file and stops in the middle of it.
fn half_upload(size: usize) -> String {
    format!(
        "POST /api/v1/agents/{AGENT}/run HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3000000\r\n\r\n\
         --x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"invoice.pdf\"\r\n\r\n{}",
        "x".repeat(size)
    )
}

/// A run with a long prompt that stops in the middle of it.
fn half_prompt(size: usize) -> String {
    format!(
        "POST /api/v1/agents/{AGENT}/run HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\
         Content-Type: application/json\r\nContent-Length: 3000000\r\n\r\n{{\"query\": \"{}",
        "x".repeat(size)
    )
}

/// A run with as many parts as are taken, and names as long as they may be, that stops in the middle of it.
fn half_parts(count: usize) -> String {
    let part = format!(
        "--x\r\nContent-Disposition: form-data; name=\"{0}\"; filename=\"{0}\"\r\n\r\n\r\n",
        "x".repeat(1000)
    );
    half_upload(0).replace("3000000", "30000000") + "\r\n" + &part.repeat(count)
}

#[test]
fn half_sent_bodies_take_little_memory_and_end() {
    let running = Running::start(&["--read-timeout", "1s"], "[]");
    // The first request takes more memory than each other one.
    running.ask("/agents");
    for beginning in [half_upload(300_000), half_prompt(300_000), half_parts(300)] {
        let before = running.memory();
        let streams: Vec<_> = (0..300).map(|_| running.send(&beginning)).collect();
        let most = std::cell::Cell::new(0);
        let peak = || most.set(most.get().max(running.memory()));
        peak();
        for mut stream in streams {
            let mut answer = Vec::new();
            // A connection that is reset has ended too.
            let _ = stream.read_to_end(&mut answer);
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.is_empty() || answer.contains(" 408 ") || answer.contains(" 503 "));
            peak();
        }
        // 64 large requests are read at a time. Without that limit, each takes more than was sent of it. A busy machine
        // frees the memory of those that have ended a little later.
        let each = most.get().saturating_sub(before) / 300;
        let sent = beginning.len() as u64;
        assert!(each < sent * 4 / 5, "{each} bytes for each, of {sent}");
    }
}

#[test]
fn a_finished_task_takes_little_memory() {
    const TASKS: u64 = 10_000;
    let running = Running::start(&[], "[]");
    let mut stream = running.send("");
    let mut number = 0;
    let mut run = |count: u64| {
        for _ in 0..count {
            number += 1;
            let schema = r#"{\"line_items\": [{\"sku\": \"string\", \"qty\": \"number\"}]}"#;
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n\
                 [run-{number:08}] Extract the line items from this invoice, and the total.\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"output_config\"\r\n\r\n\
                 {{\"output_schema\": \"{schema}\"}}\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"invoice-{number}.pdf\"\r\n\
                 Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--x--\r\n"
            );
            let request = format!(
                "POST /api/v1/agents/{AGENT}/run HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\
                 Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).expect("a connection");
            let mut answer = [0; 4096];
            let length = stream.read(&mut answer).expect("an answer");
            assert!(answer[..length].starts_with(b"HTTP/1.1 201 "));
        }
    };
    // As many requests as are remembered.
    run(11_000);
    let before = running.memory();
    run(TASKS);
    let each = running.memory().saturating_sub(before) / TASKS;
    assert!(each < 1_250, "{each} bytes for each");
}

#[test]
fn sigterm_ends_it_within_a_second_whatever_is_under_way() {
    let faults = "[{ on: [list_tasks], delay_headers: 1h }, { on: [get_task], delay_body: 1h }, \
                   { on: [list_agent_versions], status: 200, json_of: 1000000000 }]";
    let mut running = Running::start(&["--workspace-tasks", "20000"], faults);
    let mut streams = Vec::new();
    for _ in 0..150 {
        let (stream, answer) = running.ask("/agents");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        streams.push(stream);
        streams.push(running.send(&half_upload(100_000)));
        streams.push(running.send(&half_prompt(100_000)));
        streams.push(running.send("GET /api/v1/agents HTTP/1.1\r\nHo"));
        for path in [
            "/tasks".to_owned(),
            format!("/tasks/{AGENT}"),
            format!("/agents/{AGENT}/versions"),
        ] {
            streams.push(running.send(&format!(
                "GET /api/v1{path} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\r\n"
            )));
        }
    }
    // Nobody reads the log either, which fills the pipe.
    let time = running.terminate();
    assert!(time < Duration::from_secs(1), "it took {time:?}");
    drop(streams);
}

#[test]
fn sigterm_ends_it_within_a_second_while_requests_come_as_fast_as_they_can() {
    let mut running = Running::start(&["--workspace-tasks", "50000"], "[]");
    let address = running.address.clone();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let address = address.clone();
            std::thread::spawn(move || {
                // Each looks at all 50,000 tasks.
                let request = "GET /api/v1/tasks?q=nothing HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer any\r\n\r\n";
                let mut answered = 0;
                while let Ok(mut stream) = TcpStream::connect(&address) {
                    let _ = stream.set_read_timeout(Some(PATIENCE));
                    let mut answer = [0; 4096];
                    while stream.write_all(request.as_bytes()).is_ok()
                        && stream.read(&mut answer).is_ok_and(|length| length > 0)
                    {
                        answered += 1;
                    }
                }
                answered
            })
        })
        .collect();
    for _ in 0..20 {
        running.ask("/agents");
    }
    let time = running.terminate();
    assert!(time < Duration::from_secs(1), "it took {time:?}");
    let answered: u32 = clients
        .into_iter()
        .map(|client| client.join().expect("a client"))
        .sum();
    assert!(answered > 0);
}
