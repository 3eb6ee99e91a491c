//! What the keywords of a schema say of its values.

use serde_json::{Map, Value};

/// Keywords that leave the values of a schema as they are.
pub const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "deprecated",
    "example",
    "externalDocs",
    "discriminator",
    "readOnly",
    "writeOnly",
];

/// The keywords by which a schema is made of others.
pub const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// Whether a keyword is about a schema rather than part of it.
pub fn is_about(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword)
        || ["nullable", "default"].contains(&keyword)
        || keyword.starts_with("x-")
}

/// Whether a keyword says nothing of what a schema is made of that its parts don't say.
fn is_silent(keyword: &str, value: &Value) -> bool {
    is_about(keyword) || keyword == "type" && value == "object"
}

/// The keywords of a schema that say what it is made of.
pub fn speaking(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .iter()
        .filter(|(keyword, value)| !is_silent(keyword, value))
}

/// Whether a part says nothing of the value.
pub fn says_nothing(part: &Value) -> bool {
    part.as_object()
        .is_some_and(|part| !part.contains_key("default") && speaking(part).next().is_none())
}

/// Whether a schema takes any value.
pub fn allows_all(schema: &Value) -> bool {
    says_nothing(schema) && schema.get("type").is_none()
}

/// Whether a schema has parts, or branches.
pub fn is_composed(schema: &Value) -> bool {
    COMPOSITIONS
        .iter()
        .any(|keyword| schema.get(*keyword).is_some())
}

/// Whether a schema is more than one part: it is one if it is nothing but one union, or another schema.
pub fn is_made_of_parts(schema: &Value) -> bool {
    let mut speaking = schema.as_object().into_iter().flat_map(speaking);
    match (speaking.next(), speaking.next()) {
        (Some((keyword, parts)), None) => {
            keyword == "allOf" && parts.as_array().is_some_and(|parts| parts.len() > 1)
        }
        _ => is_composed(schema),
    }
}

/// The parts of a schema that is nothing but an `allOf`.
pub fn only_parts(schema: &Value) -> Option<&[Value]> {
    let mut speaking = speaking(schema.as_object()?);
    let (keyword, parts) = speaking.next()?;
    (keyword == "allOf" && speaking.next().is_none()).then_some(parts.as_array()?)
}
