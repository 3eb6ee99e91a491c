//! Passes over schemas that are made of others: unions with null, conditions, and schemas that are `true` or `false`.

use serde_json::{Map, Value, json};

use super::metadata::anything;
use super::{Restating, is_annotation};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;

/// Turns a union of something and null into something that is `nullable`. One member that is left takes the place of
/// the union; a reference that is left gets an `allOf` around it, which 3.0 needs for `nullable` beside it.
pub fn null_branches(restating: &mut Restating<'_>) {
    restating.each_schema(&["anyOf", "oneOf"], |restating, place, schema| {
        for keyword in ["anyOf", "oneOf"] {
            let Some(members) = schema.get(keyword).and_then(Value::as_array) else {
                continue;
            };
            let Some(null) = members.iter().position(is_null) else {
                continue;
            };
            let list = pointer::join(place, keyword);
            let item = |index: usize| pointer::join(&list, &index.to_string());
            let mut kept: Vec<(usize, Value)> = members.iter().cloned().enumerate().collect();
            kept.retain(|(_, member)| !is_null(member));
            restating.record("null", &item(null), "a union with null is `nullable`");
            restating.moved(&item(null), &pointer::join(place, "nullable"));
            match kept.as_slice() {
                [] => {
                    schema.remove(keyword);
                    schema.insert("type".to_owned(), Value::from("null"));
                    continue;
                }
                [(index, only)] => {
                    let (index, only) = (*index, only.clone());
                    schema.remove(keyword);
                    replace(restating, place, schema, only, &item(index));
                }
                _ => {
                    for (to, (from, _)) in
                        kept.iter().enumerate().filter(|(to, (from, _))| to != from)
                    {
                        restating.moved(&item(*from), &item(to));
                    }
                    let kept = kept.into_iter().map(|(_, member)| member).collect();
                    schema.insert(keyword.to_owned(), Value::Array(kept));
                }
            }
            // Any value may be null already.
            if schema.keys().any(|keyword| !is_annotation(keyword)) {
                schema.insert("nullable".to_owned(), Value::Bool(true));
            }
        }
    });
}

/// Whether null is the only value of a schema.
fn is_null(schema: &Value) -> bool {
    let null = [Value::Null];
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => *names == [Value::from("null")],
        _ => schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| *values == null),
    }
}

/// Lets a schema be `only`, which stood at `from`: its keywords move over if they don't meet others, else it becomes
/// the member of an `allOf`.
fn replace(
    restating: &mut Restating<'_>,
    place: &str,
    schema: &mut Map<String, Value>,
    only: Value,
    from: &str,
) {
    let Value::Object(mut own) = only else {
        return;
    };
    let meets = |key: &String| schema.contains_key(key) && !is_annotation(key);
    if own.contains_key("$ref") || own.keys().any(meets) {
        let list = pointer::join(place, "allOf");
        let members = schema
            .entry("allOf")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(members) = members {
            restating.moved(from, &pointer::join(&list, &members.len().to_string()));
            if members.is_empty() {
                restating.made(from, &list);
            }
            members.push(Value::Object(own));
        }
        return;
    }
    own.retain(|key, _| !schema.contains_key(key));
    for (key, value) in own {
        restating.moved(&pointer::join(from, &key), &pointer::join(place, &key));
        schema.insert(key, value);
    }
}

/// Leaves out conditions: `if`, `then`, `else`, and what depends on a property being there. The properties that only a
/// condition knows are added to the schema, where they are optional: they go over the wire all the same.
pub fn conditions(restating: &mut Restating<'_>) {
    const EFFECT: &str = "what it asks for is optional, whatever the other values are";
    // `then` and `else` are parts of what `if` says.
    const CONDITIONS: [(&str, Option<&str>); 5] = [
        ("if", Some("if")),
        ("then", None),
        ("else", None),
        ("dependentSchemas", Some("dependentSchemas")),
        ("dependentRequired", Some("dependentRequired")),
    ];
    let keywords = CONDITIONS.map(|(keyword, _)| keyword);
    restating.each_schema(&keywords, |restating, place, schema| {
        let mut branches: Vec<(String, Value)> = Vec::new();
        for (keyword, noted) in CONDITIONS {
            let Some(value) = schema.remove(keyword) else {
                continue;
            };
            let at = pointer::join(place, keyword);
            if let Some(keyword) = noted {
                restating.loosen(&at, keyword, EFFECT);
            }
            match (keyword, value) {
                ("then" | "else", value) => branches.push((at, value)),
                ("dependentSchemas", Value::Object(members)) => {
                    for (name, value) in members {
                        branches.push((pointer::join(&at, &name), value));
                    }
                }
                _ => {}
            }
        }
        for (at, branch) in branches {
            let Some(Value::Object(properties)) = branch.get("properties").cloned() else {
                continue;
            };
            let own = schema.entry("properties").or_insert_with(|| json!({}));
            let Value::Object(own) = own else {
                continue;
            };
            for (name, value) in properties {
                let from = pointer::join(&pointer::join(&at, "properties"), &name);
                let to = pointer::join(&pointer::join(place, "properties"), &name);
                // What a condition says of a property that is there makes it stricter.
                if !own.contains_key(&name) {
                    restating.moved(&from, &to);
                    restating.record(
                        "condition",
                        &from,
                        format!("`{name}` is an optional property"),
                    );
                    own.insert(name, value);
                }
            }
        }
    });
}

/// Turns the schema `true` into the equal `{}`, and leaves out a property that is `false`, which no value has.
/// Elsewhere `false` is refused: 3.0 has no schema without values.
pub fn booleans(restating: &mut Restating<'_>) {
    restating.each_schema(&["properties"], |restating, place, schema| {
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return;
        };
        let never: Vec<String> = properties
            .iter()
            .filter(|(_, property)| **property == Value::Bool(false))
            .map(|(name, _)| name.clone())
            .collect();
        for name in never {
            properties.remove(&name);
            let at = pointer::join(&pointer::join(place, "properties"), &name);
            restating.loosen(&at, "false", "a property that no value has is left out");
        }
    });
    for found in restating.found().iter() {
        let place = &found.pointer;
        if found.kind != Kind::Schema {
            continue;
        }
        match pointer::get_mut(restating.root, place) {
            Some(slot @ Value::Bool(true)) => {
                *slot = anything();
                restating.record("boolean", place, "`true` becomes `{}`");
            }
            Some(slot @ Value::Bool(false)) => {
                *slot = anything();
                let problem = Diagnostic::error(
                    "unsupported-keyword",
                    place,
                    "the schema `false` has no values, which OpenAPI 3.0 can't say",
                )
                .hint("leave out what has this schema, or say what it may be");
                restating.refuse(problem);
            }
            _ => {}
        }
    }
}
