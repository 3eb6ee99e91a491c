//! Requests that may have taken effect although no answer says so: exit code 6, and where to look.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::{Value, json};

#[cfg(unix)]
use crate::process::copied;
use crate::process::{against, command, finished, nanonets};

/// A simulator, an agent, and a task of it.
async fn simulator() -> (Simulator, String, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().ask("Which year?"));
    let run = ["run", &agent, "--query", "Add it up.", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].clone();
    (simulator, agent, task.as_str().expect("an id").to_owned())
}

/// Answers that say nothing of what the request did.
fn lost_answers() -> [Fault; 10] {
    let page = "<!DOCTYPE html><title>Guru Meditation</title>";
    [
        Fault::status(500).html(page),
        Fault::status(502).html(page),
        Fault::status(504).html(page),
        Fault::status(500).empty(),
        Fault::status(502).empty(),
        Fault::status(504).body("text/plain", "upstream timed out"),
        Fault::status(500).body("application/json", r#"{"error": "boom"}"#),
        Fault::status(200).html(page),
        Fault::status(201).body("application/json", r#"{"total": NaN}"#),
        Fault::reset(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_6_and_names_the_command_that_looks() {
    let (simulator, agent, task) = simulator().await;
    for (operation, args, expected) in [
        (
            Operation::RunAgent,
            &["run", &agent, "--query", "q"][..],
            format!("nanonets tasks list --agent {agent} --created-after 20"),
        ),
        (
            Operation::SendTaskMessage,
            &["tasks", "reply", &task, "2026"],
            format!("nanonets tasks messages {task}"),
        ),
        (
            Operation::SendTaskMessage,
            &["tasks", "reply", &task, "2026", "--wait"],
            format!("nanonets tasks messages {task}"),
        ),
        (
            Operation::PublishAgentVersion,
            &["agents", "publish", &agent],
            format!("nanonets agents versions {agent}"),
        ),
        (
            Operation::CreateAgent,
            &["agents", "create", "--name", "A"],
            "nanonets agents list".to_owned(),
        ),
    ] {
        for fault in lost_answers() {
            let fault = simulator.fault(fault.on(operation));
            let run = nanonets(&simulator, args);
            fault.remove();
            assert_eq!(run.code, 6, "{run:?}");
            let first = run.stderr.lines().next().unwrap_or_default();
            assert!(first.starts_with("error: "), "{run:?}");
            assert!(run.stderr.contains(" may have been "), "{run:?}");
            assert!(!run.stderr.contains("try again"), "{run:?}");
            assert!(!run.stderr.contains('<'), "{run:?}");
            // With any answer, the possible effect comes below.
            assert!(
                !first.contains("check NANONETS_BASE_URL") || first.contains("200"),
                "{run:?}"
            );
            let commands = run.commands();
            assert!(commands[0].starts_with(&expected), "{run:?}");
            assert_eq!(commands.len(), 1, "{run:?}");
        }
    }
}

/// The command that may have had an effect is told from one that had none.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_same_requests_is_1() {
    let (simulator, agent, task) = simulator().await;
    let key = simulator.fault(Fault::status(401));
    for args in [
        &["run", &agent, "--query", "q"][..],
        &["tasks", "reply", &task, "2026"],
        &["agents", "publish", &agent],
        &["agents", "create", "--name", "A"],
    ] {
        let run = nanonets(&simulator, args);
        assert_eq!(run.code, 1, "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    }
    key.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_candidates_are_ids_and_the_window_is_told() {
    let (simulator, agent, first) = simulator().await;
    let page = Fault::status(502).html("<h1>Bad gateway</h1>");
    simulator.fault(page.on(Operation::RunAgent).after_effect().times(1));
    let run = nanonets(&simulator, &["run", &agent, "--query", "A private title."]);
    assert_eq!(run.code, 6, "{run:?}");
    let started = simulator.tasks().last().expect("a task").id.to_string();
    for id in [&first, &started] {
        let line = format!("    {id} waiting_for_input");
        assert!(run.stderr.lines().any(|found| found == line), "{run:?}");
    }
    assert!(!run.stderr.contains("private"), "{run:?}");
    let window = "A task may have been started between 20";
    assert!(run.stderr.contains(window), "{run:?}");
    let data: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(data["task_id"], Value::Null);
    let candidates = data["candidates"].as_array().expect("a list");
    assert_eq!(candidates.len(), 2, "{data}");
    assert!(candidates.contains(&json!(started)), "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_created_published_or_said_is_found() {
    let (simulator, agent, task) = simulator().await;
    simulator.create_draft(agent.parse().expect("an id"));
    for args in [
        &["agents", "create", "--name", "Ledgers"][..],
        &["agents", "publish", &agent],
        &["tasks", "reply", &task, "2026"],
    ] {
        simulator.fault(Fault::reset().after_effect().times(1));
        let run = nanonets(&simulator, args);
        assert_eq!(run.code, 6, "{run:?}");
        assert!(run.stderr.contains("these candidates:\n    "), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_finds_nothing_or_fails_proves_nothing() {
    let (simulator, agent, _) = simulator().await;
    let other = simulator.create_agent("Receipts").id.to_string();
    let reset = || Fault::reset().on(Operation::RunAgent).times(1);
    simulator.fault(reset());
    let run = nanonets(&simulator, &["run", &other, "--query", "q"]);
    assert!(run.stderr.contains("it may still appear"), "{run:?}");
    simulator.fault(reset());
    simulator.fault(Fault::status(401).on(Operation::ListTasks));
    let run = nanonets(&simulator, &["run", &agent, "--query", "q"]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(
        run.stderr.contains("A look for it failed: list_tasks: 401"),
        "{run:?}"
    );
    assert_eq!(run.commands().len(), 1, "{run:?}");
}

/// With the options that lead to the same API, and without what a shell would take apart.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_be_copied_as_it_stands() {
    let (simulator, agent, _) = simulator().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("the $(key) of 'mine'");
    std::fs::write(&path, simulator.api_key()).expect("a file");
    let path = path.to_str().expect("a path");
    let url = simulator.base_url();
    simulator.fault(Fault::reset().after_effect().times(1));
    let mut run = command();
    run.args(["run", &agent, "--query", "q", "--base-url", &url])
        .args(["--api-key-file", path]);
    let run = finished(run);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(!run.stderr.contains(simulator.api_key()), "{run:?}");
    let command = run.commands()[0].to_owned();
    assert!(command.contains(&format!(" --base-url {url}")), "{run:?}");
    // Where the environment leads elsewhere.
    let elsewhere = Simulator::start().await;
    let found = copied(&elsewhere, &command).json();
    let started = simulator.tasks().last().expect("a task").id.to_string();
    assert_eq!(found[0]["task_id"], started);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_safe_to_repeat_says_so() {
    let (simulator, agent, task) = simulator().await;
    simulator.fault(Fault::status(200).html("<h1>"));
    for args in [
        &["agents", "update", &agent, "--name", "B"][..],
        &["tasks", "cancel", &task],
    ] {
        let run = finished(against(&simulator, args));
        assert_eq!(run.code, 6, "{run:?}");
        assert!(run.stderr.contains("safe to repeat"), "{run:?}");
        assert!(run.commands()[0].contains(" get "), "{run:?}");
    }
}

/// The answer to the last attempt proves nothing about an earlier one, and a gateway's proves nothing about any.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_proves_nothing_is_6() {
    let (simulator, agent, task) = simulator().await;
    let page = "<!DOCTYPE html><title>Guru Meditation</title>";
    for (operation, args, looks) in [
        (
            Operation::UpdateAgent,
            &["agents", "update", &agent, "--name", "B"][..],
            format!("nanonets agents get {agent}"),
        ),
        (
            Operation::CancelTask,
            &["tasks", "cancel", &task],
            format!("nanonets tasks get {task}"),
        ),
    ] {
        let mut cases: Vec<Vec<Fault>> = [403, 404, 409, 410, 499]
            .into_iter()
            .flat_map(|status| {
                [
                    vec![Fault::status(status).html(page)],
                    vec![Fault::status(status).empty()],
                ]
            })
            .collect();
        for status in [400, 403, 404, 409, 422] {
            cases.push(vec![
                Fault::reset().times(1),
                Fault::status(status).after(1),
            ]);
            let lost = Fault::status(502).empty().times(1);
            cases.push(vec![lost, Fault::status(status).after(1)]);
        }
        for case in cases {
            let faults: Vec<_> = case
                .into_iter()
                .map(|fault| simulator.fault(fault.on(operation)))
                .collect();
            let run = nanonets(&simulator, args);
            for fault in faults {
                fault.remove();
            }
            assert_eq!(run.code, 6, "{run:?}");
            assert!(run.stderr.contains("safe to repeat"), "{run:?}");
            assert_eq!(run.commands(), [&looks], "{run:?}");
        }
        for status in [400, 401, 403, 404, 409, 422] {
            let fault = simulator.fault(Fault::status(status).on(operation).times(1));
            let run = nanonets(&simulator, args);
            fault.remove();
            assert_eq!(run.code, 1, "{run:?}");
        }
    }
}
