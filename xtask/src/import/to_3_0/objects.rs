//! Passes over what is in lists and objects: places of a tuple, names by pattern, and whatever is left over.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Restating;
use super::metadata::anything;
use crate::pointer;

/// Turns `prefixItems` into `items` that are any of them, and `items: false` after them into `maxItems`. The order is
/// lost, and where more may follow, the items are any values.
pub fn tuples(restating: &mut Restating<'_>) {
    restating.each_schema(&["prefixItems", "items"], |restating, place, schema| {
        let prefix = match schema.remove("prefixItems") {
            Some(Value::Array(prefix)) => Some(prefix),
            _ => None,
        };
        let length = prefix.as_ref().map_or(0, Vec::len);
        let rest = match (&prefix, schema.get("items")) {
            (Some(_), None) => schema.get("unevaluatedItems"),
            (_, rest) => rest,
        };
        let none_follow = rest == Some(&Value::Bool(false));
        let items = pointer::join(place, "items");
        if none_follow {
            schema.remove("items");
            schema.remove("unevaluatedItems");
            let limit = schema.get("maxItems").and_then(Value::as_u64);
            let most = limit.map_or(length as u64, |limit| limit.min(length as u64));
            schema.insert("maxItems".to_owned(), Value::from(most));
            restating.record("tuple", &items, format!("no item after the first {length}"));
            restating.moved(&items, &pointer::join(place, "maxItems"));
        }
        let Some(prefix) = prefix else {
            if none_follow {
                schema.insert("items".to_owned(), anything());
            }
            return;
        };
        let from = pointer::join(place, "prefixItems");
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let is_closed = most.is_some_and(|most| most <= length as u64);
        let mut kinds: Vec<(String, Value)> = prefix
            .into_iter()
            .enumerate()
            .map(|(index, item)| (pointer::join(&from, &index.to_string()), item))
            .collect();
        if !is_closed {
            let rest = schema.remove("items").unwrap_or_else(anything);
            kinds.push((items.clone(), rest));
        }
        restating.loosen(
            &from,
            "prefixItems",
            "which item is of which kind is left open",
        );
        set_any_of(restating, schema, &items, "items", kinds);
    });
}

/// Says of a list that says nothing of its items that they are any values, which 3.0 demands.
pub fn items(restating: &mut Restating<'_>) {
    restating.each_schema(&["type"], |restating, place, schema| {
        let is_list = schema.get("type") == Some(&Value::from("array"));
        if is_list && !schema.contains_key("items") {
            schema.insert("items".to_owned(), anything());
            restating.record("items", place, "the items of the list are any values");
        }
    });
}

/// Sets a keyword to what any of the schemas takes; each comes with its place.
fn set_any_of(
    restating: &mut Restating<'_>,
    schema: &mut Map<String, Value>,
    place: &str,
    keyword: &str,
    all: Vec<(String, Value)>,
) {
    let mut seen = BTreeSet::new();
    let mut kinds = all;
    kinds.retain(|(_, kind)| seen.insert(kind.to_string()));
    let is_anything =
        |(_, kind): &(String, Value)| *kind == Value::Bool(true) || *kind == json!({});
    kinds.retain(|(_, kind)| *kind != Value::Bool(false));
    let value = match kinds.as_slice() {
        _ if kinds.iter().any(is_anything) => anything(),
        [] => anything(),
        [(from, only)] => {
            restating.moved(from, place);
            only.clone()
        }
        several => {
            for (index, (from, _)) in several.iter().enumerate() {
                restating.moved(from, &format!("{place}/anyOf/{index}"));
            }
            let kinds: Vec<Value> = several.iter().map(|(_, kind)| kind.clone()).collect();
            json!({ "anyOf": kinds })
        }
    };
    if let Some((from, _)) = kinds.first() {
        restating.made(from, place);
    }
    schema.insert(keyword.to_owned(), value);
}

/// Turns `patternProperties` into `additionalProperties` that are any of them. Where names that match no pattern are
/// allowed too, values are any values, unless a pattern matches all names.
pub fn patterns(restating: &mut Restating<'_>) {
    restating.each_schema(&["patternProperties"], |restating, place, schema| {
        let Some(Value::Object(patterns)) = schema.remove("patternProperties") else {
            return;
        };
        let from = pointer::join(place, "patternProperties");
        let to = pointer::join(place, "additionalProperties");
        let takes_all = patterns.keys().any(|pattern| matches_all(pattern));
        let mut kinds: Vec<(String, Value)> = patterns
            .into_iter()
            .map(|(pattern, kind)| (pointer::join(&from, &pattern), kind))
            .collect();
        if !takes_all {
            let others = schema.remove("additionalProperties");
            kinds.push((to.clone(), others.unwrap_or(Value::Bool(true))));
        }
        let effect = "names are not looked at";
        restating.loosen(&from, "patternProperties", effect);
        set_any_of(restating, schema, &to, "additionalProperties", kinds);
    });
}

/// Whether a pattern is one of those that people write for any name.
fn matches_all(pattern: &str) -> bool {
    ["", ".*", ".+", "^.*$", "^.+$", "^.*", "^.+", "."].contains(&pattern)
}

/// Turns `unevaluatedProperties` into `additionalProperties` where they mean the same: in a schema that is made of no
/// others. Elsewhere what it refuses is let pass.
pub fn unevaluated(restating: &mut Restating<'_>) {
    const COMPOSING: [&str; 5] = ["$ref", "allOf", "anyOf", "oneOf", "not"];
    restating.each_schema(
        &["unevaluatedProperties", "unevaluatedItems"],
        |restating, place, schema| {
            let items = schema.remove("unevaluatedItems");
            if items.is_some_and(|items| items != Value::Bool(true)) {
                let from = pointer::join(place, "unevaluatedItems");
                restating.loosen(&from, "unevaluatedItems", "other items are let pass");
            }
            let Some(value) = schema.remove("unevaluatedProperties") else {
                return;
            };
            let from = pointer::join(place, "unevaluatedProperties");
            let is_composed = COMPOSING
                .iter()
                .any(|keyword| schema.contains_key(*keyword));
            if value == Value::Bool(true) || schema.contains_key("additionalProperties") {
                restating.record(
                    "unevaluated",
                    &from,
                    "nothing is left for it to allow or refuse",
                );
            } else if is_composed {
                restating.loosen(
                    &from,
                    "unevaluatedProperties",
                    "other properties are let pass",
                );
            } else {
                schema.insert("additionalProperties".to_owned(), value);
                restating.record("unevaluated", &from, "becomes `additionalProperties`");
                restating.moved(&from, &pointer::join(place, "additionalProperties"));
            }
        },
    );
}

/// Leaves out rules that only make values fewer.
pub fn rules(restating: &mut Restating<'_>) {
    const RULES: [(&str, &str); 4] = [
        ("propertyNames", "names are not looked at"),
        ("contains", "it need not contain anything"),
        ("minContains", "it need not contain anything"),
        ("maxContains", "it may contain any number"),
    ];
    let keywords = RULES.map(|(keyword, _)| keyword);
    restating.each_schema(&keywords, |restating, place, schema| {
        for (keyword, effect) in RULES {
            if schema.remove(keyword).is_some() {
                restating.loosen(&pointer::join(place, keyword), keyword, effect);
            }
        }
    });
}
