//! Every operation by its command, and every filter.

use nanonets_agents_sim::{Operation, Script, SeenBody, Simulator};
use serde_json::{Value, json};

use crate::process::{against, fed, nanonets, root};

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_created_read_changed_listed_and_published() {
    let simulator = Simulator::start().await;
    let create = [
        "agents",
        "create",
        "--name",
        "Invoices",
        "--system-prompt",
        "Read.",
    ];
    let agent = nanonets(&simulator, &create).json();
    let id = agent["id"].as_str().expect("an id").to_owned();
    assert_eq!(agent["config"]["system_prompt"], "Read.");
    let got = nanonets(&simulator, &["agents", "get", &id]).json();
    assert_eq!(got["name"], "Invoices");

    let changes = r#"{"model": "large", "system_prompt": null}"#;
    let update = ["agents", "update", &id, "--merge-config", changes];
    let merged = nanonets(&simulator, &update).json();
    assert_eq!(merged["config"]["model"], "large");
    assert_eq!(merged["config"].get("system_prompt"), None);
    let update = [
        "agents", "update", &id, "--name", "Bills", "--active", "false",
    ];
    let updated = nanonets(&simulator, &update).json();
    assert_eq!(
        (&updated["name"], &updated["is_active"]),
        (&json!("Bills"), &json!(false))
    );
    assert_eq!(updated["config"]["model"], "large");
    let update = ["agents", "update", &id, "--replace-config", "-"];
    let replaced = fed(against(&simulator, &update), r#"{"tools": []}"#).json();
    assert_eq!(replaced["config"], json!({ "tools": [] }));

    let found = nanonets(&simulator, &["agents", "list", "--name", "BILL"]).json();
    assert_eq!(found.as_array().expect("a list").len(), 1);
    let none = ["agents", "list", "--status", "draft,archived"];
    assert_eq!(nanonets(&simulator, &none).json(), json!([]));
    simulator.create_draft(id.parse().expect("an id"));
    let published = nanonets(&simulator, &["agents", "publish", &id]).json();
    assert_eq!(published["version_number"], 2);
    let versions = nanonets(&simulator, &["agents", "versions", &id]).json();
    assert_eq!(versions.as_array().expect("a list").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_read_answered_waited_for_and_cancelled() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(
        Script::new()
            .ask("Which year?")
            .complete(json!({ "total": 7 })),
    );
    let run = ["run", &agent, "--query", "Add it up.", "--no-wait"];
    let started = nanonets(&simulator, &run).json();
    let task = started["task_id"].as_str().expect("an id").to_owned();
    let got = nanonets(&simulator, &["tasks", "get", &task]).json();
    assert_eq!(got["status"], "waiting_for_input");
    let messages = nanonets(&simulator, &["tasks", "messages", &task]).json();
    assert_eq!(messages[1]["content"], "Which year?");
    let reply = ["tasks", "reply", &task, "-"];
    let replied = fed(against(&simulator, &reply), "2026\n").json();
    assert_eq!(replied["task_id"], task);
    let waited = nanonets(&simulator, &["tasks", "wait", &task]).json();
    assert_eq!(waited, json!({ "total": 7 }));
    let summary = nanonets(&simulator, &["tasks", "summary", &task]).json();
    assert_eq!(summary["extracted_data"], json!({ "total": 7 }));
    let result = nanonets(&simulator, &["tasks", "result", &task]).json();
    assert!(result["feed"].is_array());
    let cancelled = nanonets(&simulator, &["tasks", "cancel", &task]).json();
    assert_eq!(cancelled["status"], "completed", "it had ended already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_waits_does_not_see_the_answered_question_again() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let script = Script::new()
        .ask("Which year?")
        .hold("waiting_for_input", 3)
        .complete(json!(7));
    simulator.script(script);
    let run = ["run", &agent, "--query", "q", "--no-wait"];
    let started = nanonets(&simulator, &run).json();
    let task = started["task_id"].as_str().expect("an id");
    let replied = nanonets(&simulator, &["tasks", "reply", task, "2026", "--wait"]);
    assert_eq!(replied.json(), json!(7));
    assert_eq!(simulator.count(Operation::SendTaskMessage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_of_a_list_is_sent() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let list = [
        "tasks",
        "list",
        "--agent",
        &agent,
        "--status",
        "failed,stopped",
        "--created-after",
        "2026-01-31T09:30:00+01:00",
        "--created-before",
        "2026-03-01",
        "--title",
        "March",
        "--limit",
        "7",
    ];
    assert_eq!(nanonets(&simulator, &list).json(), json!([]));
    let request = simulator.requests_to(Operation::ListTasks).remove(0);
    let query = request
        .query
        .expect("a query")
        .replace("%3A", ":")
        .replace("%2C", ",");
    for part in [
        format!("agent_id={agent}"),
        "status=failed,stopped".to_owned(),
        "created_after=2026-01-31T08:30:00".to_owned(),
        "created_before=2026-03-01T00:00:00".to_owned(),
        "q=March".to_owned(),
        "limit=7".to_owned(),
    ] {
        assert!(query.contains(&part), "{part} is not in {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_as_far_as_its_limit_and_on_from_a_cursor() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("History").id;
    simulator.add_history(agent, 250);
    let length = |value: Value| value.as_array().expect("a list").len();
    let list = |more: &[&str]| nanonets(&simulator, &[&["tasks", "list"], more].concat());
    assert_eq!(length(list(&[]).json()), 20);
    assert_eq!(length(list(&["--limit", "230"]).json()), 230);
    assert_eq!(length(list(&["--all"]).json()), 250);

    let first = list(&["--limit", "3"]);
    let cursor = first
        .stderr
        .split("--cursor ")
        .nth(1)
        .expect("a cursor")
        .trim();
    let second = list(&["--limit", "3", "--cursor", cursor]).json();
    let both = list(&["--limit", "6"]).json();
    assert_eq!(second[0], both[3]);
    assert_eq!(list(&["--limit", "250"]).stderr, "");
    // Two pages of 51 are one more than that, and a cursor behind them would lose it.
    let cut = list(&["--limit", "101"]);
    assert!(
        !cut.stderr.contains("--cursor") && cut.stderr.contains("--all"),
        "{}",
        cut.stderr
    );
    assert_eq!(length(cut.json()), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_sends_prompt_files_schema_and_instructions() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let run = [
        "run",
        &agent,
        "--query",
        "Extract.",
        "--file",
        "tests/fixtures/documents/invoice.pdf",
        "--file",
        "tests/fixtures/documents/receipt.png",
        "--file",
        "tests/fixtures/documents/ledger.xlsx",
        "--schema",
        "tests/fixtures/documents/invoice.schema.json",
        "--instructions",
        "Dates as ISO 8601.",
    ];
    let extracted = nanonets(&simulator, &run).json();
    assert!(
        extracted["line_items"][0]["amount"].is_number(),
        "{extracted}"
    );
    let request = simulator.requests_to(Operation::RunAgent).remove(0);
    let SeenBody::Multipart(parts) = request.body else {
        panic!("a form was sent");
    };
    let seen: Vec<_> = parts
        .iter()
        .map(|part| {
            (
                part.name.as_str(),
                part.content_type.as_deref().unwrap_or(""),
                part.size,
            )
        })
        .collect();
    let size = |name: &str| {
        let path = root().join("tests/fixtures/documents").join(name);
        path.metadata().expect("a file").len()
    };
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let files = [
        ("files", "application/pdf", size("invoice.pdf")),
        ("files", "image/png", size("receipt.png")),
        ("files", sheet, size("ledger.xlsx")),
    ];
    assert_eq!(seen[2..], files);
    assert_eq!((seen[0].0, seen[1].0), ("output_config", "query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_and_a_message_come_from_files_and_stdin() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    simulator.script(Script::new().ask("Which year?").ask("Which month?"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("words.txt");
    std::fs::write(&path, "Add it up.\n\nAll of it.\n").expect("a file");
    let path = path.to_str().expect("a path");
    let run = ["run", &agent, "--no-wait", "--query-file"];
    for (source, input) in [(path, ""), ("-", "Add it up.\n\nAll of it.\r\n")] {
        let run = fed(against(&simulator, &[&run[..], &[source]].concat()), input).json();
        let task = run["task_id"].as_str().expect("an id");
        let reply = ["tasks", "reply", task, "--message-file", source];
        fed(against(&simulator, &reply), input).json();
        let messages = nanonets(&simulator, &["tasks", "messages", task]).json();
        for index in [0, 2] {
            let content = &messages[index]["content"];
            assert_eq!(content, "Add it up.\n\nAll of it.", "{messages}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_can_be_given_itself_and_on_stdin() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id.to_string();
    let schema =
        r#"{"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}"#;
    let run = ["run", &agent, "--query", "q", "--schema", schema];
    assert!(nanonets(&simulator, &run).json()["total"].is_number());
    let run = ["run", &agent, "--query", "q", "--schema", "-"];
    assert!(fed(against(&simulator, &run), schema).json()["total"].is_number());
}
