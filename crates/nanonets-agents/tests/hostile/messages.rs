//! A state from before a message is not the answer to the message: the status lags behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{Client, Outcome, TaskHandle};
use serde_json::{Value, json};

use crate::raw_server::{RawServer, Reply};
use crate::{NOW, TASK, client, soon, task};

const LATER: &str = "2026-01-31T10:30:00Z";
const PAUSE: Duration = Duration::from_millis(5);

/// A task in a status, and the output or the question that it has then.
type State = (&'static str, &'static str, &'static str);

/// A server whose task is in the first state, and goes on to the next one with each poll after a message.
fn server(states: Vec<State>) -> RawServer {
    let polls = AtomicUsize::new(0);
    let is_sent = AtomicUsize::new(0);
    let current = Arc::new(AtomicUsize::new(0));
    RawServer::start(move |request| {
        let path = request.path();
        if request.method == "POST" {
            is_sent.store(1, Ordering::Relaxed);
            return Reply::json(200, json!({ "task_id": TASK }));
        }
        if path.ends_with("/summary") {
            let (_, _, output) = states[current.load(Ordering::Relaxed)];
            return Reply::json(200, json!({ "task_id": TASK, "extracted_data": output }));
        }
        if path.ends_with("/messages") {
            let (_, _, question) = states[current.load(Ordering::Relaxed)];
            let message = json!({ "role": "assistant", "content": question });
            return Reply::json(200, json!({ "data": [message] }));
        }
        let poll = polls.fetch_add(is_sent.load(Ordering::Relaxed), Ordering::Relaxed);
        let index = poll.min(states.len() - 1);
        current.store(index, Ordering::Relaxed);
        let (status, updated_at, _) = states[index];
        let mut task = task(status);
        task["updated_at"] = json!(updated_at);
        Reply::json(200, task)
    })
}

fn handle(client: &Client) -> TaskHandle {
    client.task(TASK.parse().expect("an id"))
}

async fn outcome(task: &TaskHandle) -> Outcome {
    let wait = task.wait().pauses(PAUSE, PAUSE);
    soon(wait).await.expect("an outcome")
}

/// The outcome after a message, of a client that has waited before it or not.
async fn after_message(states: &[State], has_waited: bool) -> Outcome {
    let server = server(states.to_vec());
    let client = client(&server);
    if has_waited {
        outcome(&handle(&client)).await;
    }
    handle(&client)
        .send_message("again")
        .await
        .expect("a message");
    outcome(&handle(&client)).await
}

fn output(outcome: &Outcome) -> Value {
    let Outcome::Completed(done) = outcome else {
        panic!("{outcome:?}")
    };
    done.extracted().expect("an output")
}

#[tokio::test]
async fn an_ended_task_ends_a_wait_only_after_it_went_on() {
    for status in [
        "completed",
        "failed",
        "stopped",
        "awaiting_review",
        "waiting_for_input",
    ] {
        for has_waited in [true, false] {
            let old = (status, NOW, "old");
            let states = [
                old,
                old,
                old,
                ("running", LATER, ""),
                ("completed", LATER, "new"),
            ];
            let outcome = after_message(&states, has_waited).await;
            assert_eq!(output(&outcome), "new", "{status}, {has_waited}");
        }
    }
}

#[tokio::test]
async fn a_task_that_went_on_between_two_polls_is_told_by_its_time_or_its_output() {
    for has_waited in [true, false] {
        let old = ("completed", NOW, "old");
        for new in [("completed", LATER, "old"), ("completed", NOW, "new")] {
            let outcome = after_message(&[old, old, new], has_waited).await;
            assert_eq!(output(&outcome), new.2, "{has_waited}");
        }
        let (old, new) = (("failed", NOW, ""), ("failed", LATER, ""));
        let outcome = after_message(&[old, old, new], has_waited).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        let (old, new) = (
            ("waiting_for_input", NOW, "old"),
            ("waiting_for_input", NOW, "new"),
        );
        let outcome = after_message(&[old, old, new], has_waited).await;
        let Outcome::NeedsInput(question) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(question.text(), Some("new"));
    }
}

#[tokio::test]
async fn another_status_than_before_the_message_ends_the_wait() {
    let states = [("waiting_for_input", NOW, "old"), ("completed", NOW, "new")];
    let server = server(states.to_vec());
    let client = client(&server);
    let Outcome::NeedsInput(question) = outcome(&handle(&client)).await else {
        panic!("a question")
    };
    let task = question.reply("2026").await.expect("a message");
    handle(&client).get().await.expect("a task");
    assert_eq!(output(&outcome(&task).await), "new");
}

#[tokio::test]
async fn a_timeout_says_that_the_state_is_from_before_the_message() {
    let server = server(vec![("completed", NOW, "old")]);
    let client = client(&server);
    handle(&client)
        .send_message("again")
        .await
        .expect("a message");
    let wait = handle(&client).wait().pauses(PAUSE, PAUSE);
    let error = soon(wait.timeout(PAUSE * 40)).await.expect_err("a timeout");
    assert!(error.to_string().contains("before the message"), "{error}");
}

#[tokio::test]
async fn a_success_with_an_error_in_it_is_no_receipt() {
    for (answer, is_receipt) in [
        (json!({ "error": "the task is locked" }), false),
        (json!({ "error": "a warning", "task_id": TASK }), true),
        (json!({}), true),
    ] {
        let reply = answer.clone();
        let server = RawServer::start(move |_| Reply::json(200, &reply));
        let sent = handle(&client(&server)).send_message("again").await;
        assert_eq!(sent.is_ok(), is_receipt, "{answer}");
        if let Err(error) = sent {
            assert!(
                error.is_ambiguous() && !error.body().is_empty(),
                "{error:?}"
            );
            assert!(!error.to_string().contains("locked"), "{error}");
        }
    }
}
