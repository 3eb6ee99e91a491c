//! The structured output of a task: where it is, and what it is of.

use std::fmt::Write as _;

use nanonets_agents_api::types::TaskSummary;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::error::{Error, ErrorKind, Result};

const KEY: &str = "extracted_data";

/// The documentation has the output in `extracted_data`, and describes an answer besides that may hold it too.
pub(crate) fn find(summary: &TaskSummary) -> Option<&Value> {
    let is_there = |value: &&Value| !value.is_null();
    let inside = |value: &'_ Value| value.get(KEY).is_some();
    summary
        .extracted_data
        .as_ref()
        .filter(is_there)
        .or_else(|| {
            let answer = summary.result.as_ref().filter(is_there)?;
            if inside(answer) {
                answer.get(KEY).filter(is_there)
            } else {
                Some(answer)
            }
        })
}

/// Reads the output as a `T`.
pub(crate) fn decode<T: DeserializeOwned>(output: Option<&Value>) -> Result<T> {
    let mismatch = |message: String| Error::new(ErrorKind::Mismatch, message);
    let Some(output) = output else {
        return Err(mismatch(
            "the task has completed without an output".to_owned(),
        ));
    };
    serde_path_to_error::deserialize(output).map_err(|error| {
        let place = place(error.path());
        let name = std::any::type_name::<T>();
        // serde quotes the values that it did not expect, and those are private. What is missing is named by the type.
        let words = error.inner().to_string();
        let missing = words
            .split_once(" at line")
            .map_or(&*words, |(words, _)| words);
        let message = if missing.starts_with("missing field `") {
            format!("the output does not fit {name}: {place} has a {missing}")
        } else {
            format!("the output does not fit {name} at {place}")
        };
        mismatch(message).with_raw_output(output.clone())
    })
}

/// A place in the output, such as `line_items[3].qty`. A key that does not look like the name of a field may be somebody's,
/// and is not shown.
fn place(path: &Path) -> String {
    let mut place = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(place, "[{index}]");
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let dot = if place.is_empty() { "" } else { "." };
                let key = if is_field_name(key) { key } else { "(a key)" };
                let _ = write!(place, "{dot}{key}");
            }
            Segment::Unknown => place.push('?'),
        }
    }
    if place.is_empty() {
        place.push_str("its top");
    }
    place
}

fn is_field_name(key: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-$".contains(character);
    key.len() <= 64
        && key.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && key.chars().all(is_part)
}
