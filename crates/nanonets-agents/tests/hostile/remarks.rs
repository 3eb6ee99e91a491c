//! Words that the agent writes while it works on a message, and that a status from before the message makes look like its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{Client, Outcome, TaskHandle};
use serde_json::json;

use crate::raw_server::{RawServer, Reply};
use crate::{NOW, TASK, client, soon, task};

const STAMP: &str = "2026-01-31T10:00:00Z";
const LATER: &str = "2026-01-31T10:30:00Z";
const LAST: &str = "2026-01-31T10:40:00Z";
const PAUSE: Duration = Duration::from_millis(5);
const REMARK: &str = "Thanks, I am on it.";

/// The status of a task, its `updated_at`, and the newest words of the agent.
type State = (&'static str, &'static str, &'static str);

/// A server whose task is in the first state, and goes on to the next one with each poll after the first message.
fn server(states: Vec<State>) -> RawServer {
    let polls = AtomicUsize::new(0);
    let sent = AtomicUsize::new(0);
    let current = Arc::new(AtomicUsize::new(0));
    RawServer::start(move |request| {
        let (_, _, words) = states[current.load(Ordering::Relaxed)];
        match (request.method.as_str(), request.path()) {
            ("POST", _) => {
                sent.store(1, Ordering::Relaxed);
                Reply::json(200, json!({ "task_id": TASK }))
            }
            (_, path) if path.ends_with("/summary") => {
                Reply::json(200, json!({ "task_id": TASK, "result": words }))
            }
            (_, path) if path.ends_with("/messages") => {
                let message = json!({ "role": "assistant", "content": words });
                Reply::json(200, json!({ "data": [message] }))
            }
            _ => {
                let poll = polls.fetch_add(sent.load(Ordering::Relaxed), Ordering::Relaxed);
                let index = poll.min(states.len() - 1);
                current.store(index, Ordering::Relaxed);
                let (status, updated_at, _) = states[index];
                let mut task = task(status);
                task["updated_at"] = json!(updated_at);
                Reply::json(200, task)
            }
        }
    })
}

fn handle(client: &Client) -> TaskHandle {
    client.task(TASK.parse().expect("an id"))
}

/// The state from before the message, with other words in some polls, and then the task that goes on and ends.
fn states(before: State, stale: State, polls: usize) -> Vec<State> {
    let mut states = vec![before; 2];
    states.resize(2 + polls, stale);
    states.extend([("running", LATER, REMARK), ("completed", LAST, "new")]);
    states
}

fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Completed(done) => String::from_utf8_lossy(done.raw_summary()).into_owned(),
        Outcome::NeedsInput(question) => question.text().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_remark_after_a_reply_is_no_question_while_the_status_lags() {
    // The message may change the task's `updated_at`, too.
    for time in [NOW, STAMP] {
        for polls in 1..6 {
            let before = ("waiting_for_input", NOW, "Which year?");
            let stale = ("waiting_for_input", time, REMARK);
            let server = server(states(before, stale, polls));
            let wait = handle(&client(&server)).wait().pauses(PAUSE, PAUSE);
            let answered = soon(wait.answer_with(async |_| Some("2026".to_owned()))).await;
            let words = words(answered.expect("an outcome"));
            assert!(words.contains("new"), "{time}, {polls}: {words}");
            // The remark got no answer.
            assert_eq!(server.count("POST", "/message"), 1, "{time}, {polls}");
        }
    }
}

#[tokio::test]
async fn words_of_the_work_are_not_its_outcome_although_the_message_has_changed_the_task() {
    for time in [NOW, STAMP] {
        for polls in 1..6 {
            let server = server(states(
                ("completed", NOW, "old"),
                ("completed", time, REMARK),
                polls,
            ));
            let client = client(&server);
            let wait = || handle(&client).wait().pauses(PAUSE, PAUSE);
            assert!(words(soon(wait()).await.expect("an outcome")).contains("old"));
            let sent = handle(&client).send_message("again").await;
            sent.expect("a message");
            let words = words(soon(wait()).await.expect("an outcome"));
            assert!(words.contains("new"), "{time}, {polls}: {words}");
        }
    }
}

#[tokio::test]
async fn words_that_stay_are_the_outcome_although_no_other_status_was_seen() {
    for (before, after) in [
        (
            ("waiting_for_input", NOW, "Which year?"),
            ("waiting_for_input", NOW, "Which currency?"),
        ),
        (
            ("waiting_for_input", NOW, "Which year?"),
            ("waiting_for_input", LATER, "Which currency?"),
        ),
        (("completed", NOW, "old"), ("completed", LATER, "new")),
    ] {
        let server = server(vec![before, before, after]);
        let client = client(&server);
        let wait = || handle(&client).wait().pauses(PAUSE, PAUSE);
        assert!(words(soon(wait()).await.expect("an outcome")).contains(before.2));
        let sent = handle(&client).send_message("again").await;
        sent.expect("a message");
        // Long before half a minute has passed.
        let outcome = soon(wait().timeout(PAUSE * 200)).await;
        assert!(words(outcome.expect("an outcome")).contains(after.2));
    }
}
