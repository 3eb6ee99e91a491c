//! Answers that are odd and that the command still tells the truth about.

use serde_json::{Value, json};

use crate::process::{Run, command, finished};
use crate::raw_server::{RawServer, Reply};

const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
const NOW: &str = "2026-01-31T09:30:00Z";

/// Runs the command against a server.
async fn run(server: &RawServer, args: &[&str]) -> Run {
    let mut command = command();
    command
        .args(args)
        .env("NANONETS_API_KEY", "key")
        .env("NANONETS_BASE_URL", server.url());
    tokio::task::spawn_blocking(move || finished(command))
        .await
        .expect("a run")
}

fn task(status: &str) -> Value {
    json!({
        "task_id": ID, "agent_id": ID, "status": status, "message": "m", "created_at": NOW, "updated_at": NOW,
    })
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelling_says_what_its_answer_says() {
    for (status, expected) in [
        ("stopped", "is cancelled."),
        (
            "running",
            "is being cancelled: a step under way still ends.",
        ),
        (
            "waiting_for_input",
            "is being cancelled: a step under way still ends.",
        ),
        ("completed", "is completed already."),
        ("failed", "is failed already."),
    ] {
        let server = RawServer::start(move |_| Reply::json(200, task(status)));
        for stdout in ["/dev/null", "/dev/full"] {
            let mut command = command();
            command
                .args(["tasks", "cancel", ID])
                .env("NANONETS_API_KEY", "key")
                .env("NANONETS_BASE_URL", server.url())
                .stderr(std::process::Stdio::piped())
                .stdout(
                    std::fs::OpenOptions::new()
                        .write(true)
                        .open(stdout)
                        .expect("a file"),
                );
            let child = command.spawn().expect("it can be run");
            let output = tokio::task::spawn_blocking(move || child.wait_with_output());
            let output = output.await.expect("a run").expect("it ends");
            let stderr = String::from_utf8(output.stderr).expect("UTF-8");
            let sentence = format!("The task {ID} {expected}");
            assert!(stderr.contains(&sentence), "{status} {stdout}: {stderr}");
        }
    }
}
