//! A server may end an idle connection when it likes. That must not cost the answer to what can't be repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nanonets_agents::{Client, Result, RetryPolicy};

use crate::server::{Connection, STARTED, Server};
use crate::{AGENT, IDLE, builder, soon};

const TASK: &str = "22222222-2222-4222-8222-222222222222";

/// How a server treats the second request on a connection.
#[derive(Clone, Copy, Debug)]
enum Stale {
    /// It has closed the connection before.
    Closed,
    /// It reads the request, and closes the connection.
    Closes,
    /// It resets the connection at the first byte.
    Resets,
    /// It reads the request, and forgets it.
    Forgets,
}

const STALE: [Stale; 4] = [Stale::Closed, Stale::Closes, Stale::Resets, Stale::Forgets];

/// What a server answers to a request.
fn answer(target: &str) -> (&'static str, String) {
    let agent = |config: &str| {
        format!(
            r#"{{"id": "{AGENT}", "agent_group_id": "{AGENT}", "version_number": 1, "status": "published",
                "name": "Invoices", {config} "is_active": true, "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z"}}"#
        )
    };
    match target.split_once(' ') {
        Some(("GET", _)) => ("200 OK", r#"{"data":[],"has_more":false}"#.to_owned()),
        Some((_, path)) if path.ends_with("/run") => ("201 Created", STARTED.to_owned()),
        Some((_, path)) if path.ends_with("/publish") => ("200 OK", agent("")),
        Some((_, path)) if path.ends_with("/message") => {
            ("200 OK", r#"{"status": "running"}"#.to_owned())
        }
        _ => ("201 Created", agent(r#""config": {},"#)),
    }
}

/// Answers the first request of a connection.
async fn first(connection: &mut Connection) -> Option<()> {
    let head = connection.head().await?;
    connection.read(head.length).await;
    let (status, body) = answer(&head.target);
    connection.answer(status, &body).await;
    Some(())
}

fn server(stale: Stale, connections: Arc<AtomicUsize>) -> Server {
    Server::start(move |_, mut connection| {
        connections.fetch_add(1, Ordering::Relaxed);
        async move {
            if first(&mut connection).await.is_none() {
                return;
            }
            match stale {
                Stale::Closed => {}
                Stale::Closes => {
                    if let Some(head) = connection.head().await {
                        connection.read(head.length).await;
                    }
                }
                Stale::Resets => {
                    connection.read(1).await;
                    connection.reset();
                }
                Stale::Forgets => connection.ignore().await,
            }
        }
    })
}

/// Each operation that can't be repeated, by its name.
async fn call(client: &Client, operation: &str) -> Result<()> {
    let agent = client.agent(AGENT.parse().expect("an id"));
    let task = client.task(TASK.parse().expect("an id"));
    match operation {
        "run" => agent.run().query("q").start().await.map(drop),
        "run with a file" => {
            let file = nanonets_agents::File::bytes("a.pdf", "%PDF");
            agent.run().file(file).start().await.map(drop)
        }
        "create" => client.agents().create().await.map(drop),
        "publish" => agent.publish().await.map(drop),
        "message" => task.send_message("Go on.").await.map(drop),
        _ => panic!("{operation} is no operation"),
    }
}

const OPERATIONS: [&str; 5] = ["run", "run with a file", "create", "publish", "message"];

#[tokio::test]
async fn what_can_not_be_repeated_never_meets_the_end_of_a_connection() {
    for stale in STALE {
        let connections = Arc::new(AtomicUsize::new(0));
        let server = server(stale, Arc::clone(&connections));
        let client = builder(&server).build().expect("a client");
        for _ in 0..4 {
            for operation in OPERATIONS {
                if let Err(error) = soon(call(&client, operation)).await {
                    panic!("{operation} with a server that {stale:?}: {error:?}");
                }
            }
        }
        assert_eq!(connections.load(Ordering::Relaxed), 4 * OPERATIONS.len());
    }
}

#[tokio::test]
async fn reads_that_meet_the_end_of_a_connection_are_sent_again() {
    for stale in STALE {
        let server = server(stale, Arc::default());
        let policy = RetryPolicy::default().pauses([IDLE / 100]);
        let client = builder(&server).idle_timeout(IDLE / 4).retry(policy);
        let client = client.build().expect("a client");
        for _ in 0..4 {
            if let Err(error) = soon(client.tasks().list().page()).await {
                panic!("a read with a server that {stale:?}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn reads_keep_their_connection_and_so_does_an_http_client_of_the_callers() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let server = Server::start(move |_, mut connection| {
        counter.fetch_add(1, Ordering::Relaxed);
        async move { while first(&mut connection).await.is_some() {} }
    });
    let client = builder(&server).build().expect("a client");
    for _ in 0..5 {
        soon(client.tasks().list().page()).await.expect("a page");
    }
    assert_eq!(connections.swap(0, Ordering::Relaxed), 1);
    let http = reqwest::Client::new();
    let client = builder(&server).http_client(http).build();
    let client = client.expect("a client");
    for operation in OPERATIONS {
        soon(call(&client, operation)).await.expect("an answer");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
