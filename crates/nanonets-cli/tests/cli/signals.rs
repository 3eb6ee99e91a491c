//! Ctrl-C.

use nanonets_agents::TaskStatus;
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use rustix::process::{Signal, kill_process};

use crate::process::against;
use crate::pseudo_terminal::Session;

async fn running() -> (Simulator, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().running(u32::MAX));
    (simulator, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_the_task_and_says_how_to_go_on() {
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (simulator, agent) = running().await;
        let session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
        session.expect("running");
        // Twice is no other than once.
        kill_process(session.pid(), signal).expect("a signal");
        let _ = kill_process(session.pid(), signal);
        let (code, screen) = session.end();
        let task = simulator.tasks()[0].id;
        assert_eq!(code, expected, "{screen}");
        assert!(
            screen.contains(&format!("nanonets tasks wait {task}")),
            "{screen}"
        );
        assert_eq!(simulator.count(Operation::CancelTask), 0);
        assert_eq!(simulator.tasks()[0].status, TaskStatus::Running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_cancels_where_it_was_asked_to() {
    let (simulator, agent) = running().await;
    let run = ["run", &agent, "--query", "q", "--cancel-on-interrupt"];
    let session = Session::start(against(&simulator, &run));
    session.expect("running");
    kill_process(session.pid(), Signal::INT).expect("a signal");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("is cancelled"), "{screen}");
    assert_eq!(simulator.tasks()[0].status, TaskStatus::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_does_not_wait_for_the_cancelling() {
    let (simulator, agent) = running().await;
    let fault = Fault::delay_headers(std::time::Duration::from_secs(3600));
    simulator.fault(fault.on(Operation::CancelTask));
    let run = ["run", &agent, "--query", "q", "--cancel-on-interrupt"];
    let session = Session::start(against(&simulator, &run));
    session.expect("running");
    kill_process(session.pid(), Signal::INT).expect("a signal");
    simulator.wait_for(Operation::CancelTask, 1).await;
    kill_process(session.pid(), Signal::INT).expect("a signal");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    assert!(
        screen.contains("before the answer to the cancelling came"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_of_a_reply_says_how_to_go_on() {
    let (simulator, agent) = running().await;
    let run = ["run", &agent, "--query", "q", "--no-wait", "--json"];
    Session::start(against(&simulator, &run)).end();
    let task = simulator.tasks()[0].id.to_string();
    let fault = Fault::delay_headers(std::time::Duration::from_secs(3600));
    simulator.fault(fault.on(Operation::GetTask));
    let reply = ["tasks", "reply", &task, "yes", "--wait"];
    let session = Session::start(against(&simulator, &reply));
    simulator.wait_for(Operation::GetTask, 1).await;
    kill_process(session.pid(), Signal::INT).expect("a signal");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("nanonets tasks wait"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_before_the_task_is_known_says_where_it_would_be() {
    let (simulator, agent) = running().await;
    let fault = Fault::delay_headers(std::time::Duration::from_secs(3600));
    simulator.fault(fault.on(Operation::RunAgent));
    let session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    simulator.wait_for(Operation::RunAgent, 1).await;
    kill_process(session.pid(), Signal::INT).expect("a signal");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    let list = format!("nanonets tasks list --agent {agent} --created-after 20");
    assert!(screen.contains(&list), "{screen}");
}

/// Nobody writes to the pipe, so it is opened for ever.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_opening_of_a_pipe() {
    let (simulator, agent) = running().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    let path = path.to_str().expect("a path");
    for args in [
        &["run", &agent, "--query", "q", "--file", path][..],
        &["run", &agent, "--query", "q", "--schema", path],
        &["run", &agent, "--query-file", path],
        &["tasks", "reply", &agent, "--message-file", path],
        &["agents", "create", "--config", path],
        &["agents", "list", "--api-key-file", path],
    ] {
        let child = against(&simulator, args)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn();
        let child = child.expect("it can be run");
        is_caught(child.id(), 2);
        let pid = rustix::process::Pid::from_child(&child);
        kill_process(pid, Signal::INT).expect("a signal");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(stderr.contains("nothing was sent"), "{stderr}");
    }
    assert!(simulator.requests().is_empty());
}

/// Waits until a process handles a signal itself.
#[cfg(target_os = "linux")]
fn is_caught(process: u32, signal: u32) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while std::time::Instant::now() < end {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        let status = status.expect("a process");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.expect("signals").trim(), 16).expect("a mask");
        if caught & (1 << (signal - 1)) != 0 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("signal {signal} is not handled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_at_a_question_leaves_the_task_too() {
    let (simulator, agent) = running().await;
    simulator.script(Script::new().ask("Which year?"));
    let session = Session::start(against(&simulator, &["run", &agent, "--query", "q"]));
    session.expect("> ");
    kill_process(session.pid(), Signal::INT).expect("a signal");
    let (code, screen) = session.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("nanonets tasks wait"), "{screen}");
    assert_eq!(simulator.count(Operation::SendTaskMessage), 0);
}

/// Wherever a command is when the signal comes, it ends by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_moment_ends_the_command() {
    use std::os::unix::process::ExitStatusExt as _;

    let (simulator, agent) = running().await;
    let folder = tempfile::tempdir().expect("a folder");
    for moment in 0..40_u64 {
        let record = folder.path().join(format!("{moment}.json"));
        let record = record.to_str().expect("a path");
        let run = [
            "run", &agent, "--query", "q", "--record", record, "--marker",
        ];
        let mut command = against(&simulator, &run);
        command.stderr(std::process::Stdio::piped());
        let child = command.spawn().expect("a process");
        let pid = rustix::process::Pid::from_child(&child);
        // From before it listens until after it has started the task.
        std::thread::sleep(std::time::Duration::from_micros(moment * 700));
        kill_process(pid, Signal::TERM).expect("a signal");
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
        let limit = std::time::Duration::from_secs(30);
        let ended = tokio::time::timeout(limit, ended).await.expect("an end");
        let output = ended.expect("a thread").expect("a process");
        let by_default = output.status.signal() == Some(15);
        assert!(
            by_default || output.status.code() == Some(143),
            "{moment}: {output:?}"
        );
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("nothing was sent") {
            assert!(!std::path::Path::new(record).exists(), "{moment}: {text}");
        }
    }
    assert!(simulator.count(Operation::RunAgent) <= 40);
}
