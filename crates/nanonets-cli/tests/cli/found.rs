//! `runs find` against servers that list what was not asked for, answer oddly, or not at all.

#[cfg(unix)]
mod locked;
mod messages;

use std::io::Write as _;
use std::process::Stdio;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::process::{Run, command, fed};
use crate::raw_server::{RawServer, Reply, Request, unused_address};

const AGENT: &str = "11111111-1111-4111-8111-111111111111";
const TASK: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const MARKER: &str = "run-6f1c2a9b3d4e5f60";

/// A task in a list.
fn item(id: &str, title: &str) -> Value {
    let now = Utc::now();
    json!({
        "task_id": id, "agent_id": AGENT, "title": title, "created_at": now, "updated_at": now, "status": "running",
    })
}

/// A server that lists these tasks, whatever is asked for, and answers every read of messages in the same way.
fn server(tasks: Vec<Value>, messages: Reply) -> RawServer {
    RawServer::start(move |request| match request.is("GET", "/messages") {
        true => messages.clone(),
        false => listed(request, &tasks),
    })
}

/// The page of the tasks whose title has what is looked for.
fn listed(request: &Request, tasks: &[Value]) -> Reply {
    let is_search = request.target.contains("q=");
    let data: Vec<_> = tasks
        .iter()
        .filter(|task| {
            !is_search
                || task["title"]
                    .as_str()
                    .is_some_and(|title| title.contains(MARKER))
        })
        .collect();
    Reply::json(200, json!({ "data": data, "has_more": false }))
}

fn said(role: Option<&str>, content: Value) -> Reply {
    let message = json!({ "id": OTHER, "role": role, "content": content });
    Reply::json(200, json!({ "data": [message] }))
}

/// The record of a run that was sent a minute ago, with more fields.
fn record(more: &Value) -> Value {
    let time = |seconds| Utc::now() - TimeDelta::seconds(seconds);
    let mut record = json!({
        "agent_id": AGENT, "since": time(60), "until": time(50), "clock_offset_ms": 0, "marker": MARKER,
    });
    let fields = record.as_object_mut().expect("an object");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    record
}

/// `runs find` for a record on stdin, with stdout as a shell redirects it.
async fn find_to(url: &str, record: &Value, args: &[&str], stdout: &str) -> Run {
    let own = command().get_program().to_owned();
    let mut shell = std::process::Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("\"$0\" runs find - \"$@\" {stdout}"))
        .arg(own)
        .args(args)
        .env("NANONETS_API_KEY", "key-of-this-test")
        .env("NANONETS_BASE_URL", url)
        .stdin(Stdio::piped());
    let record = record.to_string();
    let run = tokio::task::spawn_blocking(move || fed(shell, &record));
    run.await.expect("a run")
}

async fn find(server: &RawServer, record: &Value) -> Run {
    find_to(&server.url(), record, &[], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_evidence_is_not_certain() {
    for (name, messages) in [
        ("none", Reply::json(200, json!({ "data": [] }))),
        ("404", Reply::json(404, json!({ "error": "no" }))),
        (
            "a page",
            Reply::new(404, &["Content-Type: text/html"], "<h1>x</h1>"),
        ),
        ("an assistant", said(Some("assistant"), json!("hi"))),
        ("an unknown role", said(Some("visitor"), json!("other"))),
        ("no role", said(None, json!("other"))),
        ("no content", said(Some("user"), Value::Null)),
    ] {
        let server = server(vec![item(OTHER, "Other document")], messages);
        let run = find(&server, &record(&json!({}))).await;
        assert_eq!(run.code, 6, "{name}: {run:?}");
        assert!(run.stdout.contains(OTHER), "{name}: {run:?}");
        assert!(run.stderr.contains("or of another one"), "{name}: {run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_another_run_rule_its_task_out_whatever_users_are_called() {
    let over = json!({ "since": "2026-01-31T09:30:00Z", "until": "2026-01-31T09:31:00Z" });
    for role in ["user", "human", "Customer"] {
        let other = server(
            vec![item(OTHER, "x")],
            said(Some(role), json!("Extract the total.")),
        );
        assert_eq!(find(&other, &record(&over)).await.code, 1, "{role}");
        let text = format!("[{MARKER}]\nExtract the total.");
        let own = server(vec![item(TASK, "x")], said(Some(role), json!(text)));
        let run = find(&own, &record(&over)).await;
        assert!(
            run.code == 0 && run.stdout.contains("first_message"),
            "{role}: {run:?}"
        );
    }
}

/// Exit code 1 says that no task was started, so nothing else may end with it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_fails_for_any_reason_does_not_end_with_1() {
    let own = item(TASK, MARKER);
    let said = || Reply::json(200, json!({ "data": [] }));
    let one = server(vec![own.clone(), own.clone()], said());
    let two = server(vec![own, item(OTHER, MARKER)], said());
    let known = record(&json!({ "task_id": TASK }));
    let unknown = record(&json!({}));
    for (server, record, stdout, code) in [
        (&one, &unknown, "", 0),
        (&one, &known, "", 0),
        (&two, &unknown, "", 6),
        (&one, &unknown, ">/dev/null", 0),
        (&two, &unknown, ">/dev/null", 6),
        (&one, &unknown, ">/dev/full", 6),
        (&one, &known, ">/dev/full", 6),
        (&two, &unknown, ">/dev/full", 6),
        (&two, &unknown, ">&-", 6),
    ] {
        for format in ["--json", "--jsonl"] {
            let run = find_to(&server.url(), record, &[format], stdout).await;
            assert_eq!(run.code, code, "{stdout}: {run:?}");
        }
    }
    // The reader of stdout has gone.
    for (server, code) in [(&one, 0), (&two, 6)] {
        assert_eq!(into_closed_pipe(&server.url(), &unknown).await, Some(code));
    }
    // No listener, and a process that can't open what it needs.
    let nobody = format!("http://{}", unused_address());
    assert_eq!(find_to(&nobody, &unknown, &[], "").await.code, 6);
    let mut shell = std::process::Command::new("sh");
    let search = command().get_program().to_owned();
    shell
        .args(["-c", "ulimit -n 8; exec \"$0\" runs find -"])
        .arg(search)
        .env("NANONETS_API_KEY", "key-of-this-test")
        .env("NANONETS_BASE_URL", one.url());
    let run = fed(shell, &unknown.to_string());
    assert_eq!(run.code, 6, "{run:?}");
}

/// The exit code of a search whose output nobody reads any more.
#[cfg(target_os = "linux")]
async fn into_closed_pipe(url: &str, record: &Value) -> Option<i32> {
    let mut child = command()
        .args(["runs", "find", "-"])
        .env("NANONETS_API_KEY", "key-of-this-test")
        .env("NANONETS_BASE_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be run");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(record.to_string().as_bytes())
        .expect("a record");
    drop(stdin);
    let ended = tokio::task::spawn_blocking(move || child.wait());
    ended.await.expect("a run").expect("it ends").code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_ruled_out_only_where_it_was_sent() {
    let start = || {
        RawServer::start(|request| match request.is("POST", "/run") {
            true => Reply::close(),
            false => listed(request, &[]),
        })
    };
    let (server, elsewhere) = (start(), start());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.json");
    let nanonets = async |url: &str, key: &str, args: &[&str]| {
        let mut command = command();
        command
            .args(args)
            .env("NANONETS_BASE_URL", url)
            .env("NANONETS_API_KEY", key);
        let run = tokio::task::spawn_blocking(move || fed(command, ""));
        run.await.expect("a run")
    };
    let file = path.to_str().expect("a path");
    let (url, key) = (server.url(), "key-of-this-test");
    let run = ["run", AGENT, "--query", "q", "--record", file, "--marker"];
    assert_eq!(nanonets(&url, key, &run).await.code, 6);
    let text = std::fs::read_to_string(&path).expect("a record");
    assert!(!text.contains(key), "{text}");
    let mut record: Value = serde_json::from_str(&text).expect("JSON");
    for field in ["since", "until"] {
        record[field] = json!(Utc::now() - TimeDelta::hours(1));
    }
    std::fs::write(&path, record.to_string()).expect("a file");
    let find = ["runs", "find", file];
    let other = [&find[..], &["--other-key"]].concat();
    for (url, key, args, code, expected) in [
        (
            elsewhere.url(),
            key,
            &find[..],
            6,
            "was sent to http://127.0.0.1",
        ),
        (url.clone(), "key-of-another", &find, 6, "--other-key"),
        (
            url.clone(),
            "key-of-another",
            &other,
            1,
            "no task was started",
        ),
        (url, key, &find, 1, "no task was started"),
    ] {
        let run = nanonets(&url, key, args).await;
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.stderr.contains(expected), "{expected}: {run:?}");
    }
}

/// Runs a line that a message shows, in a folder.
async fn in_shell(server: &RawServer, folder: &std::path::Path, line: String) -> Run {
    let own = command().get_program().to_owned();
    let own = std::path::Path::new(&own)
        .parent()
        .expect("a folder")
        .to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", own.display()))
        .env("NANONETS_API_KEY", "key-of-this-test")
        .env("NANONETS_BASE_URL", server.url());
    let run = tokio::task::spawn_blocking(move || fed(shell, ""));
    run.await.expect("a run")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_shown_runs_whatever_a_file_is_called() {
    for name in [
        "-x.json",
        "-",
        "--wait",
        "two words.json",
        "$(printf 'r\\377.json')",
    ] {
        let server = RawServer::start(|request| match request.is("POST", "/run") {
            true => Reply::close(),
            false => listed(request, &[]),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let line = format!("nanonets run {AGENT} --query q \"--record={name}\"");
        let run = in_shell(&server, folder.path(), line).await;
        assert_eq!(run.code, 6, "{name}: {run:?}");
        let find = run.commands().last().expect("a command").to_string();
        for _ in 0..2 {
            // The command that is shown next has --wait, which would take five minutes.
            let found = in_shell(&server, folder.path(), find.clone()).await;
            assert_eq!(found.code, 6, "{find}: {found:?}");
            let wait = found
                .commands()
                .last()
                .map(|line| line.replace(" --wait", ""));
            let line = wait.unwrap_or_else(|| panic!("{find}: {found:?}"));
            assert_eq!(line, find.replace(" --wait", ""), "{found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_shown_continues_the_list() {
    for (cursor, is_shown) in [
        ("abc".to_owned(), true),
        ("-abc_DEF".to_owned(), true),
        ("--all".to_owned(), true),
        ("a b'c$(id)`id`".to_owned(), true),
        ("a\u{1b}[31m\u{202e}".to_owned(), true),
        ("a\0b".to_owned(), false),
        ("abc\n".to_owned(), false),
        ("c".repeat(200_000), false),
    ] {
        let next = cursor.clone();
        let server = RawServer::start(move |request| {
            let is_first = !request.target.contains("cursor=");
            let next = is_first.then_some(&next);
            let page =
                json!({ "data": [item(TASK, "x")], "has_more": is_first, "next_cursor": next });
            Reply::json(200, page)
        });
        let list = "nanonets tasks list --limit 1 --jsonl";
        let folder = tempfile::tempdir().expect("a folder");
        let run = in_shell(&server, folder.path(), list.to_owned()).await;
        assert_eq!(run.code, 0, "{run:?}");
        let note = run.stderr.split_once("continue with ");
        assert_eq!(note.is_some(), is_shown, "{run:?}");
        let Some((_, option)) = note else {
            assert!(run.stderr.contains("give --all"), "{run:?}");
            continue;
        };
        let more = in_shell(&server, folder.path(), format!("{list} {option}")).await;
        assert_eq!(more.code, 0, "{more:?}");
        let target = server.requests().pop().expect("a request").target;
        let url = reqwest::Url::parse(&format!("http://host{target}")).expect("a URL");
        let sent = url.query_pairs().find(|(name, _)| name == "cursor");
        assert_eq!(sent.expect("a cursor").1, cursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_options_and_commands_that_print_an_answer_as_it_came_are_accepted() {
    let server =
        RawServer::start(|_| Reply::new(200, &[crate::raw_server::JSON], r#"{"data": NaN}"#));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("r.json"), record(&json!({})).to_string()).expect("a file");
    let find = in_shell(
        &server,
        folder.path(),
        "nanonets runs find r.json".to_owned(),
    )
    .await;
    assert_eq!(find.code, 6, "{find:?}");
    assert!(!find.stderr.contains("same command"), "{find:?}");
    let list = "nanonets tasks list --all --json".to_owned();
    let list = in_shell(&server, folder.path(), list).await;
    let options = list
        .stderr
        .lines()
        .find_map(|line| line.split_once(" prints the answer"));
    let options = options.expect("options").0;
    for line in [
        find.commands().last().expect("a command").to_string(),
        format!("nanonets tasks list {options}"),
    ] {
        let raw = in_shell(&server, folder.path(), line).await;
        assert!(raw.stdout.contains("NaN"), "{raw:?}");
    }
}

/// A run that is under way, with its record.
struct Sending {
    server: RawServer,
    folder: tempfile::TempDir,
    run: std::process::Child,
}

impl Sending {
    /// A server lists no task, and does not answer runs.
    async fn start() -> Self {
        Self::to(RawServer::start(|request| {
            match request.is("POST", "/run") {
                true => Reply::hang(),
                false => listed(request, &[]),
            }
        }))
        .await
    }

    async fn to(server: RawServer) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = command();
        run.args(["run", AGENT, "--query", "q", "--marker", "--no-wait"])
            .arg("--record")
            .arg(folder.path().join("run.json"))
            .env("NANONETS_API_KEY", "key-of-this-test")
            .env("NANONETS_BASE_URL", server.url())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let run = run.spawn().expect("it can be run");
        server.wait_for("POST", "/run", 1).await;
        Self {
            server,
            folder,
            run,
        }
    }

    fn record(&self) -> Value {
        let text = std::fs::read_to_string(self.folder.path().join("run.json"));
        serde_json::from_str(&text.expect("a record")).expect("JSON")
    }

    /// Moves the times of the record back.
    fn age(&self, minutes: i64) {
        let mut record = self.record();
        for name in ["since", "until", "seen_unlocked_at"] {
            if let Some(time) = record[name].as_str() {
                let time: chrono::DateTime<Utc> = time.parse().expect("a time");
                record[name] = json!(time - TimeDelta::minutes(minutes));
            }
        }
        // The same file, with its lock.
        let path = self.folder.path().join("run.json");
        std::fs::write(path, record.to_string()).expect("a file");
    }

    async fn find(&self, line: &str) -> Run {
        in_shell(&self.server, self.folder.path(), line.to_owned()).await
    }

    fn kill(&mut self) {
        self.run.kill().expect("a process");
        self.run.wait().expect("an end");
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let _over = self.run.kill();
        let _over = self.run.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_another_process_sends_is_not_ruled_out() {
    let sending = Sending::start().await;
    // However long that takes.
    for minutes in [0, 10, 3 * 24 * 60] {
        sending.age(minutes);
        for line in [
            "nanonets runs find run.json",
            "ln -sf run.json link.json; nanonets runs find link.json",
        ] {
            let run = sending.find(line).await;
            assert_eq!(run.code, 6, "{minutes}: {run:?}");
            assert!(run.stderr.contains("is still being sent"), "{run:?}");
        }
        assert!(sending.record().get("until").is_none());
    }
    // A search that waits sees the end of the run. It began days ago, so nothing can appear any more.
    let looks = sending.server.count("GET", "/tasks");
    let (run, ()) = tokio::join!(sending.find("nanonets runs find run.json --wait"), async {
        sending.server.wait_for("GET", "/tasks", looks + 1).await;
        let pid = rustix::process::Pid::from_child(&sending.run);
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("a signal");
    });
    assert_eq!(run.code, 1, "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_process_was_killed_has_ended_when_somebody_looks() {
    let mut sending = Sending::start().await;
    // Nobody knows who sends the run of a copy.
    let copies = "cp run.json copy.json; cat run.json >later.json";
    assert_eq!(sending.find(copies).await.code, 0);
    sending.kill();
    sending.age(10);
    for line in [
        "nanonets runs find copy.json",
        "nanonets runs find - <later.json",
        "cat later.json | nanonets runs find /dev/stdin",
    ] {
        let run = sending.find(line).await;
        assert_eq!(run.code, 6, "{line}: {run:?}");
        assert!(!run.stderr.contains("still being sent"), "{line}: {run:?}");
    }
    assert!(sending.record().get("until").is_none());
    let run = sending.find("nanonets runs find run.json").await;
    assert_eq!(run.code, 6, "{run:?}");
    let seen = sending.record()["seen_unlocked_at"].clone();
    let time: chrono::DateTime<Utc> = seen.as_str().expect("a time").parse().expect("a time");
    assert!(Utc::now() - time < TimeDelta::seconds(30), "{seen}");
    // Later searches count from the same time.
    assert_eq!(sending.find("nanonets runs find run.json").await.code, 6);
    assert_eq!(sending.record()["seen_unlocked_at"], seen);
    // Only the command of the run writes its end.
    assert!(sending.record().get("until").is_none());
    sending.age(6);
    let run = sending.find("nanonets runs find run.json").await;
    assert_eq!(run.code, 1, "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_another_version_is_not_ruled_out() {
    let over = json!({ "since": "2026-01-31T09:30:00Z", "until": "2026-01-31T09:31:00Z" });
    let mut listed_task = item(OTHER, "x");
    listed_task["agent_id"] = json!(OTHER);
    for marker in [json!(MARKER), Value::Null] {
        let listed_task = listed_task.clone();
        let server = RawServer::start(move |request| match request {
            request if request.is("GET", "/messages") => Reply::json(500, "{}"),
            request if request.is("GET", "/agents/") => Reply::json(403, r#"{"error":"no"}"#),
            request => listed(request, std::slice::from_ref(&listed_task)),
        });
        let mut record = record(&over);
        record["marker"] = marker;
        let run = find(&server, &record).await;
        assert_eq!(run.code, 6, "{run:?}");
        assert!(run.stdout.contains(OTHER), "{run:?}");
    }
}
