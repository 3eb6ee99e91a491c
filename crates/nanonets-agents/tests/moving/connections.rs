//! A server may end an idle connection when it likes. That must not cost the answer to what can't be repeated.

use nanonets_agents::{Client, Result, RetryPolicy};
use serde_json::json;

use crate::raw_server::{Connection, RawServer, Reply, Request};
use crate::{AGENT, IDLE, TASK, builder, server, soon, started};

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

/// The documented response to a request.
fn documented(request: &Request) -> Reply {
    let mut agent = json!({
        "id": AGENT, "agent_group_id": AGENT, "version_number": 1, "status": "published", "name": "Invoices",
        "is_active": true, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    });
    match request.path().rsplit('/').next() {
        _ if request.method == "GET" => Reply::json("200 OK", r#"{"data":[],"has_more":false}"#),
        Some("run") => started(),
        Some("publish") => Reply::json("200 OK", agent),
        Some("message") => Reply::json("200 OK", r#"{"status": "running"}"#),
        _ => {
            agent["config"] = json!({});
            Reply::json("201 Created", agent)
        }
    }
}

/// Answers the next request of a connection.
async fn answer(connection: &mut Connection) -> Option<()> {
    let request = connection.request().await?;
    connection.send(&documented(&request)).await;
    Some(())
}

fn server_with(stale: Stale) -> RawServer {
    server(move |mut connection| async move {
        if answer(&mut connection).await.is_none() {
            return;
        }
        match stale {
            Stale::Closed => {}
            Stale::Closes => drop(connection.request().await),
            Stale::Resets => {
                connection.read(1).await;
                connection.reset();
            }
            Stale::Forgets => connection.hang().await,
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
        let server = server_with(stale);
        let client = builder(&server).build().expect("a client");
        for _ in 0..4 {
            for operation in OPERATIONS {
                if let Err(error) = soon(call(&client, operation)).await {
                    panic!("{operation} with a server that {stale:?}: {error:?}");
                }
            }
        }
        assert_eq!(server.connections(), 4 * OPERATIONS.len());
    }
}

#[tokio::test]
async fn reads_that_meet_the_end_of_a_connection_are_sent_again() {
    for stale in STALE {
        let server = server_with(stale);
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
    let server =
        server(|mut connection| async move { while answer(&mut connection).await.is_some() {} });
    let client = builder(&server).build().expect("a client");
    for _ in 0..5 {
        soon(client.tasks().list().page()).await.expect("a page");
    }
    assert_eq!(server.connections(), 1);
    let http = reqwest::Client::new();
    let client = builder(&server).http_client(http).build();
    let client = client.expect("a client");
    for operation in OPERATIONS {
        soon(call(&client, operation)).await.expect("an answer");
    }
    assert_eq!(server.connections(), 2);
}
