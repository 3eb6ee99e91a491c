//! A large answer takes a small multiple of its size, whatever is in it. The allocator counts, so this is one test.

#[path = "common/raw_server.rs"]
mod raw_server;

use std::time::Duration;

use nanonets_agents::{Client, Error, ErrorKind, Outcome};
use peak_alloc::PeakAlloc;
use raw_server::{RawServer, Reply};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SIZE: usize = 8_000_000;
const TASK: &str = "22222222-2222-4222-8222-222222222222";
/// The memory that client and server need besides, above all buffers of sockets.
const BESIDES: usize = 2_000_000;

#[derive(Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "it is only decoded")]
struct LineItem {
    sku: String,
    qty: u32,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is only decoded")]
struct Loose {
    sku: Option<String>,
}

/// The most that is allocated during some work, beyond what was before.
async fn peak<T>(work: impl Future<Output = T>) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let done = work.await;
    (done, MEMORY.peak_usage().saturating_sub(before))
}

/// An answer of that size: a part that is repeated, between others.
fn answer(start: &str, part: &str, end: &str) -> (Reply, usize) {
    answer_with(200, start, part, end)
}

/// The same with another status.
fn answer_with(status: u16, start: &str, part: &str, end: &str) -> (Reply, usize) {
    let times = SIZE / part.len();
    let answer = Reply::json(status, start).then(part.repeat(1024), times / 1024);
    (
        answer.then(end, 1),
        start.len() + times / 1024 * 1024 * part.len() + end.len(),
    )
}

/// Reads an answer to its end, as a wait does, and decodes its output.
async fn multiple<T: DeserializeOwned>(answer: Reply, size: usize) -> (f64, bool) {
    multiple_with::<T>(answer, size, None).await
}

/// The same for a run that asks for a schema.
async fn multiple_with<T: DeserializeOwned>(
    answer: Reply,
    size: usize,
    schema: Option<&Value>,
) -> (f64, bool) {
    let task = json!({
        "task_id": TASK, "agent_id": TASK, "status": "completed", "message": "m",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    });
    let server = RawServer::start(move |request| match request.is("GET", "/summary") {
        true => answer.clone(),
        false => Reply::json(200, &task),
    });
    let client = Client::builder("not-a-real-key").base_url(server.url());
    let client = client.build().expect("a client");
    let task = match schema {
        None => client.task(TASK.parse().expect("an id")),
        Some(schema) => {
            let run = client.agent(TASK.parse().expect("an id")).run().query("q");
            run.output_schema(schema).start().await.expect("a task")
        }
    };
    let pause = Duration::from_millis(1);
    let wait = task
        .wait()
        .pauses(pause, pause)
        .timeout(Duration::from_secs(60));
    let (result, used) = peak(async {
        let done = match wait.await {
            Ok(Outcome::Completed(done)) => done,
            // It broke off, by the look of it, until there was no time left.
            Err(error) if error.is_timeout() => return false,
            other => panic!("{other:?}"),
        };
        let _ = done.output().map(|output| output.source());
        done.extracted::<T>().is_ok()
    })
    .await;
    (used.saturating_sub(BESIDES) as f64 / size as f64, result)
}

#[tokio::test]
async fn a_large_answer_takes_less_than_four_times_its_size() {
    outputs().await;
    unknown_fields().await;
    odd_lists().await;
    many_keys().await;
    dropped_runs().await;
}

/// The client remembers calls whose future was dropped, and not the megabytes that they have sent.
async fn dropped_runs() {
    let server = RawServer::play(|connection| connection.hang());
    let client = Client::builder("not-a-real-key").base_url(server.url());
    let client = client.build().expect("a client");
    let before = MEMORY.current_usage();
    for _ in 0..30 {
        let agent = client.agent(TASK.parse().expect("an id"));
        let run = agent.run().query("x".repeat(SIZE));
        let run = tokio::time::timeout(Duration::from_millis(5), run.start());
        run.await.expect_err("it hangs");
    }
    assert_eq!(client.unfinished().len(), 30);
    // The last connection may not have noticed it yet.
    let used = MEMORY.current_usage().saturating_sub(before);
    println!("30 dropped runs: {used}");
    assert!(used < 30 * 64 * 1024 + 4 * SIZE + BESIDES, "{used}");
}

/// A client of a server that answers everything with this.
fn client_of(reply: Reply) -> Client {
    let server = RawServer::start(move |_| reply.clone());
    let client = Client::builder("not-a-real-key").base_url(server.url());
    client.build().expect("a client")
}

/// Calls an operation, and returns whether it succeeded, and the multiple of the size that it took.
async fn called(operation: &str, reply: &Reply, size: usize) -> (Result<usize, Error>, f64) {
    let client = client_of(reply.clone());
    let (agent, task) = (TASK.parse().expect("an id"), TASK.parse().expect("an id"));
    let (of_agent, of_task) = (client.agent(agent), client.task(task));
    let (result, used) = peak(async {
        match operation {
            "tasks" => {
                let page = client.tasks().list().page().await?;
                Ok(page.items.len() + page.odd.len())
            }
            "agents" => {
                let page = client.agents().list().page().await?;
                Ok(page.items.len() + page.odd.len())
            }
            "versions" => {
                let page = of_agent.versions().page().await?;
                Ok(page.items.len() + page.odd.len())
            }
            "messages" => of_task.messages().await.map(|messages| messages.len()),
            "result" => of_task.result().await.map(|_| 1),
            "message" => of_task.send_message("yes").await.map(|_| 1),
            "get" => of_task.get().await.map(|_| 1),
            "run" => of_agent.run().query("q").send().await.map(|_| 1),
            "create" => client.agents().create().await.map(|_| 1),
            other => panic!("{other}"),
        }
    })
    .await;
    (result, used.saturating_sub(BESIDES) as f64 / size as f64)
}

/// Lists of items that are not as documented.
async fn odd_lists() {
    let words = "Which of the two currencies is meant on the second page of it? ".repeat(2);
    let long = format!(r#"{{"content":"{words}","role":7}},"#);
    let known = format!(r#"{{"content":"{words}","created_at":"soon","{words}":[]}},"#);
    for (name, part, is_absurd) in [
        ("arrays", "[],", true),
        ("objects", "{},", true),
        ("numbers", "0,", true),
        ("keys", r#"{"a":1,"b":2},"#, true),
        ("long items", long.as_str(), false),
        ("unknown keys", known.as_str(), false),
    ] {
        let (reply, size) = answer(r#"{"has_more":false,"data":["#, part, "0]}");
        for operation in ["tasks", "agents", "versions", "messages"] {
            let (result, times) = called(operation, &reply, size).await;
            println!("{operation} of {name}: {times:.2}");
            match result {
                Ok(items) => {
                    // The client has no influence on the size of the type of a message.
                    let most = if operation == "messages" { 12.0 } else { 4.0 };
                    assert!(!is_absurd && items == size / part.len() / 1024 * 1024 + 1);
                    assert!(times < most, "{operation} of {name}: {times}");
                }
                Err(error) => {
                    assert!(is_absurd, "{operation} of {name}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Unreadable);
                    assert!(!error.is_retryable() && error.attempts() == 1, "{error}");
                    assert!(times < 4.0, "{operation} of {name}: {times}");
                }
            }
        }
    }
    // As it came, anything can be read.
    let (reply, size) = answer(r#"{"has_more":false,"data":["#, "[],", "0]}");
    let client = client_of(reply);
    let raw = client.tasks().list().page().raw().await.expect("an answer");
    assert_eq!(raw.body.len(), size);
}

/// Objects with a key of its own for each few bytes.
async fn many_keys() {
    let keys: String = (0..SIZE / 12)
        .map(|key| format!("\"k{key:07}\":1,"))
        .collect();
    let start = format!(r#"{{"status":7,"task_id":"{TASK}","id":"{TASK}","#);
    let size = start.len() + keys.len();
    let reply = Reply::json(200, &start).then(keys, 1).then("\"end\":1}", 1);
    for operation in ["get", "result", "message", "run", "create"] {
        let (result, times) = called(operation, &reply, size).await;
        println!("{operation} with many keys: {times:.2}");
        assert!(times < 4.0, "{operation}: {times}");
        let error = result.expect_err("too many keys");
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        // The created id is known all the same.
        let is_created = matches!(operation, "run" | "create");
        assert_eq!(error.created().is_some(), is_created, "{error}");
        assert_eq!(error.attempts(), 1);
    }
}

/// Fields that no type has, in the answers that have types.
async fn unknown_fields() {
    let task = format!(
        r#""task_id":"{TASK}","agent_id":"{TASK}","status":"running","message":"m",
        "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z""#
    );
    for (name, part) in [
        ("arrays", "[],"),
        ("numbers", "0,"),
        ("keys", r#"{"a":1},"#),
    ] {
        let field = r#","unknown":["#;
        let (one, size) = answer(&format!("{{{task}{field}"), part, "0]}");
        let (page, _) = answer(
            &format!(r#"{{"has_more":false,"data":[{{{task}{field}"#),
            part,
            "0]}]}",
        );
        let (refusal, _) = answer_with(
            404,
            &format!(r#"{{"error":{{"message":"m"{field}"#),
            part,
            "0]}}",
        );
        for (call, reply) in [
            ("get", &one),
            ("run", &one),
            ("list", &page),
            ("refusal", &refusal),
        ] {
            let reply = reply.clone();
            let server = RawServer::start(move |_| reply.clone());
            let client = Client::builder("not-a-real-key").base_url(server.url());
            let client = client.build().expect("a client");
            let id = TASK.parse().expect("an id");
            let ((), used) = peak(async {
                match call {
                    "run" => {
                        client
                            .agent(id)
                            .run()
                            .query("q")
                            .start()
                            .await
                            .expect("a task");
                    }
                    "list" => {
                        let page = client.tasks().list().page().await.expect("a page");
                        assert_eq!(page.items.len(), 1);
                    }
                    "get" => drop(
                        client
                            .task(TASK.parse().expect("an id"))
                            .get()
                            .await
                            .expect("a task"),
                    ),
                    _ => {
                        let task = client.task(TASK.parse().expect("an id"));
                        assert_eq!(
                            task.get()
                                .await
                                .expect_err("a refusal")
                                .status()
                                .map(|status| status.as_u16()),
                            Some(404)
                        );
                    }
                }
            })
            .await;
            let times = used.saturating_sub(BESIDES) as f64 / size as f64;
            println!("unknown {name}, {call}: {times:.2}");
            assert!(times < 4.0, "unknown {name}, {call}: {times}");
        }
    }
}

async fn outputs() {
    let start = r#"{"status":"completed","extracted_data":["#;
    let item = r#"{"sku":"A-4711","qty":12},"#;
    let (_, items) = answer(start, item, "");
    // The client has no influence on the size of the type.
    let json = format!(
        "[{}{}]",
        item.repeat(items / item.len()),
        item.trim_end_matches(',')
    );
    let (_, type_takes) =
        peak(async { serde_json::from_str::<Vec<LineItem>>(&json).map(|items| items.len()) }).await;
    drop(json);
    let type_takes = type_takes as f64 / SIZE as f64;

    let last = format!("{}]}}", item.trim_end_matches(','));
    let (body, size) = answer(start, item, &last);
    let (times, is_success) = multiple::<Vec<LineItem>>(body.clone(), size).await;
    assert!(
        is_success && times < 4.0 + type_takes,
        "{times} and {type_takes} of them by the type"
    );
    println!("items: {times:.2}, of which the type takes {type_takes:.2}");
    let schema = schemars::schema_for!(Vec<LineItem>);
    let schema = Some(schema.as_value());
    let (times, is_success) = multiple_with::<IgnoredAny>(body.clone(), size, schema).await;
    println!("checked against a schema: {times:.2}");
    assert!(is_success && times < 4.0, "{times}");
    let (times, is_success) = multiple::<IgnoredAny>(body.without_length(), size).await;
    println!("without a length: {times:.2}");
    assert!(is_success && times < 4.0, "{times}");

    // An item that the type knows no field of is an error, which shows its shape.
    let (body, size) = answer(start, item, r#"{"type":"text"}]}"#);
    let (times, is_success) = multiple::<Vec<Loose>>(body, size).await;
    println!("without a known field: {times:.2}");
    assert!(!is_success && times < 4.0 + type_takes, "{times}");

    let text = r#"{"result":{"completed_at":"t","summary":"```json\n["#;
    for (name, start, part, end, is_success) in [
        ("numbers", start, "0,", "0]}", true),
        ("objects", start, "{},", "7]}", true),
        ("blank objects", start, "{},", "{}]}", false),
        ("strings", start, r#""","#, "7]}", true),
        ("escapes", start, r#""\u00e9\"","#, r#"""]}"#, true),
        (
            "pairs",
            r#"{"extracted_data":{"#,
            r#""a":1,"#,
            r#""a":1}}"#,
            true,
        ),
        ("keys", "{", r#""a":1,"#, r#""extracted_data":7}"#, true),
        ("a text", text, r#"{\"sku\":\"A\"},"#, r#"7]\n```"}}"#, true),
        (
            "fences",
            r#"{"result":""#,
            r"```json\n[1,\n",
            r#""}"#,
            false,
        ),
        ("an open array", r#"{"extracted_data":"#, "[", "", false),
        (
            "a closed array",
            r#"{"extracted_data":["#,
            "[],",
            "7]}",
            true,
        ),
        (
            "nested arrays in a text",
            r#"{"result":""#,
            "[",
            r#""}"#,
            false,
        ),
    ] {
        let (body, size) = answer(start, part, end);
        let (times, success) = multiple::<IgnoredAny>(body, size).await;
        println!("{name}: {times:.2}");
        assert!(times < 4.0, "{name}: {times}");
        // Texts that are no JSON are outputs in words.
        let is_success = is_success || part.starts_with('`') || end == r#""}"#;
        assert_eq!(success, is_success, "{name}");
    }
}
