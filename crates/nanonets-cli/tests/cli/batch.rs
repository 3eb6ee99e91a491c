//! The script in `examples/`.

use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::{Value, json};

use crate::process::{Run, command, finished, nanonets, root};
#[cfg(target_os = "linux")]
use crate::raw_server::{RawServer, Reply};

#[cfg(target_os = "linux")]
const TASK: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

/// A simulator, an agent, and a folder for the results.
struct Batch {
    simulator: Simulator,
    agent: String,
    folder: tempfile::TempDir,
}

impl Batch {
    async fn new() -> Self {
        let simulator = Simulator::start().await;
        let agent = simulator.create_agent("Invoices").id.to_string();
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            simulator,
            agent,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A document of this name.
    fn document(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, "a document").expect("a file");
        path.to_str().expect("a path").to_owned()
    }

    /// The script, set up to run documents.
    fn script(&self, documents: &[String]) -> Command {
        let own = command();
        let folder = Path::new(own.get_program()).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut script = Command::new("sh");
        script
            .arg(root().join("crates/nanonets-cli/examples/batch.sh"))
            .arg(&self.agent)
            .arg(self.path("results.jsonl"))
            .args(documents)
            .current_dir(root())
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("NANONETS_API_KEY", self.simulator.api_key())
            .env("NANONETS_BASE_URL", self.simulator.base_url());
        script
    }

    fn run(&self, documents: &[String]) -> Run {
        finished(self.script(documents))
    }

    fn results(&self) -> Vec<Value> {
        let lines = std::fs::read_to_string(self.path("results.jsonl")).expect("results");
        let lines = lines.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("JSON")
    }

    /// The tasks that the script has noted, with their documents.
    fn tasks(&self) -> String {
        std::fs::read_to_string(self.path("results.jsonl.tasks")).expect("tasks")
    }

    /// A person's word.
    fn edit_tasks(&self, from: &str, to: &str) {
        let edited = self.tasks().replace(from, to);
        std::fs::write(self.path("results.jsonl.tasks"), edited).expect("tasks");
    }

    /// The record of the run of a document.
    fn record(&self, document: &str) -> PathBuf {
        let command = r#"printf '%s.' "$(printf '%s' "$0" | cksum | sed 's/ .*//')"; printf '%s' "$0" | tail -c 100 | tr -c 'A-Za-z0-9.' _"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", command, document]);
        self.path(&format!("results.jsonl.tasks.{}", finished(shell).stdout))
    }

    fn files(&self) -> Vec<String> {
        let files = self.folder.path().read_dir().expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn started(&self) -> usize {
        self.simulator.count(Operation::RunAgent)
    }
}

fn assert_says(run: &Run, expected: &[&str]) {
    for expected in expected {
        assert!(run.stderr.contains(expected), "{expected}: {run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_distinguished_by_exit_code_and_none_is_run_twice() {
    let batch = Batch::new().await;
    for script in [
        Script::new().complete(json!({ "total": 1 })),
        Script::new().fail("no"),
        Script::new().ask("Which page?"),
        Script::new().stop(),
        Script::new().complete(json!({ "total": 5 })),
    ] {
        batch.simulator.script_next(script);
    }
    let documents = ["1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf"].map(|name| batch.document(name));
    let run = batch.run(&documents);
    assert_eq!(run.code, 1, "{run:?}");
    let results = batch.results();
    let totals: Vec<_> = results.iter().map(|line| &line["data"]["total"]).collect();
    assert_eq!(totals, [1, 5]);
    assert_eq!(results[0]["document"], documents[0]);
    let expected = [
        "2.pdf: failed: {",
        "3.pdf: needs a person: {",
        "Which page?",
        "4.pdf: failed: {",
        "2 done, 0 skipped, 2 failed, 1 need a person, 0 may be running, 0 not run",
    ];
    assert_says(&run, &expected);

    let run = batch.run(&documents);
    assert_eq!(batch.started(), 5, "each has its task: {run:?}");
    assert_says(&run, &["0 done, 2 skipped, 2 failed, 1 need a person"]);
    // It is run again on a person's word alone.
    let line = batch.tasks();
    let line = line.lines().find(|line| line.ends_with("2.pdf"));
    batch.edit_tasks(&format!("{}\n", line.expect("a line")), "");
    batch
        .simulator
        .script_next(Script::new().complete(json!({ "total": 2 })));
    assert_says(&batch.run(&documents), &["1 done, 2 skipped, 1 failed"]);
    assert_eq!(batch.started(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_and_run_by_the_next() {
    let batch = Batch::new().await;
    let documents = ["1.pdf", "2.pdf"].map(|name| batch.document(name));
    let refused = Fault::status(400).on(Operation::RunAgent);
    batch.simulator.fault(refused.times(1));
    let run = batch.run(&documents);
    assert_eq!(run.code, 1);
    assert_says(&run, &["1.pdf: not run", "1 done", "1 not run"]);
    let run = batch.run(&documents);
    assert_eq!(run.code, 0, "{run:?}");
    assert_says(&run, &["1 done, 1 skipped"]);
    assert_eq!(batch.tasks(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_remembered_and_not_paid_for_again() {
    let page = || Fault::status(502).html("<h1>Bad gateway</h1>");
    for fault in [Fault::reset(), page()] {
        let batch = Batch::new().await;
        let documents = ["1.pdf", "2.pdf"].map(|name| batch.document(name));
        batch.simulator.script(Script::new().complete(json!(7)));
        let fault = fault.on(Operation::RunAgent).after_effect();
        batch.simulator.fault(fault.times(1));
        let run = batch.run(&documents);
        assert_eq!(run.code, 1, "{run:?}");
        let task = batch.simulator.tasks()[0].id.to_string();
        // The id of the task that it may be is on stderr, as is the command that looks again.
        let expected = [
            "1.pdf: may be running",
            "1 done",
            "1 may be running, 0 not run",
            &task,
            "    nanonets runs find ",
        ];
        assert_says(&run, &expected);
        assert!(!run.stderr.contains("pdf: not run"), "{run:?}");
        assert_eq!(batch.tasks(), format!("unknown {}\n", documents[0]));
        // The next run finds it by its marker, though another one was started since.
        let run = batch.run(&documents);
        assert_says(&run, &["1 done, 1 skipped"]);
        assert_eq!((run.code, batch.started()), (0, 2), "{run:?}");
        assert_eq!(batch.results()[1]["document"], documents[0]);
        assert_eq!(
            batch.files(),
            ["1.pdf", "2.pdf", "results.jsonl", "results.jsonl.tasks"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_not_found_waits_for_a_person() {
    let batch = Batch::new().await;
    let documents = [batch.document("1.pdf")];
    batch.simulator.script(Script::new().complete(json!(7)));
    // Whether a task is started later is not known for five minutes.
    let page = Fault::status(502).html("<h1>Bad gateway</h1>");
    batch.simulator.fault(page.on(Operation::RunAgent).times(1));
    for _ in 0..2 {
        let run = batch.run(&documents);
        assert_says(
            &run,
            &["1.pdf: may be running", "1 may be running, 0 not run"],
        );
        assert!(run.stderr.contains("runs find"), "{run:?}");
        assert_eq!(batch.started(), 1, "{run:?}");
    }
    // A person has found a task, or knows of none.
    let other = ["run", &batch.agent, "--query", "q", "--no-wait"];
    let task = nanonets(&batch.simulator, &other).json()["task_id"].clone();
    batch.edit_tasks("unknown", task.as_str().expect("an id"));
    let run = batch.run(&documents);
    assert_eq!((run.code, batch.started()), (0, 2), "{run:?}");
    std::fs::write(batch.path("results.jsonl"), "").expect("a file");
    std::fs::write(batch.path("results.jsonl.tasks"), "").expect("a file");
    let run = batch.run(&documents);
    assert_eq!((run.code, batch.started()), (0, 3), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_no_syntax_and_no_other_names() {
    let batch = Batch::new().await;
    let documents = [
        "it's \"q\".pdf",
        "a\\b.pdf",
        "b.pdf",
        "-x %s.pdf",
        "ö ü.pdf",
        "$(id)",
        "1.pdf",
    ];
    let documents = documents.map(|name| batch.document(name));
    // An output that looks like another line of the results.
    let last = documents[6].as_str();
    let data = json!({ "document": last, "data": { "document": last, "x": 1 } });
    batch.simulator.script(Script::new().complete(data));
    let run = batch.run(&documents);
    assert_eq!(run.code, 0, "{run:?}");
    let names: Vec<Value> = batch
        .results()
        .iter()
        .map(|line| line["document"].clone())
        .collect();
    assert_eq!(names, documents);
    let run = batch.run(&documents);
    assert_says(&run, &["0 done, 7 skipped"]);
    assert_eq!(batch.started(), 7);
    let run = batch.run(&[batch.document("a\nb.pdf")]);
    assert_says(&run, &["not run: its name", "1 not run"]);
    assert_eq!(batch.started(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_can_not_be_written_cost_nothing() {
    let batch = Batch::new().await;
    std::fs::create_dir(batch.path("results.jsonl")).expect("a folder");
    let run = batch.run(&[batch.document("1.pdf")]);
    assert_eq!((run.code, batch.started()), (2, 0), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_cut_short_is_no_result() {
    for cut in [
        r#"{"to"#,
        r#"{"lines":[{"b":1}"#,
        r#"{"lines":[]"#,
        r#"{"text":"}}"#,
        r#"{"text":"a \"}}"#,
        r#"{"text":"a\"#,
        r#"{"text":"[","lines":{}"#,
    ] {
        let batch = Batch::new().await;
        let document = batch.document("1.pdf");
        let cut = format!(r#"{{"document":"{document}","data":{cut}"#);
        std::fs::write(batch.path("results.jsonl"), &cut).expect("a file");
        let run = batch.run(std::slice::from_ref(&document));
        assert_eq!((run.code, batch.started()), (0, 1), "{cut}: {run:?}");
        let results = std::fs::read_to_string(batch.path("results.jsonl")).expect("results");
        assert!(results.starts_with(&format!("{cut}\n{{")), "{results}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_line_is_a_result_whatever_its_texts_have() {
    for data in [
        "7",
        "[]",
        r#"{"text":"}{ [ \" \\"}"#,
        r#"{"a":["{",{"b":"\\\""}]}"#,
    ] {
        let batch = Batch::new().await;
        let document = batch.document("1.pdf");
        let line = format!("{{\"document\":\"{document}\",\"data\":{data}}}\n");
        std::fs::write(batch.path("results.jsonl"), &line).expect("a file");
        let run = batch.run(std::slice::from_ref(&document));
        assert_eq!((run.code, batch.started()), (0, 0), "{line}: {run:?}");
    }
}

/// The processes below one, the innermost last.
#[cfg(target_os = "linux")]
fn descendants(process: u32) -> Vec<rustix::process::Pid> {
    let mut found = vec![process.to_string()];
    while let Some(last) = found.last() {
        let path = format!("/proc/{last}/task/{last}/children");
        let children = std::fs::read_to_string(path).expect("a process");
        match children.split_whitespace().next() {
            Some(child) => found.push(child.to_owned()),
            None => break,
        }
    }
    let ids = found.iter().map(|id| id.parse().expect("a number"));
    ids.filter_map(rustix::process::Pid::from_raw).collect()
}

/// Some shells end with what they run, others go on: the script must not rely on it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_document_ends_all_of_it_and_is_picked_up() {
    use rustix::process::{Signal, kill_process};

    let batch = Batch::new().await;
    let documents = ["1.pdf", "2.pdf"].map(|name| batch.document(name));
    batch
        .simulator
        .script_next(Script::new().running(5).complete(json!(7)));
    batch.simulator.script(Script::new().complete(json!(7)));
    let slow = Fault::delay_headers(std::time::Duration::from_secs(3600));
    let slow = batch.simulator.fault(slow.on(Operation::GetTask));
    let mut shell = batch.script(&documents).spawn().expect("it can be run");
    batch.simulator.wait_for(Operation::GetTask, 1).await;
    let innermost = descendants(shell.id()).pop().expect("a process");
    kill_process(innermost, Signal::INT).expect("a signal");
    assert_eq!(shell.wait().expect("it ends").code(), Some(130));
    assert_eq!(batch.started(), 1);
    slow.remove();
    let run = batch.run(&documents);
    assert_eq!((run.code, batch.started()), (0, 2), "{run:?}");
    assert_eq!(batch.results().len(), 2);
}

/// Whatever ends the script while a document is sent, the next run finds its task.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_script_does_not_pay_again() {
    use rustix::process::{Signal, kill_process};

    let batch = Batch::new().await;
    let documents = ["1.pdf", "2.pdf"].map(|name| batch.document(name));
    let slow = Fault::delay_headers(std::time::Duration::from_secs(3600));
    let slow = batch.simulator.fault(slow.on(Operation::RunAgent));
    let mut shell = batch.script(&documents).spawn().expect("it can be run");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while batch.simulator.tasks().is_empty() && std::time::Instant::now() < end {
        tokio::task::yield_now().await;
    }
    for process in descendants(shell.id()) {
        kill_process(process, Signal::KILL).expect("a signal");
    }
    shell.wait().expect("it ends");
    slow.remove();
    let run = batch.run(&documents);
    assert_says(&run, &["2 done, 0 skipped"]);
    assert_eq!(batch.started(), 2, "{run:?}");
    assert_eq!(batch.results().len(), 2);
}

/// Moves the times of the record of the only document back.
#[cfg(target_os = "linux")]
fn age_record(batch: &Batch, hours: i64) -> Value {
    let files = batch.files();
    let name = files
        .iter()
        .find(|name| name.starts_with("results.jsonl.tasks."));
    let path = batch.path(name.expect("a record"));
    let text = std::fs::read_to_string(&path).expect("a record");
    let mut record: Value = serde_json::from_str(&text).expect("JSON");
    let before = record.clone();
    for name in ["since", "until", "seen_unlocked_at"] {
        if let Some(time) = record[name].as_str() {
            let time: chrono::DateTime<chrono::Utc> = time.parse().expect("a time");
            record[name] = json!(time - chrono::TimeDelta::hours(hours));
        }
    }
    std::fs::write(path, record.to_string()).expect("a file");
    before
}

/// A document whose answer never came is not paid for twice, and does not wait for ever either.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_document_without_a_task_is_run_again_once_that_is_certain() {
    use rustix::process::{Signal, kill_process};

    // A signal is recorded as the end of the run. Of a process that was killed, the end is recorded by the next look.
    for signal in [Signal::INT, Signal::KILL] {
        let batch = Batch::new().await;
        let documents = [batch.document("1.pdf")];
        // The first request never takes effect.
        let is_first = AtomicBool::new(true);
        let server = RawServer::start(move |request| match request.path() {
            path if path.ends_with("/run") && is_first.swap(false, Ordering::Relaxed) => {
                Reply::hang()
            }
            path if path.ends_with("/run") => Reply::json(201, json!({ "task_id": TASK })),
            path if path.ends_with("/tasks") => {
                Reply::json(200, json!({ "data": [], "has_more": false }))
            }
            path if path.ends_with("/summary") => Reply::json(200, json!({ "extracted_data": 7 })),
            _ => {
                let now = chrono::Utc::now();
                let task = json!({
                    "task_id": TASK, "agent_id": TASK, "status": "completed", "created_at": now, "updated_at": now,
                });
                Reply::json(200, task)
            }
        });
        let script = || {
            let mut script = batch.script(&documents);
            script.env("NANONETS_BASE_URL", server.url());
            script
        };
        let mut shell = script().spawn().expect("it can be run");
        server.wait_for("POST", "/run", 1).await;
        let innermost = descendants(shell.id()).pop().expect("a process");
        kill_process(innermost, signal).expect("a signal");
        shell.wait().expect("it ends");
        let started = || server.count("POST", "/run");
        let run = finished(script());
        assert_says(&run, &["may be running"]);
        assert_eq!(started(), 1, "{run:?}");
        let record = age_record(&batch, 1);
        let ends = ["until", "seen_unlocked_at"].map(|name| record[name].is_string());
        assert!(ends.contains(&true), "{record}");
        let run = finished(script());
        assert_eq!((run.code, started()), (0, 2), "{run:?}");
    }
}

/// The script was killed, and the command that it ran was not.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_being_sent_is_not_sent_by_the_next_run() {
    use rustix::process::{Signal, kill_process};

    let batch = Batch::new().await;
    let documents = [batch.document("1.pdf")];
    let server = RawServer::start(|request| match request.path() {
        path if path.ends_with("/run") => Reply::hang(),
        _ => Reply::json(200, json!({ "data": [], "has_more": false })),
    });
    let script = || {
        let mut script = batch.script(&documents);
        script.env("NANONETS_BASE_URL", server.url());
        script
    };
    let mut shell = script().spawn().expect("it can be run");
    server.wait_for("POST", "/run", 1).await;
    let mut processes = descendants(shell.id());
    let sending = processes.pop().expect("a process");
    for process in processes {
        kill_process(process, Signal::KILL).expect("a signal");
    }
    shell.wait().expect("it ends");
    age_record(&batch, 72);
    let run = finished(script());
    kill_process(sending, Signal::KILL).expect("a signal");
    assert_says(&run, &["is still being sent", "may be running"]);
    assert_eq!(server.count("POST", "/run"), 1, "{run:?}");
}

/// A command outlives the script that started it, and makes the record while the next script runs, or before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_record_another_command_has_made_is_not_sent() {
    let batch = Batch::new().await;
    let document = batch.document("1.pdf");
    let record = batch.record(&document);
    let made = json!({ "agent_id": batch.agent, "since": chrono::Utc::now(), "fingerprint": "0" });
    std::fs::write(batch.path("made.json"), made.to_string()).expect("a file");
    // A command that is overtaken between the look for the record and its own start.
    let folder = batch.path("bin");
    std::fs::create_dir(&folder).expect("a folder");
    let own = command();
    let overtaken = format!(
        "#!/bin/sh\n[ \"$1\" != run ] || cp '{}' '{}'\nexec '{}' \"$@\"\n",
        batch.path("made.json").display(),
        record.display(),
        own.get_program().display()
    );
    let program = folder.join("nanonets");
    std::fs::write(&program, overtaken).expect("a file");
    finished({
        let mut chmod = Command::new("chmod");
        chmod.arg("+x").arg(&program);
        chmod
    });
    let mut script = batch.script(std::slice::from_ref(&document));
    let path = std::env::var("PATH").unwrap_or_default();
    script.env("PATH", format!("{}:{path}", folder.display()));
    let run = finished(script);
    assert_says(
        &run,
        &["it may be the record of another run", "may be running"],
    );
    assert_eq!((run.code, batch.started()), (1, 0), "{run:?}");
    assert!(batch.tasks().starts_with("unknown "), "{run:?}");
    // The next script looks for the run, also if nothing but the record tells of it.
    for tasks in [batch.tasks(), String::new()] {
        std::fs::write(batch.path("results.jsonl.tasks"), tasks).expect("tasks");
        let run = batch.run(std::slice::from_ref(&document));
        assert_says(&run, &["may be running"]);
        assert_eq!((run.code, batch.started()), (1, 0), "{run:?}");
        assert!(record.exists(), "{run:?}");
    }
}

/// The checksums of both names are 1731241197.
#[tokio::test(flavor = "multi_thread")]
async fn documents_whose_names_have_one_checksum_have_records_of_their_own() {
    let batch = Batch::new().await;
    batch.simulator.script(Script::new().complete(json!(7)));
    let names = ["56b26a0f04.pdf", "a1d3b2a1d6.pdf"].map(str::to_owned);
    for name in &names {
        batch.document(name);
    }
    let run = || {
        let mut script = batch.script(&names);
        script.current_dir(batch.folder.path());
        finished(script)
    };
    let fault = Fault::reset().on(Operation::RunAgent).after_effect();
    batch.simulator.fault(fault.times(1));
    let first = run();
    assert_says(&first, &["56b26a0f04.pdf: may be running", "1 done"]);
    let files = batch.files();
    let mut records = files
        .iter()
        .filter(|name| name.contains(".tasks.1731241197."));
    assert!(records.next().is_some(), "{files:?}");
    let second = run();
    assert_says(&second, &["1 done, 1 skipped"]);
    assert_eq!((second.code, batch.started()), (0, 2), "{second:?}");
}

/// The script was killed after it had noted the document, and before the record was written.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_without_a_record_was_not_sent() {
    let batch = Batch::new().await;
    let document = batch.document("1.pdf");
    batch.simulator.script(Script::new().complete(json!(7)));
    let line = format!("unknown {document}\n");
    std::fs::write(batch.path("results.jsonl.tasks"), line).expect("a file");
    let run = batch.run(&[document]);
    assert_eq!((run.code, batch.started()), (0, 1), "{run:?}");
}
