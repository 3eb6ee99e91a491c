//! Signals: what a command that is interrupted says, and how it ends.

mod under_way;

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use nanonets_agents::TaskStatus;
use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use rustix::process::{Signal, kill_process};

use crate::process::{against, command};
use crate::pseudo_terminal::Session;
use crate::raw_server::{RawServer, Reply};

const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

async fn running() -> (Simulator, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().running(u32::MAX));
    (simulator, agent)
}

/// The command, set up to call a server.
fn calling(server: &RawServer, args: &[&str]) -> std::process::Command {
    let mut command = command();
    command
        .args(args)
        .env("NANONETS_API_KEY", "key")
        .env("NANONETS_BASE_URL", server.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_the_task_and_says_how_to_go_on() {
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
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
async fn a_cancelling_without_an_answer_ends_soon() {
    let (simulator, agent) = running().await;
    let hour = std::time::Duration::from_secs(3600);
    for (fault, signal, code) in [
        (Fault::delay_headers(hour), Signal::INT, 130),
        (Fault::delay_body(hour), Signal::TERM, 143),
        (Fault::status(503).retry_after(hour), Signal::INT, 130),
    ] {
        let fault = simulator.fault(fault.on(Operation::CancelTask));
        let run = ["run", &agent, "--query", "q", "--cancel-on-interrupt"];
        let session = Session::start(against(&simulator, &run));
        session.expect("running");
        let since = std::time::Instant::now();
        kill_process(session.pid(), signal).expect("a signal");
        let (ended, screen) = session.end();
        fault.remove();
        assert!(since.elapsed().as_secs() < 8, "{screen}");
        assert_eq!(ended, code, "{screen}");
        assert!(!screen.contains("is cancelled"), "{screen}");
        let task = simulator.tasks().last().expect("a task").id;
        let wait = format!("nanonets tasks wait {task}");
        assert!(screen.contains(&wait), "{screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_of_a_reply_says_whether_the_message_was_sent() {
    let (simulator, agent) = running().await;
    let run = ["run", &agent, "--query", "q", "--no-wait", "--json"];
    Session::start(against(&simulator, &run)).end();
    let task = simulator.tasks()[0].id.to_string();
    let hour = std::time::Duration::from_secs(3600);
    let mut reads = 0;
    for (operation, signal, words) in [
        (Operation::GetTask, Signal::INT, "The message was not sent."),
        (
            Operation::GetTask,
            Signal::TERM,
            "The message was not sent.",
        ),
        (
            Operation::SendTaskMessage,
            Signal::INT,
            "The message may have been sent.",
        ),
    ] {
        let fault = simulator.fault(Fault::delay_headers(hour).on(operation));
        for more in [None, Some("--cancel-on-interrupt")] {
            let reply = ["tasks", "reply", &task, "yes", "--wait"];
            let reply: Vec<_> = reply.into_iter().chain(more).collect();
            let session = Session::start(against(&simulator, &reply));
            reads += 1;
            match operation {
                Operation::GetTask => simulator.wait_for(operation, reads).await,
                _ => simulator.wait_for(operation, reads - 4).await,
            };
            kill_process(session.pid(), signal).expect("a signal");
            let (code, screen) = session.end();
            assert_eq!(code, 128 + signal.as_raw(), "{screen}");
            assert!(
                screen.contains(words) || operation != Operation::GetTask,
                "{screen}"
            );
            if more.is_none() {
                assert!(screen.contains(words), "{screen}");
                assert!(!screen.contains("nanonets tasks wait"), "{screen}");
            }
        }
        fault.remove();
    }
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
        // The handler of INT is complete when that of TERM is installed.
        is_caught(child.id(), 15);
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

/// The command is blocked by a reader of stdout that does not read.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_a_blocked_command_can_not_act_on_names_the_task() {
    let server = RawServer::start(|request| {
        let more = match request.is("GET", "/summary") {
            true => format!(r#","extracted_data":"{}""#, "x".repeat(300_000)),
            false => String::new(),
        };
        let now = "2026-01-31T09:30:00Z";
        let ids = format!(r#""task_id":"{ID}","agent_id":"{ID}""#);
        let times = format!(r#""created_at":"{now}","updated_at":"{now}""#);
        let body = format!(r#"{{{ids},{times},"status":"completed"{more}}}"#);
        Reply::json(200, body)
    });
    for args in [
        &["run", ID, "--query", "q", "-q"][..],
        &["tasks", "wait", ID, "-q"],
    ] {
        let child = calling(&server, args).spawn().expect("it can be run");
        is_blocked_in(child.id(), WRITE);
        let pid = rustix::process::Pid::from_child(&child);
        kill_process(pid, Signal::INT).expect("a signal");
        let mut child = child;
        // It ends although stdout is still not read.
        let status = child.wait().expect("it ends");
        let output = child.wait_with_output().expect("a text");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(status.code(), Some(130), "{stderr}");
        assert!(
            stderr.contains(&format!("    nanonets tasks wait {ID}")),
            "{args:?}: {stderr}"
        );
    }
}

/// An answer that arrived while the process was stopped counts, although its time is up.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_stopped_reads_what_has_arrived() {
    for args in [
        &["run", ID, "--query", "q", "--timeout", "4s"][..],
        &["run", ID, "--query", "q", "--timeout", "4s", "--json"],
    ] {
        let (answer, mut may_answer) = tokio::sync::watch::channel(false);
        may_answer.mark_unchanged();
        let server = RawServer::play(move |mut connection| {
            let mut may_answer = may_answer.clone();
            async move {
                connection.request().await;
                may_answer.changed().await.expect("a test");
                let body = format!(r#"{{"task_id":"{ID}","status":"running"}}"#);
                connection.send(&Reply::json(201, body)).await;
                connection.hang().await;
            }
        });
        let child = calling(&server, args).spawn().expect("it can be run");
        let pid = rustix::process::Pid::from_child(&child);
        let arrived = server.wait_for("POST", "/run", 1);
        let limit = std::time::Duration::from_secs(20);
        let arrived = tokio::time::timeout(limit, arrived).await;
        arrived.expect("a request");
        kill_process(pid, Signal::STOP).expect("a signal");
        answer.send_replace(true);
        tokio::time::sleep(std::time::Duration::from_millis(4200)).await;
        kill_process(pid, Signal::CONT).expect("a signal");
        let output = child.wait_with_output().expect("it ends");
        let all = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(all.contains(ID) && !all.contains("candidates"), "{all}");
        assert!(!all.contains("may have been started"), "{all}");
    }
}

/// The numbers of system calls, which depend on the processor.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const WRITE: &str = "1";
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const WRITE: &str = "64";

/// Waits until a process is blocked in a system call.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn is_blocked_in(process: u32, number: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while std::time::Instant::now() < end {
        let call = std::fs::read_to_string(format!("/proc/{process}/syscall"));
        if call.expect("a process").split(' ').next() == Some(number) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("it is not blocked in {number}");
}

/// Whenever a signal comes, the command ends, and a task that was started is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_time_ends_the_command() {
    let (simulator, agent) = running().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut messages = Vec::new();
    for number in 0..40 {
        let signal = [Signal::INT, Signal::TERM][number % 2];
        let record = folder.path().join(number.to_string());
        let record = record.to_str().expect("a path");
        // The timeout is for a command that loses the signal.
        let run = [
            "run",
            &agent,
            "--query",
            "q",
            "--timeout",
            "30s",
            "--record",
            record,
        ];
        let child = against(&simulator, &run)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.expect("it can be run");
        tokio::time::sleep(std::time::Duration::from_micros(number as u64 * 700)).await;
        kill_process(rustix::process::Pid::from_child(&child), signal).expect("a signal");
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        // Before it listens, the signal itself ends it.
        let code = output.status.code();
        let code = code.or_else(|| output.status.signal().map(|signal| signal + 128));
        assert_eq!(code, Some(128 + signal.as_raw()), "{number}: {stderr}");
        if stderr.contains("nothing was sent") {
            let is_left = std::path::Path::new(record).exists();
            assert!(!is_left, "{number}: {stderr}");
        }
        messages.push(stderr);
    }
    // The simulator may start the task of a command that is gone.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let is_named = |id: &String| messages.iter().any(|message| message.contains(id));
    let ids = simulator
        .tasks()
        .into_iter()
        .map(|task| task.id.to_string());
    let unnamed = ids.filter(|id| !is_named(id)).count();
    let looked_for = messages
        .iter()
        .filter(|message| message.contains("runs find"));
    let looked_for = looked_for.count();
    // Each task is named, or the command said how to find it.
    assert!(
        unnamed <= looked_for,
        "{unnamed} of {looked_for}: {messages:#?}"
    );
}

/// The commands that do not look at signals themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_commands_that_do_not_wait() {
    let (simulator, agent) = running().await;
    let fault = Fault::delay_headers(std::time::Duration::from_secs(3600));
    simulator.fault(fault);
    for (operation, args, may_have_been) in [
        (Operation::ListAgents, &["agents", "list"][..], false),
        (
            Operation::UpdateAgent,
            &["agents", "update", &agent, "--name", "B"],
            true,
        ),
        (
            Operation::CreateAgent,
            &["agents", "create", "--name", "B"],
            true,
        ),
    ] {
        let child = against(&simulator, args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.expect("it can be run");
        simulator.wait_for(operation, 1).await;
        let pid = rustix::process::Pid::from_child(&child);
        kill_process(pid, Signal::TERM).expect("a signal");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(143), "{output:?}");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(
            stderr.contains(" may have been "),
            may_have_been,
            "{stderr}"
        );
    }
}

/// Nobody reads what it prints, so it can't look at signals.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_command_whose_reader_does_not_read() {
    let (simulator, _) = running().await;
    for number in 0..200 {
        simulator.create_agent(&format!("{number} {}", "A".repeat(200)));
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let child = against(&simulator, &["agents", "list", "--all"])
        .stdout(writer)
        .spawn();
    let mut child = child.expect("it can be run");
    is_blocked_in(child.id(), WRITE);
    let pid = rustix::process::Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("a signal");
    let status = child.wait().expect("it ends");
    drop(reader);
    assert_eq!(status.code(), Some(143));
}
