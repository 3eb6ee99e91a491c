//! The schemas that hold for one value, read as if they were one.
//!
//! `allOf` and `$ref` let several schemas describe the same value. Merging copies of them would cost memory for every
//! value made, so they are kept side by side and each question is put to all of them.

use serde_json::{Map, Value};

use super::dialect::type_names;

/// All the schemas that describe one value at once: its own, and those reached by `$ref`, `allOf`, `anyOf`, `oneOf`.
#[derive(Default)]
pub(super) struct Layers<'a> {
    pub(super) maps: Vec<&'a Map<String, Value>>,
    /// The `$ref` targets that were followed.
    pub(super) targets: Vec<&'a Value>,
    /// An example found where a schema should be, as in `"items": "string"`.
    pub(super) example: Option<&'a Value>,
    /// A schema of `false` is among them.
    pub(super) never: bool,
    /// Properties whose presence would make a second branch of a `oneOf` match.
    pub(super) avoid: Vec<&'a str>,
}

impl<'a> Layers<'a> {
    pub(super) fn all(&self, key: &'static str) -> impl Iterator<Item = &'a Value> {
        self.maps.iter().filter_map(move |map| map.get(key))
    }

    pub(super) fn lists(&self, key: &'static str) -> impl Iterator<Item = &'a Vec<Value>> {
        self.all(key).filter_map(Value::as_array)
    }

    pub(super) fn says(&self, key: &'static str) -> bool {
        self.all(key).any(|value| value == &Value::Bool(true))
    }

    pub(super) fn at_least(&self, key: &'static str) -> usize {
        self.all(key).filter_map(Value::as_f64).fold(0.0, f64::max) as usize
    }

    pub(super) fn at_most(&self, key: &'static str) -> usize {
        self.all(key)
            .filter_map(Value::as_f64)
            .fold(f64::MAX, f64::min) as usize
    }

    /// The type to make: the first that every layer allows, `null` last; without a `type`, what the keywords suggest.
    pub(super) fn kind(&self) -> &'static str {
        let mut allowed: Vec<&'static str> = Vec::new();
        for names in self
            .all("type")
            .map(type_names)
            .filter(|names| !names.is_empty())
        {
            let common: Vec<_> = allowed
                .iter()
                .filter_map(|kind| narrowed(kind, &names))
                .collect();
            if allowed.is_empty() {
                allowed = names;
            } else if !common.is_empty() {
                allowed = common;
            }
        }
        let first = allowed
            .iter()
            .find(|kind| **kind != "null")
            .or(allowed.first());
        first.copied().unwrap_or_else(|| self.suggested())
    }

    fn suggested(&self) -> &'static str {
        let any = |keys: &[&str]| {
            self.maps
                .iter()
                .any(|map| keys.iter().any(|key| map.contains_key(*key)))
        };
        if any(&[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "minProperties",
        ]) {
            "object"
        } else if any(&[
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
        ]) {
            "array"
        } else if any(&[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ]) {
            "number"
        } else {
            "string"
        }
    }

    pub(super) fn nullable(&self) -> bool {
        let mut types = self.all("type").peekable();
        self.says("nullable")
            || (types.peek().is_some() && types.all(|value| type_names(value).contains(&"null")))
    }

    pub(super) fn property(&self, name: &str) -> Vec<&'a Value> {
        let declared = self.all("properties").filter_map(|map| map.get(name));
        let parts: Vec<_> = declared.collect();
        if parts.is_empty() {
            self.all("additionalProperties")
                .filter(|part| part.is_object())
                .collect()
        } else {
            parts
        }
    }

    pub(super) fn element(&self, index: usize) -> Vec<&'a Value> {
        let of_layer = |map: &&'a Map<String, Value>| {
            let prefix = map.get("prefixItems").and_then(Value::as_array);
            let rest = match map.get("items") {
                Some(Value::Array(list)) => list.get(index).or(map.get("additionalItems")),
                Some(items) => Some(items),
                None => map.get("contains"),
            };
            prefix.and_then(|list| list.get(index)).or(rest)
        };
        self.maps.iter().filter_map(of_layer).collect()
    }

    /// The tightest bound, and whether it is exclusive. A `sign` of -1 turns an upper bound into a lower one.
    pub(super) fn bound(&self, inclusive: &str, exclusive: &str, sign: f64) -> Option<(f64, bool)> {
        let of_layer = |map: &&Map<String, Value>| {
            let value = |key: &str| map.get(key).and_then(Value::as_f64).map(|n| n * sign);
            // Draft 4 says whether `minimum` is exclusive; later drafts put the bound itself here.
            let draft_4 = map.get(exclusive) == Some(&Value::Bool(true));
            [
                value(inclusive).map(|n| (n, draft_4)),
                value(exclusive).map(|n| (n, true)),
            ]
        };
        let bounds = self.maps.iter().flat_map(of_layer).flatten();
        bounds.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }
}

fn narrowed(kind: &str, names: &[&'static str]) -> Option<&'static str> {
    let integral = |kind: &str, other: &str| kind == "integer" && other == "number";
    names.iter().find_map(|name| match *name {
        name if name == kind => Some(name),
        name if integral(kind, name) || integral(name, kind) => Some("integer"),
        _ => None,
    })
}
