//! What a person sees at a terminal.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{against, command, nanonets, steady};
use crate::pseudo_terminal::Session;

/// What is on the screen, without the lines that lived and are gone.
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

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_does_not_steer_the_terminal() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let nasty = "a\u{9b}31m\u{7f}\u{202e}b";
    simulator.script(Script::new().complete(json!({ "name": nasty, "list": [nasty] })));
    let run = ["run", &agent, "--query", "q", "--quiet"];
    let (_, screen) = Session::start(against(&simulator, &run)).end();
    let data: serde_json::Value = serde_json::from_str(&screen).expect("JSON");
    assert_eq!(data["name"], nasty);
    assert!(
        !screen.contains(['\u{9b}', '\u{7f}', '\u{202e}']),
        "{screen:?}"
    );
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
