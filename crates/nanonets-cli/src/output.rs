//! Data on stdout: a table for a person, JSON for a program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _, stdout};

use chrono::{DateTime, Local};
use console::{Alignment, measure_text_width, pad_str, truncate_str};
use nanonets_agents::Json;
use serde::Serialize;
use serde_json::Value;

use crate::args::Format;
use crate::exit_code::Code;
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

/// The columns of a table: a heading and the field below it. The last one takes what room is left.
pub type Columns = [(&'static str, &'static str)];

/// How the last column is shown if it is too wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is cut off.
    Cut,
    /// It is shown whole.
    Whole,
}

impl Output {
    /// The format that the options ask for, or the default for this stdout.
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
    pub fn list<T: Serialize>(
        self,
        items: &[T],
        columns: &Columns,
        last: Last,
    ) -> Result<(), Failure> {
        self.items(&items_of(items)?, columns, last)
    }

    /// Writes several objects that are JSON already.
    pub fn items(self, items: &[Item], columns: &Columns, last: Last) -> Result<(), Failure> {
        match self {
            Self::Table if items.is_empty() => Ok(()),
            Self::Table => write(&table(items, columns, last)),
            Self::Json => {
                let mut array = JsonArray::default();
                items.iter().try_for_each(|item| array.push(item))?;
                array.end()
            }
            Self::JsonLines => items.iter().try_for_each(|item| write(&item.compact())),
        }
    }

    /// Writes one object, and fails if nobody reads it.
    pub fn object<T: Serialize>(self, object: &T) -> Result<(), Failure> {
        self.any_object(&Item::of(object)?)?;
        is_read()
    }

    fn any_object(self, object: &Item) -> Result<(), Failure> {
        match (self, object.fields()) {
            (Self::Table, Some(fields)) => {
                // Objects and arrays stand below the other fields.
                let is_nested = |item: &Item| match item {
                    Item::Value(value) => value.is_object() || value.is_array(),
                    Item::Text(text) => text.starts_with(['{', '[']),
                };
                let is_null = |item: &Item| matches!(item, Item::Value(Value::Null));
                let shown = fields.into_iter().filter(|(_, item)| !is_null(item));
                let (nested, flat): (Vec<_>, Vec<_>) = shown.partition(|(_, item)| is_nested(item));
                let rows = flat.iter();
                let rows = rows.map(|(name, item)| {
                    vec![terminal::printable(name).into_owned(), cell(name, item)]
                });
                write(&aligned(&rows.collect::<Vec<_>>(), Last::Whole))?;
                for (name, item) in nested {
                    write(&format!(
                        "{}\n{}",
                        terminal::printable(&name),
                        item.pretty()
                    ))?;
                }
                Ok(())
            }
            _ => self.item(object),
        }
    }

    /// Writes what stands above the next thing, for a person.
    pub fn heading(self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Table => write(text),
            Self::Json | Self::JsonLines => Ok(()),
        }
    }

    /// Writes the output of a task with the numbers and the order of keys that it came with, and fails if nobody reads it.
    pub fn task_output(self, output: &nanonets_agents::Output) -> Result<(), Failure> {
        match self {
            Self::JsonLines => write(&output.compact())?,
            Self::Table | Self::Json => write(&output.pretty())?,
        }
        is_read()
    }

    /// Writes anything as JSON.
    pub fn value<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        self.item(&Item::of(value)?)
    }

    fn item(self, item: &Item) -> Result<(), Failure> {
        match self {
            Self::JsonLines => write(&item.compact()),
            Self::Table | Self::Json => write(&item.pretty()),
        }
    }
}

/// JSON to print.
#[derive(Clone, Debug)]
pub enum Item {
    Value(Value),
    /// JSON that no [`Value`] can hold as it is, such as very deep nesting or a number of 30 digits, as it came.
    Text(String),
}

impl Item {
    /// Anything as JSON.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, Failure> {
        Json::of(value)
            .map(|json| Self::of_json(&json))
            .map_err(|error| Failure::new(Code::Refused, format!("no JSON: {error}")))
    }

    fn of_json(json: &Json) -> Self {
        match json.to_value() {
            Ok(value) => Self::Value(value),
            Err(_) => Self::Text(json.as_json_text().to_owned()),
        }
    }

    /// JSON text as it came.
    pub fn of_text(json: &str) -> Self {
        match serde_json::from_str(json) {
            Ok(json) => Self::of_json(&json),
            Err(_) => Self::Text(json.to_owned()),
        }
    }

    /// The fields of an object, if it is one.
    fn fields(&self) -> Option<Vec<(String, Self)>> {
        match self {
            Self::Value(Value::Object(fields)) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.clone(), Self::Value(value.clone())));
                Some(fields.collect())
            }
            Self::Value(_) => None,
            Self::Text(text) => {
                let fields: BTreeMap<String, Json> = serde_json::from_str(text).ok()?;
                let fields = fields.into_iter();
                let fields = fields.map(|(name, value)| (name, Self::of_json(&value)));
                Some(fields.collect())
            }
        }
    }

    fn field(&self, name: &str) -> Self {
        match self {
            Self::Value(value) => Self::Value(value.get(name).cloned().unwrap_or_default()),
            Self::Text(_) => {
                let fields = self.fields().unwrap_or_default();
                let found = fields.into_iter().find(|(found, _)| found == name);
                found.map_or(Self::Value(Value::Null), |(_, item)| item)
            }
        }
    }

    /// It in one line.
    fn compact(&self) -> String {
        match self {
            Self::Value(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// It with a line for each value, unless that would be very deep.
    fn pretty(&self) -> String {
        match self {
            // The keys are texts, so it does not fail.
            Self::Value(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// An array of JSON that is written item by item.
#[derive(Debug, Default)]
pub struct JsonArray {
    is_open: bool,
}

impl JsonArray {
    pub fn push(&mut self, item: &Item) -> Result<(), Failure> {
        let begin = if self.is_open { ",\n  " } else { "[\n  " };
        self.is_open = true;
        let lines = item.pretty().replace('\n', "\n  ");
        write_part(&format!("{begin}{lines}"))
    }

    pub fn end(self) -> Result<(), Failure> {
        match self.is_open {
            true => write("\n]"),
            false => write("[]"),
        }
    }

    /// Whether it has no items so far.
    pub fn is_empty(&self) -> bool {
        !self.is_open
    }
}

/// Fails if stdout is `/dev/null`, which also takes the place of a stdout that was closed from the start.
fn is_read() -> Result<(), Failure> {
    match is_discarded() {
        true => Err(Failure::of_discarded_stdout()),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn is_discarded() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let device = |metadata: std::fs::Metadata| {
        let is_device = metadata.file_type().is_char_device();
        is_device.then(|| metadata.rdev())
    };
    let stdout = stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.and_then(|stdout| std::fs::File::from(stdout).metadata());
    let null = std::fs::metadata("/dev/null");
    let (Ok(stdout), Ok(null)) = (stdout, null) else {
        return false;
    };
    device(stdout).is_some_and(|stdout| device(null) == Some(stdout))
}

#[cfg(not(unix))]
fn is_discarded() -> bool {
    false
}

/// Items as JSON.
pub fn items_of<T: Serialize>(items: &[T]) -> Result<Vec<Item>, Failure> {
    items.iter().map(Item::of).collect()
}

/// Writes an answer as it came, byte for byte. On a terminal it is a text, escaped.
pub fn raw(body: &[u8]) -> Result<(), Failure> {
    if stdout().is_terminal() {
        return write(String::from_utf8_lossy(body).trim_end_matches(['\n', '\r']));
    }
    let mut stdout = stdout().lock();
    stdout
        .write_all(body)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::of_stdout(&error))
}

/// Writes lines.
fn write(text: &str) -> Result<(), Failure> {
    write_part(&format!("{text}\n"))
}

/// Writes text. All that this command prints passes here, so nothing reaches a terminal unescaped.
fn write_part(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    let text = match stdout.is_terminal() {
        true => terminal::escaped(text),
        // To a program, JSON with escapes and JSON without are the same.
        false => Cow::Borrowed(text),
    };
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::of_stdout(&error))
}

fn table(items: &[Item], columns: &Columns, last: Last) -> String {
    let heading = columns.iter().map(|(heading, _)| (*heading).to_owned());
    let mut rows: Vec<Vec<String>> = vec![heading.collect()];
    for item in items {
        let cells = columns
            .iter()
            .map(|(_, field)| cell(field, &item.field(field)));
        rows.push(cells.collect());
    }
    aligned(&rows, last)
}

/// Rows with aligned cells. An id is never cut or broken, so that it can be copied.
fn aligned(rows: &[Vec<String>], last: Last) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (1..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column - 1));
            cells
                .map(|cell| measure_text_width(cell) + 2)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let (_, screen) = console::Term::stdout().size();
    // Less is too little to read.
    let room = usize::from(screen)
        .saturating_sub(widths.iter().sum())
        .max(10);
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let shown = match widths.get(column) {
                Some(width) => pad_str(cell, *width, Alignment::Left, None),
                None if last == Last::Cut => truncate_str(cell, room, "…"),
                None => Cow::Borrowed(cell.as_str()),
            };
            line.push_str(&shown);
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A field as a person reads it.
fn cell(name: &str, item: &Item) -> String {
    let value = match item {
        Item::Value(value) => value,
        Item::Text(text) => return terminal::escaped(text).into_owned(),
    };
    match value {
        Value::Null => String::new(),
        Value::String(text) if name.ends_with("_at") => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => time.with_timezone(&Local).format("%F %H:%M").to_string(),
            Err(_) => terminal::printable(text).into_owned(),
        },
        Value::String(text) => terminal::printable(text).into_owned(),
        value => terminal::escaped(&value.to_string()).into_owned(),
    }
}
