//! A large answer takes a small multiple of its size, whatever is in it. The allocator counts, so this is one test.

#[path = "common/raw_server.rs"]
mod raw_server;

use std::time::Duration;

use nanonets_agents::{Client, Outcome};
use peak_alloc::PeakAlloc;
use raw_server::{RawServer, Reply};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SIZE: usize = 8_000_000;
const TASK: &str = "22222222-2222-4222-8222-222222222222";
/// What the client and the server need besides, buffers for the sockets above all.
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
    // What the type takes is not the client's doing.
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
