//! The feed of a task for a person. The shape of its entries is not documented, so every field may be missing.

use nanonets_agents::{FeedItem, TaskResult};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::{Columns, Last, Output};

const COLUMNS: &Columns = &[("TIME", "created_at"), ("WHO", "who"), ("WHAT", "what")];

/// Prints a task, and for a person a line for each entry of its feed.
pub fn print(output: Output, mut result: TaskResult) -> Result<(), Failure> {
    if output != Output::Table {
        return output.object(&result);
    }
    let feed = result.feed.take().flatten().unwrap_or_default();
    output.object(&result)?;
    let rows: Vec<Value> = feed.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    output.heading("feed")?;
    output.list(&rows, COLUMNS, Last::Whole)
}

fn row(item: &FeedItem) -> Value {
    let mut fields = match item.get::<Value>() {
        Ok(Value::Object(fields)) => fields,
        // One that no value can hold, such as very deep nesting.
        Err(_) => return json!({ "what": item.as_json_text() }),
        Ok(other) => Map::from_iter([("content".to_owned(), other)]),
    };
    let time = fields.remove("created_at").unwrap_or_default();
    let kind = fields.remove("type");
    let who = fields.remove("role").or(kind).unwrap_or_default();
    let what = match fields.remove("content") {
        Some(content) if fields.is_empty() || content.is_string() => content,
        // Whatever else it is made of.
        content => {
            fields.extend(content.map(|content| ("content".to_owned(), content)));
            Value::Object(fields)
        }
    };
    json!({ "created_at": time, "who": who, "what": what })
}
