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

/// JSON that serde_json does not decode to a value, or to a value with other digits.
fn beyond_values() -> Vec<(&'static str, String)> {
    vec![
        ("arrays", format!("{}{}", "[".repeat(140), "]".repeat(140))),
        (
            "objects",
            format!("{}7{}", r#"{"a":"#.repeat(140), "}".repeat(140)),
        ),
        ("a large number", "1e400".to_owned()),
        (
            "many digits",
            "340282366920938463463374607431768211457".to_owned(),
        ),
        ("a small difference", "0.12345678901234567891".to_owned()),
    ]
}

/// A JSON object with one more field.
fn with(object: &Value, field: &str, json: &str) -> String {
    let text = object.to_string();
    let text = text.strip_suffix('}').expect("an object");
    format!(r#"{text},"{field}":{json}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_value_can_hold_is_printed_as_it_came() {
    for (name, deep) in beyond_values() {
        let json = deep.clone();
        let server = RawServer::start(move |request| {
            let one = with(&task("completed"), "more", &json);
            let body = match request.path() {
                path if path.ends_with("/tasks") || path.ends_with("/messages") => {
                    let plain = with(&task("completed"), "content", r#""plain""#);
                    format!(r#"{{"has_more":false,"data":[{plain},{one},{plain}]}}"#)
                }
                path if path.ends_with("/result") => {
                    with(&task("completed"), "feed", &format!("[{json},{one}]"))
                }
                path if path.ends_with("/summary") => {
                    let words = with(&task("completed"), "result", r#""In words.""#);
                    format!(r#"{},"more":{json}}}"#, words.trim_end_matches('}'))
                }
                _ => one,
            };
            Reply::json(200, body)
        });
        for args in [
            &["tasks", "get", ID][..],
            &["tasks", "result", ID],
            &["tasks", "summary", ID],
            &["tasks", "list"],
            &["tasks", "list", "--jsonl"],
            &["tasks", "messages", ID],
            &["tasks", "wait", ID],
        ] {
            let run = run(&server, args).await;
            assert_eq!(run.code, 0, "{name} {args:?}: {}", run.stderr);
            let words = args.contains(&"wait") && run.stdout.contains("In words.");
            assert!(words || run.stdout.contains(&deep), "{name} {args:?}");
            if args.contains(&"list") || args.contains(&"messages") {
                assert_eq!(run.stdout.matches("plain").count(), 2, "{name} {args:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_no_value_can_hold_is_asked() {
    for (name, deep) in beyond_values() {
        let json = deep.clone();
        let server = RawServer::start(move |request| match request.path() {
            path if path.ends_with("/messages") => {
                let message = format!(r#"{{"role":"assistant","content":{json}}}"#);
                Reply::json(200, format!(r#"{{"data":[{message}]}}"#))
            }
            _ => Reply::json(200, task("waiting_for_input")),
        });
        let run = run(&server, &["tasks", "wait", ID]).await;
        assert_eq!(run.code, 4, "{name}: {}", run.stderr);
        let asked = format!("asks: {deep}");
        assert!(run.stderr.contains(&asked), "{name}: {}", run.stderr);
        assert!(run.stdout.contains(&deep), "{name}: {}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_content_is_null_has_no_words() {
    let server = RawServer::start(move |request| match request.path() {
        path if path.ends_with("/messages") => {
            Reply::json(200, r#"{"data":[{"role":"assistant","content":null}]}"#)
        }
        _ => Reply::json(200, task("waiting_for_input")),
    });
    let run = run(&server, &["tasks", "wait", ID]).await;
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(
        run.stderr.contains("its messages have none"),
        "{}",
        run.stderr
    );
    assert!(!run.stdout.contains("question"), "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_odd_items_are_told_in_few_lines() {
    let server = RawServer::start(|_| {
        let items = vec!["17"; 5000].join(",");
        Reply::json(200, format!(r#"{{"has_more":false,"data":[{items}]}}"#))
    });
    let run = run(&server, &["tasks", "list", "--all"]).await;
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 11, "{}", run.stderr);
    assert!(run.stderr.contains("and 4990 more items"), "{}", run.stderr);
    assert_eq!(run.json().as_array().map(Vec::len), Some(5000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_is_not_promised_in_whole() {
    // 64 MiB is the limit, with a length, and without an end.
    let megabyte = " ".repeat(1 << 20);
    let large = Reply::json(200, "{").then(megabyte, 66);
    for reply in [large.clone(), large.without_length()] {
        let server = RawServer::start(move |_| reply.clone());
        for args in [
            &["tasks", "get", ID][..],
            &["tasks", "get", ID, "--raw"],
            &["tasks", "list"],
        ] {
            let run = run(&server, args).await;
            assert_eq!(run.code, 1, "{args:?}: {}", run.stderr);
            assert!(
                !run.stderr.contains("as it came"),
                "{args:?}: {}",
                run.stderr
            );
            let is_raw = args.contains(&"--raw");
            assert_eq!(
                run.stderr.contains("is on stdout"),
                is_raw && !run.stdout.is_empty()
            );
        }
    }
}

/// An answer with more values than are decoded is printed as it came.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_too_many_values_is_printed_by_the_command_that_the_error_names() {
    let server = RawServer::start(|_| {
        let keys: Vec<_> = (0..60_000).map(|key| format!("\"k{key}\":0")).collect();
        Reply::json(
            200,
            with(&task("running"), "more", &format!("0,{}", keys.join(","))),
        )
    });
    let failed = run(&server, &["tasks", "get", ID]).await;
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    let command = format!("    nanonets tasks get {ID} --raw");
    assert!(
        failed.stderr.lines().any(|line| line == command),
        "{}",
        failed.stderr
    );
    let raw = run(&server, &["tasks", "get", ID, "--raw"]).await;
    assert!(raw.data().contains("\"k59999\":0"));
}

/// The first pages are printed while a later one is still on its way, and what was printed is JSON in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_all_pages_is_printed_while_it_is_read() {
    use std::io::{BufRead as _, BufReader};
    let (release, released) = tokio::sync::watch::channel(false);
    let server = RawServer::play(move |mut connection| {
        let mut released = released.clone();
        async move {
            while let Some(request) = connection.request().await {
                let next = match request.target.split_once("cursor=") {
                    None => 1,
                    Some((_, cursor)) => {
                        let digit = cursor.chars().next().and_then(|digit| digit.to_digit(10));
                        digit.expect("a digit") + 1
                    }
                };
                if next == 3 {
                    released
                        .wait_for(|is_released| *is_released)
                        .await
                        .expect("a test");
                }
                let page = json!({ "data": [task("running")], "has_more": next < 4, "next_cursor": next.to_string() });
                connection.send(&Reply::json(200, page)).await;
            }
        }
    });
    let mut command = command();
    command
        .args(["tasks", "list", "--all", "--json"])
        .env("NANONETS_API_KEY", "key")
        .env("NANONETS_BASE_URL", server.url())
        .stdout(std::process::Stdio::piped());
    let printed = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("it can be run");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut text = String::new();
        for line in stdout.lines() {
            let line = line.expect("UTF-8");
            if line.contains("updated_at") && text.matches("updated_at").count() == 1 {
                // Two items are here, and the third page was not sent yet.
                release.send_replace(true);
            }
            text.push_str(&line);
            text.push('\n');
        }
        assert!(child.wait().expect("it ends").success());
        text
    });
    let limit = std::time::Duration::from_secs(30);
    let printed = tokio::time::timeout(limit, printed).await.expect("an end");
    let printed = printed.expect("a text");
    let items: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(items.as_array().map(Vec::len), Some(4));
    // As if it had been written in one piece.
    assert_eq!(
        printed.trim_end(),
        serde_json::to_string_pretty(&items).expect("JSON")
    );
}

/// One answer that broke off, or that is not the API's: the next poll succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_answer_to_the_first_poll_does_not_end_the_wait() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let whole = task("running").to_string();
    let half = &whole[..whole.len() / 2];
    let html = ["Content-Type: text/html"];
    let odd = [
        ("breaks off", Reply::json(200, half).cut_off()),
        ("has no body", Reply::json(200, "").cut_off()),
        ("is empty", Reply::json(200, "")),
        ("is half as long", Reply::json(200, half)),
        ("is a page", Reply::new(200, &html, "<h1>Deploying</h1>")),
        (
            "is elsewhere",
            Reply::new("302 Found", &["Location: /login"], ""),
        ),
        (
            "is out of order",
            Reply::new("503 No", &html, "<h1>Deploying</h1>"),
        ),
        ("does not come", Reply::close()),
    ];
    let mut runs = Vec::new();
    for (name, reply) in odd {
        for args in [&["run", ID, "--query", "q"][..], &["tasks", "wait", ID]] {
            let polls = AtomicUsize::new(0);
            let reply = reply.clone();
            runs.push(async move {
                let server = RawServer::start(move |request| match request.path() {
                    path if path.ends_with("/run") => Reply::json(201, task("running")),
                    path if path.ends_with("/summary") => Reply::json(
                        200,
                        json!({ "task_id": ID, "extracted_data": { "total": 7 } }),
                    ),
                    _ if polls.fetch_add(1, Ordering::Relaxed) == 0 => reply.clone(),
                    _ => Reply::json(200, task("completed")),
                });
                let run = run(&server, args).await;
                assert_eq!(run.code, 0, "{name} {args:?}: {}", run.stderr);
                assert!(run.stdout.contains("total"), "{name} {args:?}");
            });
        }
    }
    futures_util::future::join_all(runs).await;
}

/// A host that never answers as the API does may be the wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_the_api_ends_the_wait_with_the_remedy() {
    let html = ["Content-Type: text/html"];
    let server = RawServer::start(move |_| Reply::new(200, &html, "<h1>Hello</h1>"));
    let run = run(&server, &["tasks", "wait", ID]).await;
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("check NANONETS_BASE_URL"),
        "{}",
        run.stderr
    );
}

/// The status lags behind the message, the message stamps the task, and replicas differ.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_not_answered_by_the_state_from_before_it() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let ends = [
        "completed",
        "failed",
        "stopped",
        "awaiting_review",
        "waiting_for_input",
    ];
    // Of the polls after the message: the state from before, the same with a stamp, running, and the new output.
    let orders = ["oorn", "sssrn", "roon", "oron", "n", "sn"];
    let cases = ends
        .iter()
        .flat_map(|end| orders.map(|order| (*end, order)));
    let runs = cases.map(|(old, order)| async move {
        // Before the message 0, and then the number of the poll.
        let poll = AtomicUsize::new(0);
        let letter = move |number: usize| {
            let letters = order.chars().chain(std::iter::repeat('n'));
            std::iter::once('o').chain(letters).nth(number)
        };
        let server = RawServer::start(move |request| {
            let number = poll.load(Ordering::Relaxed);
            let shown = letter(number.saturating_sub(1));
            match request.path() {
                path if path.ends_with("/message") => {
                    poll.store(1, Ordering::Relaxed);
                    Reply::json(200, json!({ "task_id": ID }))
                }
                path if path.ends_with("/messages") => {
                    let message = json!({ "role": "assistant", "content": "Which year?" });
                    Reply::json(200, json!({ "data": [message] }))
                }
                path if path.ends_with("/summary") => {
                    let output = if shown == Some('n') { "new" } else { "old" };
                    let output = json!({ "is": output });
                    Reply::json(200, json!({ "task_id": ID, "extracted_data": output }))
                }
                _ => {
                    poll.store(number + usize::from(number > 0), Ordering::Relaxed);
                    let (status, minute) = match letter(number) {
                        Some('o') => (old, 30),
                        Some('s') => (old, 40),
                        Some('r') => ("running", 41),
                        _ => ("completed", 42),
                    };
                    let mut task = task(status);
                    task["updated_at"] = json!(format!("2026-01-31T09:{minute}:00Z"));
                    Reply::json(200, task)
                }
            }
        });
        let run = run(&server, &["tasks", "reply", ID, "again", "--wait"]).await;
        assert_eq!(run.code, 0, "{old}, {order}: {}", run.stderr);
        assert_eq!(run.json()["is"], "new", "{old}, {order}");
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_a_failure_is_short_and_repeats_no_prompt() {
    let prompt = "the secret of the prompt";
    let server = RawServer::start(move |request| match request.path() {
        path if path.ends_with("/run") => Reply::json(201, task("running")),
        path if path.ends_with("/summary") => {
            let reason = format!("no page has {prompt}: {}", "y".repeat(500_000));
            Reply::json(200, json!({ "task_id": ID, "result": reason }))
        }
        _ => Reply::json(200, task("failed")),
    });
    let run = run(&server, &["run", ID, "--query", prompt]).await;
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("failed: no page has (redacted)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.len() < 2_000, "{} bytes", run.stderr.len());
}
