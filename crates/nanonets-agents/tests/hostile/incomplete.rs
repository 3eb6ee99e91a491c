//! A request that was not complete had no effect, whatever ended it; a complete one may have had one.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use nanonets_agents::{Client, Effect, Error, File, RetryPolicy, Run};
use serde_json::json;

use crate::raw_server::{JSON, RawServer};
use crate::{TASK, agent, builder, client_without_retries, soon};

/// More than the buffers of both kernels and of the HTTP library hold.
const LARGE: usize = 24 << 20;
/// The part of a body that a server reads before it ends the connection.
const READ: usize = 100_000;
const SOON: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

/// How an attempt ends.
const ENDINGS: [&str; 6] = [
    "close",
    "reset",
    "attempt timeout",
    "timeout",
    "idle limit",
    "dropped future",
];

/// Ends the connection, or leaves that to the client.
async fn end(connection: crate::raw_server::Connection, ending: &str) {
    match ending {
        "close" => {}
        "reset" => connection.reset(),
        _ => connection.hang().await,
    }
}

/// The error of a run that ends so, also of one whose future was dropped.
async fn error_of(client: &Client, run: Run, ending: &str) -> Error {
    let run = match ending {
        "attempt timeout" => run.attempt_timeout(SOON),
        "timeout" => run.timeout(SOON),
        _ => run,
    };
    if ending != "dropped future" {
        return soon(run.start()).await.expect_err("no answer");
    }
    let started = tokio::time::timeout(SOON, run.start()).await;
    started.expect_err("the future is dropped");
    // Bytes that another thread is writing do not count later.
    tokio::time::sleep(SOON).await;
    client.unfinished().pop().expect("a call")
}

fn client(server: &RawServer, ending: &str) -> Client {
    let idle = if ending == "idle limit" { SOON } else { LONG };
    let client = builder(server).retry(RetryPolicy::never());
    client.idle_timeout(idle).build().expect("a client")
}

/// The same content from a file in memory, from streams, and as a prompt.
fn uploads(run: &Run, length: usize) -> [(&'static str, Run); 4] {
    let chunks = move || async move {
        let chunk = Bytes::from(vec![b'x'; length / 8]);
        Ok(stream::iter([(); 8].map(move |()| Ok(chunk.clone()))))
    };
    let run = || run.clone();
    let known = Some((length / 8 * 8) as u64);
    [
        (
            "memory",
            run().file(File::bytes("a.pdf", vec![b'x'; length])),
        ),
        ("stream", run().file(File::stream("a.pdf", known, chunks))),
        (
            "unknown length",
            run().file(File::stream("a.pdf", None, chunks)),
        ),
        ("prompt", run().query("x".repeat(length))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_an_upload_has_no_effect_however_it_ends() {
    for ending in ENDINGS {
        let server = RawServer::play(move |mut connection| async move {
            connection.head().await;
            connection.read(READ).await;
            end(connection, ending).await;
        });
        let client = client(&server, ending);
        for (name, run) in uploads(&client.agent(agent()).run(), LARGE) {
            let error = error_of(&client, run, ending).await;
            let context = format!("{name}, {ending}: {error:?}");
            assert_eq!(error.effect(), Effect::None, "{context}");
            assert!(
                !error.is_ambiguous() && error.run_record().is_none(),
                "{context}"
            );
            assert!(error.to_string().contains("not complete"), "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_upload_may_have_an_effect_however_it_ends() {
    for length in [1_000, 200_000] {
        for ending in ENDINGS {
            let server = RawServer::play(move |mut connection| async move {
                let head = connection.head().await.expect("a request");
                // A body of unknown length has a little more than its content.
                connection.read(head.length().max(length)).await;
                if head.length() == 0 {
                    tokio::time::sleep(SOON / 3).await;
                }
                end(connection, ending).await;
            });
            let client = client(&server, ending);
            // The buffers may hold what the server does not read for 13 seconds more than the idle limit.
            let is_quick = ending != "idle limit" || length == 1_000;
            for (name, run) in uploads(&client.agent(agent()).run(), length) {
                if !is_quick {
                    continue;
                }
                let error = error_of(&client, run, ending).await;
                let context = format!("{length} bytes, {name}, {ending}: {error:?}");
                assert_eq!(error.effect(), Effect::Unknown, "{context}");
                assert!(error.is_ambiguous(), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_source_that_stalls_leaves_the_request_incomplete() {
    for ending in ["attempt timeout", "timeout", "dropped future"] {
        let server = RawServer::play(|mut connection| async move {
            connection.head().await;
            connection.hang().await;
        });
        let client = client(&server, ending);
        for length in [None, Some(2_000)] {
            let stalls = || async {
                let first = stream::iter([Ok(Bytes::from_static(&[b'x'; 1_000]))]);
                Ok(futures_util::StreamExt::chain(first, stream::pending()))
            };
            let run = client.agent(agent()).run();
            let run = run.file(File::stream("a.pdf", length, stalls));
            let error = error_of(&client, run, ending).await;
            assert_eq!(
                error.effect(),
                Effect::None,
                "{length:?}, {ending}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_that_hangs_has_no_effect() {
    // Neither half of the TLS handshake comes.
    let server = RawServer::play(|connection| connection.hang());
    let url = format!("https://{}", server.address());
    let client = builder(&server).base_url(url).build().expect("a client");
    for operation in ["run", "create", "publish", "message"] {
        for ending in ["attempt timeout", "dropped future"] {
            let limit = if ending == "dropped future" {
                LONG
            } else {
                SOON
            };
            let client = client.clone();
            let call = async {
                let task = client.task(TASK.parse().expect("an id"));
                let agents = client.agents();
                match operation {
                    "run" => crate::run(&client).timeout(limit).send().await.map(drop),
                    "create" => agents.create().timeout(limit).await.map(drop),
                    "publish" => client
                        .agent(agent())
                        .publish()
                        .timeout(limit)
                        .await
                        .map(drop),
                    _ => task.send_message("yes").timeout(limit).await.map(drop),
                }
            };
            let error = match tokio::time::timeout(SOON * 3, call).await {
                Ok(result) => result.expect_err("no connection"),
                Err(_) => client.unfinished().pop().expect("a call"),
            };
            assert_eq!(
                error.effect(),
                Effect::None,
                "{operation}, {ending}: {error:?}"
            );
            assert!(!error.is_ambiguous(), "{operation}, {ending}: {error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_was_cut_is_sent_again_and_one_with_half_an_answer_is_not() {
    let answer = json!({ "task_id": TASK }).to_string();
    for is_answered in [false, true] {
        let (count, answer) = (std::sync::Arc::default(), answer.clone());
        let server = RawServer::play(move |mut connection| {
            let count: std::sync::Arc<std::sync::atomic::AtomicUsize> =
                std::sync::Arc::clone(&count);
            let answer = answer.clone();
            async move {
                let head = connection.head().await.expect("a request");
                if count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 {
                    connection.read(head.length()).await;
                    let reply = crate::raw_server::Reply::new(201, &[JSON], answer);
                    return connection.send(&reply).await;
                }
                connection.read(READ).await;
                if is_answered {
                    let head = b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{\"status\":";
                    connection.write(head).await;
                    tokio::time::sleep(SOON).await;
                }
                connection.reset();
            }
        });
        let client = builder(&server).build().expect("a client");
        let run = client.agent(agent()).run();
        let run = run.file(File::bytes("a.pdf", vec![b'x'; LARGE]));
        let started = soon(run.start()).await;
        match is_answered {
            false => drop(started.expect("a task")),
            true => {
                let error = started.expect_err("half an answer");
                assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
            }
        }
        assert_eq!(server.connections(), if is_answered { 1 } else { 2 });
    }
}

#[tokio::test]
async fn a_caller_s_http_client_shows_no_connection_so_only_the_body_counts() {
    let server = RawServer::play(|mut connection| async move {
        connection.request().await;
        connection.hang().await;
    });
    let http = reqwest::Client::new();
    let client = builder(&server)
        .http_client(http)
        .build()
        .expect("a client");
    let error = error_of(&client, crate::run(&client), "timeout").await;
    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
    // Nothing was handed over.
    let client = client_without_retries(&server, "key-of-this-test");
    let late = || async {
        std::future::pending::<()>().await;
        Ok(stream::iter([Ok(Bytes::new())]))
    };
    let run = client
        .agent(agent())
        .run()
        .file(File::stream("a.pdf", None, late));
    let error = error_of(&client, run, "timeout").await;
    assert_eq!(error.effect(), Effect::None, "{error:?}");
}
