//! The question of a task whose messages lag behind its status.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{Client, ErrorKind, Outcome, TaskHandle, Wait};
use serde_json::{Value, json};

use crate::raw_server::{RawServer, Reply};
use crate::{NOW, TASK, client, soon, task};

const ANSWERED: &str = "2026-01-31T10:00:00Z";
const LATER: &str = "2026-01-31T10:30:00Z";
const PAUSE: Duration = Duration::from_millis(5);
/// The number of times that messages without a question are read.
const READS: usize = 6;

fn message(role: &str, content: &str, created_at: &str) -> Value {
    json!({ "role": role, "content": content, "created_at": created_at })
}

fn list(messages: &[Value]) -> Reply {
    Reply::json(200, json!({ "data": messages }))
}

/// A server whose task waits for input, with these answers to reads of its messages, one after the other.
fn with_lists(lists: Vec<Reply>) -> RawServer {
    let reads = AtomicUsize::new(0);
    RawServer::start(move |request| match request.path().ends_with("/messages") {
        true => {
            let read = reads.fetch_add(1, Ordering::Relaxed);
            lists[read.min(lists.len() - 1)].clone()
        }
        false => Reply::json(200, task("waiting_for_input")),
    })
}

fn handle(client: &Client) -> TaskHandle {
    client.task(TASK.parse().expect("an id"))
}

fn wait(server: &RawServer) -> Wait {
    handle(&client(server)).wait().pauses(PAUSE, PAUSE)
}

async fn asked(server: &RawServer) -> Option<String> {
    match soon(wait(server)).await.expect("an outcome") {
        Outcome::NeedsInput(question) => question.text().map(str::to_owned),
        other => panic!("{other:?}"),
    }
}

/// Answers to reads of messages that do not have the question yet.
fn lagging() -> Vec<(&'static str, Reply)> {
    let prompt = message("user", "q", NOW);
    let answered = [
        message("assistant", "Which year?", NOW),
        message("user", "2026", ANSWERED),
    ];
    let newest_first: Vec<_> = answered.iter().rev().cloned().collect();
    vec![
        ("nothing", list(&[])),
        ("the prompt", list(&[prompt])),
        ("a question that was answered", list(&answered)),
        ("the same, newest first", list(&newest_first)),
        ("404", Reply::json(404, r#"{"error":"no messages"}"#)),
        ("409", Reply::json(409, r#"{"error":"not yet"}"#)),
    ]
}

#[tokio::test]
async fn messages_that_do_not_have_the_question_yet_are_read_again() {
    let current = list(&[
        message("assistant", "Which year?", NOW),
        message("user", "2026", ANSWERED),
        message("assistant", "Which currency?", LATER),
    ]);
    for (name, lag) in lagging() {
        let server = with_lists(vec![lag.clone(), lag, current.clone()]);
        let asked = asked(&server).await;
        assert_eq!(asked.as_deref(), Some("Which currency?"), "{name}");
        assert_eq!(server.count("GET", "/messages"), 3, "{name}");
    }
}

#[tokio::test]
async fn messages_that_never_have_a_question_are_read_a_bounded_number_of_times() {
    for (messages, expected) in [
        (vec![], None),
        (vec![message("user", "q", NOW)], None),
        (
            vec![
                message("assistant", "Which year?", NOW),
                message("user", "One moment.", ANSWERED),
            ],
            Some("Which year?"),
        ),
    ] {
        let server = with_lists(vec![list(&messages)]);
        assert_eq!(asked(&server).await.as_deref(), expected, "{messages:?}");
        assert_eq!(server.count("GET", "/messages"), READS, "{messages:?}");
    }
    // Nothing proves that it was answered.
    let question = message("assistant", "Which year?", NOW);
    let mut without_time = message("user", "q", NOW);
    without_time["created_at"] = Value::Null;
    for other in [message("user", "q", NOW), without_time] {
        let server = with_lists(vec![list(&[question.clone(), other.clone()])]);
        let asked = asked(&server).await;
        assert_eq!(asked.as_deref(), Some("Which year?"), "{other}");
        assert_eq!(server.count("GET", "/messages"), 1, "{other}");
    }
}

#[tokio::test]
async fn messages_without_a_question_are_not_read_after_the_deadline() {
    for (name, lag) in lagging() {
        let server = with_lists(vec![lag]);
        let long = Duration::from_secs(60);
        let wait = handle(&client(&server)).wait().pauses(long, long);
        let error = soon(wait.timeout(PAUSE * 40)).await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Timeout, "{name}: {error}");
        assert!(
            error.to_string().contains("its question"),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn no_question_after_a_reply_is_no_other_question() {
    let question = message("assistant", "Which year?", NOW);
    let server = with_lists(vec![list(&[question]), list(&[])]);
    let client = client(&server);
    let wait = |task: &TaskHandle| task.wait().pauses(PAUSE, PAUSE);
    let Ok(Outcome::NeedsInput(question)) = soon(wait(&handle(&client))).await else {
        panic!("no question")
    };
    // The answer to it is a task, which the client takes for a receipt.
    let task = question.reply("2026").await.expect("a message");
    let error = soon(wait(&task).timeout(PAUSE * 40)).await;
    let error = error.expect_err("the state from before");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}
