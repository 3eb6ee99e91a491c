//! From documents to a struct, with questions on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanonets_agents::{ErrorKind, File, Outcome, TaskStatus};
use nanonets_agents_sim::{Fault, Operation, Script, SeenBody, Simulator};
use serde::Deserialize;
use serde_json::json;

use crate::{QUICK, client};

#[derive(Debug, Deserialize, PartialEq, schemars::JsonSchema)]
struct Invoice {
    vendor: String,
    line_items: Vec<LineItem>,
}

#[derive(Debug, Deserialize, PartialEq, schemars::JsonSchema)]
struct LineItem {
    sku: String,
    qty: u32,
}

#[tokio::test]
async fn a_struct_is_filled_in_from_files() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("invoice.pdf");
    std::fs::write(&path, b"%PDF").expect("a file");
    let invoice: Invoice = client(&simulator)
        .agent(agent)
        .run()
        .query("Extract the line items.")
        .file(path)
        .file(File::bytes("back.png", vec![1, 2, 3]))
        .extract()
        .await
        .expect("an invoice");
    assert!(invoice.vendor.contains("simulated"), "{invoice:?}");
    assert!(!invoice.line_items.is_empty());
    let request = simulator.requests_to(Operation::RunAgent).remove(0);
    let SeenBody::Multipart(parts) = request.body else {
        panic!("a multipart body was sent");
    };
    let types: Vec<_> = parts
        .iter()
        .map(|part| part.content_type.as_deref())
        .collect();
    assert_eq!(types[2..], [Some("application/pdf"), Some("image/png")]);
}

#[tokio::test]
async fn an_output_of_another_shape_is_an_error_with_its_place_and_without_its_contents() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let data = json!({ "vendor": "secret", "line_items": [{ "sku": "a", "qty": 1 }, { "sku": "b", "qty": "secret" }] });
    simulator.script(Script::new().complete(data.clone()));
    let run = client(&simulator).agent(agent).run().query("q");
    let error = run.extract::<Invoice>().await.expect_err("a mismatch");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("line_items[1].qty"), "{error}");
    assert_eq!(error.raw_output(), Some(&data));
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_question_is_answered_once_although_the_status_lags_behind() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let script = Script::new()
        .running(1)
        .ask("Which currency?")
        .hold(TaskStatus::WaitingForInput, 3)
        .running(1)
        .ask("Which year?")
        .complete(json!({ "ok": true }));
    simulator.script(script);
    let task = client(&simulator)
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect("a task");
    let mut wait = task.wait();
    let mut asked = Vec::new();
    let done = loop {
        match wait.pauses(QUICK.0, QUICK.1).await.expect("an outcome") {
            Outcome::NeedsInput(question) => {
                asked.push(question.text().expect("words").to_owned());
                wait = question.reply("EUR").await.expect("a reply");
            }
            Outcome::Completed(done) => break done,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked, ["Which currency?", "Which year?"]);
    assert_eq!(done.output(), Some(&json!({ "ok": true })));
    assert_eq!(simulator.count(Operation::SendTaskMessage), 2);
}

#[tokio::test]
async fn every_end_has_its_outcome() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    for (script, expected) in [
        (Script::new().fail("no"), "Failed"),
        (Script::new().stop(), "Stopped"),
        (Script::new().await_review(), "NeedsReview"),
        (
            Script::new().hold("unheard_of", 2).complete(json!(1)),
            "Completed",
        ),
    ] {
        simulator.script_next(script);
        let task = client
            .agent(agent)
            .run()
            .query("q")
            .start()
            .await
            .expect("a task");
        let outcome = task
            .wait()
            .pauses(QUICK.0, QUICK.1)
            .await
            .expect("an outcome");
        assert!(format!("{outcome:?}").starts_with(expected), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_wait_that_times_out_says_how_far_it_came_and_can_be_taken_up_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    simulator.script(Script::new().running(u32::MAX));
    let task = client
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect("a task");
    let wait = task
        .wait()
        .pauses(QUICK.0, QUICK.1)
        .timeout(Duration::from_millis(100));
    let error = wait.await.expect_err("a timeout");
    assert!(error.is_timeout());
    let waited = error.waited().expect("what was waited for");
    assert_eq!(waited.task_id, task.id());
    assert_eq!(waited.last_status, Some(TaskStatus::Running));
    assert!(waited.polls > 1 && waited.elapsed >= Duration::from_millis(100));
    assert_eq!(
        client
            .task(waited.task_id)
            .get()
            .await
            .expect("a task")
            .status,
        TaskStatus::Running
    );
    assert_eq!(
        simulator.count(Operation::CancelTask),
        0,
        "the task goes on"
    );
}

#[tokio::test]
async fn a_run_that_can_not_work_is_refused_before_anything_is_sent() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    let folder = tempfile::tempdir().expect("a folder");
    for run in [
        client.agent(agent).run(),
        client.agent(agent).run().query(""),
        client
            .agent(agent)
            .run()
            .file(folder.path().join("missing.pdf")),
        client.agent(agent).run().file(folder.path()),
    ] {
        let error = run.start().await.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    assert_eq!(simulator.count(Operation::RunAgent), 0);
}

#[tokio::test]
async fn questions_are_answered_without_a_person_and_statuses_told() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.script(
        Script::new()
            .running(2)
            .ask("One?")
            .ask("Two?")
            .complete(json!(1)),
    );
    let task = client(&simulator)
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect("a task");
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statuses);
    let outcome = task
        .wait()
        .pauses(QUICK.0, QUICK.1)
        .timeout(Duration::from_secs(20))
        .on_status(move |task| seen.lock().expect("a list").push(task.status.to_string()))
        .answer_with(|question| async move {
            Ok(format!(
                "an answer to {}",
                question.text().unwrap_or_default()
            ))
        })
        .await
        .expect("an outcome");
    assert!(matches!(outcome, Outcome::Completed(_)));
    let messages = task.messages().await.expect("messages");
    let contents: Vec<_> = messages
        .iter()
        .filter_map(|message| message.content.as_ref()?.as_str())
        .collect();
    assert_eq!(
        contents[..5],
        [
            "q",
            "One?",
            "an answer to One?",
            "Two?",
            "an answer to Two?"
        ]
    );
    assert_eq!(
        statuses.lock().expect("a list").first().map(String::as_str),
        Some("running")
    );
}

#[tokio::test]
async fn a_wait_outlasts_failures_that_pass() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    simulator.script(Script::new().running(1).complete(json!(1)));
    let task = client
        .agent(agent)
        .run()
        .query("q")
        .start()
        .await
        .expect("a task");
    // Five attempts to a poll, so four polls fail.
    simulator.fault(Fault::status(500).on(Operation::GetTask).times(20));
    let outcome = task
        .wait()
        .pauses(QUICK.0, QUICK.1)
        .await
        .expect("an outcome");
    assert!(matches!(outcome, Outcome::Completed(_)));

    simulator.fault(Fault::status(500).on(Operation::GetTask));
    let error = task
        .wait()
        .pauses(QUICK.0, QUICK.1)
        .await
        .expect_err("an end");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
    let error = task
        .wait()
        .pauses(QUICK.0, QUICK.1)
        .timeout(Duration::from_millis(300))
        .await;
    assert!(error.expect_err("a timeout").is_timeout());
    let gone = client.task(
        "00000000-0000-4000-8000-000000000000"
            .parse()
            .expect("an id"),
    );
    simulator.clear_faults();
    assert!(gone.wait().await.expect_err("no task").is_not_found());
}
