//! Signals while a request is under way whose effect may not be known.

use rustix::process::{Signal, kill_process};

use super::{ID, WRITE, calling, is_blocked_in};
use crate::raw_server::{RawServer, Reply};

/// Runs the command until the server has a request, sends a signal, and returns the exit code and stderr.
async fn interrupted(
    server: &RawServer,
    args: &[&str],
    method: &str,
    signal: Signal,
) -> (i32, String) {
    let child = calling(server, args).spawn().expect("it can be run");
    server.wait_for(method, "", 1).await;
    // The answer, if there is one, is on its way.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let pid = rustix::process::Pid::from_child(&child);
    kill_process(pid, signal).expect("a signal");
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code().expect("an exit code"), stderr)
}

/// A signal is remembered while the command is busy with something else: here, between the start and the wait, with a note
/// on stderr that nobody reads.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_between_two_requests_is_not_lost() {
    use std::io::{Read as _, Write as _};
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let server = RawServer::start(|request| match request.method.as_str() {
            "POST" => Reply::json(
                200,
                format!(r#"{{"task_id": "{ID}", "status": "running"}}"#),
            ),
            _ => Reply::hang(),
        });
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        // As much as a pipe holds.
        writer.write_all(&[b'.'; 1 << 16]).expect("an empty pipe");
        let run = ["run", ID, "--query", "q", "--timeout", "60s"];
        let mut child = calling(&server, &run)
            .stderr(writer)
            .spawn()
            .expect("it can be run");
        server.wait_for("POST", "/run", 1).await;
        is_blocked_in(child.id(), WRITE);
        let pid = rustix::process::Pid::from_child(&child);
        kill_process(pid, signal).expect("a signal");
        let mut stderr = String::new();
        reader.read_to_string(&mut stderr).expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(code), "{stderr}");
        assert!(
            stderr.contains(&format!("nanonets tasks wait {ID}")),
            "{stderr}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_a_pause_after_a_refusal_says_that_nothing_happened() {
    for signal in [Signal::INT, Signal::TERM] {
        for args in [
            &["run", ID, "--query", "q"][..],
            &["agents", "create", "--name", "A"],
            &["agents", "publish", ID],
            &["tasks", "reply", ID, "yes"],
        ] {
            let server = RawServer::start(|_| {
                let headers = ["Retry-After: 60", crate::raw_server::JSON];
                Reply::new("429 Too Many Requests", &headers, r#"{"error":"no"}"#)
            });
            let (code, stderr) = interrupted(&server, args, "POST", signal).await;
            assert_eq!(code, 128 + signal.as_raw(), "{stderr}");
            assert!(stderr.contains("had no effect"), "{args:?}: {stderr}");
            assert!(!stderr.contains(" may have "), "{args:?}: {stderr}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("run.json");
    let server = RawServer::start(|request| match request.method.as_str() {
        "GET" => Reply::json(200, r#"{"data":[],"has_more":false}"#),
        _ => {
            let headers = ["Retry-After: 60", crate::raw_server::JSON];
            Reply::new("429 Too Many Requests", &headers, r#"{"error":"no"}"#)
        }
    });
    let path = record.to_str().expect("a path");
    let run = ["run", ID, "--query", "q", "--record", path];
    interrupted(&server, &run, "POST", Signal::INT).await;
    assert!(!record.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_an_answer_whose_id_has_arrived_names_it() {
    for (args, expected) in [
        (
            &["run", ID, "--query", "q", "-q"][..],
            format!("The task {ID} was started."),
        ),
        (
            &["run", ID, "--query", "q", "--no-wait"],
            format!("The task {ID} was started."),
        ),
        (
            &["agents", "create", "--name", "A"],
            format!("The agent {ID} was created."),
        ),
        (
            &["agents", "publish", ID],
            format!("The agent version {ID} was published."),
        ),
    ] {
        let server = RawServer::play(|mut connection| async move {
            connection.request().await;
            let body = format!(r#"{{"task_id":"{ID}","id":"{ID}","#);
            let answer = format!("HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n{body}");
            connection.write(answer.as_bytes()).await;
            connection.hang().await;
        });
        let (code, stderr) = interrupted(&server, args, "POST", Signal::INT).await;
        assert_eq!(code, 130, "{stderr}");
        assert!(stderr.contains(&expected), "{args:?}: {stderr}");
        assert!(stderr.contains("    nanonets "), "{args:?}: {stderr}");
    }
}

/// The id has arrived, and the answer has not ended, or names another version of the agent, which is not read yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_after_the_id_has_arrived_keeps_it_in_the_record_and_in_json() {
    const VERSION: &str = "99999999-9999-4999-8999-999999999999";
    let body = format!(
        r#"{{"task_id":"{ID}","agent_id":"{VERSION}","status":"running","message":"m","created_at":"2026-01-31T09:30:00Z"}}"#
    );
    for (length, method) in [(body.len() + 1, "POST"), (body.len(), "GET")] {
        for (signal, format) in [(Signal::INT, "--json"), (Signal::TERM, "--jsonl")] {
            let answer = format!(
                "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let server = RawServer::play(move |mut connection| {
                let answer = answer.clone();
                async move {
                    while let Some(request) = connection.request().await {
                        match request {
                            request if request.is("POST", "/run") => {
                                connection.write(answer.as_bytes()).await;
                            }
                            request if request.is("GET", "/agents/") => break,
                            _ => {
                                let page = r#"{"data":[],"has_more":false}"#;
                                connection.send(&Reply::json(200, page)).await;
                            }
                        }
                    }
                    connection.hang().await;
                }
            });
            let folder = tempfile::tempdir().expect("a folder");
            let record = folder.path().join("run.json");
            let path = record.to_str().expect("a path");
            let run = [
                "run",
                ID,
                "--query",
                "q",
                "--marker",
                "--record",
                path,
                "--no-wait",
                format,
            ];
            let child = calling(&server, &run).spawn().expect("it can be run");
            let path_of_last = if method == "GET" { "/agents/" } else { "/run" };
            server.wait_for(method, path_of_last, 1).await;
            // The answer to the run is on its way.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let pid = rustix::process::Pid::from_child(&child);
            kill_process(pid, signal).expect("a signal");
            let output = child.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                output.status.code(),
                Some(128 + signal.as_raw()),
                "{stderr}"
            );
            assert!(
                stderr.contains(&format!("    nanonets tasks wait {ID}")),
                "{stderr}"
            );
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(json["task_id"], ID, "{json}");
            assert!(json["status"].is_string(), "{json}");
            let text = std::fs::read_to_string(&record).expect("a record");
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(json["task_id"], ID, "{json}");
            assert!(json["until"].is_string(), "{json}");
            let find = calling(&server, &["runs", "find", path, "--json"]);
            let found = crate::process::finished(find).json();
            assert_eq!(found[0]["task_id"], ID, "{found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_before_the_answer_names_the_command_that_looks() {
    let safe = "It is safe to repeat the command.";
    let look = "Look before you repeat the command.";
    for (method, args, advice, command) in [
        (
            "POST",
            &["run", ID, "--query", "q"][..],
            look,
            format!("nanonets tasks list --agent {ID}"),
        ),
        (
            "POST",
            &["agents", "create", "--name", "A"],
            look,
            "nanonets agents list".to_owned(),
        ),
        (
            "POST",
            &["agents", "publish", ID],
            look,
            format!("nanonets agents versions {ID}"),
        ),
        (
            "POST",
            &["tasks", "reply", ID, "yes"],
            look,
            format!("nanonets tasks messages {ID}"),
        ),
        (
            "PATCH",
            &["agents", "update", ID, "--name", "A"],
            safe,
            format!("nanonets agents get {ID}"),
        ),
        (
            "POST",
            &["tasks", "cancel", ID],
            safe,
            format!("nanonets tasks get {ID}"),
        ),
    ] {
        let server = RawServer::start(|_| Reply::hang());
        let (code, stderr) = interrupted(&server, args, method, Signal::INT).await;
        assert_eq!(code, 130, "{stderr}");
        assert!(stderr.contains(" may have been "), "{args:?}: {stderr}");
        assert!(stderr.contains(advice), "{args:?}: {stderr}");
        assert!(
            stderr.contains(&format!("    {command}")),
            "{args:?}: {stderr}"
        );
    }
}
