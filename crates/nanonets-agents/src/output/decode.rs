//! Decoding an output, and the errors of one that is not what was asked for.

use std::any::type_name;
use std::fmt;
use std::fmt::Write as _;

use serde::de::value::Error as ProbeError;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_path_to_error::{Path, Segment};

use super::schema::Schema;
use super::{Output, shape};
use crate::error::{Error, ErrorKind, Result};

/// How much of a path is shown, in segments.
const MAX_SEGMENTS: usize = 12;

/// Reads the output as a `T`.
pub fn as_type<T: DeserializeOwned>(output: &Output) -> Result<T> {
    let json = output.json();
    serde_json::from_str(json).map_err(|error| {
        // Tracking the path takes time, so it takes a second run.
        let mut document = serde_json::Deserializer::from_str(json);
        let tracked = serde_path_to_error::deserialize::<_, T>(&mut document);
        let location = match tracked.err() {
            Some(error) => location(error.path()),
            None => "its top".to_owned(),
        };
        // serde quotes the values that it did not expect, and those are private. What is missing is named by the type.
        let words = error.to_string();
        let missing = words
            .split_once(" at line")
            .map_or(&*words, |(words, _)| words);
        let reason = if missing.starts_with("missing field `") {
            format!("{location} has a {missing}")
        } else {
            format!("a value does not fit at {location}")
        };
        mismatch::<T>(output, &reason)
    })
}

/// Reads the output as a `T`, and checks that it is one for more than its lack of required fields.
pub fn checked<T: DeserializeOwned>(output: &Output, schema: Option<&Schema>) -> Result<T> {
    let value = as_type(output)?;
    if let Some(fields) = fields_of::<T>()
        && !fields.is_empty()
        && has_other_fields(output.json(), fields)
    {
        return Err(mismatch::<T>(output, "none of its fields is there"));
    }
    if let Some(problem) = schema.and_then(|schema| schema.problem(output.json())) {
        let reason = format!("by the schema that was sent, {problem}");
        return Err(mismatch::<T>(output, &reason));
    }
    Ok(value)
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
        location.push_str("its top");
    }
    location
}

/// The fields of a struct, as far as serde names them: not with `flatten`, and not for enums and maps.
fn fields_of<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut fields: &'static [&'static str] = &[];
    // It always fails, for it has no value.
    let _ = T::deserialize(Probe(&mut fields));
    (!fields.is_empty()).then_some(fields)
}

/// A deserializer that has nothing but asks what is wanted.
struct Probe<'p>(&'p mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = ProbeError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> std::result::Result<V::Value, ProbeError> {
        Err(ProbeError::custom("no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> std::result::Result<V::Value, ProbeError> {
        *self.0 = fields;
        Err(ProbeError::custom("no value"))
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, ProbeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, ProbeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// Whether the output is an object, and none of these fields is in it.
fn has_other_fields(json: &str, known: &[&str]) -> bool {
    struct Keys<'k>(&'k [&'k str]);
    impl<'de> Visitor<'de> for Keys<'_> {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<bool, A::Error> {
            let mut is_known = false;
            while let Some(key) = map.next_key::<String>()? {
                map.next_value::<IgnoredAny>()?;
                is_known |= self.0.contains(&key.as_str());
            }
            Ok(!is_known)
        }
    }
    let mut document = serde_json::Deserializer::from_str(json);
    document.deserialize_map(Keys(known)).unwrap_or(false)
}
