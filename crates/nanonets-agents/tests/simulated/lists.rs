//! Walking through lists.

use futures_util::TryStreamExt as _;
use nanonets_agents::{ErrorKind, TaskStatus};
use nanonets_agents_sim::{Fault, Operation, Simulator};

use crate::client;

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
