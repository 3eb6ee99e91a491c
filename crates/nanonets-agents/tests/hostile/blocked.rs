//! Limits that pass while the runtime is blocked, or the process is stopped: what has arrived meanwhile counts.
//!
//! The server has threads of its own, and the client a runtime with one thread, which the test blocks.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nanonets_agents::{Client, ClientBuilder, File, Outcome, Result, RetryPolicy, TaskId};
use serde_json::json;

use crate::{AGENT, NOW, TASK, agent, soon, task};

const LIMIT: Duration = Duration::from_millis(300);
/// The time after a request in which the answer is sent.
const DELAY: Duration = Duration::from_millis(50);

fn id() -> TaskId {
    TASK.parse().expect("an id")
}

/// A server with a thread for each connection. It tells of each request before it answers.
fn server(
    answer: impl Fn(&str, &mut TcpStream) + Send + Sync + Clone + 'static,
) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = channel();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let (tell, answer) = (tell.clone(), answer.clone());
            thread::spawn(move || serve(stream, &tell, answer));
        }
    });
    (address, told)
}

fn serve(mut stream: TcpStream, tell: &Sender<()>, answer: impl Fn(&str, &mut TcpStream)) {
    let mut bytes = [0; 64 << 10];
    while let Ok(length @ 1..) = stream.read(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        // The rest of a body is of no interest.
        if !text.contains("HTTP/1.1") {
            continue;
        }
        let _ = tell.send(());
        thread::sleep(DELAY);
        answer(&text, &mut stream);
    }
}

fn send(stream: &mut TcpStream, body: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _gone = stream.write_all(format!("{head}{body}").as_bytes());
}

/// The documented answer to every operation, and what is in the socket after it.
fn documented(request: &str, stream: &mut TcpStream) {
    let line = request.lines().next().unwrap_or_default();
    let mut answer = task("failed");
    if line.contains("/tasks HTTP") || line.contains("/messages") {
        answer = json!({ "data": [], "has_more": false, "next_cursor": null });
    } else if !line.contains("/tasks/") && !line.contains("/run") {
        answer = json!({
            "id": AGENT, "agent_group_id": AGENT, "version_number": 1, "status": "published", "name": "A",
            "config": {}, "is_active": true, "created_at": NOW, "updated_at": NOW,
        });
    }
    // More than one read of the socket.
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("more".to_owned(), json!("x".repeat(200_000)));
    }
    answer["message"] = json!("started");
    send(stream, &answer.to_string());
}

fn builder(address: SocketAddr) -> ClientBuilder {
    Client::builder("key-of-this-test")
        .base_url(format!("http://{address}"))
        .retry(RetryPolicy::never())
}

const OPERATIONS: [&str; 9] = [
    "run", "create", "publish", "message", "update", "cancel", "get", "summary", "list",
];

async fn call(client: &Client, operation: &str) -> Result<()> {
    let (of_agent, of_task) = (client.agent(agent()), client.task(id()));
    match operation {
        "run" => of_agent.run().query("q").start().await.map(drop),
        "create" => client.agents().create().await.map(drop),
        "publish" => of_agent.publish().await.map(drop),
        "message" => of_task.send_message("yes").await.map(drop),
        "update" => of_agent.update().name("A").await.map(drop),
        "cancel" => of_task.cancel().await.map(drop),
        "get" => of_task.get().await.map(drop),
        "summary" => of_task.summary().await.map(drop),
        _ => client.tasks().list().page().await.map(drop),
    }
}

/// Blocks the runtime for longer than the limit, as soon as the request has arrived.
async fn block(requests: &Receiver<()>) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while requests.try_recv().is_err() {
        assert!(Instant::now() < deadline, "no request arrives");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    thread::sleep(LIMIT * 2);
}

#[tokio::test]
async fn an_answer_that_lies_in_the_socket_is_read_whatever_limit_has_passed() {
    let (address, requests) = server(documented);
    for (limit, client) in [
        ("idle", builder(address).idle_timeout(LIMIT)),
        ("deadline", builder(address).timeout(LIMIT)),
    ] {
        let client = client.build().expect("a client");
        for operation in OPERATIONS {
            let (result, ()) = tokio::join!(call(&client, operation), block(&requests));
            result.unwrap_or_else(|error| panic!("{operation}, {limit}: {error:?}"));
        }
    }
    let client = builder(address).build().expect("a client");
    let run = client.agent(agent()).run().query("q");
    let run = run.attempt_timeout(LIMIT).start();
    let (started, ()) = tokio::join!(run, block(&requests));
    assert_eq!(started.expect("a task").id(), id());
}

#[tokio::test]
async fn an_id_that_lies_in_the_socket_is_read_although_the_answer_does_not_end() {
    let (address, requests) = server(|_, stream| {
        let answer = format!(
            "HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n{{\"task_id\":\"{TASK}\","
        );
        let _gone = stream.write_all(answer.as_bytes());
    });
    for client in [
        builder(address).idle_timeout(LIMIT),
        builder(address).timeout(LIMIT),
    ] {
        let client = client.build().expect("a client");
        let run = client.agent(agent()).run().query("q").start();
        let (started, ()) = tokio::join!(soon(run), block(&requests));
        assert_eq!(started.expect("a task").id(), id());
    }
}

#[tokio::test]
async fn a_wait_whose_deadline_has_passed_reads_the_last_status() {
    let (address, requests) = server(documented);
    let client = builder(address).build().expect("a client");
    let wait = client.task(id()).wait().timeout(LIMIT).into_future();
    let (outcome, ()) = tokio::join!(wait, block(&requests));
    assert!(matches!(outcome, Ok(Outcome::Failed(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_upload_continues_after_the_process_was_stopped() {
    let (address, requests) = server(|_, stream| {
        // The end of the body comes after the block.
        let mut bytes = vec![0; 1 << 20];
        let mut left = 11 << 20;
        while left > 0
            && let Ok(length @ 1..) = stream.read(&mut bytes)
        {
            left -= length.min(left);
        }
        documented("POST /run", stream);
    });
    let client = builder(address).idle_timeout(LIMIT).build();
    let file = File::bytes("large.bin", vec![7; 12 << 20]);
    let run = client.expect("a client").agent(agent()).run().file(file);
    let (started, ()) = tokio::join!(soon(run.start()), block(&requests));
    assert_eq!(started.expect("a task").id(), id());
}

#[tokio::test]
async fn an_answer_that_goes_on_and_on_ends_soon_after_the_limit() {
    let (address, _requests) = server(|_, stream| {
        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(2));
        }
    });
    let client = builder(address).timeout(LIMIT).build().expect("a client");
    let start = Instant::now();
    let error = client.task(id()).get().await.expect_err("no end");
    assert!(error.is_timeout(), "{error:?}");
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(3), "{elapsed:?}");
}
