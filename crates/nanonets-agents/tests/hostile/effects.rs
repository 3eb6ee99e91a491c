//! The effect that an error says a request had: of all attempts together, and of calls that nobody waits for any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{
    AgentId, Client, Created, Effect, Error, ErrorKind, Result, RetryPolicy, TaskId,
};
use serde_json::{Value, json};

use crate::raw_server::{HTML, JSON, RawServer, Reply};
use crate::{TASK, agent, builder, client, run, soon, task};

fn id() -> TaskId {
    TASK.parse().expect("an id")
}

/// An id that is new in an answer, and not the one of the request.
const NEW: &str = "33333333-3333-4333-8333-333333333333";

/// The operations that can't be repeated.
const ONCE: [&str; 4] = ["run", "create", "publish", "message"];

async fn call(client: &Client, operation: &str, limit: Duration) -> Result<()> {
    match operation {
        "run" => run(client).attempt_timeout(limit).send().await.map(drop),
        "create" => client
            .agents()
            .create()
            .attempt_timeout(limit)
            .await
            .map(drop),
        "publish" => client
            .agent(agent())
            .publish()
            .attempt_timeout(limit)
            .await
            .map(drop),
        _ => client
            .task(id())
            .send_message("yes")
            .attempt_timeout(limit)
            .await
            .map(drop),
    }
}

/// The resource that an operation has created, by the id in its answer.
fn created(operation: &str) -> Created {
    let agent: AgentId = NEW.parse().expect("an id");
    match operation {
        "run" => Created::Task(NEW.parse().expect("an id")),
        "create" => Created::Agent(agent),
        _ => Created::AgentVersion(agent),
    }
}

#[tokio::test]
async fn an_id_that_arrived_decides_whatever_the_kind_of_the_error() {
    let body = json!({ "task_id": NEW, "id": NEW }).to_string();
    let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n";
    let half = format!("{head}Content-Length: 4000\r\n\r\n{body}");
    let odd = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    for (ending, kind) in [
        ("hangs", ErrorKind::Lost),
        ("trickles", ErrorKind::Lost),
        ("closes", ErrorKind::Unreadable),
        ("is reset", ErrorKind::Unreadable),
        ("is odd", ErrorKind::Unreadable),
    ] {
        let answer = if ending == "is odd" {
            odd.clone()
        } else {
            half.clone()
        };
        let server = RawServer::play(move |mut connection| {
            let answer = answer.clone();
            async move {
                connection.request().await;
                connection.write(answer.as_bytes()).await;
                match ending {
                    "hangs" => connection.hang().await,
                    "trickles" => loop {
                        connection.write(b" ").await;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    },
                    "is reset" => {
                        // The client reads what came before the reset.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        connection.reset();
                    }
                    _ => connection.half_close().await,
                }
            }
        });
        let client = client(&server);
        for operation in ["run", "create", "publish"] {
            let limit = Duration::from_millis(200);
            let error = soon(call(&client, operation, limit)).await;
            let error = error.expect_err("no whole answer");
            assert_eq!(error.kind(), kind, "{operation} {ending}: {error}");
            let created = created(operation);
            assert_eq!(error.effect(), Effect::Created(created), "{error}");
            assert_eq!(error.created(), Some(created));
            assert!(error.to_string().contains(&created.to_string()), "{error}");
            assert!(
                !error.is_ambiguous() && !error.proves_no_effect(),
                "{error}"
            );
            assert_eq!(error.attempts(), 1);
        }
    }
}

#[tokio::test]
async fn a_resource_is_not_created_twice_by_any_retry_policy() {
    let server = RawServer::start(|_| Reply::json(201, json!({ "task_id": NEW, "id": NEW })));
    let again = RetryPolicy::default().decide_by(|_| Some(Duration::ZERO));
    let client = builder(&server).retry(again).build().expect("a client");
    for operation in ["run", "create", "publish"] {
        let error = call(&client, operation, Duration::from_secs(5)).await;
        assert_eq!(
            error.expect_err("an odd answer").created(),
            Some(created(operation))
        );
    }
    assert_eq!(server.requests().len(), 3);
}

/// Failures after which the request may have taken effect.
fn ambiguous() -> Vec<Reply> {
    let page = |status| Reply::new(status, &[HTML, "Retry-After: 0"], "<h1>Error</h1>");
    vec![
        Reply::close(),
        page("502 Bad Gateway"),
        page("503 Unavailable"),
        page("429 Too Many Requests"),
        Reply::json("500 Internal Server Error", r#"{"error":"unexpected"}"#),
        Reply::json("201 Created", "{\"status\":").cut_off(),
    ]
}

/// Failures that prove that their own attempt had no effect.
fn certain() -> Vec<Reply> {
    let own = |status, pause| Reply::new(status, &[JSON, pause], r#"{"error":"not now"}"#);
    vec![
        own("429 Too Many Requests", "Retry-After: 0"),
        own("429 Too Many Requests", "Retry-After: 60"),
        own("503 Unavailable", "Retry-After: 0"),
        own("503 Unavailable", "Retry-After: 60"),
        own("409 Conflict", "X-Other: 1"),
        own("401 Unauthorized", "X-Other: 1"),
    ]
}

fn is_ambiguous(error: &Error, context: &str) {
    assert!(error.is_ambiguous(), "{context}: {error:?}");
    assert_eq!(error.effect(), Effect::Unknown, "{context}");
    assert!(!error.proves_no_effect(), "{context}");
    let is_run = error.operation() == Some("run_agent");
    assert_eq!(error.run_record().is_some(), is_run, "{context}");
    let ambiguity = error.ambiguity().expect("an ambiguity");
    assert!(ambiguity.since <= ambiguity.until, "{context}");
}

#[tokio::test]
async fn no_later_failure_makes_an_earlier_one_certain() {
    let mut cases = Vec::new();
    for (first_index, first) in ambiguous().into_iter().enumerate() {
        for (later_index, later) in certain().into_iter().enumerate() {
            for operation in ONCE {
                let context = format!("{operation}, {first_index} and then {later_index}");
                cases.push(later_failure(
                    operation,
                    first.clone(),
                    later.clone(),
                    context,
                ));
            }
        }
    }
    futures_util::future::join_all(cases).await;
}

/// The effect is unknown after this failure and then others.
async fn later_failure(operation: &str, first: Reply, later: Reply, context: String) {
    let count = AtomicUsize::new(0);
    let server = RawServer::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => first.clone(),
        _ => later.clone(),
    });
    let policy = RetryPolicy::default()
        .longest_rate_limit(Duration::from_millis(20))
        .decide_by(|attempt| (attempt.number < 4).then_some(Duration::from_millis(1)));
    // A hold ends with the deadline of the call.
    let client = builder(&server)
        .retry(policy)
        .timeout(Duration::from_secs(3))
        .build()
        .expect("a client");
    let error = soon(call(&client, operation, Duration::from_secs(5))).await;
    is_ambiguous(&error.expect_err(&context), &context);
    assert!(server.requests().len() > 1, "{context}");
}

#[tokio::test]
async fn a_call_that_is_not_admitted_again_keeps_the_effect_of_its_first_attempt() {
    // Another run is refused, and holds the gate, while this one waits for its second attempt.
    let server = RawServer::start(|request| match request.text().contains("other") {
        true => Reply::new(
            "429 Too Many Requests",
            &[JSON, "Retry-After: 60"],
            r#"{"error":"not now"}"#,
        ),
        false => Reply::new("502 Bad Gateway", &[HTML], "<h1>Error</h1>"),
    });
    let policy = RetryPolicy::default().decide_by(|attempt| match attempt.number {
        1 => Some(Duration::from_millis(300)),
        _ => None,
    });
    let client = builder(&server).retry(policy).build().expect("a client");
    let other = async {
        server.wait_for("POST", "/run", 1).await;
        let other = client.agent(agent()).run().query("other");
        other.timeout(Duration::from_secs(1)).start().await
    };
    let this = run(&client).timeout(Duration::from_secs(1)).start();
    let (this, other) = soon(async { tokio::join!(this, other) }).await;
    other.expect_err("a refusal");
    let error = this.expect_err("a hold");
    is_ambiguous(&error, "a hold");
    assert_eq!(error.attempts(), 1, "{error}");
}

#[tokio::test]
async fn a_read_has_no_effect_and_a_change_that_can_be_repeated_may_have_one() {
    let server = RawServer::start(|_| Reply::new("502 Bad Gateway", &[HTML], "<h1>Error</h1>"));
    let client = crate::client_without_retries(&server, "key-of-this-test");
    for error in [
        client.task(id()).get().await.map(drop),
        client.task(id()).summary().await.map(drop),
        client.tasks().list().page().await.map(drop),
    ] {
        assert_eq!(error.expect_err("an error").effect(), Effect::None);
    }
    for error in [
        client.task(id()).cancel().await.map(drop),
        client.agent(agent()).update().name("A").await.map(drop),
    ] {
        let error = error.expect_err("an error");
        assert_eq!(error.effect(), Effect::Unknown);
        assert!(!error.is_ambiguous() && !error.proves_no_effect());
    }
}

#[tokio::test]
async fn whatever_ends_an_extraction_its_task_was_started() {
    let quick = Duration::from_millis(5);
    let summary = |status| (status, json!({ "status": status }));
    for (status, summary) in [
        summary("failed"),
        summary("stopped"),
        summary("awaiting_review"),
        summary("running"),
        (
            "completed",
            json!({ "status": "completed", "extracted_data": "no number" }),
        ),
        ("missing", Value::Null),
    ] {
        let server =
            RawServer::start(
                move |request| match (request.method.as_str(), request.path()) {
                    ("POST", _) => Reply::json(201, json!({ "task_id": TASK })),
                    (_, path) if path.ends_with("/summary") => Reply::json(200, &summary),
                    _ if status == "missing" => Reply::json(403, r#"{"error":"no"}"#),
                    _ => Reply::json(200, task(status)),
                },
            );
        let extract = run(&client(&server)).extract_as::<u32>();
        let extract = extract.pauses(quick, quick).timeout(quick * 40);
        let error = soon(extract).await.expect_err(status);
        let started = Effect::Created(Created::Task(id()));
        assert_eq!(error.effect(), started, "{status}: {error}");
        assert!(!error.proves_no_effect(), "{status}");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_what_is_known_of_it() {
    let body = json!({ "task_id": NEW, "id": NEW }).to_string();
    for operation in ONCE {
        for (phase, answer) in [
            ("in flight", String::new()),
            (
                "in the answer",
                format!("HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n{body}"),
            ),
            (
                "in a pause",
                "HTTP/1.1 429 No\r\nRetry-After: 1\r\nContent-Length: 19\r\n\r\n{\"error\":\"not now\"}"
                    .to_owned(),
            ),
        ] {
            let server = RawServer::play(move |mut connection| {
                let answer = answer.clone();
                async move {
                    connection.request().await;
                    connection.write(answer.as_bytes()).await;
                    connection.hang().await;
                }
            });
            let client = client(&server);
            let context = format!("{operation} {phase}");
            let limit = Duration::from_secs(60);
            let called = tokio::time::timeout(
                Duration::from_millis(300),
                call(&client, operation, limit),
            );
            called.await.expect_err("it is dropped");
            let unfinished = client.unfinished();
            let [error] = &unfinished[..] else {
                panic!("{context}: {unfinished:?}")
            };
            match phase {
                "in flight" => is_ambiguous(error, &context),
                "in a pause" => assert_eq!(error.effect(), Effect::None, "{context}"),
                // A message has no id.
                _ if operation == "message" => is_ambiguous(error, &context),
                _ => assert_eq!(error.created(), Some(created(operation)), "{context}"),
            }
        }
    }
}

#[tokio::test]
async fn calls_that_are_over_and_reads_are_not_unfinished() {
    let server = RawServer::start(|request| match request.method.as_str() {
        "POST" => Reply::json(409, r#"{"error":"no"}"#),
        _ => Reply::hang(),
    });
    let client = client(&server);
    run(&client).start().await.expect_err("a refusal");
    let read = client.task(id()).get().into_future();
    let read = tokio::time::timeout(Duration::from_millis(50), read);
    read.await.expect_err("it hangs");
    assert!(client.unfinished().is_empty());
    // Calls whose future was dropped are remembered up to a limit.
    let server = RawServer::start(|_| Reply::hang());
    let client = crate::client(&server);
    for _ in 0..120 {
        let run = tokio::time::timeout(Duration::from_millis(1), run(&client).start());
        drop(run.await);
    }
    assert_eq!(client.unfinished().len(), 100);
}

#[tokio::test]
async fn a_server_that_does_not_tell_its_time_does_not_use_up_the_time_of_the_run() {
    let server = RawServer::start(|request| match request.method.as_str() {
        "POST" => Reply::json(201, json!({ "task_id": TASK })),
        _ => Reply::hang(),
    });
    let limit = Duration::from_secs(2);
    let prepared = run(&client(&server)).timeout(limit).prepare();
    let prepared = tokio::time::timeout(limit, prepared).await;
    let prepared = prepared.expect("time is left").expect("a record");
    prepared.start().await.expect("a task");
}

#[tokio::test]
async fn an_empty_answer_to_a_change_is_not_repeated() {
    for status in [
        "200 OK",
        "204 No Content",
        "205 Reset Content",
        "206 Partial Content",
    ] {
        let server = RawServer::start(move |_| Reply::new(status, &[JSON], ""));
        let client = client(&server);
        for error in [
            soon(client.task(id()).cancel()).await.map(drop),
            soon(client.agent(agent()).update().name("A"))
                .await
                .map(drop),
            soon(run(&client).start()).await.map(drop),
        ] {
            let error = error.expect_err(status);
            assert_eq!(error.attempts(), 1, "{status}: {error}");
            assert_eq!(error.effect(), Effect::Unknown, "{status}");
        }
        // A read may have met a server that was about to stop.
        let error = soon(client.task(id()).get()).await.expect_err(status);
        assert_eq!(error.attempts(), 5, "{status}");
    }
}

#[tokio::test]
async fn a_question_that_was_answered_by_somebody_else_is_not_open() {
    let asked = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        if !request.path().ends_with("/messages") {
            return Reply::json(200, task("waiting_for_input"));
        }
        let mut messages = vec![json!({ "role": "assistant", "content": "Which year?" })];
        if asked.fetch_add(1, Ordering::Relaxed) > 1 {
            messages.push(json!({ "role": "user", "content": "2026" }));
            messages.push(json!({ "role": "assistant", "content": "Which currency?" }));
        }
        Reply::json(200, json!({ "data": messages }))
    });
    let outcome = client(&server).task(id()).wait().await.expect("a question");
    let nanonets_agents::Outcome::NeedsInput(question) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(question.is_open().await.expect("an answer"));
    assert!(!question.is_open().await.expect("an answer"));
}

/// A refusal that names something new: a task may exist whose second file was rejected.
#[tokio::test]
async fn an_id_in_a_refusal_is_kept_and_is_no_proof() {
    for status in [400, 403, 409, 422, 429, 500, 503] {
        let server = RawServer::start(move |_| {
            let error =
                json!({ "error": "the second file was rejected", "task_id": NEW, "id": NEW });
            Reply::new(status, &[JSON, "Retry-After: 0"], error.to_string())
        });
        for operation in ["run", "create", "publish"] {
            let error = call(&client(&server), operation, Duration::from_secs(5)).await;
            let error = error.expect_err("a refusal");
            is_ambiguous(&error, &format!("{status} {operation}"));
            let ids = (error.task_id(), error.agent_id());
            match created(operation) {
                Created::Task(id) => assert_eq!(ids.0, Some(id)),
                other => assert_eq!(ids.1, other.agent()),
            }
            assert!(error.to_string().contains(NEW), "{error}");
            assert_eq!((error.attempts(), error.created()), (1, None));
        }
    }
}

#[tokio::test]
async fn the_id_of_something_else_in_an_answer_is_not_that_of_what_was_created() {
    let other = "55555555-5555-4555-8555-555555555555";
    let nested = json!({ "id": other, "task_id": other });
    for (answer, is_cut) in [
        (json!({ "config": { "tools": [nested] } }), false),
        (json!({ "config": { "tools": [nested] } }), true),
        (json!({ "owner": nested }), false),
        (json!({ "data": [nested] }), false),
    ] {
        let body = answer.to_string();
        let server = RawServer::start(move |_| match is_cut {
            true => Reply::json(201, &body[..body.len() - 2]).cut_off(),
            false => Reply::json(201, &body),
        });
        for operation in ["run", "create", "publish"] {
            let error = call(&client(&server), operation, Duration::from_secs(5)).await;
            let error = error.expect_err("no id");
            assert_eq!(error.effect(), Effect::Unknown, "{operation} {answer}");
            assert!(!format!("{error} {error:?}").contains(other), "{error:?}");
        }
    }
}

#[tokio::test]
async fn an_id_counts_in_an_envelope_and_in_a_json_string() {
    let answer = json!({ "id": NEW, "task_id": NEW });
    let other = json!({ "id": TASK, "task_id": TASK });
    for body in [
        json!(answer.to_string()),
        json!({ "data": answer }),
        json!({ "result": { "data": answer } }),
        json!({ "parent": other, "task": answer, "agent": answer }),
        json!([answer]),
    ] {
        let body = body.to_string();
        let answer = body.clone();
        let server = RawServer::start(move |_| Reply::json(201, &answer));
        for operation in ["run", "create", "publish"] {
            let error = call(&client(&server), operation, Duration::from_secs(5)).await;
            let error = error.expect_err("an odd answer");
            assert_eq!(
                error.created(),
                Some(created(operation)),
                "{operation} {body}"
            );
        }
    }
}
