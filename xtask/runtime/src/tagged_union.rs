//! Unions of objects that a property tells apart: what that property says decides, and nothing is tried.
//!
//! The enums and their `Deserialize` are emitted by codegen; what they have in common is here.

use std::fmt;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// An object of a kind that this version of the crate does not know. It is kept, and sent back as it came.
///
/// Its `Debug` shows nothing of it, for nobody knows what is in it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UnknownObject(Value);

impl UnknownObject {
    /// The object as it came.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for UnknownObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnknownObject").finish_non_exhaustive()
    }
}

/// The value that is to be one of the members.
///
/// # Errors
///
/// Those of the deserializer.
pub fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// What the property that tells the members apart says; nothing if it is not there, or no text.
#[must_use]
pub fn tag<'a>(value: &'a Value, property: &str) -> &'a str {
    let tag = value.get(property).and_then(Value::as_str);
    tag.unwrap_or_default()
}

/// The value as the member that its tag names.
///
/// # Errors
///
/// What of the value is not as it is in that member.
pub fn member<T: DeserializeOwned, E: Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(E::custom)
}

/// The value as an object of a kind that is none of the members.
///
/// # Errors
///
/// None: it is what the other members have, so that all of them are made alike.
pub fn unknown<E: Error>(value: Value) -> Result<UnknownObject, E> {
    Ok(UnknownObject(value))
}

/// The value as a member that it may or may not be.
#[must_use]
pub fn fitting<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// That the value is none of the members.
pub fn none_fits<E: Error>(property: &str) -> E {
    E::custom(format_args!(
        "no member of the union fits, and `{property}` does not say which it is"
    ))
}
