//! Servers that repeat what they were sent: nothing of a key, a prompt or the name of a file is in an error.

use std::fmt::{Display, Write as _};

use nanonets_agents::{AgentId, Client, Error, File, TaskId};
use serde_json::{Value, json};

use crate::client_without_retries;
use crate::raw_server::{RawServer, Reply};

const KEY: &str = "nn_live_4f7Q9zXk2LmT8vRcWs6H";
const QUERY: &str = "Extract the purchase price from the contract of Jane Doe, born 1974.";
const INSTRUCTIONS: &str = "Write \"amounts\" in euros;\n\tdates as in Köln.";
const SCHEMA: &str = "the buyer's blood group & the price";
const FILE_NAME: &str = "divorce-settlement-doe.pdf";

fn agent() -> AgentId {
    "6d8f2c1e-0a5b-4f3d-9c7e-1b2a3d4e5f60"
        .parse()
        .expect("an id")
}

fn task() -> TaskId {
    "0b7e9d3a-4c1f-4a6e-8d25-9f8e7d6c5b4a"
        .parse()
        .expect("an id")
}

/// A server that answers with this status, and with JSON, or what it calls so, that it makes of the request.
fn server<Body: Display>(
    status: u16,
    body: impl Fn(&str) -> Body + Send + Sync + 'static,
) -> RawServer {
    RawServer::start(move |request| Reply::json(status, body(&request.text())))
}

fn client(server: &RawServer) -> Client {
    client_without_retries(server, KEY)
}

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?} {:?}", error.headers());
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(shown, " {error} {error:?}");
        source = error.source();
    }
    shown
}

/// All that a client sends here, by any operation that takes text; what each refusal came to.
async fn refusals(client: &Client) -> Vec<(&'static str, Error)> {
    let agent = client.agent(agent());
    let run = agent
        .run()
        .query(QUERY)
        .instructions(INSTRUCTIONS)
        .output_in_words(SCHEMA);
    let upload = run.clone().file(File::bytes(FILE_NAME, "a document"));
    let config = json!({ "tools": [QUERY] });
    let create = client
        .agents()
        .create()
        .system_prompt(QUERY)
        .config(&config);
    vec![
        ("run", run.start().await.expect_err("a refusal")),
        ("upload", upload.start().await.expect_err("a refusal")),
        (
            "message",
            client
                .task(task())
                .send_message(QUERY)
                .await
                .expect_err("a refusal"),
        ),
        ("create", create.await.expect_err("a refusal")),
        (
            "update",
            agent
                .update()
                .system_prompt(QUERY)
                .await
                .expect_err("a refusal"),
        ),
        (
            "replace",
            agent
                .update()
                .replace_config(&config)
                .await
                .expect_err("a refusal"),
        ),
        (
            "list",
            client
                .tasks()
                .list()
                .title_contains(QUERY)
                .page()
                .await
                .expect_err("a refusal"),
        ),
        ("get", agent.get().await.expect_err("a refusal")),
    ]
}

/// Words of four letters and more that only what is sent has. Digits could be those of a boundary.
const TELLING: [&str; 13] = [
    "purchase",
    "contract",
    "Jane",
    "born",
    "amounts",
    "euros",
    "dates",
    "Köln",
    "buyer",
    "blood",
    "divorce",
    "settlement",
    "nn_live",
];

fn assert_private(error: &Error, what: &str) {
    let shown = shown(error);
    for word in TELLING {
        let shown = shown.to_lowercase();
        assert!(
            !shown.contains(&word.to_lowercase()),
            "{what}: {word} in {shown}"
        );
    }
    for part in [&KEY[..8], &KEY[KEY.len() - 8..]] {
        assert!(!shown.contains(part), "{what}: {part} in {shown}");
    }
}

/// The request, as a server would repeat it: the query or the body, and the header with the key.
fn echo(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").expect("a request");
    let key = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("authorization"));
    let query = head.lines().next().filter(|line| line.contains("?q="));
    format!(
        "{} {}: {body}",
        query.unwrap_or_default(),
        key.expect("a key")
    )
}

#[tokio::test]
async fn an_error_repeats_nothing_that_the_server_repeats() {
    type Echo = fn(&str) -> String;
    let ways: [(&str, Echo); 8] = [
        ("in the envelope", |request| {
            json!({ "error": echo(request) }).to_string()
        }),
        ("in a string", |request| {
            let inner = json!({ "body": echo(request) }).to_string();
            json!({ "error": inner }).to_string()
        }),
        ("as other JSON", |request| {
            json!({ "detail": [{ "loc": ["body"], "input": echo(request) }] }).to_string()
        }),
        ("as HTML", |request| {
            let text = echo(request).replace('&', "&amp;").replace('"', "&quot;");
            format!("<h1>422</h1><pre>{text}</pre>")
        }),
        ("as plain text", echo),
        ("in capitals", |request| echo(request).to_uppercase()),
        ("in lower case", |request| echo(request).to_lowercase()),
        ("cut short", |request| {
            let body = json!({ "error": echo(request) }).to_string();
            body.chars().take(body.chars().count() / 2 + 30).collect()
        }),
    ];
    for (way, body) in ways {
        for status in [400, 401, 409, 422, 500, 503] {
            let server = server(status, body);
            for (operation, error) in refusals(&client(&server)).await {
                assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
                assert_private(&error, &format!("{operation}, {status}, {way}"));
            }
        }
    }
}

#[tokio::test]
async fn a_key_at_the_end_of_what_is_shown_is_not_cut_in_half() {
    for filler in (120..210).step_by(3) {
        let filler = "word ".repeat(filler)[..filler].to_owned();
        let body = json!({ "error": format!("{filler} {KEY} is no key") }).to_string();
        let server = server(401, move |_| body.clone());
        let error = client(&server).agent(agent()).get().await;
        let error = error.expect_err("a refusal");
        let message = error.server_message().expect("a message");
        assert!(!message.contains("nn_"), "{message}");
        assert!(message.chars().count() <= 203, "{message}");
    }
}

#[tokio::test]
async fn what_the_server_says_besides_is_still_there() {
    let server = server(422, |request| {
        let text = echo(request);
        json!({ "error": format!("cannot read {text:?}: too many pages") })
    });
    let client = client(&server);
    let run = client.agent(agent()).run().query(QUERY).start().await;
    let error = run.expect_err("a refusal");
    let message = error.server_message().expect("a message");
    assert!(message.starts_with("cannot read"), "{message}");
    assert!(message.ends_with("too many pages"), "{message}");
    assert!(
        message.contains("(secret)") && message.contains("(redacted)"),
        "{message}"
    );
}

#[tokio::test]
async fn a_short_key_does_not_mangle_what_the_server_says() {
    let server = server(404, |_| json!({ "error": "there is no task k" }));
    let client = client_without_retries(&server, "k");
    let error = client.task(task()).get().await.expect_err("a refusal");
    assert_eq!(error.server_message(), Some("there is no task (secret)"));
}

#[tokio::test]
async fn a_request_id_is_an_id() {
    let long = "x".repeat(129);
    let cases: &[(&str, Option<&str>)] = &[
        (
            "x-request-id: req_01HZX-5:a/b=+.\r\n",
            Some("req_01HZX-5:a/b=+."),
        ),
        (
            "cf-ray: 8c1f2d3e4f5a6b7c-FRA\r\n",
            Some("8c1f2d3e4f5a6b7c-FRA"),
        ),
        ("x-request-id: \r\nrequest-id: r1\r\n", Some("r1")),
        (
            &format!("x-request-id: {long}\r\nx-correlation-id: c1\r\n"),
            Some("c1"),
        ),
        (&format!("x-request-id: {long}\r\n"), None),
        (&format!("x-request-id: {KEY}\r\n"), None),
        (&format!("x-request-id: req-{}\r\n", &KEY[..14]), None),
        (&format!("x-request-id: {}\r\n", KEY.to_uppercase()), None),
        ("x-request-id: Extract+the+purchase+price\r\n", None),
        (&format!("x-request-id: {FILE_NAME}\r\n"), None),
        ("x-request-id: two words\r\n", None),
        ("x-request-id: \u{1b}[31mred\r\n", None),
        ("x-request-id: zoë\r\n", None),
        ("x-request-id: <b>\r\n", None),
    ];
    for (headers, expected) in cases {
        let headers = (*headers).to_owned();
        let lines: Vec<String> = headers.lines().map(str::to_owned).collect();
        let server = RawServer::start(move |_| {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            Reply::new("400 Status", &lines, "{\"error\":\"no\"}")
        });
        let run = client(&server).agent(agent()).run().query(QUERY);
        let run = run.file(File::bytes(FILE_NAME, "a document"));
        let error = run.start().await.expect_err("a refusal");
        // A header that HTTP does not allow is no answer at all.
        assert!(
            error.status().is_some() || headers.contains('\u{1b}'),
            "{headers:?}: {error}"
        );
        assert_eq!(error.request_id(), *expected, "{headers:?}");
        assert_private(&error, &headers);
    }
}

#[tokio::test]
async fn a_header_that_repeats_the_key_is_there_and_sensitive() {
    let echo = format!("x-echo: Bearer {KEY}");
    let server =
        RawServer::start(move |_| Reply::new("401 Status", &[&echo, "x-other: plain"], ""));
    let error = client(&server).agent(agent()).get().await;
    let error = error.expect_err("a refusal");
    let echoed = &error.headers()["x-echo"];
    assert_eq!(echoed.as_bytes(), format!("Bearer {KEY}").as_bytes());
    assert!(echoed.is_sensitive());
    assert!(!error.headers()["x-other"].is_sensitive());
}

#[tokio::test]
async fn a_sensitive_header_of_the_caller_is_a_secret_too() {
    let secret = "gateway-c9f1b7a2e4d8";
    let server = server(403, |request| json!({ "error": request }));
    let client = client(&server);
    let mut value = reqwest::header::HeaderValue::from_static(secret);
    value.set_sensitive(true);
    let error = client
        .task(task())
        .get()
        .header("x-gateway-key", value)
        .await;
    let error = error.expect_err("a refusal");
    assert!(!shown(&error).contains(secret), "{error}");
}

#[tokio::test]
async fn an_error_has_no_commands_for_a_terminal() {
    let text = "\u{1b}]0;title\u{7} \u{9b}2J \u{202e}txet\u{2069} \u{200b}zero\u{feff}\r\n\u{8}end";
    for body in [
        json!({ "error": text }).to_string(),
        json!({ "detail": text }).to_string(),
        text.to_owned(),
    ] {
        let server = server(400, move |_| body.clone());
        let error = client(&server).agent(agent()).get().await;
        let error = error.expect_err("a refusal").to_string();
        let is_plain = |c: char| !c.is_control() && !"\u{202e}\u{2069}\u{200b}\u{feff}".contains(c);
        assert!(error.chars().all(is_plain), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_shows_nothing_of_itself() {
    for body in [
        json!({ KEY: QUERY, "id": QUERY }),
        json!({ "id": agent(), "config": { KEY: QUERY }, "status": [KEY] }),
        Value::from(QUERY),
    ] {
        let server = server(200, move |_| body.clone());
        let error = client(&server).agent(agent()).get().await;
        assert_private(&error.expect_err("no agent"), "an answer");
    }
}

#[tokio::test]
async fn a_server_that_repeats_a_prompt_later_shows_nothing_of_it_either() {
    let server = RawServer::start(|request| match request.is("POST", "/run") {
        true => Reply::json("201 Created", json!({ "task_id": task().to_string() })),
        false => {
            let error = format!("the task about {QUERY} and {FILE_NAME} is gone");
            Reply::json("410 Gone", json!({ "error": error }))
        }
    });
    let run = client(&server).agent(agent()).run().query(QUERY);
    let run = run.file(File::bytes(FILE_NAME, "a document"));
    let started = run.start().await.expect("a task");
    for error in [
        started.get().await.map(drop),
        started.summary().await.map(drop),
        started.messages().await.map(drop),
        started.cancel().await.map(drop),
        started.wait().await.map(drop),
    ] {
        assert_private(&error.expect_err("a refusal"), "later");
    }
}

/// The key and the prompt in texts of successful answers, which reach messages as well.
#[tokio::test]
async fn a_status_that_is_not_known_is_fit_for_messages() {
    const KEY: &str = "key-of-this-test-0123456789";
    for status in [
        format!("waiting {KEY}"),
        format!("{}{KEY}", "x".repeat(300_000)),
        "running\u{1b}[31m\nerror: all is lost".to_owned(),
    ] {
        let text = status.clone();
        let server = RawServer::start(move |_| Reply::json(200, crate::task(&text)));
        let client = crate::client_without_retries(&server, KEY);
        let task = client.task(crate::TASK.parse().expect("an id"));
        let pause = std::time::Duration::from_millis(5);
        let shown = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let seen = std::sync::Arc::clone(&shown);
        let wait = task.wait().pauses(pause, pause).timeout(pause * 60);
        let wait =
            wait.on_status(move |task| *seen.lock().expect("a text") = task.status.to_string());
        let error = crate::soon(wait).await.expect_err("a timeout");
        let waited = format!("{:?}", error.waited());
        for text in [
            error.to_string(),
            format!("{error:?}"),
            waited,
            shown.lock().expect("a text").clone(),
        ] {
            assert!(
                !text.contains(KEY) && !text.contains(['\u{1b}', '\n']),
                "{text}"
            );
            assert!(text.len() < 1_000, "{} bytes", text.len());
        }
    }
}

#[tokio::test]
async fn a_text_about_a_task_is_made_fit_for_messages() {
    let server = RawServer::start(|_| Reply::json(201, json!({ "task_id": crate::TASK })));
    let client = crate::client_without_retries(&server, "key-of-this-test-0123456789");
    let run = client
        .agent(crate::agent())
        .run()
        .query("the secret of the prompt");
    let task = run.start().await.expect("a task");
    let reason = format!(
        "bad key-of-this-test-0123456789 in the secret of the prompt\u{1b}[2J {}",
        "y".repeat(500_000)
    );
    let shown = task.redacted(&reason);
    assert!(shown.starts_with("bad (secret) in (redacted)"), "{shown}");
    assert!(
        shown.chars().count() < 210 && !shown.contains('\u{1b}'),
        "{shown}"
    );
    assert!(
        client
            .redacted(&reason)
            .starts_with("bad (secret) in the secret")
    );
}

#[test]
fn debug_shows_no_message() {
    let run: nanonets_agents_api::types::RunAgentResponse = serde_json::from_value(json!({
        "task_id": crate::TASK, "agent_id": crate::AGENT, "status": "running", "message": "SECRET",
        "created_at": crate::NOW,
    }))
    .expect("an answer");
    let sent: nanonets_agents_api::types::SendTaskMessageResponse =
        serde_json::from_value(json!({ "message": "SECRET" })).expect("an answer");
    let shown = format!("{run:?} {sent:?}");
    assert!(!shown.contains("SECRET"), "{shown}");
}

/// Nothing shows that a server quotes a document, so little is shown of what it says about files.
#[tokio::test]
async fn few_words_are_shown_of_an_error_about_files() {
    let quote = "one two three four five six seven eight nine ten eleven twelve thirteen DOCUMENT";
    for status in [400, 422, 500] {
        let server = RawServer::start(move |_| Reply::json(status, json!({ "error": quote })));
        let client = crate::client_without_retries(&server, "key-of-this-test");
        let run = client.agent(crate::agent()).run().query("q");
        let error = run.clone().start().await.expect_err("an error");
        assert!(error.to_string().contains("DOCUMENT"), "{error}");
        let file = nanonets_agents::File::bytes("a.pdf", "content");
        let error = run.file(file).start().await.expect_err("an error");
        let words = error.server_message().expect("a message").to_owned();
        assert!(words.ends_with("eleven twelve..."), "{words}");
        assert!(
            !format!("{error} {error:?}").contains("thirteen"),
            "{error:?}"
        );
    }
}
