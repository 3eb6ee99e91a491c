//! A state from before a message is not the answer to the message: the status lags behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{Client, Effect, ErrorKind, Outcome, TaskHandle};
use serde_json::{Value, json};

use crate::raw_server::{HTML, RawServer, Reply};
use crate::{AGENT, NOW, TASK, builder, client, soon, task};

/// When the server got the message, when the task ran, and when it ended again.
const STAMP: &str = "2026-01-31T10:00:00Z";
const LATER: &str = "2026-01-31T10:30:00Z";
const LAST: &str = "2026-01-31T10:40:00Z";
const PAUSE: Duration = Duration::from_millis(5);

/// A task in a status, and the output or the question that it has then.
type State = (&'static str, &'static str, &'static str);

const ENDS: [&str; 5] = [
    "completed",
    "failed",
    "stopped",
    "awaiting_review",
    "waiting_for_input",
];

/// A server whose task is in the first state, and goes on to the next one with each poll after a message.
fn server(states: Vec<State>) -> RawServer {
    server_with(states, Reply::json(200, json!({ "task_id": TASK })))
}

/// The same with this answer to the message.
fn server_with(states: Vec<State>, receipt: Reply) -> RawServer {
    let polls = AtomicUsize::new(0);
    let is_sent = AtomicUsize::new(0);
    let current = Arc::new(AtomicUsize::new(0));
    RawServer::start(move |request| {
        let path = request.path();
        if request.method == "POST" {
            is_sent.store(1, Ordering::Relaxed);
            return receipt.clone();
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
    for status in ENDS {
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
async fn a_task_that_went_on_between_two_polls_is_known_by_its_output_or_question() {
    for has_waited in [true, false] {
        for time in [NOW, STAMP, LATER] {
            let states = [
                ("completed", NOW, "old"),
                ("completed", STAMP, "old"),
                ("completed", time, "new"),
            ];
            let outcome = after_message(&states, has_waited).await;
            assert_eq!(output(&outcome), "new", "{has_waited}");
        }
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
async fn a_task_that_the_message_stamps_has_not_gone_on() {
    for status in ENDS {
        for has_waited in [true, false] {
            let stamped = (status, STAMP, "old");
            let states = [
                (status, NOW, "old"),
                stamped,
                stamped,
                stamped,
                ("running", LATER, ""),
                ("completed", LAST, "new"),
            ];
            let states = if has_waited {
                &states[..]
            } else {
                &states[1..]
            };
            let outcome = after_message(states, has_waited).await;
            assert_eq!(output(&outcome), "new", "{status}, {has_waited}");
        }
    }
}

#[tokio::test]
async fn a_replica_that_lags_behind_after_another_has_shown_the_task_running_is_not_the_outcome() {
    for status in ENDS {
        for order in ["roon", "ron", "oooron", "rsn", "rorosn", "orosn"] {
            let states: Vec<_> = order
                .chars()
                .map(|letter| match letter {
                    'o' => (status, NOW, "old"),
                    's' => (status, STAMP, "old"),
                    'r' => ("running", LATER, ""),
                    _ => ("completed", LAST, "new"),
                })
                .collect();
            let server = server([vec![(status, NOW, "old")], states].concat());
            let client = client(&server);
            outcome(&handle(&client)).await;
            let sent = handle(&client).send_message("again").await;
            sent.expect("a message");
            // The first of them is the state from before.
            let outcome = outcome(&handle(&client)).await;
            assert_eq!(output(&outcome), "new", "{status}: {order}");
        }
    }
}

#[tokio::test]
async fn a_task_that_fails_again_after_it_ran_has_failed() {
    let (old, running) = (("failed", NOW, ""), ("running", LATER, ""));
    for has_waited in [true, false] {
        let states = [old, old, running, old, ("failed", LAST, "")];
        let outcome = after_message(&states, has_waited).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    }
}

/// A server whose task has completed with the first summary, and after a message with the second one.
fn with_summaries(before: Value, after: Value) -> RawServer {
    let is_sent = AtomicUsize::new(0);
    RawServer::start(move |request| {
        if request.method == "POST" {
            is_sent.store(1, Ordering::Relaxed);
            return Reply::json(200, json!({ "task_id": TASK, "created_at": STAMP }));
        }
        match request.path().ends_with("/summary") {
            true if is_sent.load(Ordering::Relaxed) == 0 => Reply::json(200, &before),
            true => Reply::json(200, &after),
            false => Reply::json(200, task("completed")),
        }
    })
}

#[tokio::test]
async fn a_summary_is_the_answer_to_a_message_if_its_answer_is_new_or_its_completion_later() {
    let envelope = |output: &str, completed_at| {
        json!({ "task_id": TASK, "result": {
        "summary": output, "completed_at": completed_at,
    } })
    };
    let data = |output: &str, title: &str| json!({ "task_id": TASK, "title": title, "updated_at": title, "extracted_data": output });
    let words = |words: &str| json!({ "task_id": TASK, "result": words });
    for (before, after, is_outcome) in [
        (envelope("old", NOW), envelope("old", LATER), true),
        (envelope("old", NOW), envelope("new", LATER), true),
        (envelope("old", NOW), envelope("old", NOW), false),
        // By the receipt, it is from before the message.
        (envelope("old", NOW), envelope("new", NOW), false),
        (data("old", NOW), data("new", NOW), true),
        // Another title or time is not another answer, and neither is a blank one.
        (data("old", NOW), data("old", LATER), false),
        (data("old", NOW), json!({ "task_id": TASK }), false),
        // The last item of the feed is the message itself.
        (words("old"), words("again"), false),
        // The last item of the feed is what the agent says while it works: the task has not changed.
        (words("old"), words("Let me look at page 2."), false),
    ] {
        let server = with_summaries(before.clone(), after.clone());
        let client = client(&server);
        outcome(&handle(&client)).await;
        let sent = handle(&client).send_message("again").await;
        sent.expect("a message");
        let wait = handle(&client).wait().pauses(PAUSE, PAUSE);
        let outcome = soon(wait.timeout(PAUSE * 40)).await;
        assert_eq!(outcome.is_ok(), is_outcome, "{before} {after}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_remembered() {
    let old = ("completed", NOW, "old");
    let states = vec![
        old,
        old,
        old,
        ("running", LATER, ""),
        ("completed", LAST, "new"),
    ];
    for (answer, receipt) in [
        ("hang", Reply::hang()),
        ("close", Reply::close()),
        (
            "502",
            Reply::new("502 Bad Gateway", &[HTML], "<h1>Bad</h1>"),
        ),
        ("504", Reply::new("504 Gateway Timeout", &[], "")),
        ("500", Reply::json(500, r#"{"error":"defect"}"#)),
        ("429", Reply::new(429, &[HTML], "<h1>Slow down</h1>")),
        ("HTML", Reply::new(200, &[HTML], "<h1>Welcome</h1>")),
        ("204", Reply::new(204, &[], "")),
        (
            "error",
            Reply::json(200, json!({ "error": "it is locked" })),
        ),
        ("other task", Reply::json(200, json!({ "task_id": AGENT }))),
        ("cut", Reply::json(200, r#"{"task_id": "7f"#).cut_off()),
        ("unended", Reply::json(200, "{").unended()),
    ] {
        for is_dropped in [false, true] {
            let server = server_with(states.clone(), receipt.clone());
            let client = client(&server);
            outcome(&handle(&client)).await;
            let message = handle(&client).send_message("again");
            if is_dropped {
                let message = message.into_future();
                drop(tokio::time::timeout(PAUSE * 20, message).await);
            } else {
                let sent = message.timeout(PAUSE * 40).await;
                assert!(sent.is_err_and(|error| error.is_ambiguous()), "{answer}");
            }
            let outcome = outcome(&handle(&client)).await;
            assert_eq!(output(&outcome), "new", "{answer}, {is_dropped}");
        }
    }
    // Nothing is decoded of a raw answer.
    let server = server(states);
    let client = client(&server);
    outcome(&handle(&client)).await;
    let raw = handle(&client).send_message("again").raw().await;
    raw.expect("an answer");
    assert_eq!(output(&outcome(&handle(&client)).await), "new");
}

#[tokio::test]
async fn a_message_that_had_no_effect_is_forgotten() {
    for refusal in [
        Reply::json(409, r#"{"error":"it is locked"}"#),
        Reply::json(404, r#"{"error":"no task"}"#),
        Reply::new(401, &[HTML], "<h1>Who are you?</h1>"),
    ] {
        let server = server_with(vec![("completed", NOW, "old")], refusal);
        let client = client(&server);
        outcome(&handle(&client)).await;
        let sent = handle(&client).send_message("again").await;
        assert!(sent.is_err_and(|error| error.proves_no_effect()));
        assert_eq!(output(&outcome(&handle(&client)).await), "old");
    }
}

#[tokio::test]
async fn a_reply_under_way_at_the_deadline_of_a_wait_may_have_been_sent() {
    let states = vec![("waiting_for_input", NOW, "Which year?")];
    let wait = |client: &Client| handle(client).wait().pauses(PAUSE, PAUSE);
    for receipt in [Reply::hang(), Reply::json(200, "{").unended()] {
        let server = server_with(states.clone(), receipt);
        let client = client(&server);
        let wait = wait(&client).timeout(PAUSE * 60);
        let answered = soon(wait.answer_with(async |_| Some("2026".to_owned()))).await;
        let error = answered.expect_err("a timeout");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.is_timeout() && error.waited().is_some(), "{error:?}");
        assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
        assert!(error.is_ambiguous(), "{error:?}");
        assert_eq!(error.task_id(), Some(handle(&client).id()));
        assert_eq!(error.operation(), Some("send_task_message"));
        assert!(client.unfinished().is_empty());
    }
    // A deadline before the reply, and a timeout of the client.
    let server = server_with(states, Reply::hang());
    let client_of = |limit| builder(&server).timeout(limit).build().expect("a client");
    let client = client(&server);
    let never = wait(&client)
        .timeout(PAUSE * 40)
        .answer_with(|_| std::future::pending());
    let error = soon(never).await.expect_err("a timeout");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.proves_no_effect(), "{error:?}");
    assert_eq!(server.count("POST", "/message"), 0);
    let client = client_of(PAUSE * 40);
    let answered = wait(&client).answer_with(async |_| Some("2026".to_owned()));
    let error = soon(answered).await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Lost, "{error}");
    assert!(error.is_ambiguous(), "{error:?}");
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
