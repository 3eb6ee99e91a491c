//! Lists of servers that depart from the documentation: one odd item does not lose the others.

use futures_util::{StreamExt as _, TryStreamExt as _};
use nanonets_agents::{AgentId, Client, Error, ErrorKind, Result, TaskId, TaskListItem};
use serde_json::{Value, json};

use crate::client_without_retries;
use crate::raw_server::{RawServer, Reply};

const KEY: &str = "nn_live_4f7Q9zXk2LmT8vRcWs6H";
const AGENT: &str = "6d8f2c1e-0a5b-4f3d-9c7e-1b2a3d4e5f60";
/// No error shows this.
const PRIVATE: &str = "divorce of Jane Doe";

fn agent() -> AgentId {
    AGENT.parse().expect("an id")
}

fn id(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02}")
}

/// A task as the API documents it, with all that an agent has besides.
fn item(number: u8) -> Value {
    json!({
        "task_id": id(number), "agent_id": AGENT, "status": "completed", "title": PRIVATE,
        "created_at": "2024-03-09T14:05:06Z", "updated_at": "2024-03-09T14:05:06Z",
        "id": id(number), "agent_group_id": AGENT, "version_number": 1, "name": PRIVATE,
        "is_active": true,
    })
}

fn with(number: u8, key: &str, value: Value) -> Value {
    let mut item = item(number);
    item[key] = value;
    item
}

fn without(number: u8, key: &str) -> Value {
    let mut item = item(number);
    item.as_object_mut().expect("an object").remove(key);
    item
}

/// A server with pages: the cursor `n` leads to the page `n`.
fn server(pages: Vec<String>) -> RawServer {
    RawServer::start(move |request| {
        let cursor = request.target.split_once("cursor=").map(|(_, rest)| rest);
        let digits = |text: &str| {
            text.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        };
        let number: usize = cursor.map_or(0, |rest| digits(rest).parse().expect("a number"));
        Reply::json(200, &pages[number])
    })
}

/// A server that answers every request with the same JSON.
fn server_of(json: Value) -> RawServer {
    RawServer::start(move |_| Reply::json(200, &json))
}

fn client(server: &RawServer) -> Client {
    client_without_retries(server, KEY)
}

/// A page with these items; the first of two.
fn page(items: &[Value]) -> String {
    json!({ "data": items, "has_more": true, "next_cursor": "1" }).to_string()
}

fn last(items: &[Value]) -> String {
    json!({ "data": items, "has_more": false, "next_cursor": null }).to_string()
}

async fn tasks(pages: Vec<String>) -> Vec<Result<TaskListItem>> {
    let client = client(&server(pages));
    client.tasks().list().stream().collect().await
}

fn ids(tasks: &[Result<TaskListItem>]) -> Vec<Option<String>> {
    let ids = tasks.iter().map(|task| task.as_ref().ok());
    ids.map(|task| task.map(|task| task.task_id.to_string()))
        .collect()
}

fn assert_private(error: &Error) {
    let shown = format!("{error} {error:?}");
    for private in ["Jane", "tomorrow", "seventeen"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

/// Items that are no tasks, each with the reason.
fn odd_tasks() -> Vec<(Value, &'static str)> {
    let wrong = "not the documented kind of value at";
    vec![
        (without(2, "task_id"), "no field `task_id` in $"),
        (with(2, "task_id", json!(null)), wrong),
        (with(2, "task_id", json!("seventeen")), wrong),
        (with(2, "agent_id", json!(17)), wrong),
        (with(2, "created_at", json!(null)), wrong),
        (with(2, "updated_at", json!("tomorrow")), wrong),
        (with(2, "created_at", json!(1_709_993_106)), wrong),
        (with(2, "title", json!([PRIVATE])), wrong),
        (json!(PRIVATE), wrong),
        (json!(null), wrong),
        (json!(17), wrong),
        (json!([item(2)]), wrong),
        (json!({}), "no field"),
    ]
}

#[tokio::test]
async fn an_odd_item_is_an_error_in_its_place_and_the_stream_goes_on() {
    for (odd, reason) in odd_tasks() {
        let pages = vec![page(&[item(1), odd.clone(), item(3)]), last(&[item(4)])];
        let tasks = tasks(pages).await;
        assert_eq!(
            ids(&tasks),
            [Some(id(1)), None, Some(id(3)), Some(id(4))],
            "{odd}"
        );
        let error = tasks[1].as_ref().expect_err("an odd item");
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{odd}");
        assert_eq!(error.operation(), Some("list_tasks"));
        let item: Value = serde_json::from_slice(error.body()).expect("JSON");
        assert_eq!(item, odd);
        assert!(error.to_string().contains("item 1 of the page"), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.is_retryable());
        assert_private(error);
    }
}

#[tokio::test]
async fn a_page_has_its_odd_items_beside_the_others() {
    for (odd, reason) in odd_tasks() {
        let pages = vec![
            page(&[odd.clone(), item(1), odd.clone()]),
            last(std::slice::from_ref(&odd)),
        ];
        let client = client(&server(pages));
        let pages: Vec<_> = client
            .tasks()
            .list()
            .pages()
            .try_collect()
            .await
            .expect("pages");
        let [first, second] = &pages[..] else {
            panic!("two pages")
        };
        assert_eq!(first.items.len(), 1);
        assert_eq!(
            first.odd.iter().map(|odd| odd.index).collect::<Vec<_>>(),
            [0, 2]
        );
        let (json, shown) = (first.odd[0].json(), first.odd[0].reason());
        assert_eq!(serde_json::from_str::<Value>(json).expect("JSON"), odd);
        assert!(shown.contains(reason), "{shown}");
        assert!(!format!("{first:?}").contains("Jane"), "{first:?}");
        assert_eq!((second.items.len(), second.odd.len()), (0, 1));
        assert_eq!(second.next_cursor, None);
    }
}

#[tokio::test]
async fn a_page_with_nothing_but_odd_items_is_not_an_empty_one() {
    let mut pages: Vec<String> = (1..40)
        .map(|next| {
            json!({ "data": [17], "has_more": true, "next_cursor": next.to_string() }).to_string()
        })
        .collect();
    pages.push(last(&[item(1)]));
    let tasks = tasks(pages).await;
    assert_eq!(tasks.len(), 40);
    assert_eq!(tasks.iter().filter(|task| task.is_ok()).count(), 1);
}

#[tokio::test]
async fn agents_and_versions_survive_odd_items_too() {
    for odd in [
        without(2, "id"),
        with(2, "created_at", json!(null)),
        json!("agent"),
    ] {
        let pages = || vec![page(&[item(1), odd.clone(), item(3)]), last(&[item(4)])];
        let agents = client(&server(pages())).agents().list().stream();
        let agents: Vec<_> = agents.collect().await;
        let is_there: Vec<_> = agents.iter().map(Result::is_ok).collect();
        assert_eq!(is_there, [true, false, true, true], "{odd}");
        let versions = client(&server(pages())).agent(agent()).versions().stream();
        let versions: Vec<_> = versions.collect().await;
        let is_there: Vec<_> = versions.iter().map(Result::is_ok).collect();
        assert_eq!(is_there, [true, false, true, true], "{odd}");
    }
}

#[tokio::test]
async fn without_data_a_page_is_an_error() {
    for body in [
        json!({ "has_more": false, "next_cursor": null }),
        json!({ "data": null, "has_more": false }),
        json!({ "data": { "0": item(1) }, "has_more": false }),
        json!({ "data": PRIVATE, "has_more": false }),
        json!([item(1)]),
        json!(null),
    ] {
        let tasks = tasks(vec![body.to_string()]).await;
        let [Err(error)] = &tasks[..] else {
            panic!("one error: {tasks:?}")
        };
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
        assert_private(error);
    }
    for body in ["{\"data\": [", "{\"data\": [{}, x]}", "", "<html>"] {
        let tasks = tasks(vec![body.to_owned()]).await;
        assert!(matches!(&tasks[..], [Err(error)] if error.kind() == ErrorKind::Unreadable));
    }
}

#[tokio::test]
async fn an_odd_has_more_leaves_it_to_the_cursor() {
    for has_more in [
        json!(null),
        json!("yes"),
        json!("true"),
        json!(1),
        json!([]),
    ] {
        let first = json!({ "data": [item(1)], "has_more": has_more, "next_cursor": "1" });
        let tasks = tasks(vec![first.to_string(), last(&[item(2)])]).await;
        assert_eq!(ids(&tasks), [Some(id(1)), Some(id(2))], "{has_more}");
    }
    for has_more in [json!("false"), json!(false)] {
        let first = json!({ "data": [item(1), 17], "has_more": has_more, "next_cursor": "1" });
        assert_eq!(tasks(vec![first.to_string()]).await.len(), 2);
    }
    let first = json!({ "data": [item(1)], "next_cursor": "1" });
    let tasks = tasks(vec![first.to_string(), last(&[item(2)])]).await;
    assert_eq!(ids(&tasks), [Some(id(1)), Some(id(2))]);
}

#[tokio::test]
async fn a_cursor_that_is_a_number_is_followed_and_one_that_is_no_text_is_an_error() {
    let first = json!({ "data": [item(1)], "has_more": true, "next_cursor": 1 });
    let found = tasks(vec![first.to_string(), last(&[item(2)])]).await;
    assert_eq!(ids(&found), [Some(id(1)), Some(id(2))]);
    for cursor in [json!({ "after": 1 }), json!(["1"]), json!(true)] {
        let first = json!({ "data": [item(1)], "has_more": true, "next_cursor": cursor });
        let found = tasks(vec![first.to_string()]).await;
        assert!(matches!(&found[..], [Err(error)] if error.kind() == ErrorKind::Unreadable));
    }
}

#[tokio::test]
async fn half_a_character_in_one_item_loses_none() {
    let cut = item(2).to_string().replace(PRIVATE, "cut \\ud83d");
    let odd = without(3, "task_id")
        .to_string()
        .replace(PRIVATE, "cut \\ud83d");
    for middle in [cut.clone(), format!("{cut},{odd}")] {
        let body = format!(
            "{{\"data\":[{},{middle},{}],\"has_more\":false}}",
            item(1),
            item(4)
        );
        let tasks = tasks(vec![body]).await;
        let good: Vec<_> = tasks.iter().flatten().collect();
        assert_eq!(good.len(), 3);
        assert_eq!(good[1].title, Some(Some("cut \u{fffd}".to_owned())));
        if let Some(error) = tasks.iter().find_map(|task| task.as_ref().err()) {
            let raw = String::from_utf8_lossy(error.body());
            assert!(raw.contains("cut \\ud83d"), "the item as it came");
        }
    }
}

#[tokio::test]
async fn dates_are_read_as_the_world_writes_them() {
    for date in [
        "2024-03-09T14:05:06",
        "2024-03-09T14:05:06+00:00",
        "2024-03-09T14:05:06+0000",
        "2024-03-09 14:05:06",
        "2024-03-09t14:05:06z",
        "2024-03-09T14:05:06.000000",
    ] {
        let tasks = tasks(vec![last(&[with(1, "created_at", json!(date))])]).await;
        let task = tasks[0].as_ref().expect("a task");
        assert_eq!(task.created_at.to_rfc3339(), "2024-03-09T14:05:06+00:00");
    }
}

#[tokio::test]
async fn an_odd_message_loses_neither_the_others_nor_its_own_words() {
    let task: TaskId = id(1).parse().expect("an id");
    let message = |key: &str, value: Value| {
        let mut message = json!({
            "id": id(7), "task_id": id(1), "role": "assistant", "content": "Which currency?",
            "created_at": "2024-03-09T14:05:06Z",
        });
        message[key] = value;
        message
    };
    for (key, value) in [
        ("id", json!(17)),
        ("created_at", json!("tomorrow")),
        ("role", json!({ "name": "assistant" })),
        ("user_id", json!("somebody")),
        ("task_id", json!([])),
    ] {
        let (good, odd) = (message("parts", json!(1)), message(key, value.clone()));
        let list = json!({ "data": [good, odd, good] });
        let server = server_of(list);
        let messages = client(&server).task(task).messages().await;
        let messages = messages.expect("messages");
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[1].content, Some(json!("Which currency?").into()));
        let extra = serde_json::to_value(&messages[1].extra).expect("JSON");
        assert_eq!(extra, json!({ key: value }));
    }
    let list = json!({ "data": ["Which currency?", null, message("parts", json!(1))] });
    let server = server_of(list);
    let messages = client(&server).task(task).messages().await;
    let messages = messages.expect("messages");
    assert_eq!(messages[0].content, Some(json!("Which currency?").into()));
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1].content, Some(Value::Null.into()));
    for body in [json!({}), json!({ "data": null }), json!({ "data": {} })] {
        let server = server_of(body);
        let error = client(&server).task(task).messages().await;
        assert_eq!(error.expect_err("no list").kind(), ErrorKind::Unreadable);
    }
}

#[tokio::test]
async fn an_odd_list_can_be_had_as_it_came() {
    let body = page(&[item(1), json!(17)]);
    let client = client(&server(vec![body.clone()]));
    let raw = client.tasks().list().page().raw().await.expect("an answer");
    assert_eq!(raw.body, body);
}

/// A server whose list has no end: each page has another item and another cursor.
fn endless() -> RawServer {
    let pages = std::sync::atomic::AtomicUsize::new(0);
    RawServer::start(move |_| {
        let number = pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut item = item(1);
        let id = format!("00000000-0000-4000-8000-{number:012}");
        item["task_id"] = json!(id);
        item["id"] = json!(id);
        let cursor = format!("{number}");
        Reply::json(
            200,
            json!({ "data": [item], "has_more": true, "next_cursor": cursor }),
        )
    })
}

#[tokio::test]
async fn a_list_without_an_end_ends_at_a_bound() {
    let server = endless();
    let client = client(&server);
    let tasks: Vec<_> = client.tasks().list().max_pages(5).stream().collect().await;
    assert_eq!(tasks.len(), 6);
    let agents: Vec<_> = client.agents().list().max_pages(5).pages().collect().await;
    let versions = client.agent(agent()).versions().max_pages(5);
    let versions: Vec<_> = versions.pages().collect().await;
    let last = [
        tasks.into_iter().next_back().map(|last| last.map(drop)),
        agents.into_iter().next_back().map(|last| last.map(drop)),
        versions.into_iter().next_back().map(|last| last.map(drop)),
    ];
    for last in last {
        let error = last.expect("an end").expect_err("no end");
        assert_eq!(error.kind(), ErrorKind::Pagination);
    }
    assert_eq!(server.requests().len(), 15);
    // The page at the bound is no error if it is the last one.
    let pages = vec![page(&[item(1)]), last_page()];
    let client = crate::odd_lists::client(&self::server(pages));
    let tasks: Vec<_> = client.tasks().list().max_pages(2).stream().collect().await;
    assert!(tasks.iter().all(Result::is_ok) && tasks.len() == 2);
}

fn last_page() -> String {
    last(&[item(2)])
}
