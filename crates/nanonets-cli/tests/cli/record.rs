//! The record of a run, and the search for its task.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::{Value, json};

use crate::process::{Run, nanonets};

struct Recorded {
    simulator: Simulator,
    agent: String,
    folder: tempfile::TempDir,
}

impl Recorded {
    async fn new() -> Self {
        let simulator = Simulator::start().await;
        let agent = simulator.create_agent("Invoices").id.to_string();
        simulator.script(Script::new().complete(json!(7)));
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            simulator,
            agent,
            folder,
        }
    }

    fn path(&self) -> String {
        let path = self.folder.path().join("run.json");
        path.to_str().expect("a path").to_owned()
    }

    fn run(&self, more: &[&str]) -> Run {
        let path = self.path();
        let run = ["run", &self.agent, "--query", "q", "--record", &path];
        nanonets(&self.simulator, &[&run, more].concat())
    }

    fn find(&self, more: &[&str]) -> Run {
        nanonets(
            &self.simulator,
            &[&["runs", "find", &self.path()], more].concat(),
        )
    }

    fn record(&self) -> Value {
        let text = std::fs::read_to_string(self.path()).expect("a record");
        serde_json::from_str(&text).expect("JSON")
    }

    fn newest(&self) -> String {
        self.simulator
            .tasks()
            .last()
            .expect("a task")
            .id
            .to_string()
    }

    fn files(&self) -> usize {
        self.folder.path().read_dir().expect("a folder").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_there_before_the_request_and_names_the_task_afterwards() {
    let recorded = Recorded::new().await;
    let path = recorded.path();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
    let simulator = {
        let seen = std::sync::Arc::clone(&seen);
        Simulator::builder()
            .on_request(move |request| {
                if request.operation == Some(Operation::RunAgent) {
                    *seen.lock().expect("a record") = std::fs::read_to_string(&path).ok();
                }
            })
            .start()
            .await
            .expect("a simulator")
    };
    let agent = simulator.create_agent("Invoices").id.to_string();
    let run = [
        "run",
        &agent,
        "--query",
        "private words",
        "--record",
        &recorded.path(),
    ];
    nanonets(&simulator, &run).json();
    let before = seen.lock().expect("a record").clone().expect("a record");
    assert!(!before.contains("private"), "{before}");
    let before: Value = serde_json::from_str(&before).expect("JSON");
    assert_eq!(
        (&before["agent_id"], before.get("task_id")),
        (&json!(agent), None)
    );
    let task = simulator.tasks()[0].id.to_string();
    assert_eq!(recorded.record()["task_id"], task);
    assert_eq!(recorded.files(), 1);
    let found = nanonets(&simulator, &["runs", "find", &recorded.path()]).json();
    assert_eq!(found, json!([{ "task_id": task, "evidence": "answer" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_task_of_a_lost_answer_is_found_among_others_by_its_marker() {
    let recorded = Recorded::new().await;
    let other = ["run", &recorded.agent, "--query", "other", "--no-wait"];
    nanonets(&recorded.simulator, &other).json();
    let lost = Fault::status(502).html("<h1>").on(Operation::RunAgent);
    recorded.simulator.fault(lost.after_effect().times(1));
    let run = recorded.run(&["--marker"]);
    assert_eq!(run.code, 6, "{run:?}");
    let find = format!("nanonets runs find {}", recorded.path());
    assert_eq!(run.commands(), [find]);
    let task = recorded.newest();
    nanonets(&recorded.simulator, &other).json();
    let found = recorded.find(&[]).json();
    assert_eq!(found.as_array().expect("a list").len(), 1, "{found}");
    assert_eq!(found[0]["task_id"], task);
    assert_ne!(found[0]["evidence"], "window");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_without_evidence_or_none_so_far_are_6_and_none_at_all_is_1() {
    let recorded = Recorded::new().await;
    let lost = || Fault::reset().on(Operation::RunAgent).times(1);
    recorded.simulator.fault(lost());
    assert_eq!(recorded.run(&[]).code, 6);
    let not_yet = recorded.find(&[]);
    assert_eq!(
        (not_yet.code, not_yet.stdout.as_str()),
        (6, ""),
        "{not_yet:?}"
    );
    assert!(
        not_yet.stderr.contains("may still appear until 20"),
        "{not_yet:?}"
    );
    // An hour later.
    let mut record = recorded.record();
    for name in ["since", "until"] {
        let time = record[name].as_str().expect("a time");
        let time = chrono::DateTime::parse_from_rfc3339(time).expect("a time");
        record[name] = json!(time - chrono::TimeDelta::hours(1));
    }
    std::fs::write(recorded.path(), record.to_string()).expect("a file");
    let ruled_out = recorded.find(&["--wait"]);
    assert_eq!(ruled_out.code, 1, "{ruled_out:?}");
    assert!(
        ruled_out.stderr.contains("no task was started"),
        "{ruled_out:?}"
    );
    let other = ["run", &recorded.agent, "--query", "other", "--no-wait"];
    nanonets(&recorded.simulator, &other).json();
    // Without a marker, it may be the task of another run, as it is here.
    let one = recorded.find(&[]);
    assert_eq!(one.code, 6, "{one:?}");
    assert!(one.stderr.contains("or of another one"), "{one:?}");
    nanonets(&recorded.simulator, &other).json();
    let several = recorded.find(&[]);
    assert_eq!(several.code, 6, "{several:?}");
    let rows: Vec<Value> = serde_json::from_str(&several.stdout).expect("JSON");
    assert_eq!(rows.len(), 2);
    // A look that fails proves nothing.
    recorded.simulator.fault(Fault::status(401));
    assert_eq!(recorded.find(&[]).code, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_refused_leaves_no_record_and_a_record_is_never_replaced() {
    let recorded = Recorded::new().await;
    recorded
        .simulator
        .fault(Fault::status(400).on(Operation::RunAgent).times(1));
    assert_eq!(recorded.run(&[]).code, 1);
    assert_eq!(recorded.files(), 0);
    recorded.run(&[]).json();
    let record = recorded.record();
    let again = recorded.run(&[]);
    assert_eq!(
        (again.code, recorded.simulator.tasks().len()),
        (2, 1),
        "{again:?}"
    );
    assert_eq!((recorded.record(), recorded.files()), (record, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_can_not_be_written_or_read_costs_nothing() {
    let recorded = Recorded::new().await;
    let run = [
        "run",
        &recorded.agent,
        "--query",
        "q",
        "--record",
        "/nowhere/run.json",
    ];
    let run = nanonets(&recorded.simulator, &run);
    assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{run:?}");
    let run = [
        "run",
        &recorded.agent,
        "--file",
        "/nowhere/a.pdf",
        "--record",
        &recorded.path(),
    ];
    let run = nanonets(&recorded.simulator, &run);
    assert_eq!((run.code, recorded.files()), (2, 0), "{run:?}");
    for text in ["", "{}", "[1]", r#"{"agent_id": "7", "since": "now"}"#] {
        std::fs::write(recorded.path(), text).expect("a file");
        let find = recorded.find(&[]);
        assert_eq!(find.code, 2, "{find:?}");
        assert!(find.stderr.contains("not the record of a run"), "{find:?}");
    }
    assert_eq!(recorded.simulator.count(Operation::RunAgent), 0);
    let marker = ["run", &recorded.agent, "--query", "q", "--marker"];
    assert_eq!(nanonets(&recorded.simulator, &marker).code, 2);
}
