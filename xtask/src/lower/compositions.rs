//! Passes over compositions.
//!
//! typify merges the members of an `allOf` keyword by keyword, follows every reference on its way, and gives up on what
//! contradicts itself. Objects that only add fields to each other are by far the most of them; those are put together
//! here, where what stands behind a reference keeps its name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Lowering;
use crate::names::type_name;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// How many compositions may stand inside each other.
const MAX_DEPTH: usize = 32;

/// Keywords that leave the values of a schema as they are.
const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "deprecated",
    "example",
    "externalDocs",
    "discriminator",
    "readOnly",
    "writeOnly",
];

/// Names inline compositions that stand in what they are made of: put together in place, such a one would contain itself
/// without end.
pub fn name_recursive(lowering: &mut Lowering) {
    let nodes = lowering.nodes(Kind::Schema);
    let mut inline: Vec<(String, String)> = nodes
        .into_iter()
        .filter_map(|place| {
            let (owner, inside) = place.strip_prefix(SCHEMAS)?.get(1..)?.split_once('/')?;
            let schema = pointer::get(&lowering.root, &place)?;
            if !has_parts(schema) {
                return None;
            }
            reaches(&lowering.root, schema, &pointer::unescape(owner)).then(|| {
                let words = inside.split('/').filter(|word| !is_keyword(word));
                let words: Vec<String> = std::iter::once(owner)
                    .chain(words)
                    .map(pointer::unescape)
                    .collect();
                (place.clone(), type_name(&words.join("-")))
            })
        })
        .collect();
    // What stands inside another one is named before it.
    inline.sort_by_key(|(place, _)| std::cmp::Reverse(place.len()));
    for (place, name) in inline {
        let Some(schema) = pointer::get_mut(&mut lowering.root, &place).map(Value::take) else {
            continue;
        };
        let reference = lowering.hoist(&name, schema, &place);
        if let Some(left) = pointer::get_mut(&mut lowering.root, &place) {
            *left = reference;
        }
        lowering.record(
            "name-recursive",
            &place,
            format!("what contains itself is called `{name}`"),
        );
    }
    lowering.moved();
}

/// Whether a word of a pointer says how schemas nest rather than what they are about.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 6] = [
        "properties",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "additionalProperties",
    ];
    KEYWORDS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a schema refers to a component, directly or by way of others.
fn reaches(root: &Value, schema: &Value, component: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![schema];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                pending.extend(members.values());
                let name = view::reference(value).and_then(view::schema_name);
                if let Some(name) = name.filter(|name| seen.insert(name.clone())) {
                    if name == component {
                        return true;
                    }
                    pending.extend(pointer::get(root, &pointer::join(SCHEMAS, &name)));
                }
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    false
}

/// Puts the members of an `allOf` together where each of them is an object of fields, and leaves members out that say
/// nothing but a description or `nullable`.
pub fn merge_objects(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let Some(merged) = merged(&lowering.root, schema).or_else(|| without_silent(schema)) else {
            continue;
        };
        if let Some(schema) = pointer::get_mut(&mut lowering.root, &place) {
            *schema = merged;
            lowering.record("merge-objects", &place, "the parts of `allOf` become one");
            lowering.moved();
        }
    }
}

/// What a schema with an `allOf` of objects comes to; `None` if it is none, or if there is nothing to merge.
pub(crate) fn merged(root: &Value, schema: &Value) -> Option<Value> {
    if !has_parts(schema) {
        return None;
    }
    let members = schema.get("allOf")?.as_array()?;
    let mut object = Object::default();
    object.absorb(root, schema, MAX_DEPTH)?;
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
fn has_parts(schema: &Value) -> bool {
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
        member.iter().all(|(keyword, value)| {
            ANNOTATIONS.contains(&keyword.as_str())
                || keyword.starts_with("x-")
                || keyword == "nullable"
                || keyword == "type" && value == "object"
        })
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
}

impl Object {
    /// Adds the fields of a schema, those of the members of its `allOf` first. `None` if it is more than an object of
    /// fields.
    fn absorb(&mut self, root: &Value, schema: &Value, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (_, schema) = view::resolve(root, schema)?;
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
            self.absorb(root, member, depth)?;
        }
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let property = match self.properties.get(name) {
                Some(known) => both(root, known, property, depth),
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
fn both(root: &Value, known: &Value, later: &Value, depth: usize) -> Value {
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
        .try_for_each(|part| object.absorb(root, part, depth).ok_or(()));
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

/// Takes unions off objects whose branches only say which fields must be there: that is a rule about values, and typify
/// would make a type of each branch.
pub fn drop_rules_about_fields(lowering: &mut Lowering) {
    for place in lowering.nodes(Kind::Schema) {
        let Some(schema) =
            pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        if !schema.contains_key("properties") {
            continue;
        }
        for keyword in ["oneOf", "anyOf", "not"] {
            if schema.get(keyword).is_some_and(are_rules) {
                schema.remove(keyword);
                let message = format!("`{keyword}` only says which fields must be there together");
                lowering.record("drop-rule", &place, message);
                lowering.moved();
                break;
            }
        }
    }
}

/// Whether all that a composition says is which fields there must be.
pub(crate) fn has_only_rules(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).is_some_and(are_rules)
}

fn are_rules(branches: &Value) -> bool {
    match branches {
        Value::Array(branches) => branches.iter().all(is_rule),
        branch => is_rule(branch),
    }
}

/// Whether a schema says no more than which fields there must be.
fn is_rule(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema
            .iter()
            .all(|(keyword, value)| match keyword.as_str() {
                "required" => value.is_array(),
                "type" => value == "object",
                "not" => is_rule(value),
                "allOf" | "oneOf" | "anyOf" => value
                    .as_array()
                    .is_some_and(|branches| branches.iter().all(is_rule)),
                "properties" => value.as_object().is_some_and(|properties| {
                    properties
                        .values()
                        .all(|property| property.as_object().is_some_and(Map::is_empty))
                }),
                other => ANNOTATIONS.contains(&other),
            })
    })
}

/// Gives what a nullable composition is, when it isn't null, a name of its own: typify makes two types of it, and calls
/// both by the name of the schema.
pub fn name_nullable(lowering: &mut Lowering) {
    let schemas = pointer::get(&lowering.root, "/components/schemas").and_then(Value::as_object);
    let nullable: Vec<(String, Value)> = schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| {
            let is_composition = ["oneOf", "anyOf", "allOf"]
                .iter()
                .any(|keyword| schema.get(*keyword).is_some());
            is_composition && schema.get("nullable") == Some(&Value::Bool(true))
        })
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for (name, mut schema) in nullable {
        let place = pointer::join("/components/schemas", &name);
        let description = schema.get("description").cloned();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("nullable");
        }
        let value = lowering.hoist(&format!("{name}_value"), schema, &place);
        let mut outer = json!({ "nullable": true, "allOf": [value] });
        if let Some(description) = description {
            outer["description"] = description;
        }
        lowering.root["components"]["schemas"][&name] = outer;
        lowering.record(
            "name-nullable",
            &place,
            format!("`{name}` is null or another type, which gets a name of its own"),
        );
    }
}
