//! Invalid input ends with one clear line, the right exit code, and nothing sent.

#[cfg(unix)]
use std::process::{Command, Output, Stdio};

use nanonets_agents_sim::{Fault, Script, Simulator};

use crate::process::{Run, against, command, fed, finished};

/// One line on stderr that has this, and nothing on stdout.
fn assert_refused(run: &Run, code: i32, expected: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:?}");
    assert!(run.stderr.contains(expected), "{run:?}");
    assert!(
        !run.stderr.contains("panicked") && !run.stderr.contains("backtrace"),
        "{run:?}"
    );
}

fn assert_one_line(run: &Run, code: i32, expected: &str) {
    assert_refused(run, code, expected);
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
}

fn with_key(key: &str) -> Run {
    let mut command = command();
    command
        .args(["agents", "list"])
        .env("NANONETS_API_KEY", key);
    finished(command)
}

#[test]
fn keys_that_can_not_be_one() {
    let mut none = command();
    none.args(["agents", "list"]);
    assert_one_line(&finished(none), 2, "NANONETS_API_KEY is not set");
    assert_one_line(&with_key(""), 2, "there is no key in NANONETS_API_KEY");
    let run = with_key("hush-hush\n");
    assert_one_line(&run, 2, "the API key in NANONETS_API_KEY is a blank");
    assert!(!run.stderr.contains("hush"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_no_argument_and_in_no_output() {
    let mut argument = command();
    argument.args(["--api-key", "hush", "agents", "list"]);
    assert_eq!(finished(argument).code, 2);
    let simulator = Simulator::start().await;
    let words = format!("no such key: {}", simulator.api_key());
    simulator.fault(Fault::status(401).body("text/plain", words));
    let run = finished(against(&simulator, &["agents", "list"]));
    assert_one_line(&run, 1, "no such key");
    assert!(!run.stderr.contains(simulator.api_key()), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_closed_stderr_leaves_the_exit_code() {
    let own = command();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "exec \"$0\" agents list 2>&-"])
        .arg(own.get_program());
    shell.env_remove("NANONETS_API_KEY");
    assert_eq!(finished(shell).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_comes_from_a_file_or_stdin() {
    let simulator = Simulator::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let key = simulator.api_key().to_owned();
    std::fs::write(&path, format!("{key}\n")).expect("a file");
    let path = path.to_str().expect("a path");
    let list = |path: &str| {
        let mut command = against(&simulator, &["agents", "list", "--api-key-file", path]);
        command.env("NANONETS_API_KEY", "another");
        command
    };
    assert_eq!(finished(list(path)).data(), "[]\n");
    assert_eq!(fed(list("-"), &key).data(), "[]\n");
    assert_one_line(
        &finished(list("/nowhere/key")),
        2,
        "error: the file of --api-key-file cannot be read: No such file",
    );
    assert_one_line(&fed(list("-"), "two\nlines\n"), 2, "line break");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_names_must_be_there_and_right() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let bad = folder.path().join("bad.json");
    std::fs::write(&bad, "{\"type\": ").expect("a file");
    let bad = bad.to_str().expect("a path");
    let array = folder.path().join("array.json");
    std::fs::write(&array, "[1]").expect("a file");
    let array = array.to_str().expect("a path");
    let folder = folder.path().to_str().expect("a path");
    let run = |more: &[&str]| finished(against(&simulator, &[&["run", &agent], more].concat()));
    assert_one_line(&run(&[]), 2, "a run needs a prompt");
    assert_one_line(
        &run(&["--query", "q", "--schema", array]),
        2,
        "must be a JSON object",
    );
    assert_one_line(&run(&["--query", ""]), 2, "a run needs a prompt");
    let twice = [
        "run",
        &agent,
        "--query",
        "q",
        "--schema",
        "-",
        "--api-key-file",
        "-",
    ];
    let twice = fed(against(&simulator, &twice), simulator.api_key());
    assert_one_line(&twice, 2, "stdin can be read only once");
    let reply = ["tasks", "reply", &agent, "yes", "--timeout", "1m"];
    assert_one_line(&finished(against(&simulator, &reply)), 2, "--wait");
    assert_one_line(
        &run(&["--file", "/nowhere/a.pdf"]),
        2,
        "error: \"/nowhere/a.pdf\" cannot be read",
    );
    assert_one_line(&run(&["--file", folder]), 2, folder);
    assert_one_line(&run(&["--query", "q", "--schema", bad]), 2, "is not JSON");
    assert_one_line(
        &run(&["--query", "q", "--schema", "{]"]),
        2,
        "--schema is not JSON",
    );
    for (schema, expected) in [
        ("", "--schema is empty"),
        (r#"{"type": "objekt"}"#, "not a JSON Schema: at /type"),
        (r#"{"properties": 5}"#, "not a JSON Schema: at /properties"),
    ] {
        assert_one_line(&run(&["--query", "q", "--schema", schema]), 2, expected);
    }
    assert_one_line(&run(&["--query", "q", "--timeout", "-1s"]), 2, "90s, 10m");
    for limit in ["-1", "0", "many"] {
        let list = ["tasks", "list", "--limit", limit];
        let list = finished(against(&simulator, &list));
        assert_one_line(&list, 2, "a number from 1 on");
    }
    assert_one_line(
        &run(&["--query", "q", "--schema", "[1]"]),
        2,
        "--schema must be a JSON object",
    );
    assert_one_line(
        &run(&["--query", "q", "--schema", "/nowhere/s.json"]),
        2,
        "/nowhere/s.json cannot be read",
    );
    assert_one_line(
        &run(&["--query", "q", "--timeout", "soon"]),
        2,
        "90s, 10m or 1h30m",
    );
    let list = ["tasks", "list", "--created-after", "yesterday"];
    assert_one_line(&finished(against(&simulator, &list)), 2, "how long ago");
    let get = ["tasks", "get", "12"];
    assert_one_line(&finished(against(&simulator, &get)), 2, "an id is a UUID");
    let update = ["agents", "update", &agent];
    assert_one_line(
        &finished(against(&simulator, &update)),
        2,
        "changes nothing",
    );
    let create = [
        "agents",
        "create",
        "--system-prompt",
        "a",
        "--config",
        r#"{"system_prompt": "b"}"#,
    ];
    assert_one_line(
        &finished(against(&simulator, &create)),
        2,
        "leave one of them out",
    );
    assert!(simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_no_clock_has_are_usage_errors() {
    let simulator = Simulator::start().await;
    let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    for time in [
        "300000years",
        "3000years",
        "584542046090years",
        "99999999999999999999s",
        "+300000-01-01",
        "-0044-03-15",
        "9999-12-31T23:59:59-23:00",
        "2026-02-30",
        "",
    ] {
        for option in ["--created-after", "--created-before"] {
            let time = format!("{option}={time}");
            let list = finished(against(&simulator, &["tasks", "list", &time]));
            assert_one_line(&list, 2, &option[2..]);
        }
    }
    for time in ["300000years", "367d", "99999999999999999999s", "-1s", ""] {
        let time = format!("--timeout={time}");
        for args in [
            &["run", id, "--query", "q"][..],
            &["tasks", "wait", id],
            &["tasks", "reply", id, "yes", "--wait"],
        ] {
            let run = finished(against(&simulator, &[args, &[&time]].concat()));
            assert_one_line(&run, 2, "--timeout");
        }
    }
    assert!(simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn words_come_from_one_place() {
    let simulator = Simulator::start().await;
    let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    for (args, input, expected) in [
        (
            &["run", id, "--query", "q", "--query-file", "-"][..],
            "q",
            "cannot be used with",
        ),
        (
            &["run", id, "--query-file", "-", "--schema", "-"],
            "q",
            "stdin can be read only once",
        ),
        (
            &["run", id, "--query-file", "/nowhere/q"],
            "",
            "/nowhere/q cannot be read",
        ),
        (
            &["run", id, "--query-file", "-"],
            "\n",
            "a run needs a prompt",
        ),
        (&["tasks", "reply", id], "", "arguments were not provided"),
        (
            &["tasks", "reply", id, "yes", "--message-file", "-"],
            "no",
            "cannot be used with",
        ),
        (
            &["tasks", "reply", id, "--message-file", "-"],
            "\n",
            "the message is empty",
        ),
    ] {
        let run = fed(against(&simulator, args), input);
        assert_refused(&run, 2, expected);
    }
    assert!(simulator.requests().is_empty());
}

/// A pipe that nobody writes to is opened for ever. It ends with the time that there is, and nothing was sent.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_without_a_writer_takes_no_longer_than_the_timeout() {
    let simulator = Simulator::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    let path = path.to_str().expect("a path");
    let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    for args in [
        &["run", id, "--query", "q", "--file", path][..],
        &["run", id, "--query", "q", "--schema", path],
        &["run", id, "--query-file", path],
        &["tasks", "reply", id, "--wait", "--message-file", path],
    ] {
        let timeout = ["--timeout", "100ms"];
        let run = finished(against(&simulator, &[args, &timeout].concat()));
        assert_one_line(&run, 1, "nothing was sent");
    }
    assert!(simulator.requests().is_empty());
}

/// The path that a shell makes of `--file <(command)`.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_document_can_come_from_a_pipe() {
    use nanonets_agents_sim::{Operation, SeenBody};

    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let run = ["run", &agent, "--no-wait", "--file", "/dev/stdin"];
    fed(against(&simulator, &run), "a document").json();
    let SeenBody::Multipart(parts) = simulator.requests_to(Operation::RunAgent).remove(0).body
    else {
        panic!("a form was sent");
    };
    assert_eq!(parts[0].size, "a document".len() as u64);
}

/// A machine may have none, in a container above all.
#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_called_without_certificates() {
    let simulator = Simulator::start().await;
    let mut simulated = command();
    simulated.args(["--simulate", "agents", "list"]);
    let local = against(&simulator, &["agents", "list"]);
    for mut command in [simulated, local] {
        command
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/nonexistent");
        finished(command).json();
    }
}

#[test]
fn without_a_simulator_an_agent_is_needed() {
    let mut command = command();
    command
        .args(["run", "--query", "q"])
        .env("NANONETS_API_KEY", "key");
    assert_one_line(&finished(command), 2, "an agent's id is needed");
}

#[test]
fn a_document_in_place_of_an_agent_is_noticed() {
    let mut command = command();
    command.args(["run", "tests/fixtures/documents/invoice.pdf"]);
    assert_one_line(&finished(command), 2, "a document is given by --file");
}

#[test]
fn a_simulator_is_at_no_address_and_takes_no_key() {
    for option in ["--base-url", "--api-key-file"] {
        let mut command = command();
        command.args(["--simulate", option, "https://127.0.0.1", "agents", "list"]);
        let run = finished(command);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("cannot be used with"), "{run:?}");
    }
}

#[test]
fn base_urls_that_can_not_be_one() {
    for (url, expected) in [
        ("", "the base URL in --base-url"),
        ("agents.nanonets.com", "the base URL in --base-url"),
        ("ftp://agents.nanonets.com", "https://"),
        (
            "http://agents.nanonets.com",
            "use https in NANONETS_BASE_URL",
        ),
    ] {
        let mut command = command();
        command
            .args(["agents", "list", "--base-url", url])
            .env("NANONETS_API_KEY", "key");
        assert_one_line(&finished(command), 2, expected);
    }
}

/// Runs a command whose stdout is closed at the other end.
#[cfg(unix)]
fn without_a_reader(mut command: Command) -> Output {
    let pipes = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("it can be run");
    drop(child.stdout.take());
    child.wait_with_output().expect("it ends")
}

/// The exit code is that of the task, with any reader.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_stdout_does_not_make_a_success_of_a_failure() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    for (script, code) in [
        (Script::new().fail("no"), 3),
        (Script::new().ask("Which year?"), 4),
    ] {
        simulator.script(script);
        let output = without_a_reader(against(&simulator, &["run", &agent, "--query", "q"]));
        assert_eq!(output.status.code(), Some(code));
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: "));
    }
}

/// A reader of the beginning alone closes the pipe, which is no failure.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_stdout_is_nothing_to_complain_about() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("History").id;
    simulator.add_history(agent, 2000);
    let list = against(&simulator, &["tasks", "list", "--all", "--jsonl"]);
    let output = without_a_reader(list);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// An output that can't be stored is an error: the disk may be full.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_stdout_that_takes_nothing_is_a_failure() {
    let simulator = Simulator::start().await;
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = against(&simulator, &["agents", "list"])
        .stdout(full.expect("a device"))
        .output()
        .expect("it can be run");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: stdout can't be written"),
        "{stderr}"
    );
}

/// A file without an end is not read for ever, nor into all memory.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_an_end_is_refused() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let endless = "/dev/zero";
    for (args, most) in [
        (&["run", &agent, "--query-file", endless][..], "16.00 MiB"),
        (
            &["run", &agent, "--query", "q", "--schema", endless],
            "16.00 MiB",
        ),
        (
            &["tasks", "reply", &agent, "--message-file", endless],
            "16.00 MiB",
        ),
        (&["agents", "create", "--config", endless], "16.00 MiB"),
        (
            &["agents", "create", "--system-prompt-file", endless],
            "16.00 MiB",
        ),
        (
            &["agents", "update", &agent, "--merge-config", endless],
            "16.00 MiB",
        ),
        (
            &["agents", "update", &agent, "--replace-config", endless],
            "16.00 MiB",
        ),
        (&["runs", "find", endless], "64.00 KiB"),
        (&["agents", "list", "--api-key-file", endless], "64.00 KiB"),
    ] {
        let run = finished(against(&simulator, args));
        assert_one_line(&run, 2, &format!("it is longer than {most}"));
        let zero = std::fs::File::open(endless).expect("a device");
        let args: Vec<_> = args
            .iter()
            .map(|arg| if *arg == endless { "-" } else { arg })
            .collect();
        let output = against(&simulator, &args).stdin(zero).output();
        let output = output.expect("it can be run");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    assert!(simulator.requests().is_empty());
}
