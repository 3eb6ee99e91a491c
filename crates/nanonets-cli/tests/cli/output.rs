//! What is printed, kind by kind.

use nanonets_agents_sim::{Script, Simulator};
use serde_json::json;

use crate::process::{command, finished, nanonets, steady};

/// A simulator whose answers are the same in each run.
async fn simulator() -> (Simulator, String, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(
        Script::new()
            .ask("Which year?")
            .complete(json!({ "total": 7 })),
    );
    let run = ["run", &agent, "--query", "Add it up.", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].to_string();
    (simulator, agent, task.trim_matches('"').to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_lines_of_json() {
    let (simulator, agent, task) = simulator().await;
    let mut printed = String::new();
    for args in [
        &["agents", "list"][..],
        &["agents", "list", "--jsonl"],
        &["agents", "get", &agent],
        &["tasks", "list", "--jsonl"],
        &["tasks", "get", &task, "--jsonl"],
        &["tasks", "messages", &task, "--jsonl"],
        &["tasks", "reply", &task, "2026"],
    ] {
        let run = nanonets(&simulator, args);
        printed.push_str(&format!("$ nanonets {}\n{}\n", args.join(" "), run.data()));
    }
    insta::assert_snapshot!(steady(&printed));
}

#[test]
fn the_first_run_needs_nothing() {
    let mut command = command();
    command.args([
        "--simulate",
        "run",
        "--file",
        "tests/fixtures/documents/invoice.pdf",
        "--schema",
        "tests/fixtures/documents/invoice.schema.json",
    ]);
    let run = finished(command);
    insta::assert_snapshot!(format!("{}\n{}", run.stderr, run.data()));
}
