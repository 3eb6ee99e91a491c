//! Passes over schemas.

use serde_json::{Map, Value, json};

use super::Lowering;
use crate::pointer;
use crate::shape::Kind;

/// Ends the description of a schema whose values are private. It is of the private use area of Unicode, and taken off
/// before anything is written.
pub const PRIVATE: char = '\u{e000}';

/// What `x-evidence: inferred` reads like in rustdoc.
const INFERRED: &str =
    "*Inferred: not stated by the documentation of the API, so it may turn out otherwise.*";

/// Puts `x-evidence: inferred` where readers of the generated crate see it: extensions don't reach rustdoc.
pub fn note_evidence(lowering: &mut Lowering) {
    for kind in [Kind::Schema, Kind::Parameter] {
        for place in lowering.nodes(kind) {
            let Some(node) = pointer::get_mut(&mut lowering.root, &place) else {
                continue;
            };
            if node.get("x-evidence").and_then(Value::as_str) != Some("inferred") {
                continue;
            }
            let description = append_to_description(node, INFERRED);
            if kind == Kind::Parameter {
                let name = node["name"].as_str().unwrap_or_default().to_owned();
                for operation in &mut lowering.operations {
                    let parameters = pointer::join(&operation.pointer, "parameters");
                    if pointer::parent(&place) == Some(parameters.as_str()) {
                        for parameter in operation
                            .parameters
                            .iter_mut()
                            .filter(|parameter| parameter.name == name)
                        {
                            parameter.description = Some(description.clone());
                        }
                    }
                }
            }
            lowering.record(
                "note-evidence",
                &place,
                "`x-evidence: inferred` added to the description",
            );
        }
    }
}

/// What `deprecated: true` on a schema reads like in rustdoc.
const DEPRECATED: &str = "*Deprecated: the API description advises against using it.*";

/// Says in the description what `deprecated: true` on a schema says: typify drops it. An attribute on the field would
/// not do, for it makes code that only passes a struct through warn.
pub fn note_deprecation(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(node) = pointer::get_mut(&mut lowering.root, &place) else {
            continue;
        };
        if node.get("deprecated") != Some(&Value::Bool(true)) {
            continue;
        }
        append_to_description(node, DEPRECATED);
        lowering.record(
            "note-deprecation",
            &place,
            "`deprecated: true` added to the description",
        );
    }
}

/// A description without what [`note_deprecation`] added.
pub fn without_deprecation(description: &str) -> &str {
    description
        .strip_suffix(DEPRECATED)
        .map_or(description, str::trim_end)
}

/// Adds a paragraph to the description of a schema or parameter, and returns the whole.
fn append_to_description(node: &mut Value, paragraph: &str) -> String {
    let description = match node.get("description").and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => format!("{}\n\n{paragraph}", text.trim_end()),
        _ => paragraph.to_owned(),
    };
    node["description"] = Value::from(description.as_str());
    description
}

/// Carries `x-private: true` to where types are emitted: extensions don't get that far, descriptions do.
pub fn mark_private(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get_mut(&mut lowering.root, &place) else {
            continue;
        };
        if schema.get("x-private") != Some(&Value::Bool(true)) {
            continue;
        }
        let description = schema
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        schema["description"] = Value::from(format!("{}{PRIVATE}", description.trim_end()));
        lowering.record(
            "mark-private",
            &place,
            "`x-private: true` keeps the value out of `Debug`",
        );
    }
}

/// Removes `title`, by which typify would name inline types: a type's name comes from where it stands, so that two
/// titles alike don't collide and a reworded title doesn't rename a type.
pub fn drop_titles(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        if schema.and_then(|schema| schema.remove("title")).is_some() {
            lowering.record("drop-title", &place, "`title` does not name the Rust type");
        }
    }
}

/// Removes bounds that bound nothing: `exclusiveMinimum` and `exclusiveMaximum` where there is no number for them to
/// exclude, over which progenitor panics, and a `minLength` of 0, for which typify would compare a length with 0.
pub fn drop_empty_bounds(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) =
            pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        let mut dropped = Vec::new();
        for (flag, bound) in [
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ] {
            if !schema.contains_key(bound) && schema.remove(flag).is_some() {
                dropped.push(format!("`{flag}` without `{bound}` has no meaning"));
            }
        }
        if schema.get("minLength") == Some(&Value::from(0)) {
            schema.remove("minLength");
            dropped.push("every text has a `minLength` of 0".to_owned());
        }
        for message in dropped {
            lowering.record("drop-bound", &place, message);
        }
    }
}

/// Removes rules from enums of texts, whose values say all there is to say: typify would try each value, by a pattern that
/// may be made to take for ever.
pub fn drop_rules_of_enums(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        let Some(schema) = schema.filter(|schema| schema.contains_key("enum")) else {
            continue;
        };
        let rules = ["pattern", "minLength", "maxLength"];
        let before = schema.len();
        schema.retain(|keyword, _| !rules.contains(&keyword.as_str()));
        if schema.len() < before {
            lowering.record("drop-rule", &place, "the values of the enum are the rule");
        }
    }
}

/// Makes a property, of any value, of each name in `required` that has none beside others that have: typify does so as
/// well, but counts on the property before that where it compares the branches of a union.
pub fn describe_required(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        let Some(schema) = schema else {
            continue;
        };
        let required = schema.get("required").and_then(Value::as_array).cloned();
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        let names = required.iter().flatten().filter_map(Value::as_str);
        let missing: Vec<&str> = names
            .filter(|name| !properties.contains_key(*name))
            .collect();
        if missing.is_empty() {
            continue;
        }
        properties.extend(missing.iter().map(|name| ((*name).to_owned(), json!({}))));
        let message = format!(
            "`{}` is required, and takes any value",
            missing.join("`, `")
        );
        lowering.record("describe-required", &place, message);
        lowering.moved();
    }
}

/// Removes `uniqueItems`: a list is a list all the same, and typify would have it made one way where it is required and
/// another where it is not.
pub fn drop_uniqueness(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let schema = pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut);
        if schema.is_some_and(|schema| schema.remove("uniqueItems") == Some(Value::Bool(true))) {
            let message = "that no item is there twice is not checked";
            lowering.record("drop-uniqueness", &place, message);
        }
    }
}

/// Turns `additionalProperties: true` into the equal `{}` on objects with properties: typify drops the first and gives
/// the second a map, `extra`, in which unknown fields survive.
pub fn keep_unknown_fields(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get_mut(&mut lowering.root, &place) else {
            continue;
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        if properties.is_none_or(Map::is_empty)
            || schema.get("additionalProperties") != Some(&Value::Bool(true))
        {
            continue;
        }
        schema["additionalProperties"] = json!({});
        lowering.record(
            "keep-unknown-fields",
            &place,
            "`additionalProperties: true` becomes the map `extra`",
        );
    }
}
