//! Files from everywhere.

use std::sync::{Arc, Mutex};

use futures_util::stream;
use nanonets_agents::{ErrorKind, File, Progress};
use nanonets_agents_sim::{Fault, Operation, Part, Script, SeenBody, Simulator};

use crate::client;

fn parts(simulator: &Simulator, request: usize) -> Vec<Part> {
    match simulator
        .requests_to(Operation::RunAgent)
        .remove(request)
        .body
    {
        SeenBody::Multipart(parts) => parts,
        body => panic!("a multipart body was sent, not {body:?}"),
    }
}

#[tokio::test]
async fn names_and_media_types_are_guessed_and_can_be_said() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let chunks = || async { Ok(stream::iter([Ok("a,b".into()), Ok("\n1,2".into())])) };
    let run = client(&simulator)
        .agent(agent)
        .run()
        .file(File::bytes("scan.PNG", vec![1]))
        .file(File::bytes("data", vec![2]).name("sheet.xlsx"))
        .file(File::bytes("page.txt", vec![3]).content_type("text/markdown"))
        .file(File::stream("table.csv", Some(7), chunks))
        .file(File::stream("unknown", None, chunks))
        .file(File::reader("notes.txt", None, || async {
            Ok(&b"content"[..])
        }));
    run.start().await.expect("a task");
    let seen: Vec<_> = parts(&simulator, 0)
        .into_iter()
        .map(|part| {
            (
                part.file_name.unwrap_or_default(),
                part.content_type.unwrap_or_default(),
                part.size,
            )
        })
        .collect();
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let expected = [
        ("scan.PNG", "image/png", 1),
        ("sheet.xlsx", sheet, 1),
        ("page.txt", "text/markdown", 1),
        ("table.csv", "text/csv", 7),
        ("unknown", "application/octet-stream", 7),
        ("notes.txt", "text/plain", 7),
    ];
    assert_eq!(
        seen,
        expected.map(|(name, media_type, size)| (name.to_owned(), media_type.to_owned(), size))
    );
}

#[tokio::test]
async fn each_attempt_sends_the_whole_file_again_and_tells_how_far_it_is() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.pdf");
    std::fs::write(&path, vec![7; 800_000]).expect("a file");
    simulator.fault(Fault::status(429).on(Operation::RunAgent).times(1));
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let run = client(&simulator).agent(agent).run();
    let run = run.file(path).file(File::bytes("small.txt", "abc"));
    let chunks = || async { Ok(stream::iter([Ok("a,b".into()), Ok("\n1,2".into())])) };
    let run = run.file(File::stream("table.csv", Some(7), chunks));
    let reader = || async { Ok(&b"content"[..]) };
    let run = run.file(File::reader("notes.txt", Some(7), reader));
    let run = run.on_progress(move |progress| log.lock().expect("a log").push(progress));
    run.start().await.expect("a task");
    let (first, second) = (parts(&simulator, 0), parts(&simulator, 1));
    assert_eq!(first, second);
    assert_eq!((first[0].size, first[1].size), (800_000, 3));
    let told: Vec<Progress> = told.lock().expect("a log").clone();
    let ends = told
        .iter()
        .filter(|progress| progress.total == Some(progress.sent))
        .map(|progress| (progress.file, progress.sent));
    let ends: Vec<(usize, u64)> = ends.collect();
    let each = [(0, 800_000), (1, 3), (2, 7), (3, 7)];
    assert_eq!(ends, [each, each].concat());
    assert!(told.len() > 10, "it is told on the way: {told:?}");
}

#[tokio::test]
async fn a_file_that_can_not_be_read_is_named_and_nothing_is_sent() {
    let simulator = Simulator::start().await;
    simulator.script(Script::new().running(1));
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing.pdf");
    for run in [
        agent.run().file(missing.clone()),
        agent.run().file(missing).on_progress(|_| {}),
    ] {
        let error = run.start().await.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains("missing.pdf"), "{error}");
    }
    assert_eq!(simulator.count(Operation::RunAgent), 0);
}

#[tokio::test]
async fn a_file_that_breaks_off_is_no_lost_answer_and_starts_nothing() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let short = File::stream("short.pdf", Some(100), || async {
        Ok(stream::iter([Ok("too short".into())]))
    });
    let error = agent
        .run()
        .file(short)
        .start()
        .await
        .expect_err("a broken upload");
    assert!(!error.is_ambiguous() && !error.is_retryable(), "{error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(simulator.tasks().is_empty());
}

#[tokio::test]
async fn form_fields_that_nobody_documents_are_sent_with_files_and_without() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let run = agent.run().query("q");
    let run = run.form_field("source", "test").form_field("version", "7");
    run.clone().start().await.expect("a task");
    let run = run.file(File::bytes("a.pdf", "%PDF"));
    run.start().await.expect("a task");
    for (request, more) in [(0, &[][..]), (1, &["files"])] {
        let parts = parts(&simulator, request);
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, [&["query", "source", "version"], more].concat());
        assert_eq!((parts[1].size, parts[2].size), (4, 1));
    }
}

#[tokio::test]
async fn a_reader_that_can_not_be_opened_says_why() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let closed = File::reader("a.pdf", None, || async {
        Err::<&[u8], _>(std::io::Error::other("the storage says no"))
    });
    let error = agent.run().file(closed).start().await;
    let error = error.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("a.pdf"), "{error}");
    let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    assert!(
        causes
            .map(ToString::to_string)
            .any(|cause| cause.contains("the storage says no"))
    );
}

#[tokio::test]
async fn instructions_and_the_wanted_output_are_sent() {
    let simulator = Simulator::start().await;
    let agent = client(&simulator).agent(simulator.create_agent("Invoices").id);
    let run = agent.run().file(File::bytes("a.pdf", "%PDF"));
    let run = run.instructions("ISO dates.").output_in_words("the total");
    run.start().await.expect("a task");
    let config = r#"{"instructions":"ISO dates.","output_schema":"the total"}"#;
    let part = &parts(&simulator, 0)[0];
    assert_eq!(
        (part.name.as_str(), part.size),
        ("output_config", config.len() as u64)
    );
}
