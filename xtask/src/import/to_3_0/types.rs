//! Passes over what type a value has: lists of types, null, single values, bounds.

use serde_json::{Map, Value, json};

use super::{Restating, is_annotation};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;

/// Turns `const` into an `enum` of one value, and gives enums the type of their values: 3.0 needs it for any but
/// strings. The generator takes a single value that tells the members of a union apart for a tag, and any other string
/// for an open enum, as it does for an `enum` of one value that a document of 3.0 has. Of an object or a list only the
/// type is kept.
pub fn constants(restating: &mut Restating<'_>) {
    restating.each_schema(&["const", "enum"], |restating, place, schema| {
        let constant = schema.remove("const");
        let is_constant = constant.is_some();
        if let Some(value) = constant {
            let from = pointer::join(place, "const");
            restating.record("const", &from, "`const` becomes an `enum` of one value");
            restating.moved(&from, &pointer::join(place, "enum"));
            schema.insert("enum".to_owned(), json!([value]));
        }
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return;
        };
        let mut types: Vec<&str> = values.iter().map(type_of).collect();
        types.sort_unstable();
        types.dedup();
        if types.contains(&"number") {
            types.retain(|name| *name != "integer");
        }
        let is_made_of_values = types.contains(&"array") || types.contains(&"object");
        let at = pointer::join(place, "enum");
        if !schema.contains_key("type") && !types.is_empty() {
            schema.insert("type".to_owned(), types.iter().copied().collect());
            restating.moved(&at, &pointer::join(place, "type"));
            restating.record(
                "enum-type",
                &at,
                format!("the values are: {}", types.join(", ")),
            );
        }
        if is_constant && is_made_of_values {
            schema.remove("enum");
            restating.loosen(
                &at,
                "const",
                "a list or an object is taken whatever is in it",
            );
        }
    });
}

/// The type that JSON Schema gives a value.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Turns `exclusiveMinimum: 3` into `minimum: 3` with the flag `exclusiveMinimum`, and the same for the maximum. Where
/// both bounds are given, the stricter one counts.
pub fn bounds(restating: &mut Restating<'_>) {
    const BOUNDS: [(&str, &str); 2] = [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ];
    restating.each_schema(
        &["exclusiveMinimum", "exclusiveMaximum"],
        |restating, place, schema| {
            for (exclusive, inclusive) in BOUNDS {
                let Some(limit) = schema.get(exclusive).and_then(Value::as_f64) else {
                    continue;
                };
                let other = schema.get(inclusive).and_then(Value::as_f64);
                let is_stricter = other.is_none_or(|other| match inclusive {
                    "minimum" => limit >= other,
                    _ => limit <= other,
                });
                let from = pointer::join(place, exclusive);
                if is_stricter {
                    if let Some(limit) = schema.insert(exclusive.to_owned(), Value::Bool(true)) {
                        schema.insert(inclusive.to_owned(), limit);
                    }
                    restating.moved(&from, &pointer::join(place, inclusive));
                    let message =
                        format!("becomes `{inclusive}: {limit}` with `{exclusive}: true`");
                    restating.record("bound", &from, message);
                } else {
                    schema.remove(exclusive);
                    let message = format!("`{inclusive}` is stricter than `{exclusive}: {limit}`");
                    restating.record("bound", &from, message);
                }
            }
        },
    );
}

/// Turns a list of types into one type: `null` into `nullable`, several others into an `anyOf` in which each member has
/// the keywords that are about its type, all of them into no type at all.
pub fn lists(restating: &mut Restating<'_>) {
    restating.each_schema(&["type"], |restating, place, schema| {
        let Some(list) = schema.get("type").and_then(Value::as_array) else {
            return;
        };
        let at = pointer::join(place, "type");
        if list.is_empty() || !list.iter().all(Value::is_string) {
            let problem = Diagnostic::error(
                "invalid-structure",
                &at,
                "the list of types must name one type at least, and names alone",
            )
            .hint("name the types, or leave `type` out to allow any value");
            restating.refuse(problem);
            schema.remove("type");
            return;
        }
        let mut types: Vec<String> = Vec::new();
        for name in list.iter().filter_map(Value::as_str) {
            if !types.iter().any(|known| known == name) {
                types.push(name.to_owned());
            }
        }
        let has_null = types.iter().any(|name| name == "null");
        types.retain(|name| name != "null");
        // A whole number is a number.
        if types.iter().any(|name| name == "number") {
            types.retain(|name| name != "integer");
        }
        // Of a type that has none of the values there are none.
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let has_values = |name: &String| values.iter().any(|value| is_of(value, name));
            if types.iter().any(has_values) {
                types.retain(has_values);
            }
        }
        schema.remove("type");
        if has_null && !types.is_empty() {
            schema.insert("nullable".to_owned(), Value::Bool(true));
            restating.moved(&at, &pointer::join(place, "nullable"));
        }
        if !has_null {
            not_null(schema);
        }
        const ALL: usize = 5;
        let message = match types.as_slice() {
            [] => {
                schema.insert("type".to_owned(), Value::from("null"));
                return;
            }
            [only] => {
                schema.insert("type".to_owned(), Value::from(only.as_str()));
                format!(
                    "one type, `{only}`{}",
                    if has_null { ", or null" } else { "" }
                )
            }
            all if all.len() >= ALL => {
                schema.remove("nullable");
                "every type: any value".to_owned()
            }
            _ if schema.contains_key("anyOf") || schema.contains_key("oneOf") => {
                restating.loosen(
                    &at,
                    "type",
                    "the members of the union say what the value is",
                );
                return;
            }
            several => {
                let message = format!("one of {}", several.join(", "));
                union(restating, place, schema, several);
                message
            }
        };
        restating.record("types", &at, message);
    });
}

/// Takes null out of an enum that a value can't be null by.
fn not_null(schema: &mut Map<String, Value>) {
    let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
    if let Some(Value::Array(values)) = schema.get_mut("enum").filter(|_| !is_nullable) {
        values.retain(|value| !value.is_null());
    }
}

/// Gives a schema a member for each type, with the keywords that are about it.
fn union(
    restating: &mut Restating<'_>,
    place: &str,
    schema: &mut Map<String, Value>,
    types: &[String],
) {
    let list = pointer::join(place, "anyOf");
    let values = schema.remove("enum");
    let format = schema.get("format").and_then(Value::as_str);
    let format_of = format.map(|format| match format {
        "int32" | "int64" | "float" | "double" => "number",
        _ => "string",
    });
    let mut members = Vec::new();
    for (index, name) in types.iter().enumerate() {
        let at = pointer::join(&list, &index.to_string());
        restating.moved(&pointer::join(place, "type"), &at);
        let mut member = Map::new();
        member.insert("type".to_owned(), Value::from(name.as_str()));
        let kind = if name == "integer" { "number" } else { name };
        let own: Vec<String> = schema
            .keys()
            .filter(|key| match key.as_str() {
                "format" => format_of == Some(kind),
                key => subject(key) == Some(kind),
            })
            .cloned()
            .collect();
        for key in own {
            restating.moved(&pointer::join(place, &key), &pointer::join(&at, &key));
            if let Some(value) = schema.remove(&key) {
                member.insert(key, value);
            }
        }
        if let Some(values) = &values {
            let own: Vec<Value> = values
                .as_array()
                .into_iter()
                .flatten()
                .filter(|value| is_of(value, name))
                .cloned()
                .collect();
            member.insert("enum".to_owned(), Value::Array(own));
        }
        members.push(Value::Object(member));
    }
    restating.made(&pointer::join(place, "type"), &list);
    schema.insert("anyOf".to_owned(), Value::Array(members));
}

fn is_of(value: &Value, name: &str) -> bool {
    let found = type_of(value);
    found == name || found == "integer" && name == "number"
}

/// The type that a keyword is about.
fn subject(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "minLength" | "maxLength" | "pattern" => "string",
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => "number",
        "items" | "minItems" | "maxItems" | "uniqueItems" => "array",
        "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties" => {
            "object"
        }
        _ => return None,
    })
}

/// Lets a value that can only be null be any value: 3.0 has no such type.
pub fn null_alone(restating: &mut Restating<'_>) {
    restating.each_schema(&["type", "enum"], |restating, place, schema| {
        let is_null = schema.get("type") == Some(&Value::from("null"));
        if is_null {
            schema.retain(|keyword, _| is_annotation(keyword) && keyword != "nullable");
            schema.retain(|keyword, value| keyword != "default" || !value.is_null());
            restating.loosen(
                &pointer::join(place, "type"),
                "null",
                "any value is taken where only null is",
            );
        }
    });
}

/// Lets a parameter not be null: there is no null in a URL or a header, and one that has no value is left out.
pub fn parameters(restating: &mut Restating<'_>) {
    for place in restating.nodes(Kind::Parameter) {
        let place = pointer::join(&place, "schema");
        let Some(schema) = pointer::get_mut(restating.root, &place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        if schema.remove("nullable") != Some(Value::Bool(true)) {
            continue;
        }
        not_null(schema);
        if schema.get("default") == Some(&Value::Null) {
            schema.remove("default");
        }
        // What was put around a reference for the sake of null alone goes with it.
        if let (1, Some(Value::Array(members))) = (schema.len(), schema.get("allOf"))
            && let [Value::Object(only)] = members.as_slice()
        {
            *schema = only.clone();
        }
        restating.record("parameter", &place, "a parameter that is null is left out");
    }
}
