//! Every example is run as its user would, against the simulator.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nanonets_agents::Client;
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

/// The executable of an example, which Cargo builds with the tests of the crate.
fn executable(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().and_then(|deps| deps.parent());
    let path = folder.expect("a folder").join("examples").join(example);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "{} is not built: run `cargo test -p nanonets-agents`, or build it by `cargo build --examples`",
        path.display()
    );
    path
}

/// Runs an example against a simulator, and returns what it prints.
async fn run(simulator: &Simulator, example: &str, args: &[&str]) -> Output {
    run_in(env!("CARGO_MANIFEST_DIR"), simulator, example, args).await
}

/// The same in a folder.
async fn run_in(folder: &str, simulator: &Simulator, example: &str, args: &[&str]) -> Output {
    let mut command = Command::new(executable(example));
    command
        .args(args)
        .current_dir(folder)
        .env("NANONETS_API_KEY", simulator.api_key())
        .env("NANONETS_BASE_URL", simulator.base_url())
        // A proxy is no way to this machine.
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("http_proxy", "http://127.0.0.1:1");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it can be run");
    // Whatever is asked.
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that asks nothing may be gone already.
    let _ = stdin.write_all(b"2026\n");
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    output.expect("it runs").expect("it runs")
}

/// The same for one that succeeds.
async fn printed(simulator: &Simulator, example: &str, args: &[&str]) -> String {
    let output = run(simulator, example, args).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Starts a task by an example, and returns its id.
async fn started(simulator: &Simulator, agent: &str, prompt: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("run.json");
    let record = record.to_str().expect("a path");
    let printed = printed(simulator, "lost_answer", &[agent, prompt, record]).await;
    printed.trim().trim_start_matches("task ").to_owned()
}

/// A simulator with an agent, and a folder with two documents.
async fn set_up() -> (Simulator, String, tempfile::TempDir, [String; 2]) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["front.pdf", "back.png"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, "a document").expect("a file");
        path.to_str().expect("a path").to_owned()
    });
    (simulator, agent, folder, paths)
}

#[tokio::test]
async fn extract() {
    let (simulator, agent, _folder, [front, back]) = set_up().await;
    let printed = printed(&simulator, "extract", &[&agent, &front, &back]).await;
    assert!(
        printed.contains("Invoice {") && printed.contains("sku:"),
        "{printed}"
    );
}

#[tokio::test]
async fn converse() {
    let (simulator, agent, _folder, _) = set_up().await;
    simulator.script(Script::new().ask("Which year?").complete(json!(7)));
    let printed = printed(&simulator, "converse", &[&agent, "Add it up."]).await;
    assert!(
        printed.contains("Which year?") && printed.contains("7"),
        "{printed}"
    );
    let client = Client::builder(simulator.api_key()).base_url(simulator.base_url());
    let client = client.build().expect("a client");
    let task = client.task(simulator.tasks()[0].id);
    let messages = task.messages().await.expect("messages");
    assert_eq!(messages[2].content, Some(json!("2026").into()));
}

#[tokio::test]
async fn unattended() {
    let (simulator, agent, _folder, _) = set_up().await;
    let script = Script::new().ask("Which currency?").ask("Sure?");
    simulator.script(script.complete(json!(7)));
    let printed = printed(&simulator, "unattended", &[&agent, "Add it up."]).await;
    assert!(
        printed.contains("Which currency? EUR\nSure? Use your judgement.\n"),
        "{printed}"
    );
}

#[tokio::test]
async fn watch() {
    let (simulator, agent, _folder, [front, back]) = set_up().await;
    let printed = printed(&simulator, "watch", &[&agent, &front, &back]).await;
    assert!(printed.contains("file 2: 10 of 10 bytes\n"), "{printed}");
    assert!(printed.contains("completed\n"), "{printed}");
}

#[tokio::test]
async fn resume() {
    let (simulator, agent, _folder, _) = set_up().await;
    simulator.script(Script::new().running(u32::MAX));
    let task = started(&simulator, &agent, "q").await;
    let waited = printed(&simulator, "resume", &[&task, "0.2"]).await;
    assert!(
        waited.contains("is still running, after 1 polls"),
        "{waited}"
    );
}

#[tokio::test]
async fn inspect() {
    let (simulator, agent, _folder, _) = set_up().await;
    simulator.script(Script::new().ask("Which year?"));
    let task = started(&simulator, &agent, "Add it up.").await;
    let printed = printed(&simulator, "inspect", &[&task]).await;
    assert!(printed.contains("Add it up.\""), "{printed}");
    assert!(printed.ends_with("stopped after cancelling\n"), "{printed}");
}

#[tokio::test]
async fn tasks() {
    let (simulator, agent, _folder, _) = set_up().await;
    simulator.script(Script::new().fail("no"));
    let task = started(&simulator, &agent, "q").await;
    let printed = printed(&simulator, "tasks", &[&agent]).await;
    assert!(printed.contains(&task), "{printed}");
}

#[tokio::test]
async fn agents() {
    let simulator = Simulator::start().await;
    let printed = printed(&simulator, "agents", &["Receipts"]).await;
    assert!(
        printed.contains("configured: [\"model\"")
            && printed.contains("found Receipts 2\nversion 1\n"),
        "{printed}"
    );
}

#[tokio::test]
async fn lost_answer() {
    let (simulator, agent, folder, _) = set_up().await;
    let fault = Fault::reset().on(Operation::RunAgent).after_effect();
    simulator.fault(fault.times(1));
    let record = folder.path().join("run.json");
    let args = [&agent, "q", record.to_str().expect("a path")];
    // The second process finds what the first has started.
    for _ in 0..2 {
        let printed = printed(&simulator, "lost_answer", &args).await;
        let tasks = simulator.tasks();
        assert_eq!(tasks.len(), 1);
        let expected = format!("task {}\n", tasks[0].id);
        assert!(printed.ends_with(&expected), "{printed}");
    }
}

#[tokio::test]
async fn many_documents_lose_answers_and_none_is_paid_for_twice() {
    let (simulator, agent, _folder, [front, back]) = set_up().await;
    simulator.script(Script::new().complete(json!({ "total": 7.5 })));
    let fault = Fault::reset().on(Operation::RunAgent).after_effect();
    simulator.fault(fault.times(2));
    let printed = printed(&simulator, "many", &[&agent, &front, &back]).await;
    for path in [front, back] {
        assert!(printed.contains(&format!("{path}: 7.5\n")), "{printed}");
    }
    assert_eq!(simulator.tasks().len(), 2);
}

#[tokio::test]
async fn many() {
    let (simulator, agent, _folder, [front, back]) = set_up().await;
    simulator.script_next(Script::new().complete(json!({ "total": 7.5 })));
    simulator.script_next(Script::new().fail("no"));
    let output = run(&simulator, "many", &[&agent, &front, &back]).await;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        printed.contains(": 7.5\n") && printed.contains("has failed"),
        "{printed}"
    );
}

/// A search that fails does not hide that a task may be running.
#[tokio::test]
async fn a_search_that_fails_leaves_the_run_ambiguous() {
    let (simulator, agent, folder, [front, _]) = set_up().await;
    simulator.fault(Fault::reset().on(Operation::RunAgent).after_effect());
    simulator.fault(Fault::status(403).on(Operation::ListTasks));
    let record = folder.path().join("run.json");
    let record = record.to_str().expect("a path");
    for (example, args) in [
        ("many", vec![agent.as_str(), &front]),
        ("lost_answer", vec![&agent, "How much?", record]),
        // The record of an earlier process.
        ("lost_answer", vec![&agent, "How much?", record]),
    ] {
        let output = run(&simulator, example, &args).await;
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!output.status.success(), "{example}: {all}");
        assert!(all.contains("list_tasks: 403"), "{example}: {all}");
        let is_told = all.contains("may have taken effect") || all.contains("may be running");
        assert!(is_told, "{example}: {all}");
    }
    assert_eq!(simulator.tasks().len(), 2);
}

#[tokio::test]
async fn blocking() {
    let (simulator, agent, _folder, [front, _]) = set_up().await;
    let printed = printed(&simulator, "blocking", &[&agent, &front]).await;
    assert!(
        printed.contains(&simulator.tasks()[0].id.to_string()),
        "{printed}"
    );
}

#[tokio::test]
async fn raw() {
    let (simulator, agent, _folder, _) = set_up().await;
    let printed = printed(&simulator, "raw", &[&agent]).await;
    assert!(printed.starts_with("200 OK: "), "{printed}");
    let request = simulator.requests_to(Operation::GetAgent).remove(0);
    assert_eq!(request.headers["x-trace"], "7");
}

#[tokio::test]
async fn readme() {
    let (simulator, agent, folder, _) = set_up().await;
    for name in ["invoice.pdf", "invoice-back.pdf", "Cargo.toml"] {
        std::fs::write(folder.path().join(name), "a document").expect("a file");
    }
    let folder = folder.path().to_str().expect("a path");
    simulator.script_next(Script::new().complete_simulated());
    let questions = Script::new()
        .ask("Which line?")
        .await_review_for(Duration::ZERO);
    simulator.script_next(questions.complete(json!({ "balance": 7.5 })));
    simulator.script_next(Script::new().fail("no March"));
    simulator.script_next(Script::new().complete_simulated());
    for (args, expected) in [
        (
            &["read", &agent][..],
            "Invoice { vendor: \"simulated vendor\"",
        ),
        (&["reconcile", &agent], "Some(Report { balance: 7.5 })"),
        (&["reconcile", &agent], "no March"),
        (&["totals"], "simulated vendor wants "),
    ] {
        let output = run_in(folder, &simulator, "readme", args).await;
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(expected), "{args:?}: {output:?}");
    }
}
