//! The commands that the guide and the READMEs show are run as a shell reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nanonets_agents_sim::{Script, Simulator};
use serde_json::json;

use crate::process::{command, finished, nanonets, root};

/// A command of a document, with its line for messages.
struct Shown {
    line: usize,
    command: String,
}

/// The `nanonets` commands in the console blocks of a document. A command that is shown with its error is tested elsewhere.
fn shown(document: &str) -> Vec<Shown> {
    let mut commands = Vec::new();
    let mut is_console = false;
    let mut lines = document.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.starts_with("```") {
            is_console = line == "```console";
        }
        let Some(typed) = line.strip_prefix("$ ").filter(|_| is_console) else {
            continue;
        };
        let by_cargo = [
            "cargo run -p nanonets-cli -- ",
            "cargo run -q -p nanonets-cli -- ",
        ];
        let arguments = by_cargo.iter().find_map(|cargo| typed.strip_prefix(cargo));
        let command = match arguments {
            Some(arguments) => format!("nanonets {arguments}"),
            None => typed.to_owned(),
        };
        let fails = lines
            .peek()
            .is_some_and(|(_, next)| next.starts_with("error: "));
        if command.starts_with("nanonets ") && !fails {
            let line = index + 1;
            commands.push(Shown { line, command });
        }
    }
    commands
}

/// A folder with the files that the commands name.
fn folder(key: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let copies = folder.path().join("tests/fixtures/documents");
    let completions = ".local/share/bash-completion/completions";
    fs::create_dir_all(&copies).expect("a folder");
    fs::create_dir_all(folder.path().join(completions)).expect("a folder");
    for name in ["invoice.pdf", "invoice.schema.json"] {
        let document = root().join("tests/fixtures/documents").join(name);
        fs::copy(&document, copies.join(name)).expect("a document");
        fs::copy(&document, folder.path().join(name)).expect("a document");
    }
    fs::write(folder.path().join("prompt.txt"), "Extract the total.").expect("a file");
    fs::write(folder.path().join("key.txt"), key).expect("a file");
    folder
}

/// Starts a task that asks something, or one that completes, and returns its id.
fn task(simulator: &Simulator, agent: &str, asks: bool) -> String {
    let script = if asks {
        Script::new().ask("Which currency?")
    } else {
        Script::new()
    };
    simulator.script_next(script.complete(json!({ "total": 7 })));
    let run = nanonets(
        simulator,
        &["run", agent, "--query", "q", "--no-wait", "--json"],
    );
    run.json()["task_id"].as_str().expect("an id").to_owned()
}

fn run_all(path: &Path, simulator: &Simulator) -> usize {
    let document = fs::read_to_string(path).expect("a document");
    let folder = folder(simulator.api_key());
    let agent = simulator
        .create_agent(&path.display().to_string())
        .id
        .to_string();
    let commands = shown(&document);
    for Shown {
        line,
        command: typed,
    } in &commands
    {
        let task = task(simulator, &agent, typed.contains(" reply "));
        let typed = typed.replace("AGENT", &agent).replace("TASK", &task);
        let own = command();
        let programs = Path::new(own.get_program()).parent().expect("a folder");
        let search = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &typed])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("PATH", format!("{}:{search}", programs.display()))
            .env("NANONETS_API_KEY", simulator.api_key())
            .env("NANONETS_BASE_URL", simulator.base_url());
        let run = finished(shell);
        let at = format!("{}:{line}", path.display());
        assert_eq!(run.code, 0, "{at}: `{typed}`: {}{}", run.stdout, run.stderr);
    }
    commands.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_that_documents_show_succeed() {
    let simulator = Simulator::start().await;
    let mut documents = vec![
        root().join("README.md"),
        root().join("crates/nanonets-cli/README.md"),
    ];
    let pages = fs::read_dir(root().join("docs/guide/src")).expect("a guide");
    let pages = pages.map(|entry| entry.expect("a page").path());
    documents.extend(pages.collect::<Vec<PathBuf>>());
    documents.sort();
    let count: usize = documents.iter().map(|path| run_all(path, &simulator)).sum();
    assert!(count > 15, "only {count} commands were found");
}
