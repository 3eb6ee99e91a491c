//! From documents to a struct, with questions on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{ErrorKind, File, Outcome, TaskHandle, TaskStatus, Update, Wait};
use nanonets_agents_sim::{Fault, Operation, Script, SeenBody, Simulator};
use serde::Deserialize;
use serde_json::json;

use crate::{QUICK, builder, client, soon};

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

/// Starts a task that goes by this script.
async fn started(simulator: &Simulator, script: Script) -> TaskHandle {
    let agent = simulator.create_agent("Invoices").id;
    simulator.script(script);
    let run = client(simulator).agent(agent).run().query("q");
    run.start().await.expect("a task")
}

/// A wait with short pauses.
fn quick_wait(task: &TaskHandle) -> Wait {
    task.wait().pauses(QUICK.0, QUICK.1)
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
    let raw = error.raw_output().expect("what came");
    assert_eq!(raw.value().expect("JSON"), data);
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_question_is_answered_once_although_the_status_lags_behind() {
    let simulator = Simulator::start().await;
    let script = Script::new()
        .running(1)
        .ask("Which currency?")
        .hold(TaskStatus::WaitingForInput, 3)
        .running(1)
        .ask("Which year?")
        .complete(json!({ "ok": true }));
    let mut task = started(&simulator, script).await;
    let mut asked = Vec::new();
    let done = loop {
        match quick_wait(&task).await.expect("an outcome") {
            Outcome::NeedsInput(question) => {
                asked.push(question.text().expect("words").to_owned());
                task = question.reply("EUR").await.expect("a reply");
            }
            Outcome::Completed(done) => break done,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked, ["Which currency?", "Which year?"]);
    let output = done.output().expect("an output");
    assert_eq!(output.json(), r#"{"ok":true}"#);
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
        let run = client.agent(agent).run().query("q");
        let task = run.start().await.expect("a task");
        let outcome = quick_wait(&task).await.expect("an outcome");
        assert!(format!("{outcome:?}").starts_with(expected), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_wait_that_times_out_says_how_far_it_came_and_can_be_taken_up_again() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().running(u32::MAX)).await;
    let wait = quick_wait(&task).timeout(Duration::from_millis(100));
    let error = wait.await.expect_err("a timeout");
    assert!(error.is_timeout());
    let waited = error.waited().expect("what was waited for");
    assert_eq!(waited.task_id, task.id());
    assert_eq!(waited.last_status, Some(TaskStatus::Running));
    assert!(waited.polls > 1 && waited.elapsed >= Duration::from_millis(100));
    let same = client(&simulator).task(waited.task_id).get().await;
    assert_eq!(same.expect("a task").status, TaskStatus::Running);
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
    let script = Script::new().running(2).ask("One?").ask("Two?");
    let task = started(&simulator, script.complete(json!(1))).await;
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statuses);
    let outcome = quick_wait(&task)
        .timeout(Duration::from_secs(20))
        .on_status(move |task| seen.lock().expect("a list").push(task.status.to_string()))
        .answer_with(|question| async move {
            Some(format!(
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
        .filter_map(|message| message.content.as_ref()?.get::<String>().ok())
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
    let client = client(&simulator);
    let task = started(&simulator, Script::new().running(1).complete(json!(1))).await;
    // A poll is one attempt.
    simulator.fault(Fault::status(500).on(Operation::GetTask).times(20));
    let failures = Arc::new(Mutex::new(0));
    let count = Arc::clone(&failures);
    let outcome = task
        .wait()
        .on_failure(move |error| {
            assert_eq!(error.operation(), Some("get_task"));
            *count.lock().expect("a count") += 1;
        })
        .pauses(QUICK.0, QUICK.1)
        .await
        .expect("an outcome");
    assert!(matches!(outcome, Outcome::Completed(_)));
    assert_eq!(*failures.lock().expect("a count"), 20);

    simulator.fault(Fault::status(500).on(Operation::GetTask));
    let error = quick_wait(&task).await.expect_err("an end");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
    let error = quick_wait(&task).timeout(Duration::from_millis(300)).await;
    assert!(error.expect_err("a timeout").is_timeout());
    let gone = client.task(
        "00000000-0000-4000-8000-000000000000"
            .parse()
            .expect("an id"),
    );
    simulator.clear_faults();
    let error = soon(gone.wait().pauses(QUICK.1 * 200, QUICK.1 * 200)).await;
    assert!(error.expect_err("no task").is_not_found());
}

#[tokio::test]
async fn without_ids_of_messages_a_question_is_still_asked_once() {
    let simulator = Simulator::start().await;
    simulator.fault(Fault::without_field("id").on(Operation::ListTaskMessages));
    let script = Script::new()
        .ask("Which currency?")
        .hold(TaskStatus::WaitingForInput, 3)
        .ask("Which year?")
        .complete(json!(1));
    let task = started(&simulator, script).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let outcome = quick_wait(&task)
        .answer_with(move |question| {
            let text = question.text().unwrap_or_default().to_owned();
            log.lock().expect("a log").push(text);
            async { Some("an answer".to_owned()) }
        })
        .await;
    assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
    let asked = asked.lock().expect("a log").clone();
    assert_eq!(asked, ["Which currency?", "Which year?"]);
}

#[tokio::test]
async fn what_the_agent_says_when_it_goes_on_is_no_question() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    // The last read of the status is followed by the end, and the messages have the agent's last words.
    for reads in 1..6 {
        let script = Script::new()
            .ask("Which currency?")
            .hold(TaskStatus::WaitingForInput, reads);
        simulator.script(script.complete(json!(1)));
        let run = client(&simulator).agent(agent).run().query("q");
        let task = run.start().await.expect("a task");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answers = quick_wait(&task).answer_with(move |question| {
            let text = question.text().unwrap_or_default().to_owned();
            log.lock().expect("a log").push(text);
            async { Some("EUR".to_owned()) }
        });
        answers.await.expect("an outcome");
        let asked = asked.lock().expect("a log").clone();
        assert_eq!(asked, ["Which currency?"], "after {reads} reads");
    }
}

#[tokio::test]
async fn the_same_question_is_asked_again_when_the_task_went_on_in_between() {
    let simulator = Simulator::start().await;
    let script = Script::new()
        .ask("Sure?")
        .running(2)
        .hold(TaskStatus::WaitingForInput, u32::MAX);
    let task = started(&simulator, script).await;
    let ask = async |task: &TaskHandle| match quick_wait(task).await.expect("an outcome") {
        Outcome::NeedsInput(question) => question,
        outcome => panic!("{outcome:?}"),
    };
    let task = ask(&task).await.reply("yes").await.expect("a reply");
    assert_eq!(soon(ask(&task)).await.text(), Some("Sure?"));
}

#[tokio::test]
async fn updates_come_as_a_stream_that_ends_with_the_outcome() {
    let simulator = Simulator::start().await;
    let task = started(
        &simulator,
        Script::new().queued(2).running(2).complete(json!(1)),
    )
    .await;
    let updates = quick_wait(&task).updates();
    let updates: Vec<Update> = updates.try_collect().await.expect("updates");
    let told: Vec<String> = updates
        .iter()
        .map(|update| match update {
            Update::Status(task) => task.status.to_string(),
            Update::Outcome(Outcome::Completed(_)) => "the outcome".to_owned(),
            update => panic!("{update:?}"),
        })
        .collect();
    assert_eq!(told, ["queued", "running", "completed", "the outcome"]);
}

#[tokio::test]
async fn a_wait_that_is_dropped_stops_polling_and_nothing_else() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    simulator.script(Script::new().running(u32::MAX));
    let run = client.agent(agent).run().query("q");
    let task = run.start().await.expect("a task");
    let waiting = tokio::spawn(quick_wait(&task).into_future());
    simulator.wait_for(Operation::GetTask, 3).await;
    waiting.abort();
    assert!(waiting.await.expect_err("an end").is_cancelled());
    let polls = simulator.count(Operation::GetTask);
    for _ in 0..50 {
        client.agent(agent).get().await.expect("an agent");
    }
    assert!(simulator.count(Operation::GetTask) <= polls + 1);
    assert_eq!(simulator.count(Operation::CancelTask), 0);
    let task = task.get().await.expect("a task");
    assert_eq!(task.status, TaskStatus::Running);
}

#[tokio::test]
async fn what_went_wrong_after_the_start_names_the_task_and_has_its_outcome() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = client(&simulator);
    let run = || client.agent(agent).run().query("q");
    let newest = || simulator.tasks().last().map(|task| task.id);

    simulator.script_next(Script::new().ask("Which year?").complete(json!({
        "vendor": "v", "line_items": []
    })));
    let error = run().extract::<Invoice>().await.expect_err("a question");
    assert_eq!(error.kind(), ErrorKind::NotCompleted);
    assert_eq!(error.task_id(), newest());
    let Some(Outcome::NeedsInput(question)) = client.outcome_of(&error) else {
        panic!("a question was expected: {error:?}");
    };
    let task = question.reply("2026").await.expect("a reply");
    let outcome = quick_wait(&task).await;
    let Ok(Outcome::Completed(done)) = outcome else {
        panic!("an output was expected: {outcome:?}");
    };
    done.extracted::<Invoice>().expect("an invoice");

    simulator.script_next(Script::new().complete(json!({ "vendor": 7 })));
    let error = run().extract::<Invoice>().await.expect_err("a mismatch");
    assert_eq!(
        (error.kind(), error.task_id()),
        (ErrorKind::Mismatch, newest())
    );

    simulator.script_next(Script::new().complete(json!(1)));
    simulator.fault(Fault::status(403).on(Operation::GetTask).times(1));
    let error = run().extract::<Invoice>().await.expect_err("a refusal");
    assert_eq!(
        (error.operation(), error.task_id()),
        (Some("get_task"), newest())
    );

    simulator.script_next(Script::new().running(u32::MAX));
    let extract = run().extract::<Invoice>().pauses(QUICK.0, QUICK.1);
    let error = soon(extract.timeout(Duration::from_millis(50))).await;
    let error = error.expect_err("a timeout");
    assert_eq!(
        (error.kind(), error.task_id()),
        (ErrorKind::Timeout, newest())
    );
}

#[tokio::test]
async fn so_many_tasks_are_asked_for_at_once_and_no_more() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    let client = builder(&simulator).concurrent_polls(2).build();
    let client = client.expect("a client");
    simulator.script(Script::new().complete(json!(1)));
    let hang = Fault::delay_headers(Duration::from_secs(3600)).on(Operation::GetTask);
    let hang = simulator.fault(hang);
    let mut waits = Vec::new();
    for _ in 0..5 {
        let run = client.agent(agent).run().query("q");
        let task = run.start().await.expect("a task");
        waits.push(tokio::spawn(task.wait().into_future()));
    }
    simulator.wait_for(Operation::GetTask, 2).await;
    for _ in 0..20 {
        client.agent(agent).get().await.expect("an agent");
    }
    assert_eq!(simulator.count(Operation::GetTask), 2);
    hang.remove();
    waits.drain(..2).for_each(|wait| wait.abort());
    for wait in waits {
        let outcome = wait.await.expect("it ends").expect("an outcome");
        assert!(matches!(outcome, Outcome::Completed(_)));
    }
}

#[tokio::test]
async fn the_output_is_found_in_the_answer_too() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().complete(json!(1))).await;
    let id = task.id();
    let wanted = json!({ "total": 7 });
    for (more, expected) in [
        (
            json!({ "extracted_data": wanted, "result": "words" }),
            Some(&wanted),
        ),
        (
            json!({ "result": { "extracted_data": wanted } }),
            Some(&wanted),
        ),
        (
            json!({ "extracted_data": null, "result": wanted }),
            Some(&wanted),
        ),
        (json!({ "result": { "extracted_data": null } }), None),
        (json!({}), None),
    ] {
        let mut summary = json!({ "task_id": id, "status": "completed" });
        let fields = more.as_object().expect("an object").clone();
        summary.as_object_mut().expect("an object").extend(fields);
        let answer = Fault::status(200).body("application/json", summary.to_string());
        let fault = simulator.fault(answer.on(Operation::GetTaskSummary));
        let Ok(Outcome::Completed(done)) = quick_wait(&task).await else {
            panic!("it has completed");
        };
        fault.remove();
        let output = done.output().map(|output| output.value().expect("JSON"));
        assert_eq!(output.as_ref(), expected, "{summary}");
    }
}

#[tokio::test]
async fn a_mismatch_names_fields_and_no_keys_of_the_output() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Totals {
        totals: std::collections::HashMap<String, f64>,
    }
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    for (output, expected) in [
        (
            json!({ "totals": { "Mr Secret": "x" } }),
            "at totals.(a key)",
        ),
        (
            json!({ "total": 7 }),
            "its top has a missing field `totals`",
        ),
        (json!(7), "at its top"),
    ] {
        simulator.script(Script::new().complete(output));
        let run = client(&simulator).agent(agent).run().query("q");
        let error = run.extract_as::<Totals>().await.expect_err("a mismatch");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("Secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn answers_are_given_in_time_or_not_at_all() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().ask("Which year?")).await;
    let wait = task.wait().timeout(Duration::from_millis(100));
    let error = wait.answer_with(|_| std::future::pending()).await;
    let error = error.expect_err("a timeout");
    assert!(error.is_timeout());
    let waited = error.waited().expect("what was waited for");
    assert!(waited.elapsed >= Duration::from_millis(100), "{waited:?}");
    let declined = task.wait().answer_with(|_| async { None }).await;
    assert!(
        matches!(declined, Ok(Outcome::NeedsInput(_))),
        "{declined:?}"
    );
    assert_eq!(simulator.count(Operation::SendTaskMessage), 0);
}

#[tokio::test]
async fn a_failure_has_its_reason() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().fail("no such page")).await;
    let Ok(Outcome::Failed(failure)) = task.wait().await else {
        panic!("it has failed");
    };
    let reason = failure.reason().await.expect("a summary");
    assert!(reason.is_some_and(|reason| reason.contains("no such page")));
}

#[tokio::test]
async fn odd_pauses_do_no_harm() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().running(2).complete(json!(1))).await;
    let wait = task.wait().timeout(Duration::from_millis(30));
    let error = wait.pauses(Duration::MAX, Duration::MAX).await;
    assert!(error.expect_err("a timeout").is_timeout());
    let outcome = task.wait().pauses(Duration::ZERO, Duration::ZERO).await;
    assert!(matches!(outcome, Ok(Outcome::Completed(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_wait_that_times_out_says_what_it_failed_with() {
    let simulator = Simulator::start().await;
    let task = started(&simulator, Script::new().complete(json!(1))).await;
    simulator.fault(Fault::status(500).on(Operation::GetTaskSummary));
    let error = quick_wait(&task).timeout(Duration::from_millis(200)).await;
    let error = error.expect_err("a timeout");
    assert!(error.to_string().contains("has completed, but"), "{error}");
    let cause = std::error::Error::source(&error).expect("a cause");
    assert!(
        cause.to_string().starts_with("get_task_summary: 500"),
        "{cause}"
    );
}
