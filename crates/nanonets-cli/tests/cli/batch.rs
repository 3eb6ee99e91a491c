//! The script in `examples/`.

use std::path::Path;
use std::process::Command;

use nanonets_agents_sim::{Fault, Script, Simulator};
use serde_json::json;

use crate::process::{Run, command, finished, root};

/// Runs the script on five documents.
fn batch(simulator: &Simulator, agent: &str, results: &Path) -> Run {
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
    finished(script)
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
    let run = batch(&simulator, &agent, &results);
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
    let run = batch(&simulator, &agent, &folder.path().join("results.jsonl"));
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("invoice.pdf: not run"), "{run:?}");
    assert!(run.stderr.contains("4 done, 0 failed"), "{run:?}");
}
