//! Schemas that would make the generated types wrong, or the generator fail.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::{Kind, describe};

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for found in &subject.found {
        if found.kind != Kind::Schema || found.reference.is_some() {
            continue;
        }
        let Some(schema) = subject.root.pointer(&found.pointer) else {
            continue;
        };
        if let Some(name) = schema.get("type").and_then(Value::as_str)
            && !TYPES.contains(&name)
        {
            problems.push(
                Diagnostic::error(
                    "unknown-type",
                    pointer::join(&found.pointer, "type"),
                    format!("`{name}` is not a type"),
                )
                .hint(format!("the types are {}", TYPES.join(", "))),
            );
        }
        enumeration(schema, &found.pointer, problems);
    }
}

/// The rules of enums of strings; an enum of another declared type is that type's business.
fn enumeration(schema: &Value, schema_pointer: &str, problems: &mut Vec<Diagnostic>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    let place = pointer::join(schema_pointer, "enum");
    if values.is_empty() {
        problems.push(
            Diagnostic::error("enum-value", place, "the enum has no values")
                .hint("list the values, or remove `enum` to allow any"),
        );
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let place = pointer::join(&place, &index.to_string());
        if !seen.insert(value.to_string()) {
            problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("{} is listed twice", describe(value)),
                )
                .hint("remove one of them"),
            );
            continue;
        }
        let declared = schema.get("type").and_then(Value::as_str);
        let nullable = schema
            .get("nullable")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        match (declared, value) {
            (Some("string") | None, Value::String(text)) if text.is_empty() => problems.push(
                Diagnostic::error("enum-value", place, "an enum value is empty")
                    .hint("make the field optional or nullable instead"),
            ),
            (Some("string") | None, Value::String(_)) | (Some("boolean"), Value::Bool(_)) => {}
            (Some("string") | None, Value::Null) if nullable => {}
            (Some("integer"), Value::Number(number)) if !number.is_f64() => {}
            (Some("number"), Value::Number(_)) | (Some("array" | "object"), _) => {}
            (Some("string"), other) => problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("expected a string, found {}", describe(other)),
                )
                .hint("quote the value: YAML reads `on`, `1` or `null` as something else"),
            ),
            (None, other) => problems.push(
                Diagnostic::error(
                    "enum-value",
                    place,
                    format!("expected a string, found {}", describe(other)),
                )
                .hint("give the enum a `type` if its values are not strings"),
            ),
            (Some(declared), other) => problems.push(Diagnostic::error(
                "enum-value",
                place,
                format!(
                    "expected a value of type `{declared}`, found {}",
                    describe(other)
                ),
            )),
        }
    }
}
