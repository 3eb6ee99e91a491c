//! Failures after a request took effect: each names the task, with a true status.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{Run, against, finished, nanonets};

async fn with(script: Script) -> (Simulator, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(script);
    (simulator, agent)
}

/// A run, with the id of the task that it started.
fn run(simulator: &Simulator, agent: &str) -> (Run, String) {
    let run = nanonets(simulator, &["run", agent, "--query", "q", "--quiet"]);
    let task = simulator.tasks().last().expect("a task").id.to_string();
    (run, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_can_not_be_seen_is_named_and_not_said_to_go_on() {
    for status in [401, 403, 404] {
        let (simulator, agent) = with(Script::new().running(1)).await;
        simulator.fault(Fault::status(status).on(Operation::GetTask));
        // A 404 right after the start is outwaited.
        let args = ["run", &agent, "--query", "q", "--no-wait"];
        let task = match status {
            404 => nanonets(&simulator, &args).json()["task_id"].clone(),
            _ => {
                let (run, task) = run(&simulator, &agent);
                assert_eq!(run.code, 6, "a task was started: {run:?}");
                let started = format!("  The task {task} was started.");
                assert!(run.stderr.lines().any(|line| line == started), "{run:?}");
                assert!(!run.stderr.contains("goes on"), "{run:?}");
                assert!(!run.stderr.contains("tasks wait"), "{run:?}");
                json!(task)
            }
        };
        let task = task.as_str().expect("an id").to_owned();
        let wait = nanonets(&simulator, &["tasks", "wait", &task]);
        assert_eq!(wait.code, 1, "{wait:?}");
        assert!(!wait.stderr.contains("goes on"), "{wait:?}");
        assert!(!wait.stderr.contains("tasks wait"), "{wait:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_the_api_refuses_to_show_is_not_to_be_waited_for() {
    for status in [400, 403, 410, 422, 451] {
        let (simulator, agent) = with(Script::new().running(1)).await;
        simulator.fault(Fault::status(status).on(Operation::GetTask).after(1));
        let (run, task) = run(&simulator, &agent);
        assert_eq!(run.code, 6, "{run:?}");
        let seen = format!("The task {task} was running when it was last seen.");
        assert!(run.stderr.contains(&seen), "{run:?}");
        assert_eq!(run.commands(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_has_completed_is_not_said_to_run() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    simulator.fault(Fault::status(400).on(Operation::GetTaskSummary));
    let (run, task) = run(&simulator, &agent);
    assert_eq!(run.code, 6, "{run:?}");
    let seen = format!("The task {task} has completed.");
    assert!(run.stderr.contains(&seen), "{run:?}");
    assert!(!run.stderr.contains("running"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_which_only_the_id_decodes_is_enough() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    simulator.fault(
        Fault::edit(|answer| {
            answer["created_at"] = json!("yesterday");
            answer["status"] = json!(null);
        })
        .on(Operation::RunAgent),
    );
    let (run, _) = run(&simulator, &agent);
    assert_eq!(run.json(), json!(7));
    let run = ["run", &agent, "--query", "q", "--no-wait"];
    let started = nanonets(&simulator, &run).json();
    let task = simulator.tasks().last().expect("a task").id.to_string();
    assert_eq!(started["task_id"], task);
    assert_eq!(simulator.count(Operation::RunAgent), 2);
    // An agent that was created is not denied either.
    let odd = Fault::edit(|answer| answer["created_at"] = json!("yesterday"));
    simulator.fault(odd.on(Operation::CreateAgent));
    let create = nanonets(&simulator, &["agents", "create"]);
    assert_eq!(create.code, 6, "{create:?}");
    let command = create.commands()[0];
    let id = command.strip_prefix("nanonets agents get ").expect("an id");
    assert_eq!(nanonets(&simulator, &["agents", "get", id]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_sent_is_not_denied() {
    let (simulator, agent) = with(Script::new().ask("Which year?").running(5)).await;
    let run = ["run", &agent, "--query", "q", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].clone();
    let task = task.as_str().expect("an id");
    // One poll finds the question, one reads it.
    simulator.fault(Fault::status(400).on(Operation::GetTask).after(1));
    let reply = nanonets(&simulator, &["tasks", "reply", task, "2026", "--wait"]);
    assert_eq!(reply.code, 6, "{reply:?}");
    assert_eq!(simulator.count(Operation::SendTaskMessage), 1);
}

/// A disk that is full, or a pipe that nobody reads.
#[cfg(target_os = "linux")]
mod stdout_that_takes_nothing {
    use std::process::{Command, Stdio};

    use super::*;

    fn into_full(mut command: Command) -> Run {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = command
            .stdout(full.expect("a device"))
            .output()
            .expect("it can be run");
        ended(output)
    }

    fn ended(output: std::process::Output) -> Run {
        Run {
            code: output.status.code().expect("an exit code"),
            stdout: String::new(),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_after_a_change_is_6_and_names_it() {
        let (simulator, agent) = with(Script::new().complete(json!(7))).await;
        simulator.create_draft(agent.parse().expect("an id"));
        let task = || simulator.tasks().last().map(|task| task.id.to_string());
        for args in [
            &["run", &agent, "--query", "q", "-q"][..],
            &["run", &agent, "--query", "q", "-q", "--no-wait"],
        ] {
            let run = into_full(against(&simulator, args));
            assert_eq!(run.code, 6, "{run:?}");
            let wait = format!("nanonets tasks wait {}", task().expect("a task"));
            assert_eq!(run.commands(), [wait], "{run:?}");
        }
        let task = task().expect("a task");
        for args in [
            &["tasks", "reply", &task, "more", "-q"][..],
            &["tasks", "cancel", &task, "-q"],
            &["agents", "create", "-q"],
            &["agents", "publish", &agent, "-q"],
            &["agents", "update", &agent, "--name", "B", "-q"],
        ] {
            let run = into_full(against(&simulator, args));
            assert_eq!(run.code, 6, "{run:?}");
            assert_eq!(run.stderr.lines().count(), 2, "{run:?}");
        }
        // Reads can be repeated.
        let wait = into_full(against(&simulator, &["tasks", "wait", &task, "-q"]));
        assert_eq!(wait.code, 1, "{wait:?}");
    }

    /// The reader has read enough, which is its own affair; what would be lost is told.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_closed_pipe_loses_no_task() {
        let (simulator, agent) = with(Script::new().complete(json!(7))).await;
        let mut child = against(&simulator, &["run", &agent, "--query", "q", "-q"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be run");
        drop(child.stdout.take());
        let run = ended(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stderr.starts_with("note: "), "{run:?}");
        let task = simulator.tasks()[0].id;
        assert_eq!(run.commands(), [format!("nanonets tasks wait {task}")]);
    }

    /// The task of a simulator is gone with the command.
    #[test]
    fn a_simulated_task_can_not_be_picked_up() {
        let mut command = crate::process::command();
        command.args(["--simulate", "run", "--query", "q"]);
        let run = into_full(command);
        assert_eq!((run.code, run.commands().len()), (6, 0), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_which_an_earlier_attempt_was_lost_may_have_happened() {
    for (first, then) in [
        (Fault::reset().after_effect(), Fault::status(409)),
        (Fault::status(502), Fault::status(404)),
    ] {
        let (simulator, agent) = with(Script::new().running(5)).await;
        let run = ["run", &agent, "--query", "q", "--no-wait"];
        let task = nanonets(&simulator, &run).json()["task_id"].clone();
        let task = task.as_str().expect("an id");
        simulator.fault(first.on(Operation::CancelTask).times(1));
        simulator.fault(then.on(Operation::CancelTask).after(1));
        let cancel = nanonets(&simulator, &["tasks", "cancel", task]);
        assert_eq!(cancel.code, 6, "{cancel:?}");
    }
    // A refusal by the API proves that nothing happened.
    let (simulator, agent) = with(Script::new()).await;
    simulator.fault(Fault::status(409).on(Operation::UpdateAgent));
    let update = nanonets(&simulator, &["agents", "update", &agent, "--name", "n"]);
    assert_eq!(update.code, 1, "{update:?}");
    // That of a gateway does not.
    for status in [403, 404, 409] {
        let (simulator, agent) = with(Script::new()).await;
        let page = Fault::status(status).body("text/html", "<h1>No</h1>");
        simulator.fault(page.on(Operation::UpdateAgent));
        let update = nanonets(&simulator, &["agents", "update", &agent, "--name", "n"]);
        assert_eq!(update.code, 6, "{status}: {update:?}");
    }
}

/// The time is up for the reason of a failure as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_whose_reason_does_not_come_ends_at_the_timeout() {
    let (simulator, agent) = with(Script::new().fail("no")).await;
    let hour = std::time::Duration::from_secs(3600);
    simulator.fault(Fault::delay_headers(hour).on(Operation::GetTaskSummary));
    let start = ["run", &agent, "--query", "q", "--no-wait"];
    let task = nanonets(&simulator, &start).json()["task_id"].clone();
    let task = task.as_str().expect("an id");
    for args in [
        &["run", &agent, "--query", "q", "--timeout", "2s"][..],
        &["tasks", "wait", task, "--timeout", "2s"],
    ] {
        let since = std::time::Instant::now();
        let run = nanonets(&simulator, args);
        assert!(
            since.elapsed() < std::time::Duration::from_secs(20),
            "{run:?}"
        );
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stderr.contains("failed"), "{run:?}");
        assert!(run.stdout.contains("failed"), "{run:?}");
    }
}

/// Output that nobody reads on stdout is named on stderr: std opens `/dev/null` for a stdout that was closed at the start.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stdout_that_nobody_reads_loses_nothing() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    let id = simulator.create_draft(agent.parse().expect("an id")).id;
    let in_shell = |args: &[&str], redirection: &str| {
        let own = against(&simulator, args);
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")])
            .arg(own.get_program())
            .args(own.get_args());
        for (name, value) in own.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        finished(shell)
    };
    let mut number = 0;
    for redirection in [">&-", ">/dev/null"] {
        for more in [&["--no-wait"][..], &["--no-wait", "--quiet"], &["--quiet"]] {
            let run = in_shell(
                &[&["run", &agent, "--query", "q"], more].concat(),
                redirection,
            );
            let task = simulator.tasks().last().expect("a task").id.to_string();
            assert_eq!((run.code, run.stderr.lines().count()), (0, 1), "{run:?}");
            assert!(run.stderr.contains(&task), "{run:?}");
        }
        number += 1;
        let name = format!("Ledgers {number}");
        let run = in_shell(&["agents", "create", "--name", &name], redirection);
        assert_eq!((run.code, run.stderr.lines().count()), (0, 1), "{run:?}");
        assert!(run.stderr.contains(" was created"), "{run:?}");
        // Nothing was done that could be lost.
        for args in [&["agents", "get", &agent][..], &["agents", "list"]] {
            let run = in_shell(args, redirection);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
        }
    }
    let run = in_shell(&["agents", "publish", &agent], ">&-");
    assert!(
        run.code == 0 && run.stderr.contains(&id.to_string()),
        "{run:?}"
    );
}
