//! The script in `examples/`.

use std::path::Path;
use std::process::Command;

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{command, finished, root};

/// The script, set up to run five documents.
fn batch(simulator: &Simulator, agent: &str, results: &Path) -> Command {
    let own = command();
    let folder = Path::new(own.get_program()).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut script = Command::new("sh");
    script
        .arg("crates/nanonets-cli/examples/batch.sh")
        .args([agent, results.to_str().expect("a path")])
        .args(
            [
                "invoice.pdf",
                "receipt.png",
                "ledger.xlsx",
                "README.md",
                "make.py",
            ]
            .map(|name| root().join("tests/fixtures/documents").join(name)),
        )
        .current_dir(root())
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("NANONETS_API_KEY", simulator.api_key())
        .env("NANONETS_BASE_URL", simulator.base_url());
    script
}

#[tokio::test(flavor = "multi_thread")]
async fn five_documents_are_told_apart_by_exit_code() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    for script in [
        Script::new().complete(json!({ "total": 1 })),
        Script::new().fail("no"),
        Script::new().ask("Which page?"),
        Script::new().complete(json!({ "total": 4 })),
        Script::new().complete(json!({ "total": 5 })),
    ] {
        simulator.script_next(script);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let results = folder.path().join("results.jsonl");
    let run = finished(batch(&simulator, &agent, &results));
    let lines = std::fs::read_to_string(&results).expect("results");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let totals: Vec<_> = lines
        .iter()
        .map(|line| line["data"]["total"].clone())
        .collect();
    assert_eq!(totals, [1, 4, 5]);
    let name = lines[0]["document"].as_str().expect("a name");
    assert!(name.ends_with("invoice.pdf"), "{name}");
    assert_eq!(run.code, 1, "{run:?}");
    for expected in [
        "receipt.png: failed: {",
        "ledger.xlsx: needs a person: {",
        "Which page?",
        "3 done, 1 failed, 1 need a person, 0 not done yet, 0 not run",
    ] {
        assert!(
            run.stderr.contains(expected),
            "{expected} is not in {}",
            run.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_and_the_rest_goes_on() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.fault(Fault::status(400).times(1));
    let folder = tempfile::tempdir().expect("a folder");
    let results = folder.path().join("results.jsonl");
    let run = finished(batch(&simulator, &agent, &results));
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("invoice.pdf: not run"), "{run:?}");
    assert!(run.stderr.contains("4 done, 0 failed"), "{run:?}");
}

/// Some shells end with what they run, others go on: the script must not rely on it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_document_ends_all_of_it() {
    use rustix::process::{Pid, Signal, kill_process};

    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().running(u32::MAX));
    let folder = tempfile::tempdir().expect("a folder");
    let mut script = batch(&simulator, &agent, &folder.path().join("results.jsonl"));
    let mut shell = script.spawn().expect("it can be run");
    simulator.wait_for(Operation::GetTask, 1).await;
    let mut innermost = shell.id().to_string();
    loop {
        let path = format!("/proc/{innermost}/task/{innermost}/children");
        let children = std::fs::read_to_string(path).expect("a process");
        match children.split_whitespace().next() {
            Some(child) => child.clone_into(&mut innermost),
            None => break,
        }
    }
    let command = Pid::from_raw(innermost.parse().expect("a number")).expect("a process");
    kill_process(command, Signal::INT).expect("a signal");
    let status = shell.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert_eq!(simulator.count(Operation::RunAgent), 1);
}
