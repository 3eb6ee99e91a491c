//! What schemas say, seen through references and through what was put together by now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::MAX_DEPTH;
use super::expansion::MAX_COMBINATIONS;
use crate::keywords::{described, is_about, is_composed, only_composition, says_nothing};
use crate::view;

/// Where parts come from.
pub struct Source<'a> {
    pub root: &'a Value,
    /// What components were that are put together by now, by pointer: what they are made of, several may share.
    pub originals: &'a BTreeMap<String, Value>,
    /// How many more values parts may have.
    pub left: &'a mut usize,
}

/// How many schemas are compared to find that one says all that another one says.
const MAX_COMPARISONS: usize = 1_000;

impl Source<'_> {
    /// Whether two schemas hold a value to one value each, and not to the same.
    pub fn differ(&self, one: &Value, other: &Value) -> bool {
        let only = |schema| match view::single(self.root, schema)
            .get("enum")?
            .as_array()?
            .as_slice()
        {
            [only] => Some(only),
            _ => None,
        };
        matches!((only(one), only(other)), (Some(one), Some(other)) if one != other)
    }

    /// Whether two schemas are of different types. Then the later one replaces the earlier one, as in a class that overrides
    /// a field.
    pub fn contradict(&self, one: &Value, other: &Value) -> bool {
        let declared = |schema| declared(self.root, schema, MAX_NESTING);
        matches!((declared(one), declared(other)), (Some(one), Some(other)) if one != other)
    }

    /// Whether a schema says all that another one says.
    pub fn builds_on(&self, schema: &Value, base: &Value) -> bool {
        let mut left = MAX_COMPARISONS;
        self.says_all_of(schema, base, &mut left)
    }

    fn says_all_of(&self, schema: &Value, base: &Value, left: &mut usize) -> bool {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let (schema, base) = (described(schema), described(base));
        if schema == base || view::target(base).is_some_and(|base| self.is_made_of(schema, base)) {
            return true;
        }
        // It is one of the branches of the other one, or each of its branches is.
        if let Some(branches) = self.branches(base) {
            let mut branches = branches.iter();
            if branches.any(|base| self.says_all_of(schema, base, left)) {
                return true;
            }
        }
        if let Some(branches) = self.branches(schema) {
            let mut branches = branches.iter();
            return branches.all(|schema| self.says_all_of(schema, base, left));
        }
        let resolved = view::resolve(self.root, schema).and_then(|(_, schema)| schema.as_object());
        resolved.is_some_and(|resolved| {
            view::reference(base).is_none()
                && base.as_object().is_some_and(|base| {
                    let mut said = base.iter().filter(|(keyword, _)| !is_about(keyword));
                    said.all(|(keyword, value)| resolved.get(keyword) == Some(value))
                })
        })
    }

    /// The branches of a schema that is nothing but a union.
    fn branches<'v>(&'v self, schema: &'v Value) -> Option<&'v [Value]> {
        let (_, schema) = view::resolve(self.root, schema)?;
        let (keyword, branches) = only_composition(schema)?;
        (keyword != "allOf").then_some(branches)
    }

    /// Whether a component is a schema, or among what it is made of.
    fn is_made_of(&self, schema: &Value, component: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![schema];
        while let Some(schema) = pending.pop() {
            let target = view::target(schema);
            if target == Some(component) {
                return true;
            }
            if target.is_some_and(|target| !seen.insert(target)) {
                continue;
            }
            let original = target.and_then(|target| self.originals.get(target));
            let resolved = || view::resolve(self.root, schema).map(|(_, schema)| schema);
            let parts = original
                .or_else(resolved)
                .and_then(|schema| schema.get("allOf"));
            pending.extend(parts.and_then(Value::as_array).into_iter().flatten());
        }
        false
    }

    /// Whether a schema is neither made of others nor a type that has a name.
    pub fn is_simple(&self, schema: &Value) -> bool {
        view::resolve(self.root, schema).is_some_and(|(target, schema)| {
            !is_composed(schema) && (target.is_none() || is_scalar(schema))
        })
    }

    /// Whether null is among the values of what two parts describe. One that says no more than that it may be null means
    /// it for the other one.
    pub fn both_take_null(&self, known: &Value, later: &Value) -> bool {
        match (self.takes_null(known), self.takes_null(later)) {
            (Some(known), Some(later_does)) => later_does && (known || says_nothing(later)),
            (known, later) => known.or(later) == Some(true),
        }
    }

    /// Whether null is among the values of a schema; `None` if it leaves that to others.
    pub fn takes_null(&self, schema: &Value) -> Option<bool> {
        self.null(schema, &mut BTreeSet::new(), MAX_DEPTH)
    }

    fn null(&self, schema: &Value, seen: &mut BTreeSet<String>, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let (target, schema) = view::resolve(self.root, schema)?;
        if target.is_some_and(|target| !seen.insert(target)) {
            return None;
        }
        if let Some(nullable) = schema.get("nullable").and_then(Value::as_bool) {
            return Some(nullable);
        }
        let mut said = Vec::new();
        for (keyword, value) in schema.as_object()? {
            match (keyword.as_str(), value.as_array()) {
                ("allOf", Some(parts)) => {
                    said.extend(parts.iter().filter_map(|part| self.null(part, seen, depth)));
                }
                ("oneOf" | "anyOf", Some(branches)) => {
                    let mut branches = branches.iter();
                    said.push(branches.any(|branch| self.null(branch, seen, depth) == Some(true)));
                }
                ("type" | "properties" | "enum", _) => said.push(false),
                _ => {}
            }
        }
        said.into_iter().reduce(|one, other| one && other)
    }
}

/// How many unions within each other are looked through for what their branches have in common.
const MAX_NESTING: usize = 2;

/// The type of a schema, or the one that all branches of a union have.
fn declared<'v>(root: &'v Value, schema: &'v Value, nesting: usize) -> Option<&'v str> {
    let schema = view::single(root, schema);
    if let Some((_, branches)) = only_composition(schema) {
        if branches.len() > MAX_COMBINATIONS {
            return None;
        }
        let nesting = nesting.checked_sub(1)?;
        let mut types = branches
            .iter()
            .map(|branch| declared(root, branch, nesting));
        let first = types.next()??;
        return types.all(|other| other == Some(first)).then_some(first);
    }
    let declared = schema.get("type").and_then(Value::as_str);
    match declared.or_else(|| schema.get("properties").map(|_| "object")) {
        Some("integer") => Some("number"),
        declared => declared,
    }
}

/// Whether the values of a schema are texts, numbers, or true and false, of which there is no list.
fn is_scalar(schema: &Value) -> bool {
    const SCALARS: [&str; 4] = ["string", "number", "integer", "boolean"];
    let declared = schema.get("type").and_then(Value::as_str);
    declared.is_some_and(|declared| SCALARS.contains(&declared)) && schema.get("enum").is_none()
}
