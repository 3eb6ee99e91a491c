//! Walking through lists.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use nanonets_agents::{AgentStatus, ErrorKind, TaskStatus};
use nanonets_agents_sim::{Fault, Operation, Simulator};
use serde_json::json;

use crate::{client, soon};

#[tokio::test]
async fn every_item_comes_once_and_the_filter_goes_with_every_page() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("History").id;
    simulator.add_history(agent, 23);
    let list = client(&simulator)
        .tasks()
        .list()
        .agent(agent)
        .status([TaskStatus::Completed])
        .page_size(10);
    let tasks: Vec<_> = list.stream().try_collect().await.expect("tasks");
    assert_eq!(tasks.len(), 23);
    let requests = simulator.requests_to(Operation::ListTasks);
    assert_eq!(requests.len(), 3);
    for request in requests {
        let query = request.query.expect("a query");
        assert!(
            query.contains("status=completed") && query.contains("limit=10"),
            "{query}"
        );
        assert!(query.contains(&format!("agent_id={agent}")), "{query}");
    }
}

#[tokio::test]
async fn a_walk_goes_on_from_a_cursor_and_passes_over_empty_pages() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("History").id;
    simulator.add_history(agent, 5);
    let list = || client(&simulator).tasks().list().page_size(2);
    let first = list().page().await.expect("a page");
    let cursor = first.next_cursor.expect("a cursor");
    simulator.fault(Fault::empty_page().times(2));
    let rest: Vec<_> = list()
        .cursor(cursor)
        .stream()
        .try_collect()
        .await
        .expect("tasks");
    assert_eq!(rest.len(), 3);
}

#[tokio::test]
async fn a_cursor_that_comes_back_is_an_error() {
    let simulator = Simulator::start().await;
    simulator.add_history(simulator.create_agent("History").id, 5);
    simulator.fault(Fault::repeat_cursor());
    let list = client(&simulator).tasks().list().page_size(2);
    let error = list
        .stream()
        .try_collect::<Vec<_>>()
        .await
        .expect_err("an endless list");
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert_eq!(simulator.count(Operation::ListTasks), 2);
}

#[tokio::test]
async fn a_list_that_goes_in_a_circle_is_an_error() {
    let simulator = Simulator::start().await;
    simulator.add_history(simulator.create_agent("History").id, 9);
    let list = client(&simulator).tasks().list().page_size(2);
    let mut cursors = Vec::new();
    for _ in 0..2 {
        let list = match cursors.last() {
            Some(cursor) => list.clone().cursor(cursor),
            None => list.clone(),
        };
        cursors.push(
            list.page()
                .await
                .expect("a page")
                .next_cursor
                .expect("a cursor"),
        );
    }
    simulator.forget_requests();
    let pages = AtomicUsize::new(0);
    simulator.fault(Fault::edit(move |page| {
        let number = pages.fetch_add(1, Ordering::Relaxed);
        page["next_cursor"] = json!(cursors[number % 2]);
    }));
    let error = list.stream().try_collect::<Vec<_>>().await;
    let error = error.expect_err("an endless list");
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert_eq!(simulator.count(Operation::ListTasks), 3);
}

#[tokio::test]
async fn a_list_ends_with_a_null_a_missing_and_an_empty_cursor_and_where_there_is_no_more() {
    let simulator = Simulator::start().await;
    for end in [
        json!({ "data": [], "has_more": true, "next_cursor": null }),
        json!({ "data": [], "has_more": true }),
        json!({ "data": [], "has_more": true, "next_cursor": "" }),
        json!({ "data": [], "has_more": false, "next_cursor": "more" }),
    ] {
        simulator.forget_requests();
        let fault = Fault::status(200).body("application/json", end.to_string());
        simulator.fault(fault.times(1));
        let list = client(&simulator).tasks().list();
        let tasks: Vec<_> = list.stream().try_collect().await.expect("no tasks");
        assert!(tasks.is_empty());
        assert_eq!(simulator.count(Operation::ListTasks), 1, "{end}");
    }
}

#[tokio::test]
async fn agents_and_versions_are_listed() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.create_agent("Receipts");
    let client = client(&simulator);
    let named = client.agents().list().name_contains("inv");
    assert_eq!(
        named
            .stream()
            .try_collect::<Vec<_>>()
            .await
            .expect("agents")
            .len(),
        1
    );
    simulator.create_draft(agent);
    let versions = client.agent(agent).versions();
    assert_eq!(
        versions
            .stream()
            .try_collect::<Vec<_>>()
            .await
            .expect("versions")
            .len(),
        2
    );
}

#[tokio::test]
async fn filters_headers_and_cursors_of_every_list_are_sent() {
    let simulator = Simulator::start().await;
    let agent = simulator.create_agent("Invoices").id;
    simulator.create_agent("Receipts");
    simulator.create_agent("Ledgers");
    simulator.create_draft(agent);
    let client = client(&simulator);
    let agents = client.agents().list().page_size(1).header("x-trace", "7");
    let agents = agents.status([AgentStatus::Published, AgentStatus::Draft]);
    let agents: Vec<_> = agents.stream().try_collect().await.expect("agents");
    assert_eq!(agents.len(), 4);
    let requests = simulator.requests_to(Operation::ListAgents);
    assert_eq!(requests.len(), 4);
    for (number, request) in requests.iter().enumerate() {
        let query = request
            .query
            .as_deref()
            .expect("a query")
            .replace("%2C", ",");
        assert!(query.contains("status=published,draft"), "{query}");
        assert_eq!(query.contains("cursor="), number > 0, "{query}");
        assert_eq!(request.headers["x-trace"], "7");
    }
    let versions = client.agent(agent).versions().page_size(1);
    let versions: Vec<_> = versions.stream().try_collect().await.expect("versions");
    assert_eq!(versions.len(), 2);
    assert_eq!(simulator.count(Operation::ListAgentVersions), 2);
    let tasks = client.tasks().list().title_contains("March").page();
    tasks.await.expect("a page");
    let request = simulator.requests_to(Operation::ListTasks).remove(0);
    assert!(request.query.is_some_and(|query| query.contains("q=March")));

    simulator.fault(Fault::delay_headers(Duration::from_secs(3600)));
    let list = client.tasks().list().timeout(Duration::from_millis(50));
    let error = list.stream().try_collect::<Vec<_>>().await;
    assert!(error.expect_err("no answer").is_timeout());
}

#[tokio::test]
async fn a_list_of_nothing_but_empty_pages_is_an_error() {
    let simulator = Simulator::start().await;
    simulator.add_history(simulator.create_agent("History").id, 60);
    simulator.fault(Fault::empty_page());
    let list = client(&simulator).tasks().list().page_size(1);
    let error = soon(list.stream().try_collect::<Vec<_>>()).await;
    assert_eq!(error.expect_err("no end").kind(), ErrorKind::Pagination);
    assert_eq!(simulator.count(Operation::ListTasks), 21);
}
