//! Puts together what an `allOf` is made of.
//!
//! typify merges the members of an `allOf` keyword by keyword, follows every reference on its way, and gives up on what
//! contradicts itself. Objects that only add fields to each other are by far the most of them; those are put together
//! here, where what stands behind a reference keeps its name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::compositions::{ANNOTATIONS, is_silent as is_keyword_silent};
use super::{Lowering, origin};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// How many compositions may stand inside each other.
const MAX_DEPTH: usize = 32;

/// How many values all that is put together in a document may have. What is made doubles with each step where fields that
/// are put together have fields that are, in turn.
pub(crate) const MAX_VALUES: usize = 500_000;

/// Puts the members of an `allOf` together where each of them is an object of fields, and leaves members out that say
/// nothing but a description or `nullable`.
pub fn merge_objects(lowering: &mut Lowering) {
    let mut left = MAX_VALUES;
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let merged = merged(&lowering.root, schema, &mut left);
        if left == 0 {
            let place = origin(&lowering.origins, &place);
            lowering.problems.push(too_large(&place));
            return;
        }
        let Some(merged) = merged.or_else(|| without_silent(schema)) else {
            continue;
        };
        if let Some(schema) = pointer::get_mut(&mut lowering.root, &place) {
            *schema = merged;
            lowering.record("merge-objects", &place, "the parts of `allOf` become one");
            lowering.moved();
        }
    }
}

/// That what is put together has too many values.
pub(crate) fn too_large(place: &str) -> Diagnostic {
    Diagnostic::error(
        "too-intricate",
        place,
        format!("up to here, schemas that are put together from parts have more than {MAX_VALUES} values"),
    )
    .hint("let one part alone describe a field that is made of parts itself")
}

/// How many values there are in a value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// What a schema with an `allOf` of objects comes to; `None` if it is none, if there is nothing to merge, or if that would
/// take more values than are `left`, of which there are none then.
pub(crate) fn merged(root: &Value, schema: &Value, left: &mut usize) -> Option<Value> {
    if !has_parts(schema) {
        return None;
    }
    let members = schema.get("allOf")?.as_array()?;
    let mut object = Object::default();
    object.absorb(root, schema, MAX_DEPTH, left)?;
    let mut merged = object.into_schema();
    for (keyword, value) in schema.as_object()? {
        if ANNOTATIONS.contains(&keyword.as_str())
            || keyword == "nullable"
            || keyword.starts_with("x-")
        {
            merged.insert(keyword.clone(), value.clone());
        }
    }
    if schema.get("description").is_none()
        && let Some(description) = members
            .iter()
            .rev()
            .find_map(|member| member.get("description"))
    {
        merged.insert("description".to_owned(), description.clone());
    }
    if members.iter().any(is_silently_nullable) {
        merged.insert("nullable".to_owned(), Value::Bool(true));
    }
    Some(Value::Object(merged))
}

/// Whether a schema is put together from several that say something, itself among them.
pub(super) fn has_parts(schema: &Value) -> bool {
    let Some(members) = schema.get("allOf").and_then(Value::as_array) else {
        return false;
    };
    let own = ["properties", "required", "additionalProperties"]
        .iter()
        .any(|keyword| schema.get(*keyword).is_some());
    let speaking = members.iter().filter(|member| !is_silent(member)).count();
    speaking + usize::from(own) >= 2
}

/// A schema whose `allOf` has members that say nothing, without those; what they say beside goes to the schema.
fn without_silent(schema: &Value) -> Option<Value> {
    let members = schema.get("allOf")?.as_array()?;
    let (silent, speaking): (Vec<&Value>, Vec<&Value>) =
        members.iter().partition(|member| is_silent(member));
    if silent.is_empty() || speaking.is_empty() {
        return None;
    }
    let mut lean = schema.clone();
    let owner = lean.as_object_mut()?;
    owner.insert("allOf".to_owned(), speaking.into_iter().cloned().collect());
    for (keyword, value) in silent
        .into_iter()
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(_, value)| **value != Value::Bool(false))
    {
        owner
            .entry(keyword.clone())
            .or_insert_with(|| value.clone());
    }
    Some(lean)
}

/// Whether a member of a composition says nothing of the value.
fn is_silent(member: &Value) -> bool {
    member.as_object().is_some_and(|member| {
        let mut keywords = member.iter();
        keywords.all(|(keyword, value)| keyword != "default" && is_keyword_silent(keyword, value))
    })
}

fn is_silently_nullable(member: &Value) -> bool {
    is_silent(member) && member.get("nullable") == Some(&Value::Bool(true))
}

/// The fields of an object, put together.
#[derive(Default)]
struct Object {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// What the parts say of other fields, if they say anything.
    others: Vec<Value>,
    parts: usize,
    /// The schemas that were put in by reference. What several parts are made of is put in once: a second time it would
    /// undo what a part that builds on it says more.
    included: BTreeSet<String>,
}

impl Object {
    /// Adds the fields of a schema, those of the members of its `allOf` first. `None` if it is more than an object of
    /// fields, or of more values than are `left`.
    fn absorb(
        &mut self,
        root: &Value,
        schema: &Value,
        depth: usize,
        left: &mut usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (target, schema) = view::resolve(root, schema)?;
        if target.is_some_and(|target| !self.included.insert(target)) {
            return Some(());
        }
        *left = left.saturating_sub(size(schema));
        if *left == 0 {
            return None;
        }
        let schema = schema.as_object()?;
        let is_fields = schema
            .iter()
            .all(|(keyword, value)| match keyword.as_str() {
                "type" => value == "object",
                "properties" => value.is_object(),
                "required" | "allOf" => value.is_array(),
                "additionalProperties" => value.is_boolean() || value.is_object(),
                "minProperties" | "maxProperties" | "nullable" | "xml" => true,
                other => ANNOTATIONS.contains(&other) || other.starts_with("x-"),
            });
        if !is_fields {
            return None;
        }
        for member in schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.absorb(root, member, depth, left)?;
        }
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let property = match self.properties.get(name) {
                Some(known) => both(root, known, property, depth, left),
                None => property.clone(),
            };
            self.properties.insert(name.clone(), property);
        }
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if !self.required.contains(name) {
                self.required.push(name.clone());
            }
        }
        if schema.contains_key("properties") || schema.contains_key("additionalProperties") {
            self.parts += 1;
            self.others
                .extend(schema.get("additionalProperties").cloned());
        }
        Some(())
    }

    fn into_schema(self) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), Value::from("object"));
        // Each part that forbids other fields would forbid those of its neighbours, which nobody means.
        let forbids = |others: &Value| *others == Value::Bool(false);
        let others = match self.others.iter().rev().find(|others| !forbids(others)) {
            Some(others) => Some(others.clone()),
            None if !self.others.is_empty() && self.others.len() == self.parts => {
                Some(Value::Bool(false))
            }
            None => None,
        };
        if let Some(others) = others {
            schema.insert("additionalProperties".to_owned(), others);
        }
        if !self.properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(self.properties));
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(self.required));
        }
        schema
    }
}

/// A field that two parts describe. Where both have something to say, the later one is the more specific.
fn both(root: &Value, known: &Value, later: &Value, depth: usize, left: &mut usize) -> Value {
    if known == later || is_silent(later) && later.get("type").is_none() {
        return known.clone();
    }
    let has_reference = |schema: &Value| view::reference(schema).is_some();
    if has_reference(known) && has_reference(later) || is_silent(known) {
        return later.clone();
    }
    let mut object = Object::default();
    let parts = json!([known, later]);
    let merged = parts
        .as_array()
        .into_iter()
        .flatten()
        .try_for_each(|part| object.absorb(root, part, depth, left).ok_or(()));
    match (merged, known.as_object(), later.as_object()) {
        (Ok(()), ..) => Value::Object(object.into_schema()),
        (Err(()), Some(known), Some(later)) if known.get("type") == later.get("type") => {
            let mut merged = known.clone();
            merged.extend(later.clone());
            Value::Object(merged)
        }
        _ => later.clone(),
    }
}
