//! Fields that the description does not name are kept: they are news, or what a guess got wrong.

use serde_json::{Value, json};
use workspace_tests::server::{Answer, Server};

use crate::bodies::{self, with};
use crate::calls::{OPERATIONS, call, client, serving, task_id};

fn news() -> Value {
    json!({"brand_new": {"deep": [1, null, "x"]}, "error_text": null, "big": 18_446_744_073_709_551_615_u64})
}

#[tokio::test]
async fn an_unknown_field_can_be_read() {
    let (_server, client) = serving(&with(bodies::task(), news())).await;
    let task = client.get_task(task_id()).send().await.unwrap();
    assert_eq!(serde_json::to_value(&task.extra).unwrap(), news());
}

#[tokio::test]
async fn every_answer_survives_a_round_trip_with_its_unknown_fields() {
    for operation in OPERATIONS {
        let body = with(bodies::of(operation), news());
        let server = Server::start([Answer::ok(&body)]).await;
        let (_, value) = call(&client(&server.url()), operation).await.unwrap();
        assert_eq!(value, body, "{operation}");
    }
}

#[tokio::test]
async fn an_unknown_field_of_an_item_is_kept() {
    let item = with(bodies::task(), news());
    let (_server, client) = serving(&json!({"data": [item], "has_more": false})).await;
    let page = client.list_tasks().send().await.unwrap();
    assert_eq!(serde_json::to_value(&page.data[0].extra).unwrap(), news());
}

#[tokio::test]
async fn an_unknown_field_of_a_message_is_kept() {
    let message = with(bodies::message_list()["data"][0].clone(), news());
    let (_server, client) = serving(&json!({"data": [message]})).await;
    let call = client.list_task_messages(task_id());
    let list = call.send().await.unwrap();
    assert_eq!(serde_json::to_value(&list.data[0].extra).unwrap(), news());
}
