//! The `nanonets-sim` binary as a process: its one line, its exit codes, its errors.

#![cfg(feature = "server")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

/// A running binary, killed when dropped.
struct Running {
    child: Child,
    url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nanonets-sim"));
    command.args(args).env_remove("NANONETS_SIM_API_KEY");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(args: &[&str]) -> Running {
    let mut child = command(args).spawn().expect("the binary");
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("stdout");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let url = line
        .trim()
        .strip_prefix("listening on ")
        .expect("the line")
        .to_owned();
    Running { child, url }
}

fn fails(args: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command(args).output().expect("the binary");
    assert!(!status.success());
    assert!(stdout.is_empty());
    String::from_utf8(stderr).expect("UTF-8")
}

fn script(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, text).expect("a file");
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

async fn get(running: &Running, path: &str) -> Value {
    let request = reqwest::Client::new().get(format!("{}/api/v1{path}", running.url));
    let response = request.bearer_auth("any").send().await.expect("an answer");
    response.json().await.expect("JSON")
}

#[cfg(unix)]
#[tokio::test]
async fn it_prints_one_line_serves_logs_to_stderr_and_stops_cleanly_on_sigterm() {
    let mut running = start(&["--workspace-tasks", "3", "--seed", "7"]);
    assert!(
        running.url.starts_with("http://127.0.0.1:"),
        "{}",
        running.url
    );
    let tasks = get(&running, "/tasks").await;
    assert_eq!(tasks["data"].as_array().map(Vec::len), Some(3));
    let pid = running.child.id().to_string();
    let sent = Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    assert!(sent.success());
    assert!(running.child.wait().expect("an end").success());
    let (mut rest, mut log) = (String::new(), String::new());
    running
        .child
        .stdout
        .take()
        .expect("stdout")
        .read_to_string(&mut rest)
        .expect("UTF-8");
    running
        .child
        .stderr
        .take()
        .expect("stderr")
        .read_to_string(&mut log)
        .expect("UTF-8");
    assert_eq!(rest, "", "nothing but the one line");
    assert!(log.contains("200 GET /api/v1/tasks"), "{log}");
    assert!(!log.contains("any"), "no key in the log: {log}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let args = ["--workspace-tasks", "2", "--seed", "7"];
    let (one, two) = (start(&args), start(&args));
    let ids = |page: Value| -> Vec<Value> {
        page["data"]
            .as_array()
            .expect("tasks")
            .iter()
            .map(|task| task["task_id"].clone())
            .collect()
    };
    assert_eq!(
        ids(get(&one, "/tasks").await),
        ids(get(&two, "/tasks").await)
    );
}

#[tokio::test]
async fn a_key_that_was_set_is_asked_for() {
    let running = start(&["--api-key", "the-key"]);
    let refusal = get(&running, "/agents").await;
    assert!(refusal["error"].is_string());
}

#[tokio::test]
async fn agents_scripts_and_faults_come_from_a_file() {
    let file = script(
        "
agents:
  - name: Invoices
    id: 11111111-1111-4111-8111-111111111111
    concurrent_tasks: 5
    on_cancel: finish_step
    script:
      - pending: 1
      - hold: { status: archiving, for: 1 }
      - running: 0s
      - await_review: 0s
      - ask: Which currency?
      - complete: { extracted_data: { total: 12.5 }, summary: One invoice. }
script:
  - fail: No script for this agent.
faults:
  - { on: [list_agents], status: 503, retry_after: 2s, times: 1 }
",
    );
    let running = start(&["--script", path(&file)]);
    assert_eq!(
        get(&running, "/agents").await["error"],
        "simulated 503 Service Unavailable"
    );
    assert_eq!(
        get(&running, "/agents").await["data"][0]["name"],
        "Invoices"
    );
    let http = reqwest::Client::new();
    let post = |path: String, body: Value| {
        let request = http
            .post(format!("{}/api/v1{path}", running.url))
            .bearer_auth("any");
        async move {
            let response = request.json(&body).send().await.expect("an answer");
            response.json::<Value>().await.expect("JSON")
        }
    };
    let agent = "11111111-1111-4111-8111-111111111111";
    let run = post(format!("/agents/{agent}/run"), json!({ "query": "q" })).await;
    let task = format!("/tasks/{}", run["task_id"].as_str().expect("a task id"));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(get(&running, &task).await["status"].clone());
    }
    assert_eq!(seen, ["pending", "archiving", "waiting_for_input"]);
    post(format!("{task}/message"), json!({ "message": "EUR" })).await;
    let summary = get(&running, &format!("{task}/summary")).await;
    assert_eq!(summary["extracted_data"], json!({ "total": 12.5 }));
    assert_eq!(summary["result"]["summary"], "One invoice.");

    let other = post("/agents".to_owned(), json!({})).await;
    let path = format!("/agents/{}/run", other["id"].as_str().expect("an id"));
    assert_eq!(
        post(path, json!({ "query": "q" })).await["status"],
        "failed"
    );
}

#[test]
fn the_script_file_of_the_readme_is_valid() {
    let readme = include_str!("../README.md");
    let yaml = readme.split("```yaml\n").nth(1);
    let yaml = yaml.and_then(|rest| rest.split("```").next());
    nanonets_agents_sim::script_file::ScriptFile::parse(yaml.expect("a script file"))
        .expect("a valid one");
}

#[tokio::test]
async fn limits_lags_and_the_clock_come_from_a_file() {
    let file = script(
        "
agents: [{ name: Invoices, id: 11111111-1111-4111-8111-111111111111 }]
rate_limit: { per_second: 0.001, burst: 2, retry_after: true }
listing_lag: 1h
read_lag: 0s
summary_lag: 1
clock_offset: -2days
faults:
  - { on: [run_agent], times: 1, set_field: { name: message, value: { text: null } } }
  - { on: [list_tasks], times: 1, set_field: { item: 1, name: title, value: 42 } }
",
    );
    let running = start(&["--workspace-tasks", "2", "--script", path(&file)]);
    let http = reqwest::Client::new();
    let run = async || {
        let url = format!(
            "{}/api/v1/agents/11111111-1111-4111-8111-111111111111/run",
            running.url
        );
        let request = http.post(url).bearer_auth("any");
        let request = request.json(&json!({ "query": "Read this." }));
        request.send().await.expect("an answer")
    };
    let first: Value = run().await.json().await.expect("JSON");
    assert_eq!(first["message"], json!({ "text": null }));
    let second: Value = run().await.json().await.expect("JSON");
    assert!(second["message"].is_string());
    let third = run().await;
    assert_eq!(third.status(), 429);
    let seconds = third.headers()["retry-after"].to_str().expect("text");
    let seconds: u32 = seconds.parse().expect("a number");
    assert!((900..=1000).contains(&seconds), "{seconds}");

    let tasks = get(&running, "/tasks").await;
    assert_eq!(tasks["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(tasks["data"][1]["title"], 42);
    let age = |time: &Value| {
        let time = time.as_str().expect("a time").parse();
        chrono::Utc::now() - time.unwrap_or(chrono::DateTime::UNIX_EPOCH)
    };
    let hours = age(&second["created_at"]).num_hours();
    assert!((47..=49).contains(&hours), "{hours}");
    assert!(age(&tasks["data"][0]["created_at"]) > age(&second["created_at"]));
    let id = second["task_id"].as_str().expect("an id");
    let summary = get(&running, &format!("/tasks/{id}/summary")).await;
    assert_eq!(
        (&summary["status"], summary.get("result")),
        (&json!("completed"), None)
    );
    let summary = get(&running, &format!("/tasks/{id}/summary")).await;
    assert!(summary["result"].is_object());
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    // The pipe of stderr holds far less than this many lines.
    let mut running = start(&["--seed", "1"]);
    let http = reqwest::Client::new();
    for number in 0..3000 {
        let request = http.get(format!("{}/api/v1/agents?q={number}", running.url));
        let answer = request.bearer_auth("any").send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        if number == 2000 {
            drop(running.child.stderr.take());
        }
    }
}

#[test]
fn a_port_in_use_is_named() {
    let running = start(&[]);
    let address = running.url.strip_prefix("http://").expect("an address");
    let error = fails(&["--listen", address]);
    assert_eq!(
        error,
        format!("error: {address} is in use by another program\n")
    );
}

#[test]
fn a_script_file_that_is_not_there_is_named() {
    let error = fails(&["--script", "no-such-file.yaml"]);
    assert!(
        error.starts_with("error: no-such-file.yaml can't be read: "),
        "{error}"
    );
}

#[test]
fn a_malformed_script_is_refused_with_file_line_and_reason() {
    for (text, line, reason) in [
        ("agents: [", 1, ""),
        ("script:\n  - walking: 2", 2, "walking"),
        ("script:\n  - running", 2, "`running` needs a value"),
        ("script:\n  - stop: now", 2, "takes no value"),
        ("script:\n  - running: soon", 2, "`soon` is not a time"),
        ("script:\n  - running: -1", 2, "not negative"),
        (
            "script:\n  - running: 1\n    pending: 1",
            2,
            "put a dash before each",
        ),
        ("scripts: []", 1, "scripts"),
        ("agents:\n  - name: A\n    skript: []", 3, "skript"),
        ("agents:\n  - name: A\n    id: 42", 3, ""),
        (
            "faults:\n  - { on: [fly], status: 500 }",
            2,
            "`fly` is not an operation",
        ),
        ("faults:\n  - { on: [run_agent] }", 2, "a fault is one of"),
        (
            "faults:\n  - { status: 99 }",
            2,
            "99 is not the HTTP status of an answer",
        ),
        (
            "faults:\n  - { reset: true, retry_after: 2s }",
            2,
            "go with `status`",
        ),
        (
            "faults:\n  - { reset: true, probability: 2 }",
            2,
            "from 0 to 1",
        ),
        ("faults:\n  - { set_field: { name: title } }", 2, "value"),
        ("rate_limit: { per_second: -1, burst: 1 }", 1, "from 0"),
        ("rate_limit: { per_second: 1 }", 1, "burst"),
        ("listing_lag: soon", 1, "`soon` is not a time"),
        ("clock_offset: --90s", 1, "is not a time"),
        ("summary_lag: -1", 1, ""),
    ] {
        let file = script(text);
        let error = fails(&["--script", path(&file)]);
        assert!(
            error.starts_with(&format!("error: {}:{line}:", path(&file))),
            "{text}\n{error}"
        );
        assert!(error.contains(reason), "{text}\n{error}");
        assert!(error.lines().count() == 1, "{error}");
    }
    let file = script("agents: [{ name: A }, { name: A }]");
    assert!(fails(&["--script", path(&file)]).contains("two agents are called `A`"));
}

#[cfg(unix)]
#[test]
fn nothing_that_a_client_sends_reaches_the_terminal_unescaped() {
    use std::io::Write as _;

    let file = script("agents: [{ name: \"In\\u009b31m\\u202evoices\\e[2J\" }]");
    let mut running = start(&["--script", path(&file)]);
    let address = running.url.strip_prefix("http://").expect("an address");
    let odd = [
        '\u{80}',
        '\u{85}',
        '\u{9b}',
        '\u{9d}',
        '\u{ad}',
        '\u{200b}',
        '\u{200f}',
        '\u{202e}',
        '\u{2028}',
        '\u{2066}',
        '\u{feff}',
        '\u{e0001}',
    ];
    let odd = String::from_iter(odd);
    let targets = [
        format!("/api/v1/tasks/{odd}31m"),
        format!("/{odd}?q={odd}"),
        format!("http://{odd}/{odd}"),
        "/\u{1b}[31m".to_owned(),
        format!("/{}", "long".repeat(1000)),
    ];
    for target in targets {
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {odd}\r\nX-Request-Id: {odd}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a connection");
        let mut answer = Vec::new();
        // A reset will do.
        let _ = stream.read_to_end(&mut answer);
    }
    let pid = running.child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill").success());
    let mut log = String::new();
    let mut stderr = running.child.stderr.take().expect("stderr");
    stderr.read_to_string(&mut log).expect("UTF-8");
    assert!(log.contains("In\\u{9b}31m\\u{202e}voices"), "{log}");
    assert!(
        log.contains("400 GET /api/v1/tasks/\\u{80}\\u{85}\\u{9b}\\u{9d}"),
        "{log}"
    );
    let is_shown = |character: char| matches!(character, ' '..='~' | '\n' | '…');
    assert!(log.chars().all(is_shown), "{}", log.escape_debug());
    assert!(log.lines().all(|line| line.len() < 600), "{log}");
}
