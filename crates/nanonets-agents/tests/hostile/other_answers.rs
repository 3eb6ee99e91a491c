//! Answers about another task or agent than the one that was asked for, such as a second response on a kept connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanonets_agents::{Client, Created, Effect, ErrorKind, Outcome, Result, TaskId};
use serde_json::{Value, json};

use crate::raw_server::{RawServer, Reply, Request};
use crate::{AGENT, NOW, TASK, agent, client, run, soon, task};

const OTHER: &str = "33333333-3333-4333-8333-333333333333";

fn id() -> TaskId {
    TASK.parse().expect("an id")
}

/// The operations that can be repeated, and `message`, which can't be.
const OPERATIONS: [&str; 8] = [
    "get", "summary", "result", "messages", "cancel", "agent", "update", "message",
];

async fn call(client: &Client, operation: &str) -> Result<()> {
    let (of_agent, of_task) = (client.agent(agent()), client.task(id()));
    match operation {
        "get" => of_task.get().await.map(drop),
        "summary" => of_task.summary().await.map(drop),
        "result" => of_task.result().await.map(drop),
        "messages" => of_task.messages().await.map(drop),
        "cancel" => of_task.cancel().await.map(drop),
        "agent" => of_agent.get().await.map(drop),
        "update" => of_agent.update().name("A").await.map(drop),
        _ => of_task.send_message("yes").await.map(drop),
    }
}

/// The documented answer to a request, about these two.
fn answer(request: &Request, task_id: &str, agent_id: &str) -> Value {
    if request.path().contains("/tasks/") {
        let mut task = task("completed");
        task["task_id"] = json!(task_id);
        task["data"] = json!([{ "task_id": task_id, "content": "Which year?" }]);
        return task;
    }
    json!({
        "id": agent_id, "agent_group_id": OTHER, "version_number": 1, "status": "published", "name": "A",
        "config": {}, "is_active": true, "created_at": NOW, "updated_at": NOW,
    })
}

#[tokio::test]
async fn an_answer_about_another_is_an_error_and_is_read_again_on_a_fresh_connection() {
    for operation in OPERATIONS {
        let count = AtomicUsize::new(0);
        let server = RawServer::start(move |request| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::json(200, answer(request, OTHER, TASK)),
            _ => Reply::json(200, answer(request, TASK, AGENT)),
        });
        let client = client(&server);
        let result = soon(call(&client, operation)).await;
        if operation == "message" {
            let error = result.expect_err("another task");
            assert_eq!(error.kind(), ErrorKind::OtherAnswer);
            assert!(error.is_ambiguous(), "{error}");
            assert_eq!(server.requests().len(), 1);
            continue;
        }
        result.expect(operation);
        assert_eq!(server.requests().len(), 2, "{operation}");
        assert_eq!(server.connections(), 2, "{operation}");
        // The connection that mixed up answers may be kept still, and is not used.
        call(&client, "get").await.expect("a task");
        assert_eq!(server.connections(), 3, "{operation}");
    }
}

#[tokio::test]
async fn a_server_that_answers_about_others_alone_is_an_error() {
    for operation in OPERATIONS {
        let server = RawServer::start(|request| Reply::json(200, answer(request, OTHER, TASK)));
        let error = soon(call(&client(&server), operation)).await;
        let error = error.expect_err(operation);
        assert_eq!(error.kind(), ErrorKind::OtherAnswer, "{operation}");
        let is_read = !["cancel", "update", "message"].contains(&operation);
        assert_eq!(error.effect() == Effect::None, is_read, "{operation}");
        assert!(!format!("{error} {error:?}").contains(OTHER), "{error:?}");
    }
}

#[tokio::test]
async fn answers_without_an_id_and_with_that_of_all_versions_are_accepted() {
    let server = RawServer::start(|_| Reply::json(200, json!({ "data": [{}], "result": "7" })));
    let client = client(&server);
    for operation in ["summary", "result", "messages", "message"] {
        call(&client, operation).await.expect(operation);
    }
    let server = RawServer::start(|request| Reply::json(200, answer(request, TASK, AGENT)));
    let client = crate::client(&server);
    let group = client.agent(OTHER.parse().expect("an id"));
    group.get().await.expect("the agent of the group");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_second_response_on_a_connection_is_not_the_end_of_a_wait() {
    let server = RawServer::play(|mut connection| async move {
        let mut polls = 0;
        while let Some(request) = connection.request().await {
            polls += 1;
            let is_kept = polls > 1;
            let status = if is_kept { "running" } else { "completed" };
            let mut stray = task("failed");
            stray["task_id"] = json!(OTHER);
            if request.path().ends_with("/summary") {
                let summary = json!({ "task_id": TASK, "extracted_data": 7 });
                connection.send(&Reply::json(200, summary)).await;
            } else if is_kept {
                // Every answer of a kept connection is late by one.
                connection.send(&Reply::json(200, stray)).await;
            } else {
                let status = if request.header("x-first").is_some() {
                    "running"
                } else {
                    status
                };
                connection.send(&Reply::json(200, task(status))).await;
            }
        }
    });
    let client = client(&server);
    let of_task = client.task(id());
    // A connection is kept.
    of_task.get().header("x-first", "1").await.expect("a task");
    let pause = Duration::from_millis(5);
    let outcome = soon(of_task.wait().pauses(pause, pause)).await;
    assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_output_of_another_task_is_not_the_output_of_this_one() {
    let count = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        if !request.path().ends_with("/summary") {
            return Reply::json(200, task("completed"));
        }
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::json(200, json!({ "task_id": OTHER, "extracted_data": 8 })),
            _ => Reply::json(200, json!({ "task_id": TASK, "extracted_data": 7 })),
        }
    });
    let pause = Duration::from_millis(5);
    let extract = run(&client(&server))
        .extract_as::<u32>()
        .pauses(pause, pause);
    assert_eq!(soon(extract).await.expect("an output"), 7);
}

/// A run whose answer names another agent, of the same group or not; and the requests that it took.
async fn run_of(
    named: &'static str,
    asked: &'static str,
    group_of_named: &'static str,
) -> (Result<TaskId>, usize) {
    let server = RawServer::start(move |request| match request.method.as_str() {
        "POST" => Reply::json(
            201,
            json!({
                "task_id": TASK, "agent_id": named, "status": "running", "message": "m", "created_at": NOW,
            }),
        ),
        _ => {
            let id = request.path().rsplit('/').next().unwrap_or_default();
            let group = if id == named { group_of_named } else { OTHER };
            let mut agent = answer(request, TASK, id);
            agent["agent_group_id"] = json!(group);
            Reply::json(200, agent)
        }
    });
    let client = client(&server);
    let run = client.agent(asked.parse().expect("an id")).run().query("q");
    let started = soon(run.start()).await.map(|task| task.id());
    (started, server.requests().len())
}

#[tokio::test]
async fn a_run_of_another_agent_is_an_error_and_one_of_another_version_is_not() {
    const VERSION: &str = "44444444-4444-4444-8444-444444444444";
    const FOREIGN: &str = "55555555-5555-4555-8555-555555555555";
    let (task, requests) = run_of(AGENT, AGENT, OTHER).await;
    assert_eq!((task.expect("a task"), requests), (id(), 1));
    // By the id of all versions, and by that of an older version.
    let (task, requests) = run_of(VERSION, OTHER, OTHER).await;
    assert_eq!((task.expect("a task"), requests), (id(), 2));
    let (task, requests) = run_of(VERSION, AGENT, OTHER).await;
    assert_eq!((task.expect("a task"), requests), (id(), 3));
    let (task, _) = run_of(VERSION, AGENT, FOREIGN).await;
    let error = task.expect_err("another agent");
    assert_eq!(error.kind(), ErrorKind::OtherAnswer);
    assert!(
        error.is_ambiguous() && error.run_record().is_some(),
        "{error:?}"
    );
    // It may be the task of this run all the same.
    assert_eq!((error.task_id(), error.created()), (Some(id()), None));
    assert!(!error.body().is_empty());
}

/// Starts a run by `start`, `send` or `raw`. The id of a task that is certainly its own is a success.
async fn start_by(client: &Client, way: &str) -> Result<TaskId> {
    let id_of = |body: &[u8]| {
        let answer: Value = serde_json::from_slice(body).expect("JSON");
        answer["task_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id")
    };
    let run = run(client);
    let sent = match way {
        "start" => soon(run.start()).await.map(|task| task.id()),
        "send" => soon(run.send()).await.map(|answer| answer.task_id),
        _ => soon(run.raw()).await.map(|answer| id_of(&answer.body)),
    };
    match sent {
        Err(error) if error.created().is_some() => Ok(error.task_id().expect("a task")),
        sent => sent,
    }
}

/// The documented answer to a run of this agent.
fn receipt(agent: &str) -> Value {
    json!({
        "task_id": TASK, "agent_id": agent, "status": "running", "message": "m", "created_at": NOW,
    })
}

/// Answers to a run that do not decode as a whole, or that break off.
fn odd_receipts(agent: &str) -> Vec<(String, Reply)> {
    let mut replies = vec![("whole".to_owned(), Reply::json(201, receipt(agent)))];
    for field in ["status", "message", "created_at"] {
        let mut answer = receipt(agent);
        let fields = answer.as_object_mut().expect("an object");
        fields.remove(field);
        replies.push((format!("without {field}"), Reply::json(201, &answer)));
        answer[field] = json!(7);
        replies.push((format!("odd {field}"), Reply::json(201, &answer)));
        replies.push((format!("200, odd {field}"), Reply::json(200, &answer)));
    }
    let ids = format!(r#"{{"agent_id":"{agent}","task_id":"{TASK}","status":"ru"#);
    replies.push(("cut".to_owned(), Reply::json(201, &ids)));
    replies.push(("cut off".to_owned(), Reply::json(201, &ids).cut_off()));
    replies
}

#[tokio::test]
async fn an_answer_of_which_only_the_ids_decode_is_compared_as_a_whole_one_is() {
    const FOREIGN: &str = "55555555-5555-4555-8555-555555555555";
    for group_of_named in [OTHER, FOREIGN] {
        for (name, reply) in odd_receipts(FOREIGN) {
            for way in ["start", "send", "raw"] {
                let reply = reply.clone();
                let server = RawServer::start(move |request| match request.method.as_str() {
                    "POST" => reply.clone(),
                    _ => {
                        let id = request.path().rsplit('/').next().unwrap_or_default();
                        let mut agent = answer(request, TASK, id);
                        agent["agent_group_id"] =
                            json!(if id == FOREIGN { group_of_named } else { OTHER });
                        Reply::json(200, agent)
                    }
                });
                if way == "raw" && name == "cut" {
                    continue;
                }
                let client = client(&server);
                let started = start_by(&client, way).await;
                if group_of_named == OTHER {
                    assert_eq!(started.expect(&name), id(), "{name}, {way}");
                    continue;
                }
                let error = started.expect_err(&name);
                assert_eq!(error.kind(), ErrorKind::OtherAnswer, "{name}, {way}");
                assert!(
                    error.is_ambiguous() && error.run_record().is_some(),
                    "{name}, {way}: {error:?}"
                );
                assert_eq!(error.task_id(), Some(id()), "{name}, {way}");
                let body = String::from_utf8_lossy(error.body());
                assert!(body.contains(TASK), "{name}, {way}");
                assert_eq!(server.count("POST", "/run"), 1, "{name}, {way}");
            }
        }
    }
}

#[tokio::test]
async fn the_nil_uuid_is_the_id_of_nothing() {
    const NIL: &str = "00000000-0000-0000-0000-000000000000";
    for status in [200, 201] {
        let server = RawServer::start(move |request| match request.path().ends_with("/run") {
            true => {
                let mut answer = receipt(AGENT);
                answer["task_id"] = json!(NIL);
                Reply::json(status, answer)
            }
            false => Reply::json(status, answer(request, TASK, NIL)),
        });
        let client = client(&server);
        let of_agent = client.agent(agent());
        for (name, result) in [
            ("run", soon(run(&client).start()).await.map(drop)),
            ("send", soon(run(&client).send()).await.map(drop)),
            ("create", soon(client.agents().create()).await.map(drop)),
            ("publish", soon(of_agent.publish()).await.map(drop)),
        ] {
            let error = result.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{name}");
            assert!(error.is_ambiguous(), "{name}: {error:?}");
            assert_eq!((error.created(), error.task_id()), (None, None), "{name}");
            let body = String::from_utf8_lossy(error.body());
            assert!(body.contains(NIL), "{name}");
        }
        assert_eq!(server.requests().len(), 4);
        assert!(client.unfinished().is_empty());
    }
}

/// A server whose answer to a run names another version, and that answers reads of agents in this way.
fn naming_another_version(agents: Reply) -> RawServer {
    RawServer::start(move |request| match request.method.as_str() {
        "POST" => Reply::json(
            201,
            json!({
                "task_id": TASK, "agent_id": OTHER, "status": "running", "message": "m", "created_at": NOW,
            }),
        ),
        _ if request.path().contains("/agents/") => agents.clone(),
        _ => Reply::json(200, task("running")),
    })
}

#[tokio::test]
async fn a_run_counts_although_its_agent_can_not_be_compared() {
    let limit = Duration::from_secs(1);
    for (name, agents) in [
        ("403", Reply::json(403, r#"{"error":"no access"}"#)),
        ("404", Reply::json(404, r#"{"error":"not there"}"#)),
        ("429", Reply::new(429, &["Retry-After: 60"], "later")),
        (
            "a page",
            Reply::new(502, &["Content-Type: text/html"], "<h1>"),
        ),
        ("other JSON", Reply::json(200, "{}")),
        ("no answer", Reply::close()),
        ("a hanging server", Reply::hang()),
    ] {
        let server = naming_another_version(agents);
        let client = crate::client_without_retries(&server, "key-of-this-test");
        // The comparison has no more time than the run.
        let since = std::time::Instant::now();
        let started = soon(run(&client).timeout(limit).start()).await;
        assert_eq!(started.expect(name).id(), id(), "{name}");
        assert!(since.elapsed() < limit * 3, "{name}: {:?}", since.elapsed());
        let started = soon(run(&client).timeout(limit).send()).await;
        assert_eq!(started.expect(name).task_id, id(), "{name}");
        assert!(client.unfinished().is_empty(), "{name}");
        // No connection is distrusted.
        if name == "403" {
            client.task(id()).get().await.expect("a task");
            assert_eq!(server.connections(), 3);
        }
    }
}

#[tokio::test]
async fn a_run_that_is_left_while_agents_are_compared_has_its_task() {
    let server = naming_another_version(Reply::hang());
    let client = client(&server);
    let of_run = client.clone();
    let start = tokio::spawn(async move { run(&of_run).start().await });
    soon(server.wait_for("POST", "/run", 1)).await;
    // The read is counted when the server has it, and so the answer to the run has arrived.
    soon(server.wait_for("GET", "/agents/", 1)).await;
    let started = Effect::Created(Created::Task(id()));
    let check = |when: &str| {
        let unfinished = client.unfinished();
        let [error] = &unfinished[..] else {
            panic!("{when}: {unfinished:?}")
        };
        assert_eq!(error.effect(), started, "{when}: {error}");
        assert!(
            !error.is_ambiguous() && error.to_string().contains(TASK),
            "{when}: {error}"
        );
        assert!(
            String::from_utf8_lossy(error.body()).contains(TASK),
            "{when}"
        );
    };
    check("under way");
    start.abort();
    start.await.expect_err("it is dropped");
    check("dropped");
}
