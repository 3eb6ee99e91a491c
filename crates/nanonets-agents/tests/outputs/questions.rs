//! Which message is the question of a task.

use nanonets_agents::{Outcome, Question};
use serde_json::{Value, json};

use crate::Service;
use crate::raw_server::Reply;

/// A message with a number for its content, by a role, at a time.
fn message(number: usize, role: Option<&str>, second: Option<u32>) -> Value {
    let mut message = json!({ "content": number.to_string() });
    if let Some(role) = role {
        message["role"] = json!(role);
    }
    if let Some(second) = second {
        message["created_at"] = json!(format!("2026-01-01T00:00:{second:02}Z"));
    }
    message
}

async fn question(messages: Vec<Value>) -> Question {
    let list = Reply::json(200, json!({ "data": messages }));
    let service = Service::start("waiting_for_input", move |_| list.clone());
    match service.outcome(service.task()).await.expect("an outcome") {
        Outcome::NeedsInput(question) => question,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_question_is_the_newest_message_of_the_assistant_also_if_others_follow_it() {
    for role in [
        "tool",
        "system",
        "human",
        "user",
        "function",
        "developer",
        "Tool",
        "moderator",
        "",
    ] {
        for times in [true, false] {
            let at = |second: u32| times.then_some(second);
            let question = question(vec![
                message(0, Some("user"), at(0)),
                message(1, Some("assistant"), at(1)),
                message(2, Some("tool"), at(2)),
                message(3, Some("assistant"), at(3)),
                message(4, Some(role), at(4)),
            ])
            .await;
            assert_eq!(question.text(), Some("3"), "{role}");
        }
    }
}

#[tokio::test]
async fn the_newest_message_is_so_by_time_where_the_order_is_odd() {
    let at = |number: usize, role: &str, second: u32| message(number, Some(role), Some(second));
    let by = |number: usize, second: Option<u32>| message(number, Some("assistant"), second);
    for (name, messages) in [
        (
            "newest first",
            vec![
                at(0, "tool", 9),
                at(1, "assistant", 8),
                at(2, "assistant", 7),
                at(3, "user", 6),
            ],
        ),
        (
            "newest first, two at a time",
            vec![
                at(0, "user", 9),
                at(1, "assistant", 8),
                at(2, "assistant", 8),
                at(3, "user", 6),
            ],
        ),
        (
            "shuffled",
            vec![
                at(0, "assistant", 3),
                at(2, "user", 9),
                at(1, "assistant", 8),
                at(3, "assistant", 5),
            ],
        ),
        (
            "all at a time",
            vec![
                at(0, "assistant", 1),
                at(1, "assistant", 1),
                at(2, "user", 1),
            ],
        ),
        ("without times", vec![by(0, None), by(1, None)]),
        (
            "some without times",
            vec![
                by(0, Some(1)),
                by(2, Some(4)),
                by(3, None),
                by(1, Some(5)),
                by(4, Some(2)),
            ],
        ),
    ] {
        assert_eq!(question(messages).await.text(), Some("1"), "{name}");
    }
}

#[tokio::test]
async fn without_roles_a_user_id_makes_the_user() {
    let user = "33333333-3333-4333-8333-333333333333";
    let by_user = json!({ "content": "2", "user_id": user });
    let question_of = question(vec![
        message(0, None, None),
        message(1, None, None),
        by_user.clone(),
    ]);
    assert_eq!(question_of.await.text(), Some("1"));
    // Other words for the assistant, and at last any word.
    for role in [
        "agent",
        "AI",
        "Assistant",
        "bot",
        "model",
        "nanonets_worker",
    ] {
        let question = question(vec![
            message(0, Some("user"), None),
            message(1, Some(role), None),
            message(2, Some("tool"), None),
            by_user.clone(),
        ]);
        assert_eq!(question.await.text(), Some("1"), "{role}");
    }
    // None of them speaks for the agent.
    for messages in [vec![], vec![by_user], vec![message(0, Some("user"), None)]] {
        let question = question(messages).await;
        assert_eq!(
            (question.text(), question.message().is_some()),
            (None, false)
        );
    }
}
