//! Each exit code, with what comes with it.

use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
use serde_json::json;

use crate::process::{Run, against, command, finished, nanonets};

async fn with(script: Script) -> (Simulator, String) {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(script);
    (simulator, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_completes_is_0_and_prints_its_output_alone() {
    let (simulator, agent) = with(Script::new().running(1).complete(json!({ "total": 7 }))).await;
    let run = nanonets(&simulator, &["run", &agent, "--query", "q"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "{\n  \"total\": 7\n}\n")
    );
    let quiet = nanonets(
        &simulator,
        &["run", &agent, "--query", "q", "--quiet", "--jsonl"],
    );
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.as_str()),
        ("{\"total\":7}\n", "")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_1_and_says_what_to_do() {
    let (simulator, agent) = with(Script::new()).await;
    let get = ["agents", "get", &agent];
    for (fault, remedy) in [
        (Fault::status(401), "NANONETS_API_KEY"),
        (Fault::status(403), "another workspace"),
        (Fault::status(404), "check the id"),
        (Fault::status(400), "400"),
    ] {
        simulator.fault(fault.times(1));
        let run = nanonets(&simulator, &get);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(
            run.stderr.contains(remedy) && run.stderr.lines().count() == 1,
            "{run:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_the_api_ends_a_wait_after_four_polls() {
    let (simulator, _) = with(Script::new()).await;
    let task = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    simulator.fault(Fault::status(200).html("<!DOCTYPE html><title>Hello</title>"));
    for command in [
        &["tasks", "wait", task][..],
        &["tasks", "reply", task, "yes", "--wait"],
    ] {
        let run = nanonets(&simulator, command);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("check NANONETS_BASE_URL"), "{run:?}");
        assert_eq!(run.stderr.matches("trying again").count(), 1, "{run:?}");
    }
    let polls = simulator.requests_to(Operation::GetTask);
    assert_eq!(polls.len(), 8, "four for each command");
}

/// It may be the way to the API that is out of order: that is waited for, and said once.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_an_error_is_outlasted() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    let page = Fault::status(502).html("<!DOCTYPE html><title>Bad gateway</title>");
    simulator.fault(page.on(Operation::GetTask).times(2));
    let run = nanonets(&simulator, &["run", &agent, "--query", "q"]);
    assert_eq!(run.code, 0, "{run:?}");
    let trouble = "trying again after: get_task: 502 Bad Gateway: a web page came in place of";
    assert_eq!(run.stderr.matches(trouble).count(), 1, "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_covers_what_comes_before_the_wait() {
    let (simulator, agent) = with(Script::new().running(u32::MAX)).await;
    let run = ["run", &agent, "--query", "q", "--no-wait"];
    let task = nanonets(&simulator, &run).json()["task_id"].to_string();
    let task = task.trim_matches('"');
    let hours = std::time::Duration::from_secs(3600);
    for operation in [
        Operation::RunAgent,
        Operation::GetTask,
        Operation::SendTaskMessage,
    ] {
        simulator.fault(Fault::delay_headers(hours).on(operation));
    }
    let run = ["run", &agent, "--query", "q", "--timeout", "300ms"];
    let run = nanonets(&simulator, &run);
    assert_eq!(run.code, 6, "a task may be running: {run:?}");
    assert!(run.commands()[0].starts_with("nanonets tasks list --agent"));
    let reply = [
        "tasks",
        "reply",
        task,
        "yes",
        "--wait",
        "--timeout",
        "300ms",
    ];
    let unsent = nanonets(&simulator, &reply);
    assert_eq!(unsent.code, 1, "{unsent:?}");
    assert!(unsent.stderr.contains("before the message was sent"));
    simulator.clear_faults();
    simulator.fault(Fault::delay_headers(hours).on(Operation::SendTaskMessage));
    let unclear = nanonets(&simulator, &reply);
    assert_eq!(unclear.code, 6, "{unclear:?}");
    let messages = format!("nanonets tasks messages {task}");
    assert_eq!(unclear.commands(), [messages]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_before_a_refusal_is_said() {
    let (simulator, agent) = with(Script::new()).await;
    simulator.create_agent("Taken");
    let update = [
        "agents",
        "update",
        &agent,
        "--merge-config",
        "{\"a\": 1}",
        "--name",
        "Taken",
    ];
    let update = nanonets(&simulator, &update);
    assert_eq!(update.code, 6, "a part of it was done: {update:?}");
    assert!(
        update.stderr.contains("The configuration was changed"),
        "{update:?}"
    );
    let config = &nanonets(&simulator, &["agents", "get", &agent]).json()["config"];
    assert_eq!(config["a"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_page_that_fails_is_printed() {
    let (simulator, agent) = with(Script::new()).await;
    simulator.add_history(agent.parse().expect("an id"), 150);
    simulator.fault(Fault::status(400).on(Operation::ListTasks).after(1));
    let list = nanonets(&simulator, &["tasks", "list", "--all"]);
    assert_eq!(list.code, 1);
    let items: Vec<serde_json::Value> = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(items.len(), 100);
}

/// A program can read fields that the API does not document.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_item_of_a_list_is_printed_in_its_place() {
    let (simulator, agent) = with(Script::new()).await;
    simulator.add_history(agent.parse().expect("an id"), 5);
    let list = ["tasks", "list", "--limit", "4"];
    let normal = nanonets(&simulator, &list).json();
    simulator
        .fault(Fault::edit(|page| page["data"][1]["task_id"] = json!(7)).on(Operation::ListTasks));
    let odd = nanonets(&simulator, &list);
    assert!(
        odd.stderr.contains("an item is not as documented"),
        "{odd:?}"
    );
    let odd = odd.json();
    assert_eq!(odd.as_array().map(Vec::len), Some(4));
    assert_eq!(odd[1]["task_id"], 7);
    for index in [0, 2, 3] {
        assert_eq!(odd[index], normal[index]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_or_is_stopped_is_3() {
    for (script, status) in [
        (Script::new().fail("no"), "failed"),
        (Script::new().stop(), "stopped"),
    ] {
        let (simulator, agent) = with(script).await;
        let run = nanonets(&simulator, &["run", &agent, "--query", "q", "--jsonl"]);
        assert_eq!(run.code, 3);
        let data: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(data["status"], status);
        assert_eq!(data["task_id"], simulator.tasks()[0].id.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_and_a_review_are_4_and_say_how_to_go_on() {
    let (simulator, agent) = with(Script::new().ask("Which year?")).await;
    let run = nanonets(&simulator, &["run", &agent, "--query", "q", "--jsonl"]);
    assert_eq!(run.code, 4);
    let data: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(data["question"], "Which year?");
    let task = simulator.tasks()[0].id.to_string();
    let command = format!("nanonets tasks reply {task} TEXT --wait");
    assert!(
        run.stderr.contains("Which year?") && run.stderr.contains(&command),
        "{run:?}"
    );

    let (simulator, agent) = with(Script::new().await_review()).await;
    let run = nanonets(&simulator, &["run", &agent, "--query", "q", "--jsonl"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("approval"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_without_success_is_5_and_says_how_to_go_on() {
    let (simulator, agent) = with(Script::new().running(u32::MAX)).await;
    let run = ["run", &agent, "--query", "q", "--timeout", "100ms"];
    let run = nanonets(&simulator, &run);
    assert_eq!(run.code, 5);
    let data: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(data["status"], "running");
    let task = simulator.tasks()[0].id.to_string();
    assert!(
        run.stderr.contains(&format!("nanonets tasks wait {task}")),
        "{run:?}"
    );
    assert_eq!(simulator.count(Operation::CancelTask), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_service_is_1() {
    let simulator = Simulator::start().await;
    let mut command = command();
    command
        .args(["agents", "list"])
        .env("NANONETS_API_KEY", "key")
        .env("NANONETS_BASE_URL", simulator.base_url());
    simulator.refuse_connections().await;
    let run = finished(command);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("check the network"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_html_is_1() {
    let (simulator, agent) = with(Script::new()).await;
    for fault in [
        Fault::status(200).html("<h1>Welcome</h1>"),
        Fault::status(502).html("<h1>Bad gateway</h1>"),
        Fault::status(404).html("<h1>Not found</h1>"),
        Fault::status(302).header("location", "http://127.0.0.1:1/"),
    ] {
        let fault = simulator.fault(fault.header("retry-after", "0"));
        let run = finished(against(&simulator, &["agents", "get", &agent]));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.contains("NANONETS_BASE_URL"), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        assert!(!run.stderr.contains('<'), "{run:?}");
        fault.remove();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_completes_with_words_alone_prints_its_summary() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    let fault = Fault::edit(|summary| summary["extracted_data"] = json!(null));
    simulator.fault(fault.on(Operation::GetTaskSummary));
    let run = nanonets(&simulator, &["run", &agent, "--query", "q"]);
    let task = simulator.tasks()[0].id.to_string();
    let summary = nanonets(&simulator, &["tasks", "summary", &task]);
    assert_eq!(run.code, 0);
    assert_eq!(run.json(), summary.json());
    assert!(run.json()["result"]["summary"].is_string(), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_completes_with_nothing_is_an_error_that_names_it() {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    let fault = Fault::edit(|summary| {
        summary["extracted_data"] = json!(null);
        summary["result"] = json!(null);
    });
    simulator.fault(fault.on(Operation::GetTaskSummary));
    let run = nanonets(&simulator, &["run", &agent, "--query", "q", "--quiet"]);
    let task = simulator.tasks()[0].id.to_string();
    assert_eq!(run.code, 3, "{run:?}");
    let data: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (&data["task_id"], &data["status"]),
        (&json!(task), &json!("completed"))
    );
    assert!(
        run.stderr.contains(&task) && run.stderr.contains("without an output"),
        "{run:?}"
    );
}

/// A run whose task completes with this summary, with the id of the task, and how often the summary was read.
async fn completes_with(summary: &serde_json::Value) -> (Run, String, usize) {
    let (simulator, agent) = with(Script::new().complete(json!(7))).await;
    let answer = Fault::status(200).body("application/json", summary.to_string());
    simulator.fault(answer.on(Operation::GetTaskSummary));
    let run = || nanonets(&simulator, &["run", &agent, "--query", "q", "--quiet"]);
    let run = tokio::task::block_in_place(run);
    let reads = simulator.count(Operation::GetTaskSummary);
    let task = simulator.tasks()[0].id.to_string();
    (run, task, reads)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_completes_with_a_blank_output_is_3_with_the_command_that_prints_the_answer() {
    let summaries = [
        (json!({ "extracted_data": {} }), "extracted_data"),
        (json!({ "extracted_data": [] }), "extracted_data"),
        (
            json!({ "extracted_data": [null], "result": null }),
            "extracted_data",
        ),
        (json!({ "result": " " }), "result"),
        (json!({ "result": "{}" }), "result"),
        (
            json!({ "result": { "summary": null, "completed_at": "t" } }),
            "result.summary",
        ),
        (
            json!({ "extracted_data": null, "result": { "summary": "\n", "completed_at": "t" } }),
            "result.summary",
        ),
    ];
    let cases = summaries.map(|(summary, location)| {
        tokio::spawn(async move {
            let (run, task, reads) = completes_with(&summary).await;
            assert_eq!((run.code, reads), (3, 6), "{summary}: {run:?}");
            let data: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
            assert_eq!(data, json!({ "task_id": task, "status": "completed" }));
            let lack = format!("its output in `{location}` is empty");
            assert!(run.stderr.contains(&lack), "{summary}: {run:?}");
            let raw = format!("nanonets tasks summary {task} --raw");
            assert_eq!(run.commands().first(), Some(&raw.as_str()), "{run:?}");
        })
    });
    for case in cases {
        case.await.expect("a blank output");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_empty_lists_that_come_with_words_are_0() {
    let envelope = json!({ "summary": "in words", "completed_at": "t" });
    for (summary, printed) in [
        (
            json!({ "extracted_data": {}, "result": envelope }),
            json!({ "extracted_data": {}, "result": envelope }),
        ),
        (json!({ "result": envelope }), json!({ "result": envelope })),
        (
            json!({ "extracted_data": "", "result": "in words" }),
            json!("in words"),
        ),
        (
            json!({ "extracted_data": [], "result": envelope }),
            json!([]),
        ),
        (
            json!({ "extracted_data": {}, "result": { "summary": "{\"total\":7}", "completed_at": "t" } }),
            json!({ "total": 7 }),
        ),
    ] {
        let (run, _, reads) = completes_with(&summary).await;
        assert_eq!((run.json(), reads), (printed, 1), "{summary}");
    }
}
