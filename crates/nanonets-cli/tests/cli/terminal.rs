//! What a person sees at a terminal.

use nanonets_agents_sim::{Operation, Script, Simulator};
use serde_json::json;

use crate::process::{against, nanonets, steady};
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
    session.expect("Which [31m currency?");
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
