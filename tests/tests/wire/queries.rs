//! Filters and paging in a URL.

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{AgentStatus, TaskStatus};

use crate::bodies;
use crate::calls::{agent_id, serving};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time in RFC 3339")
}

/// The query that a call of `list_tasks` sends.
macro_rules! query_of_list_tasks {
    ($($setter:ident($value:expr)),*) => {{
        let (mut server, client) = serving(&bodies::task_page()).await;
        client.list_tasks()$(.$setter($value))*.send().await.unwrap();
        server.next().await.query
    }};
}

#[tokio::test]
async fn a_list_of_statuses_is_one_value_with_literal_commas() {
    let statuses = [TaskStatus::WaitingForInput, TaskStatus::Failed];
    let query = query_of_list_tasks!(status(statuses));
    assert_eq!(query.as_deref(), Some("status=waiting_for_input,failed"));
}

#[tokio::test]
async fn a_status_that_is_not_known_can_be_asked_for() {
    let statuses = vec![TaskStatus::Running, TaskStatus::from("brand_new")];
    let query = query_of_list_tasks!(status(statuses));
    assert_eq!(query.as_deref(), Some("status=running,brand_new"));
}

#[tokio::test]
async fn a_comma_inside_a_value_is_no_delimiter() {
    let query = query_of_list_tasks!(status([TaskStatus::from("a,b"), TaskStatus::from("c&d=e")]));
    assert_eq!(query.as_deref(), Some("status=a%2Cb,c%26d%3De"));
}

#[tokio::test]
async fn an_empty_list_is_not_sent() {
    assert_eq!(query_of_list_tasks!(status([] as [TaskStatus; 0])), None);
}

#[tokio::test]
async fn a_time_is_sent_in_utc_with_z_and_percent_encoded() {
    let query = query_of_list_tasks!(created_after(at("2026-03-01T10:30:00+01:00")));
    assert_eq!(
        query.as_deref(),
        Some("created_after=2026-03-01T09%3A30%3A00Z")
    );
}

#[tokio::test]
async fn a_fraction_of_a_second_is_kept() {
    let time = at("2026-03-01T09:30:00Z") + TimeDelta::milliseconds(250);
    let query = query_of_list_tasks!(created_before(time));
    assert_eq!(
        query.as_deref(),
        Some("created_before=2026-03-01T09%3A30%3A00.250Z")
    );
}

#[tokio::test]
async fn a_cursor_with_reserved_characters_arrives_as_it_was() {
    let cursor = "a+b/c=d&e#f?g %h;é";
    let query = query_of_list_tasks!(cursor(cursor)).unwrap();
    let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs, [("cursor".to_owned(), cursor.to_owned())]);
}

#[tokio::test]
async fn the_reserved_characters_of_a_cursor_are_percent_encoded() {
    let query = query_of_list_tasks!(cursor("a+b/c=d&e"));
    assert_eq!(query.as_deref(), Some("cursor=a%2Bb%2Fc%3Dd%26e"));
}

#[tokio::test]
async fn list_tasks_sends_every_filter() {
    let query = query_of_list_tasks!(
        agent_id(agent_id()),
        created_after(at(bodies::CREATED)),
        created_before(at(bodies::UPDATED)),
        cursor("c"),
        limit(100),
        q("march"),
        status([TaskStatus::Queued])
    );
    assert_eq!(
        query.unwrap(),
        format!(
            "cursor=c&limit=100&agent_id={}&status=queued&created_after=2026-03-01T09%3A30%3A00Z\
             &created_before=2026-03-01T09%3A31%3A05Z&q=march",
            bodies::AGENT
        )
    );
}

#[tokio::test]
async fn list_agents_sends_every_filter() {
    let (mut server, client) = serving(&bodies::agent_page()).await;
    let call = client
        .list_agents()
        .cursor("c")
        .limit(1)
        .q("voice")
        .status([AgentStatus::Draft, AgentStatus::Archived]);
    call.send().await.unwrap();
    assert_eq!(
        server.next().await.query.as_deref(),
        Some("cursor=c&limit=1&q=voice&status=draft,archived")
    );
}

#[tokio::test]
async fn list_agent_versions_sends_its_paging() {
    let (mut server, client) = serving(&bodies::agent_version_page()).await;
    let call = client.list_agent_versions(agent_id());
    call.cursor("c").limit(7).send().await.unwrap();
    assert_eq!(
        server.next().await.query.as_deref(),
        Some("cursor=c&limit=7")
    );
}
