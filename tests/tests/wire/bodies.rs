//! Answers as the API gives them, made from the tables and examples of its documentation.

use serde_json::{Value, json};

pub const AGENT: &str = "6b3f0f56-6c2d-4e0a-9d7e-3a1f8c5b2e10";
pub const GROUP: &str = "e2a9c1d4-0b7f-4a63-8f35-91c0d7e6b842";
pub const TASK: &str = "0f8d2c7a-5e41-4b96-a3c8-7d1e9f604b25";
pub const MESSAGE: &str = "a4c6e8f0-1b3d-4f57-9a7c-8e0d2b4f6a13";
pub const PARENT: &str = "b5d7f901-2c4e-4068-8b8d-9f1e3c5a7b24";
pub const USER: &str = "c6e80a12-3d5f-4179-9c9e-a02f4d6b8c35";
pub const CREATED: &str = "2026-03-01T09:30:00Z";
pub const UPDATED: &str = "2026-03-01T09:31:05Z";

pub fn agent() -> Value {
    with(
        agent_version(),
        json!({"config": {"system_prompt": "Extract.", "tools": ["ocr"], "model": null}}),
    )
}

pub fn agent_version() -> Value {
    json!({
        "id": AGENT,
        "agent_group_id": GROUP,
        "version_number": 3,
        "status": "published",
        "name": "Invoices",
        "is_active": true,
        "created_at": CREATED,
        "updated_at": UPDATED,
    })
}

pub fn agent_page() -> Value {
    json!({"data": [agent_version()], "has_more": true, "next_cursor": "b2Zmc2V0OjE="})
}

pub fn agent_version_page() -> Value {
    json!({"data": [agent_version()]})
}

pub fn task() -> Value {
    json!({
        "task_id": TASK,
        "agent_id": AGENT,
        "status": "running",
        "created_at": CREATED,
        "updated_at": UPDATED,
        "title": "March invoices",
    })
}

pub fn task_page() -> Value {
    json!({
        "data": [with(task(), json!({"agent_name": "Invoices"}))],
        "has_more": false,
        "next_cursor": null,
    })
}

pub fn run_agent_response() -> Value {
    json!({
        "task_id": TASK,
        "agent_id": AGENT,
        "status": "running",
        "message": "Poll /v1/tasks/{task_id} for the result.",
        "created_at": CREATED,
    })
}

pub fn task_summary() -> Value {
    with(
        task(),
        json!({
            "status": "completed",
            "result": {"summary": "Two invoices.", "completed_at": UPDATED},
            "extracted_data": {"total": 120.5, "lines": [1, 2]},
        }),
    )
}

pub fn task_result() -> Value {
    with(
        task(),
        json!({"status": "failed", "feed": [{"type": "tool_call"}, {"type": "task_complete"}]}),
    )
}

pub fn message_list() -> Value {
    json!({"data": [{
        "id": MESSAGE,
        "task_id": TASK,
        "agent_id": AGENT,
        "content": [{"type": "text", "text": "Which currency?"}],
        "created_at": CREATED,
        "user_id": USER,
        "parent_id": PARENT,
        "role": "assistant",
    }]})
}

pub fn send_task_message_response() -> Value {
    json!({
        "message_id": MESSAGE,
        "status": "waiting_for_input",
        "message": "Message queued.",
        "task_id": TASK,
    })
}

/// The documented answer to `operation`.
pub fn of(operation: &str) -> Value {
    match operation {
        "list_agents" => agent_page(),
        "create_agent" | "get_agent" | "update_agent" => agent(),
        "run_agent" | "run_agent_multipart" => run_agent_response(),
        "list_agent_versions" => agent_version_page(),
        "publish_agent_version" => agent_version(),
        "list_tasks" => task_page(),
        "get_task" | "cancel_task" => task(),
        "get_task_summary" => task_summary(),
        "get_task_result" => task_result(),
        "list_task_messages" => message_list(),
        "send_task_message" => send_task_message_response(),
        other => panic!("no answer for {other}"),
    }
}

/// An object with the fields of another added or replaced.
pub fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("not an object")
    };
    object.as_object_mut().expect("an object").extend(more);
    object
}

/// An object without one of its fields.
pub fn without(mut object: Value, field: &str) -> Value {
    let removed = object.as_object_mut().expect("an object").remove(field);
    removed.expect("the field");
    object
}
