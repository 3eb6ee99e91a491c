//! Decoding an output, and the errors of one that is not what was asked for.

use std::any::type_name;
use std::collections::HashMap;
use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::json::Output;
use super::known_fields::{KnownFields, Rejection, Verdict};
use super::schema::Schema;
use super::shape;
use crate::transport::error::{Error, ErrorKind, Result};

/// How much of a path is shown, in segments.
const MAX_SEGMENTS: usize = 12;
/// The location of the whole output.
const TOP: &str = "its top";

impl Output {
    /// The output as a [`Value`]. Numbers of more than 64 bits or 17 digits are rounded, and keys are sorted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] if a `Value` can't hold it: a number beyond the range of `f64`,
    /// half of a surrogate pair, or more than 127 levels.
    pub fn value(&self) -> Result<Value> {
        as_type(self)
    }

    /// Decodes the output, without the checks of [`Completed::extracted`](crate::Completed::extracted): a type whose fields
    /// are all optional accepts any object, and a struct is also taken from an array.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`], with the location that does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        as_type(self)
    }

    /// Decodes the output, and checks that it is what was asked for.
    pub(crate) fn extract<T: DeserializeOwned>(&self, schema: Option<&Schema>) -> Result<T> {
        checked(self, schema)
    }
}

/// Reads the output as a `T`.
fn as_type<T: DeserializeOwned>(output: &Output) -> Result<T> {
    let json = output.json();
    serde_json::from_str(json).map_err(|error| {
        // Tracking the path takes time, so it takes a second run.
        let mut document = serde_json::Deserializer::from_str(json);
        let tracked = serde_path_to_error::deserialize::<_, T>(&mut document).err();
        let location = tracked.map_or_else(|| TOP.to_owned(), |error| location(error.path()));
        mismatch::<T>(output, &reason(&error, &location))
    })
}

/// Reads the output as a `T`, and checks that it is one for more than its lack of required fields: of each object, the type
/// knows a key.
fn checked<T: DeserializeOwned>(output: &Output, schema: Option<&Schema>) -> Result<T> {
    let json = output.json();
    let verdict = Verdict::default();
    let mut document = serde_json::Deserializer::from_str(json);
    let decoded = T::deserialize(KnownFields::new(&mut document, &verdict));
    let decoded = decoded.and_then(|value| document.end().map(|()| value));
    let value = decoded.map_err(|error| {
        let mut document = serde_json::Deserializer::from_str(json);
        let watched = KnownFields::new(&mut document, &verdict);
        let tracked = serde_path_to_error::deserialize::<_, T>(watched).err();
        let path = tracked.as_ref().map(serde_path_to_error::Error::path);
        let location = path.map_or_else(|| TOP.to_owned(), location);
        let reason = match verdict.rejection() {
            Some(Rejection::NoKnownField) => {
                let object = path.and_then(|path| value_at(json, path));
                let shape = shape::of(object.unwrap_or(json));
                format!("{location} has none of the type's fields: it is {shape}")
            }
            Some(Rejection::Array) => {
                format!("{location} is an array, and the type has fields with names")
            }
            None => reason(&error, &location),
        };
        mismatch::<T>(output, &reason)
    })?;
    if let Some(problem) = schema.and_then(|schema| schema.problem(json)) {
        let reason = format!("by the schema that was sent, {problem}");
        return Err(mismatch::<T>(output, &reason));
    }
    Ok(value)
}

/// The reason in an error of serde, without the values that serde quotes: those are private. A missing field is named by
/// the type, so its name may be shown.
fn reason(error: &serde_json::Error, location: &str) -> String {
    let words = error.to_string();
    let missing = words
        .split_once(" at line")
        .map_or(&*words, |(words, _)| words);
    if missing.starts_with("missing field `") {
        format!("{location} has a {missing}")
    } else {
        format!("a value does not fit at {location}")
    }
}

fn mismatch<T>(output: &Output, reason: &str) -> Error {
    let message = format!(
        "the output does not fit {}: {reason}; `{}` is {}",
        type_name::<T>(),
        output.source().path(),
        shape::of(output.json()),
    );
    Error::new(ErrorKind::Mismatch, message).with_raw_output(output.clone())
}

/// The value at a path.
fn value_at<'j>(json: &'j str, path: &Path) -> Option<&'j str> {
    path.iter().try_fold(json, |json, segment| {
        let value = match segment {
            Segment::Seq { index } => {
                let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                items.get(*index).copied()
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let fields: HashMap<String, &RawValue> = serde_json::from_str(json).ok()?;
                fields.get(key).copied()
            }
            Segment::Unknown => None,
        };
        value.map(RawValue::get)
    })
}

/// A location in the output, such as `line_items[3].qty`. A key that does not look like the name of a field may be
/// somebody's, and is not shown.
fn location(path: &Path) -> String {
    let mut location = String::new();
    for segment in path.iter().take(MAX_SEGMENTS) {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(location, "[{index}]");
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let dot = if location.is_empty() { "" } else { "." };
                let _ = write!(location, "{dot}{}", shape::name(key));
            }
            Segment::Unknown => location.push('?'),
        }
    }
    if location.is_empty() {
        location.push_str(TOP);
    }
    location
}
