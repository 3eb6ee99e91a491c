//! The output of each command.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
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
        &["tasks", "wait", &task, "--quiet"],
        &["tasks", "summary", &task],
        &["tasks", "result", &task],
        &["tasks", "cancel", &task],
    ] {
        let run = nanonets(&simulator, args);
        printed.push_str(&format!("$ nanonets {}\n{}\n", args.join(" "), run.data()));
    }
    insta::assert_snapshot!(steady(&printed));
}

/// The JSON of a task without an output.
#[tokio::test(flavor = "multi_thread")]
async fn how_tasks_end() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let mut printed = String::new();
    for script in [
        Script::new().complete(json!({ "total": 7 })),
        Script::new().ask("Which year?"),
        Script::new().fail("The document is empty."),
        Script::new().stop(),
        Script::new().await_review(),
        Script::new().running(u32::MAX),
    ] {
        simulator.script(script);
        let run = ["run", &agent, "--query", "q", "--timeout", "200ms"];
        let run = nanonets(&simulator, &run);
        // Which statuses are seen before the end depends on time.
        let error = run.stderr.find("error: ");
        let error = error.map_or("", |start| &run.stderr[start..]);
        printed.push_str(&format!("{}{error}exit code {}\n\n", run.stdout, run.code));
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

#[tokio::test(flavor = "multi_thread")]
async fn an_output_keeps_its_digits_and_the_order_of_its_keys() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().complete(json!(7)));
    let summary = r#"{"extracted_data": {"zip": 340282366920938463463374607431768211456, "amount": 0.10, "big": 1E999}}"#;
    let fault = Fault::status(200).body("application/json", summary);
    simulator.fault(fault.on(Operation::GetTaskSummary));
    for (format, expected) in [
        (
            "--json",
            "{\n  \"zip\": 340282366920938463463374607431768211456,\n  \"amount\": 0.10,\n  \"big\": 1E999\n}\n",
        ),
        (
            "--jsonl",
            "{\"zip\":340282366920938463463374607431768211456,\"amount\":0.10,\"big\":1E999}\n",
        ),
    ] {
        let run = nanonets(&simulator, &["run", &agent, "--query", "q", format]);
        assert_eq!((run.code, run.stdout.as_str()), (0, expected), "{run:?}");
    }
}
