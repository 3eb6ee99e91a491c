//! The screen of a person at a terminal.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::{Value, json};

use crate::process::{against, command, nanonets, steady};
use crate::pseudo_terminal::Session;

/// The text on the screen, without the lines that were erased.
fn settled(screen: &str) -> String {
    let lines = screen
        .split("\r\n")
        .map(|line| line.rsplit(['\r', '\u{1b}']).next());
    lines.flatten().collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_and_the_task_goes_on() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let script = Script::new().ask("Which\u{1b}[31m currency?").running(1);
    simulator.script(script.complete(json!({ "total": 7 })));
    let mut session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    session.expect("> ");
    session.type_line("");
    session.type_line("EUR");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("\"total\": 7"), "{screen}");
    assert_eq!(simulator.count(Operation::SendTaskMessage), 1);
    let task = simulator.tasks()[0].id.to_string();
    let messages = nanonets(&simulator, &["tasks", "messages", &task]).json();
    assert_eq!(messages[2]["content"], "EUR");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_has_a_bar_and_a_wait_a_line() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().running(2).complete(json!(1)));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.pdf");
    std::fs::write(&path, vec![7; 20_000_000]).expect("a file");
    let path = path.to_str().expect("a path");
    let session = Session::start(against(&simulator, &["run", &agent, "--file", path]));
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    for expected in ["uploading", "19.07 MiB", "running"] {
        assert!(
            screen.contains(expected),
            "{expected:?} is not in {screen:?}"
        );
    }
    let quiet = ["run", &agent, "--file", path, "--quiet"];
    let (_, screen) = Session::start(against(&simulator, &quiet)).end();
    assert_eq!(screen, "1\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_objects_are_tables() {
    let simulator = Simulator::start().await;
    let agent = simulator
        .create_agent("Invoices \u{1b}[2J and receipts")
        .id
        .to_string();
    simulator.create_agent("Ledgers");
    simulator.script(Script::new().ask("Which year?"));
    let run = [
        "run",
        &agent,
        "--query",
        "Add it up.",
        "--no-wait",
        "--json",
    ];
    let (_, started) = Session::start(against(&simulator, &run)).end();
    let started: serde_json::Value = serde_json::from_str(&started).expect("JSON");
    let task = started["task_id"].as_str().expect("an id");
    let mut screens = String::new();
    for args in [
        &["agents", "list"][..],
        &["agents", "get", &agent],
        &["tasks", "list"],
        &["tasks", "get", task],
        &["tasks", "messages", task],
        &["agents", "list", "--name", "nothing"],
    ] {
        let (code, screen) = Session::start(against(&simulator, args)).end();
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains('\u{1b}'), "{screen:?}");
        screens.push_str(&format!(
            "$ nanonets {}\n{}\n",
            args.join(" "),
            settled(&screen)
        ));
    }
    insta::assert_snapshot!(steady(&screens));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_ended_is_a_table_with_what_was_done() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().complete(json!({ "total": 7 })));
    let run = ["run", &agent, "--query", "Add it up.", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].to_string();
    let task = task.trim_matches('"');
    let mut screens = String::new();
    for args in [
        ["tasks", "wait", task, "-q"],
        ["tasks", "summary", task, "-q"],
        ["tasks", "result", task, "-q"],
        ["tasks", "cancel", task, "-q"],
        ["run", &agent, "--query=Again.", "--no-wait"],
    ] {
        let (code, screen) = Session::start(against(&simulator, &args)).end();
        assert_eq!(code, 0, "{screen}");
        let command = args.join(" ");
        screens.push_str(&format!("$ nanonets {command}\n{}\n", settled(&screen)));
    }
    insta::assert_snapshot!(steady(&screens));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_terminal_cuts_titles_and_no_ids() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices of a very long name").id;
    let list = against(&simulator, &["agents", "list"]);
    let (_, screen) = Session::of_width(list, 40).end();
    let id = agent.to_string();
    assert!(screen.contains(&id), "{screen}");
    assert!(screen.contains("Invoices …"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_input_leaves_the_question_open() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().ask("Which year?"));
    let mut session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    session.expect("> ");
    // Ctrl-D.
    session.type_line("\u{4}");
    let (code, screen) = session.end();
    assert_eq!(code, 4, "{screen}");
    assert!(screen.contains("nanonets tasks reply"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_before_the_question_is_no_answer() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(
        Script::new()
            .running(2)
            .ask("Which year?")
            .complete(json!(7)),
    );
    let mut session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    session.expect("running");
    session.type_line("stray");
    session.expect("> ");
    session.type_line("2026");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    let task = simulator.tasks()[0].id.to_string();
    let messages = nanonets(&simulator, &["tasks", "messages", &task]).json();
    assert_eq!(messages[2]["content"], "2026");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_in_time_is_a_timeout() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().ask("Which year?"));
    let run = ["run", &agent, "--query", "q", "--timeout", "300ms"];
    let (code, screen) = Session::start(against(&simulator, &run)).end();
    assert_eq!(code, 5, "{screen}");
}

/// Characters of each kind that steer a terminal, turn text around or hide in it.
const NASTY: &str = "x\u{0}\u{7}\u{8}\r\u{1b}[31m\u{7f}\u{80}\u{9b}31m\u{ad}\u{61c}\u{200b}\u{200d}\u{200f}\u{2028}\
                     \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{e0041}y";

/// Puts that into the names of fields and into everything that may be any text.
fn spoil(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(spoil),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let is_typed =
                    name.ends_with("id") || name.ends_with("_at") || name == "next_cursor";
                if !is_typed {
                    spoil(value);
                }
            }
            fields.insert(format!("flat{NASTY}"), json!(NASTY));
            fields.insert(format!("nested{NASTY}"), json!({ NASTY: [NASTY] }));
        }
        Value::String(text) => text.push_str(NASTY),
        _ => {}
    }
}

fn assert_harmless(args: &[&str], screen: &str) {
    // The end of a line, as a terminal writes it.
    let screen = screen.replace("\r\n", "\n");
    let nasty: Vec<char> = NASTY
        .chars()
        .filter(|character| !character.is_ascii_graphic())
        .collect();
    assert!(!screen.contains(&nasty[..]), "{args:?}: {screen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_does_not_steer_the_terminal() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().ask("Which year?"));
    let run = ["run", &agent, "--query", "q", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].clone();
    let task = task.as_str().expect("an id");
    simulator.script(Script::new().complete(json!({ "name": "n", "list": ["l"] })));
    let spoiled = simulator.fault(Fault::edit(spoil));
    for args in [
        &["agents", "list"][..],
        &["agents", "get", &agent],
        &["agents", "versions", &agent],
        &["tasks", "list"],
        &["tasks", "get", task],
        &["tasks", "summary", task],
        &["tasks", "result", task],
        &["tasks", "messages", task],
    ] {
        for format in ["--quiet", "--json", "--jsonl", "--raw"] {
            let args = [args, &[format]].concat();
            let (code, screen) = Session::start(against(&simulator, &args)).end();
            assert_eq!(code, 0, "{args:?}: {screen}");
            assert_harmless(&args, &screen);
            assert!(screen.contains('x'), "it was not sent: {screen:?}");
        }
    }
    spoiled.remove();
    simulator.fault(Fault::edit(spoil).on(Operation::GetTaskSummary));
    let run = ["run", &agent, "--query", "q", "--quiet"];
    let (_, screen) = Session::start(against(&simulator, &run)).end();
    assert_harmless(&run, &screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_of_a_failure_does_not_steer_the_terminal() {
    for script in [
        Script::new().fail(NASTY),
        Script::new().ask(NASTY),
        Script::new().ask(json!({ NASTY: [NASTY] })),
        Script::new().hold(NASTY, u32::MAX),
    ] {
        let simulator = Simulator::start().await;
        let agent = simulator.create_agent("Invoices").id.to_string();
        simulator.script(script);
        let run = ["run", &agent, "--query=q", "--quiet", "--timeout=300ms"];
        let mut session = Session::start(against(&simulator, &run));
        // Ctrl-D, where something is asked.
        session.type_line("\u{4}");
        let (code, screen) = session.end();
        assert_ne!(code, 0, "{screen}");
        assert_harmless(&run, &screen);
    }
    let simulator = Simulator::start().await;
    let list = ["agents", "list"];
    for (status, media_type) in [
        (400, "text/plain"),
        (403, "text/html"),
        (401, "application/json"),
    ] {
        let words = match media_type {
            "application/json" => json!({ "error": NASTY }).to_string(),
            _ => NASTY.to_owned(),
        };
        let fault = Fault::status(status).body(media_type, words);
        // Some of it can stand in a header.
        let fault = fault
            .header("x-request-id", "x\u{80}\u{9b}31my")
            .header("retry-after", "0");
        let fault = simulator.fault(fault);
        let (code, screen) = Session::start(against(&simulator, &list)).end();
        fault.remove();
        assert_eq!(code, 1, "{screen}");
        assert_harmless(&list, &screen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_this_place() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let created = |zone: &str| {
        let mut command = against(&simulator, &["agents", "get", &agent]);
        command.env("TZ", zone);
        let (_, screen) = Session::start(command).end();
        let line = screen.lines().find(|line| line.starts_with("created_at"));
        let text = line
            .and_then(|line| line.split_once(' '))
            .expect("a time")
            .1
            .trim()
            .to_owned();
        chrono::NaiveDateTime::parse_from_str(&text, "%F %H:%M").expect("a time")
    };
    // Three hours east of Greenwich, as POSIX writes it.
    assert_eq!(
        created("EAST-3") - created("UTC"),
        chrono::TimeDelta::hours(3)
    );
}

#[test]
fn help_is_coloured_unless_it_is_not_to_be() {
    let shown = |no_color: bool| {
        let mut command = command();
        command.arg("--help");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        Session::start(command).end().1
    };
    assert!(shown(false).contains('\u{1b}'));
    assert!(!shown(true).contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_out_of_order_is_no_secret() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().complete(json!(7)));
    simulator.fault(Fault::status(500).on(Operation::GetTask).times(1));
    let session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    session.expect("trying again after: get_task: 500");
    assert_eq!(session.end().0, 0);
}

/// The question changes while the person types.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_an_old_question_is_not_sent() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::raw_server::{RawServer, Reply};
    let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    let is_answered = Arc::new(AtomicBool::new(false));
    let changes = Arc::clone(&is_answered);
    let server = RawServer::start(move |request| {
        if request.method == "POST" {
            return Reply::json(200, r#"{"status":"running"}"#);
        }
        if request.path().ends_with("/messages") {
            let mut messages =
                vec![serde_json::json!({ "role": "assistant", "content": "Which year?" })];
            if changes.load(Ordering::Relaxed) {
                messages
                    .push(serde_json::json!({ "role": "assistant", "content": "Which currency?" }));
            }
            return Reply::json(200, serde_json::json!({ "data": messages }));
        }
        let now = "2026-01-31T09:30:00Z";
        Reply::json(
            200,
            serde_json::json!({
                "task_id": id, "agent_id": id, "status": "waiting_for_input", "created_at": now, "updated_at": now,
            }),
        )
    });
    let mut wait = command();
    wait.args(["tasks", "wait", id])
        .env("NANONETS_API_KEY", "key")
        .env("NANONETS_BASE_URL", server.url());
    let mut session = Session::start(wait);
    session.expect("Which year?");
    is_answered.store(true, Ordering::Relaxed);
    session.type_line("2026");
    session.expect("the answer was not sent");
    session.expect("Which currency?");
    assert_eq!(server.count("POST", "/message"), 0);
    session.type_line("EUR");
    let arrived = server.wait_for("POST", "/message", 1);
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, arrived)
        .await
        .expect("an answer");
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.text().contains("EUR"))
    );
    let pid = session.pid();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    session.end();
}
