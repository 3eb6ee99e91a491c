//! Answers as they came: `--raw`, and what tells of it.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{against, nanonets};

const TASK: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

#[tokio::test(flavor = "multi_thread")]
async fn every_read_prints_the_answer_byte_for_byte() {
    let simulator = Simulator::start().await;
    let body = b"{\"total\": NaN, \"name\": \"\xff\x1b\\ud800\"}\r\n";
    simulator.fault(Fault::status(200).body("application/json", body.to_vec()));
    for args in [
        &["agents", "list"][..],
        &["agents", "get", TASK],
        &["agents", "versions", TASK],
        &["tasks", "list", "--limit", "100"],
        &["tasks", "get", TASK],
        &["tasks", "summary", TASK],
        &["tasks", "result", TASK],
        &["tasks", "messages", TASK],
    ] {
        let raw = [args, &["--raw"]].concat();
        let output = against(&simulator, &raw).output().expect("it can be run");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(output.stdout, body, "{args:?}");
        // Without it, the message leads there.
        let run = nanonets(&simulator, args);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.contains("--raw"), "{run:?}");
        for both in ["--json", "--jsonl"] {
            let run = nanonets(&simulator, &[&raw[..], &[both]].concat());
            assert_eq!(run.code, 2, "{run:?}");
        }
    }
    for args in [["--all", "--raw"], ["--limit=101", "--raw"]] {
        let run = nanonets(&simulator, &[&["tasks", "list"], &args[..]].concat());
        assert_eq!(run.code, 2, "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_an_error_is_printed_too() {
    let simulator = Simulator::start().await;
    for (status, body) in [
        (404, "<h1>Not here</h1>"),
        (400, r#"{"error": "no", "at": 7}"#),
    ] {
        let fault = simulator.fault(Fault::status(status).body("text/plain", body));
        let run = nanonets(&simulator, &["tasks", "get", TASK, "--raw"]);
        fault.remove();
        assert_eq!((run.code, run.stdout.as_str()), (1, body), "{run:?}");
        assert!(run.stderr.starts_with("error: get_task: "), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_defect_in_a_summary_is_told_at_once_with_the_command_that_prints_it() {
    for defect in [
        r#"{"extracted_data": {"total": NaN}}"#,
        r#"{"extracted_data": {"total": Infinity}}"#,
        r#"{"extracted_data": {"name": "a	tab"}}"#,
        r#"{"extracted_data": {"a": 1,}}"#,
    ] {
        let simulator = Simulator::start().await;
        let agent = simulator.create_agent("Invoices").id.to_string();
        simulator.script(Script::new().complete(json!(7)));
        let answer = Fault::status(200).body("application/json", defect);
        simulator.fault(answer.on(Operation::GetTaskSummary));
        let run = nanonets(&simulator, &["run", &agent, "--query", "q"]);
        assert_eq!(run.code, 6, "{run:?}");
        assert_eq!(simulator.count(Operation::GetTaskSummary), 1, "{run:?}");
        assert!(!run.stderr.contains("trying again"), "{run:?}");
        let task = simulator.tasks()[0].id.to_string();
        let seen = format!("The task {task} has completed.");
        assert!(run.stderr.contains(&seen), "{run:?}");
        let command = format!("nanonets tasks summary {task} --raw");
        assert_eq!(run.commands(), [command.as_str()], "{run:?}");
        let raw = nanonets(&simulator, &["tasks", "summary", &task, "--raw"]);
        assert_eq!(raw.data(), defect);
    }
}
