//! Data on stdout: a table for a person, JSON for a program.

use std::io::{IsTerminal as _, Write as _, stdout};

use chrono::{DateTime, Local};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use serde_json::Value;

use crate::args::Format;
use crate::failure::Failure;
use crate::terminal;

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tables, and times as they are here.
    Table,
    /// JSON, indented.
    Json,
    /// One JSON object per line.
    JsonLines,
}

/// The columns of a table: a heading and the field below it.
pub type Columns = [(&'static str, &'static str)];

impl Output {
    /// What was asked for, or what fits stdout.
    pub fn of(format: &Format) -> Self {
        if format.jsonl {
            Self::JsonLines
        } else if format.json || !stdout().is_terminal() {
            Self::Json
        } else {
            Self::Table
        }
    }

    /// Writes several objects.
    pub fn list<T: Serialize>(self, items: &[T], columns: &Columns) -> Result<(), Failure> {
        let items: Vec<Value> = items.iter().map(json).collect::<Result<_, _>>()?;
        match self {
            Self::Table if items.is_empty() => Ok(()),
            Self::Table => write(&table(&items, columns)),
            Self::Json => write(&pretty(&Value::Array(items))?),
            Self::JsonLines => items.iter().try_for_each(|item| write(&item.to_string())),
        }
    }

    /// Writes one object.
    pub fn object<T: Serialize>(self, object: &T) -> Result<(), Failure> {
        let value = json(object)?;
        match (self, &value) {
            (Self::Table, Value::Object(fields)) => {
                let mut table = empty();
                for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                    table.add_row([name.clone(), cell(name, value)]);
                }
                write(&table.trim_fmt())
            }
            _ => self.value(&value),
        }
    }

    /// Writes any JSON as JSON.
    pub fn value(self, value: &Value) -> Result<(), Failure> {
        match self {
            Self::JsonLines => write(&value.to_string()),
            _ => write(&pretty(value)?),
        }
    }
}

fn json<T: Serialize>(value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::usage(format!("no JSON: {error}")))
}

fn pretty(value: &Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::usage(format!("no JSON: {error}")))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::of_stdout(&error))
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let (_, width) = console::Term::stdout().size();
    table.set_width(width);
    table
}

fn table(items: &[Value], columns: &Columns) -> String {
    let mut table = empty();
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for item in items {
        let cells = columns.iter().map(|(_, field)| cell(field, &item[*field]));
        table.add_row(cells);
    }
    table.trim_fmt()
}

/// A field as a person reads it.
fn cell(name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if name.ends_with("_at") => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => time.with_timezone(&Local).format("%F %T").to_string(),
            Err(_) => terminal::printable(text).into_owned(),
        },
        Value::String(text) => terminal::printable(text).into_owned(),
        value => value.to_string(),
    }
}
