//! Passes over what stands beside `$ref`: 3.0 ignores it, 3.1 doesn't.

use serde_json::{Map, Value, json};

use super::{Restating, is_annotation};
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// Writes out what a reference to a parameter, a body, a response or a header stands for where a `description` beside
/// it says something else; other fields mean nothing beside such a reference and are left out.
pub fn overrides(restating: &mut Restating<'_>) {
    for found in restating.found().iter() {
        let place = &found.pointer;
        if found.reference.is_none() || found.kind == Kind::Schema {
            continue;
        }
        let Some(value) = pointer::get(restating.root, place) else {
            continue;
        };
        let Some(node) = value.as_object().filter(|node| node.len() > 1) else {
            continue;
        };
        let reference = node.get("$ref").cloned().unwrap_or_default();
        let has_own_words = matches!(
            found.kind,
            Kind::Parameter | Kind::RequestBody | Kind::Response | Kind::Header
        );
        let description = node
            .get("description")
            .filter(|text| has_own_words && text.is_string())
            .cloned();
        let target = view::resolve(restating.root, value).and_then(|(target, _)| target);
        let written_out = match (description, target) {
            (Some(description), Some(from)) => restating
                .copy(&from)
                .filter(Value::is_object)
                .map(|copy| (from, copy, description)),
            _ => None,
        };
        let new = match written_out {
            Some((from, mut copy, description)) => {
                for key in copy.as_object().into_iter().flat_map(Map::keys) {
                    restating.moved(&pointer::join(&from, key), &pointer::join(place, key));
                }
                restating.take_origins(&pointer::join(place, "description"));
                copy["description"] = description;
                let message = format!("written out from `#{from}`, with a description of its own");
                restating.record("reference", place, message);
                copy
            }
            None => {
                restating.record("reference", place, "what stands beside `$ref` is left out");
                json!({ "$ref": reference })
            }
        };
        if let Some(slot) = pointer::get_mut(restating.root, place) {
            *slot = new;
        }
    }
}

/// Removes `$dynamicRef`: what it leads to depends on the way by which a validator came. Any value is taken.
pub fn dynamic(restating: &mut Restating<'_>) {
    restating.each_schema(
        &["$dynamicRef", "$recursiveRef"],
        |restating, place, schema| {
            for keyword in ["$dynamicRef", "$recursiveRef"] {
                if schema.remove(keyword).is_some() {
                    let place = pointer::join(place, keyword);
                    restating.loosen(&place, keyword, "any value is taken");
                }
            }
        },
    );
}

/// Puts a schema's reference into an `allOf` where something stands beside it: a description, or more conditions, which
/// become a member of their own.
pub fn siblings(restating: &mut Restating<'_>) {
    restating.each_schema(&["$ref"], |restating, place, schema| {
        if schema.len() < 2 {
            return;
        }
        let Some(reference) = schema.remove("$ref") else {
            return;
        };
        let list = pointer::join(place, "allOf");
        let conditions: Vec<String> = schema
            .keys()
            .filter(|key| !is_annotation(key) && *key != "allOf")
            .cloned()
            .collect();
        let others = match schema.remove("allOf") {
            Some(Value::Array(others)) => others,
            _ => Vec::new(),
        };
        let before = 1 + usize::from(!conditions.is_empty());
        for index in (0..others.len()).rev() {
            let to = index + before;
            restating.moved(&format!("{list}/{index}"), &format!("{list}/{to}"));
        }
        let bare = pointer::join(place, "$ref");
        restating.moved(&bare, &format!("{list}/0/$ref"));
        restating.made(&bare, &list);
        let mut members = vec![json!({ "$ref": reference })];
        let mut own = Map::new();
        for key in conditions {
            let from = pointer::join(place, &key);
            restating.moved(&from, &pointer::join(&format!("{list}/1"), &key));
            if let Some(value) = schema.remove(&key) {
                own.insert(key, value);
            }
        }
        if !own.is_empty() {
            let is_object = own.contains_key("properties") || own.contains_key("required");
            if is_object && !own.contains_key("type") {
                own.insert("type".to_owned(), Value::from("object"));
            }
            members.push(Value::Object(own));
        }
        members.extend(others);
        schema.insert("allOf".to_owned(), Value::Array(members));
        restating.record(
            "sibling",
            place,
            "what stands beside `$ref` is kept by `allOf`",
        );
    });
}
