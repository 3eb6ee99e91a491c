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
        .is_some_and(|part| speaking(part).next().is_none())
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
    match only_composition(schema) {
        Some((keyword, parts)) => keyword == "allOf" && parts.len() > 1,
        None => is_composed(schema),
    }
}

/// The keyword of a schema that is nothing but one composition, and its members.
pub fn only_composition(schema: &Value) -> Option<(&str, &[Value])> {
    let mut speaking = speaking(schema.as_object()?);
    let (keyword, members) = speaking.next()?;
    let is_only = COMPOSITIONS.contains(&keyword.as_str()) && speaking.next().is_none();
    is_only.then_some((keyword, members.as_array()?))
}

/// The parts of a schema that is nothing but an `allOf`.
pub fn only_parts(schema: &Value) -> Option<&[Value]> {
    only_composition(schema).and_then(|(keyword, parts)| (keyword == "allOf").then_some(parts))
}

/// The schema that another one only describes: `allOf` around a single one is how something is put beside a reference.
pub fn described(schema: &Value) -> &Value {
    match only_parts(schema) {
        Some([only]) => only,
        _ => schema,
    }
}
