//! Telling a JSON Schema from an example of the answer.
//!
//! Both are JSON objects, and the fields of an invoice may well be called `type`, `title` or `items`. An object is
//! taken for a schema only if all its keys are keywords and one of them has the kind of value that shapes data.

use serde_json::Value;

use super::limits::MAX_CHOICES;

const TYPES: [&str; 7] = [
    "string", "number", "integer", "boolean", "null", "array", "object",
];

#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "type", "properties", "required", "items", "prefixItems", "additionalItems", "additionalProperties",
    "patternProperties", "propertyNames", "propertyOrdering", "unevaluatedItems", "unevaluatedProperties",
    "minProperties", "maxProperties", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains",
    "enum", "const", "default", "example", "examples", "format", "pattern", "minLength", "maxLength", "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "anyOf", "oneOf", "allOf", "not", "if", "then",
    "else", "definitions", "dependencies", "dependentRequired", "dependentSchemas", "id", "title", "description",
    "nullable", "readOnly", "writeOnly", "deprecated", "discriminator", "externalDocs", "xml", "contentEncoding",
    "contentMediaType", "contentSchema",
];

/// The schema inside `{"name": .., "schema": .., "strict": ..}` and `{"type": "json_schema", "json_schema": ..}`.
pub(super) fn unwrapped(value: &Value) -> &Value {
    const WRAPPER: [&str; 6] = [
        "name",
        "type",
        "strict",
        "description",
        "schema",
        "json_schema",
    ];
    let mut inner = value;
    for key in ["json_schema", "schema"] {
        let Some(map) = inner.as_object() else { break };
        if let Some(next) = map
            .get(key)
            .filter(|_| map.keys().all(|k| WRAPPER.contains(&k.as_str())))
        {
            inner = next;
        }
    }
    if is_schema(inner, 0) { inner } else { value }
}

pub(super) fn is_keyword(key: &str) -> bool {
    key.starts_with('$') || key.starts_with("x-") || KEYWORDS.contains(&key)
}

/// Whether an object is a JSON Schema rather than an example whose fields happen to be called `type` or `title`.
pub(super) fn is_schema(value: &Value, depth: usize) -> bool {
    const WORDS: [&str; 6] = ["id", "$id", "title", "description", "format", "pattern"];
    let Some(map) = value.as_object() else {
        return false;
    };
    let object = |key: &str| map.get(key).is_some_and(Value::is_object);
    let is = |name: &str| map.get("type").is_some_and(|found| found == name);
    let plain = (is("object") && object("properties")) || (is("array") && object("items"));
    if plain {
        return true;
    }
    // A title that reads "string" is the type of a field called title.
    let names_type = |key: &&str| {
        map.get(*key)
            .and_then(Value::as_str)
            .is_some_and(|word| TYPES.contains(&word))
    };
    map.len() <= MAX_CHOICES
        && map.keys().all(|key| is_keyword(key))
        && !WORDS.iter().any(names_type)
        && map
            .iter()
            .any(|(key, found)| is_structural(key, found, depth))
}

/// Whether a keyword that shapes values has the kind of value it has in a JSON Schema.
fn is_structural(key: &str, value: &Value, depth: usize) -> bool {
    const LOOKED_AT: usize = 16;
    let deep = depth >= 3;
    let schema = |part: &Value| deep || is_schema(part, depth + 1);
    let annotated = |part: &Value| match part {
        Value::Object(map) => map.keys().take(MAX_CHOICES).all(|key| is_keyword(key)),
        other => other.is_boolean(),
    };
    match (key, value) {
        ("type", _) => !type_names(value).is_empty(),
        ("const", _) => true,
        ("enum", Value::Array(list)) => !list.is_empty(),
        ("$ref", Value::String(target)) => target.starts_with('#'),
        ("$schema", Value::String(dialect)) => dialect.contains("json-schema.org"),
        ("properties", Value::Object(map)) => map.values().take(LOOKED_AT).all(annotated),
        ("items", Value::Object(_)) => schema(value),
        ("items" | "prefixItems", Value::Array(list)) => {
            !list.is_empty() && list.iter().take(LOOKED_AT).all(schema)
        }
        ("anyOf" | "oneOf" | "allOf", Value::Array(list)) => {
            !list.is_empty() && list.iter().all(Value::is_object)
        }
        _ => false,
    }
}

/// The schema types a `type` keyword names, in any case (Gemini writes them in capitals); empty if any is unknown.
pub(super) fn type_names(value: &Value) -> Vec<&'static str> {
    let named = |value: &Value| {
        let name = value.as_str()?;
        TYPES
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name))
    };
    match value {
        Value::Array(list) => list
            .iter()
            .take(MAX_CHOICES)
            .map(named)
            .collect::<Option<_>>()
            .unwrap_or_default(),
        other => named(other).into_iter().collect(),
    }
}
