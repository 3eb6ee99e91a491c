//! The table of the README, made from what happens: each operation, and a wait, under everything that can go wrong once.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{Client, Effect, Result, TaskId};
use serde_json::{Value, json};

use crate::raw_server::{HTML, JSON, RawServer, Reply, Request, unused_address};
use crate::{AGENT, NOW, TASK, agent, builder, soon, task};

/// The faults of the first request; the second one is answered as documented.
fn faults() -> Vec<(&'static str, Fault)> {
    let api = |status| Fault::Answer(status, vec![JSON], r#"{"error":"no"}"#);
    let page = |status| Fault::Answer(status, vec![HTML], "<h1>Error</h1>");
    vec![
        ("no connection", Fault::Refuse),
        ("a certificate that is not trusted, or no TLS", Fault::NoTls),
        (
            "a connection that closes without an answer",
            Fault::Reply(Reply::close()),
        ),
        ("no answer before the timeout", Fault::Hang),
        (
            "an answer that breaks off in front of the id",
            Fault::Reply(Reply::json("200 OK", "{\"status\":").cut_off()),
        ),
        ("a success with a page of HTML", page("200 OK")),
        ("a success with odd fields beside the id", Fault::Odd),
        ("a success that does not end behind the id", Fault::Unended),
        ("a success with 60,000 unknown fields", Fault::Many),
        ("a success that is larger than the limit", Fault::Large),
        ("307 from anybody", page("307 Temporary Redirect")),
        ("302 from anybody", page("302 Found")),
        (
            "400, 403, 404, 409 or 422 from the API",
            api("409 Conflict"),
        ),
        ("the same from a gateway", page("409 Conflict")),
        ("401, 413 or 431 from anybody", page("401 Unauthorized")),
        ("408 or 425 from anybody", api("408 Request Timeout")),
        ("429 from the API", api("429 Too Many Requests")),
        ("429 from a gateway", page("429 Too Many Requests")),
        ("500, 502 or 504 from anybody", page("502 Bad Gateway")),
        (
            "503 with `Retry-After` from the API",
            Fault::Answer(
                "503 Unavailable",
                vec![JSON, "Retry-After: 0"],
                r#"{"error":"no"}"#,
            ),
        ),
        (
            "503 with `Retry-After` from a gateway",
            Fault::Answer(
                "503 Unavailable",
                vec![HTML, "Retry-After: 0"],
                "<h1>Error</h1>",
            ),
        ),
        (
            "503 without `Retry-After` from anybody",
            api("503 Unavailable"),
        ),
    ]
}

#[derive(Clone)]
enum Fault {
    /// Nobody listens.
    Refuse,
    /// The server does not speak TLS.
    NoTls,
    Hang,
    Reply(Reply),
    Answer(&'static str, Vec<&'static str>, &'static str),
    /// The documented answer, with a date that is none.
    Odd,
    /// The documented answer, whose end does not come.
    Unended,
    /// The documented answer with many more fields.
    Many,
    /// The documented answer, behind many blanks.
    Large,
}

/// The operations that behave alike, by the name of their column.
const COLUMNS: [(&str, &[&str]); 5] = [
    (
        "lists, `get_task_summary`, `get_task_result`",
        &[
            "list_agents",
            "list_agent_versions",
            "list_tasks",
            "list_task_messages",
            "get_task_summary",
            "get_task_result",
        ],
    ),
    (
        "other reads, `update_agent`, `cancel_task`",
        &["get_agent", "update_agent", "get_task", "cancel_task"],
    ),
    ("`run_agent`", &["run_agent"]),
    (
        "`create_agent`, `publish_agent_version`",
        &["create_agent", "publish_agent_version"],
    ),
    ("`send_task_message`", &["send_task_message"]),
];

async fn call(client: &Client, operation: &str) -> Result<()> {
    let (of_agent, of_task) = (client.agent(agent()), client.task(id()));
    match operation {
        "list_agents" => all(client.agents().list().stream()).await,
        "create_agent" => client.agents().create().await.map(drop),
        "get_agent" => of_agent.get().await.map(drop),
        "update_agent" => of_agent.update().name("Invoices").await.map(drop),
        "run_agent" => of_agent.run().query("q").start().await.map(drop),
        "list_agent_versions" => all(of_agent.versions().stream()).await,
        "publish_agent_version" => of_agent.publish().await.map(drop),
        "list_tasks" => all(client.tasks().list().stream()).await,
        "get_task" => of_task.get().await.map(drop),
        "get_task_summary" => of_task.summary().await.map(drop),
        "get_task_result" => of_task.result().await.map(drop),
        "list_task_messages" => of_task.messages().await.map(drop),
        "send_task_message" => of_task.send_message("yes").await.map(drop),
        "cancel_task" => of_task.cancel().await.map(drop),
        other => panic!("there is no operation {other}"),
    }
}

async fn all<T>(stream: impl futures_util::Stream<Item = Result<T>> + Unpin) -> Result<()> {
    stream.try_collect::<Vec<_>>().await.map(drop)
}

fn id() -> TaskId {
    TASK.parse().expect("an id")
}

/// The documented answer to a request.
fn documented(request: &Request) -> Value {
    let agent = json!({
        "id": AGENT, "agent_group_id": AGENT, "version_number": 1, "status": "published", "name": "Invoices",
        "config": {}, "is_active": true, "created_at": NOW, "updated_at": NOW,
    });
    let path = request.path();
    let is_list = path.ends_with("/agents") || path.ends_with("/tasks");
    if request.method == "GET"
        && (is_list || path.ends_with("/versions") || path.ends_with("/messages"))
    {
        return json!({ "data": [], "has_more": false, "next_cursor": null });
    }
    if path.contains("/run") {
        let mut started = task("running");
        started["message"] = json!("started");
        return started;
    }
    if path.contains("/tasks/") {
        let mut done = task("completed");
        done["extracted_data"] = json!({ "total": 7 });
        return done;
    }
    agent
}

fn reply(fault: &Fault, request: &Request) -> Reply {
    match fault {
        Fault::Refuse | Fault::NoTls => Reply::close(),
        Fault::Hang => Reply::hang(),
        Fault::Reply(reply) => reply.clone(),
        Fault::Answer(status, headers, body) => Reply::new(status, headers, body),
        Fault::Odd => {
            let mut answer = documented(request);
            for field in ["created_at", "has_more", "status"] {
                if answer.get(field).is_some() {
                    answer[field] = json!(["odd"]);
                }
            }
            Reply::json("200 OK", &answer)
        }
        Fault::Unended => Reply::json("200 OK", documented(request)).unended(),
        Fault::Many => {
            let mut answer = documented(request);
            let fields = answer.as_object_mut().expect("an object");
            fields.extend((0..60_000).map(|field| (format!("z{field}"), json!(0))));
            Reply::json("200 OK", &answer)
        }
        Fault::Large => {
            let body = format!("{}{}", " ".repeat(2_000_000), documented(request));
            Reply::new("200 OK", &[JSON], body)
        }
    }
}

/// The result of a caller, in a few words.
fn described(result: &Result<()>, requests: usize) -> String {
    match result {
        Ok(()) if requests > 1 => "repeated".to_owned(),
        Ok(()) => "success".to_owned(),
        Err(error) => {
            let again = if error.attempts() > 1 {
                ", after repeating"
            } else {
                ""
            };
            let ambiguous = if error.is_ambiguous() {
                ", **ambiguous**"
            } else {
                ""
            };
            let with_id = match error.effect() {
                Effect::Created(_) => ", with the id",
                _ => "",
            };
            format!("`{:?}`{ambiguous}{with_id}{again}", error.kind())
        }
    }
}

/// A client of a server that has the fault once.
async fn struck(fault: &Fault) -> (Client, Option<RawServer>) {
    let count = Arc::new(AtomicUsize::new(0));
    let behaviour = fault.clone();
    let server = RawServer::start(move |request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => reply(&behaviour, request),
        _ => Reply::json("200 OK", documented(request)),
    });
    let idle = match fault {
        Fault::Hang | Fault::Unended => Duration::from_millis(300),
        _ => Duration::from_secs(10),
    };
    let limits = |client: nanonets_agents::ClientBuilder| {
        client
            .response_limit(1_000_000)
            .idle_timeout(idle)
            .build()
            .expect("a client")
    };
    match fault {
        Fault::Refuse => {
            let url = format!("http://{}", unused_address());
            (limits(builder(&server).base_url(url)), None)
        }
        Fault::NoTls => {
            let url = format!("https://{}", RawServer::without_tls().address());
            (limits(builder(&server).base_url(url)), None)
        }
        _ => (limits(builder(&server)), Some(server)),
    }
}

async fn cell(operation: &str, fault: &Fault) -> String {
    let (client, server) = struck(fault).await;
    let result = soon(call(&client, operation)).await;
    let requests = server.map_or(1, |server| server.requests().len());
    described(&result, requests)
}

/// The behaviour of a wait.
async fn wait(fault: &Fault) -> String {
    let (client, server) = struck(fault).await;
    let quick = Duration::from_millis(2);
    let wait = client.task(id()).wait().pauses(quick, quick);
    let result = soon(wait).await.map(drop);
    match (result, server) {
        // A server that is away for good is tolerated for thirty polls.
        (Ok(()), _) => "continues".to_owned(),
        (Err(_), None) if matches!(fault, Fault::Refuse) => "continues".to_owned(),
        (Err(error), _) => format!("`{:?}`", error.kind()),
    }
}

#[tokio::test]
async fn the_table_of_the_readme_is_what_happens() {
    let mut table = String::from("| What goes wrong |");
    for (column, _) in COLUMNS {
        let _ = write!(table, " {column} |");
    }
    table.push_str(" a wait |\n|---|");
    table.push_str(&"---|".repeat(COLUMNS.len() + 1));
    table.push('\n');
    for (name, fault) in faults() {
        let _ = write!(table, "| {name} |");
        for (column, operations) in COLUMNS {
            let calls = operations.iter().map(|operation| cell(operation, &fault));
            let cells = futures_util::future::join_all(calls).await;
            let different = cells
                .iter()
                .zip(operations)
                .find(|(cell, _)| **cell != cells[0]);
            assert_eq!(
                different, None,
                "{name}: {column} do not behave alike: {}",
                cells[0]
            );
            let _ = write!(table, " {} |", cells[0]);
        }
        let _ = writeln!(table, " {} |", wait(&fault).await);
    }
    const BEGIN: &str = "<!-- what goes wrong: written by the test `the_table_of_the_readme_is_what_happens` -->\n\n";
    const END: &str = "\n<!-- end -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("a README");
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("the beginning of the table");
    let (current, after) = rest.split_once(END).expect("the end of the table");
    if current == table {
        return;
    }
    if std::env::var_os("UPDATE_README").is_some() {
        let updated = format!("{before}{BEGIN}{table}{END}{after}");
        std::fs::write(path, updated).expect("a README that can be written");
        return;
    }
    panic!("the README says otherwise; set UPDATE_README to write this into it:\n{table}");
}
