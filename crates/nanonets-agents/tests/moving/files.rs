//! Files that change, and files that are pipes.

use std::fs;
use std::time::{Duration, SystemTime};

use nanonets_agents::{Client, ErrorKind, File};

use crate::raw_server::RawServer;
use crate::{AGENT, agent, builder, server, soon, started};

/// Takes one body after another, and answers it.
fn reading() -> RawServer {
    server(|mut connection| async move {
        while let Some(head) = connection.head().await {
            if connection.read(head.length()).await == head.length() {
                connection.send(&started()).await;
            }
        }
    })
}

#[tokio::test]
async fn a_file_that_is_changed_while_it_is_sent_starts_no_task() {
    let server = reading();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("statement.pdf");
    fs::write(&path, vec![b'x'; 4 << 20]).expect("a file");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(hour_ago).expect("a time");
    let (changed, run) = (path.clone(), agent(builder(&server)).run());
    let run = run.file(File::bytes("first.pdf", "%PDF")).file(&path);
    let changes = run.clone().on_progress(move |progress| {
        if progress.file == 1 && progress.sent < 4 << 20 {
            fs::write(&changed, vec![b'y'; 4 << 20]).expect("a file");
        }
    });
    let error = soon(changes.start()).await.expect_err("a torn document");
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(!error.is_ambiguous() && !error.is_retryable(), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("statement.pdf\" was changed while it was sent"),
        "{error}"
    );
    soon(run.start()).await.expect("a task");
}

#[cfg(unix)]
#[test]
fn a_pipe_without_a_writer_does_not_keep_the_program_from_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let error = runtime.block_on(async {
            let server = server(|mut connection| async move {
                connection.head().await.expect("a request");
                connection.hang().await;
            });
            let client: Client = builder(&server).build().expect("a client");
            let agent = client.agent(AGENT.parse().expect("an id"));
            let run = agent.run().file(path).timeout(Duration::from_millis(200));
            soon(run.start()).await.expect_err("nothing to send")
        });
        drop(runtime);
        ended.send(error.is_timeout()).expect("a test");
    });
    assert_eq!(end.recv_timeout(Duration::from_secs(20)), Ok(true));
}
