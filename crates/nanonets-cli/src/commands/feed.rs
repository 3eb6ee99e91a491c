//! The feed of a task for a person. The shape of its entries is not documented, so every field may be missing.

use std::collections::BTreeMap;

use nanonets_agents::{FeedItem, Json, TaskResult};
use serde::Serialize;

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
    let rows: Vec<Row> = feed.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    output.heading("feed")?;
    output.list(&rows, COLUMNS, Last::Whole)
}

#[derive(Serialize)]
struct Row {
    created_at: Option<Json>,
    who: Option<Json>,
    what: Option<Json>,
}

fn row(item: &FeedItem) -> Row {
    let fields = item.get::<BTreeMap<String, Json>>();
    let mut fields =
        fields.unwrap_or_else(|_| BTreeMap::from([("content".to_owned(), item.0.clone())]));
    let created_at = fields.remove("created_at");
    let kind = fields.remove("type");
    let who = fields.remove("role").or(kind);
    let is_text = |content: &Json| content.get::<String>().is_ok();
    let what = match fields.remove("content") {
        Some(content) if fields.is_empty() || is_text(&content) => Some(content),
        // Whatever else it is made of.
        content => {
            fields.extend(content.map(|content| ("content".to_owned(), content)));
            Json::of(&fields).ok()
        }
    };
    Row {
        created_at,
        who,
        what,
    }
}
