//! Names that the generated code goes by and the wire does not know: upstream may change them without meaning anything
//! by it, and every caller would have to follow. They stay as they are where it is certain what is what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::paths;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::read::Document;
use crate::shape::{Kind, Version, Walk};
use crate::view::{self, OperationView, shape};

const SCHEMAS: &str = "/components/schemas";

/// Gives paths, operations and schemas of `upstream` the names that they have in `current`, and notes each.
pub fn keep(upstream: &mut Document, current: &Document, notes: &mut Vec<Diagnostic>) {
    // A patch of the same version means nothing.
    if let Some(version) = current.root.get("openapi")
        && Version::of(&upstream.root) == Version::of(&current.root)
    {
        upstream.root["openapi"] = version.clone();
    }
    paths::keep(upstream, &current.root, notes);
    operations(upstream, &current.root, notes);
    schemas(upstream, &current.root, notes);
}

/// An operation is the same if method and path are.
fn operations(upstream: &mut Document, current: &Value, notes: &mut Vec<Diagnostic>) {
    let known: HashMap<(String, &str), &str> = OperationView::all(current)
        .iter()
        .filter_map(|operation| Some(((shape(operation.path), operation.method), operation.id()?)))
        .collect();
    let all = OperationView::all(&upstream.root);
    // A name that upstream gives to something else by now is upstream's.
    let taken: BTreeSet<&str> = all.iter().filter_map(OperationView::id).collect();
    let renamed: Vec<(String, Option<String>, String)> = all
        .iter()
        .filter_map(|operation| {
            let old = known.get(&(shape(operation.path), operation.method))?;
            let is_free = !taken.contains(old);
            (operation.id() != Some(old) && is_free).then(|| {
                let id = operation.id().map(str::to_owned);
                (operation.pointer(), id, (*old).to_owned())
            })
        })
        .collect();
    let mut ids: HashMap<String, String> = HashMap::new();
    for (place, upstream_id, old) in renamed {
        if let Some(operation) = pointer::get_mut(&mut upstream.root, &place) {
            operation["operationId"] = Value::from(old.as_str());
        }
        if let Some(id) = upstream_id {
            let place = pointer::join(&place, "operationId");
            let message = format!("upstream calls the operation `{id}`; it stays `{old}`");
            notes.push(kept(place, message));
            ids.insert(id, old);
        }
    }
    for place in places(&upstream.root, Kind::Link) {
        let id = pointer::get_mut(&mut upstream.root, &pointer::join(&place, "operationId"));
        if let Some(id) = id
            && let Some(old) = id.as_str().and_then(|id| ids.get(id))
        {
            *id = Value::from(old.as_str());
        }
    }
}

/// Says that something keeps its name.
pub fn kept(place: String, message: String) -> Diagnostic {
    Diagnostic::error("kept-name", place, message)
        .hint("to take over upstream's name, rename it in the workspace's description first")
        .note()
}

fn places(root: &Value, kind: Kind) -> Vec<String> {
    let found = Walk::document(root).found.into_iter();
    found
        .filter(|found| found.kind == kind && found.reference.is_none())
        .map(|found| found.pointer)
        .collect()
}

/// A schema is the same if it is new, says word for word what one that is gone said, and no other does.
fn schemas(upstream: &mut Document, current: &Value, notes: &mut Vec<Diagnostic>) {
    let empty = Map::new();
    let section = |root| pointer::get(root, SCHEMAS).and_then(Value::as_object);
    let old = section(current).unwrap_or(&empty);
    let new = section(&upstream.root).unwrap_or(&empty);
    let gone: Vec<&String> = old.keys().filter(|name| !new.contains_key(*name)).collect();
    let fresh: Vec<&String> = new.keys().filter(|name| !old.contains_key(*name)).collect();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    // One that refers to another that was renamed is recognised after it.
    while renamed.len() < gone.len().min(fresh.len()) {
        let mut by_content: HashMap<String, (Vec<&String>, Vec<&String>)> = HashMap::new();
        for name in gone
            .iter()
            .filter(|name| !renamed.values().any(|old| old == **name))
        {
            if let Some(content) = content(name, &old[*name], &BTreeMap::new()) {
                by_content.entry(content).or_default().0.push(name);
            }
        }
        for name in fresh.iter().filter(|name| !renamed.contains_key(**name)) {
            if let Some(content) = content(name, &new[*name], &renamed) {
                by_content.entry(content).or_default().1.push(name);
            }
        }
        let before = renamed.len();
        for (was, is) in by_content.into_values() {
            if let ([was], [is]) = (was.as_slice(), is.as_slice()) {
                renamed.insert((*is).clone(), (*was).clone());
            }
        }
        if renamed.len() == before {
            break;
        }
    }
    for (is, was) in &renamed {
        let place = pointer::join(SCHEMAS, is);
        let message = format!("upstream calls the schema `{is}`; it stays `{was}`");
        notes.push(kept(place.clone(), message));
    }
    rename(upstream, &renamed);
}

/// What a schema says, without what only describes it; `None` for one that says too little to be known by.
fn content(name: &str, schema: &Value, renamed: &BTreeMap<String, String>) -> Option<String> {
    let has = |field: &str, least: usize| match &schema[field] {
        Value::Object(members) => members.len() >= least,
        Value::Array(items) => items.len() >= least,
        _ => false,
    };
    let says_enough = has("properties", 1)
        || has("enum", 2)
        || has("allOf", 2)
        || has("oneOf", 2)
        || has("anyOf", 2);
    if !says_enough {
        return None;
    }
    let mut content = schema.clone();
    for found in Walk::of(Kind::Schema, schema, "").found.into_iter().rev() {
        let Some(Value::Object(members)) = pointer::get_mut(&mut content, &found.pointer) else {
            continue;
        };
        members.retain(|field, _| {
            let is_words =
                ["title", "description", "example", "externalDocs"].contains(&field.as_str());
            !is_words && !field.starts_with("x-")
        });
        in_one_spelling(members);
        let name_of = |target: &str| {
            let target = view::schema_name(target).unwrap_or_else(|| target.to_owned());
            let target = renamed.get(&target).cloned().unwrap_or(target);
            Value::from(if target == name { "" } else { &target })
        };
        if let Some(target) = found.reference.as_deref() {
            members.insert("$ref".to_owned(), name_of(target));
        }
        if found.kind == Kind::Discriminator
            && let Some(Value::Object(mapping)) = members.get_mut("mapping")
        {
            for (_, target) in mapping {
                *target = name_of(target.as_str().unwrap_or_default());
            }
        }
    }
    Some(content.to_string())
}

/// Replaces the spellings that OpenAPI 3.1 has for what 3.0 has, too.
fn in_one_spelling(schema: &mut Map<String, Value>) {
    if let Some(value) = schema.remove("const") {
        schema.insert("enum".to_owned(), json!([value]));
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        let is_null = |name: &Value| *name == "null";
        let is_nullable = types.iter().any(is_null);
        types.retain(|name| !is_null(name));
        if let [only] = &mut types[..] {
            let only = only.take();
            schema.insert("type".to_owned(), only);
        }
        if is_nullable {
            schema.insert("nullable".to_owned(), Value::Bool(true));
        }
    }
}

/// Renames schemas, and what refers to them.
fn rename(upstream: &mut Document, renamed: &BTreeMap<String, String>) {
    if renamed.is_empty() {
        return;
    }
    let found = Walk::document(&upstream.root).found;
    let new_name = |reference: &str| {
        let name = view::schema_name(reference)?;
        let name = renamed.get(&name)?;
        Some(Value::from(format!("#{}", pointer::join(SCHEMAS, name))))
    };
    for found in &found {
        if let Some(reference) = found.reference.as_deref().and_then(new_name)
            && let Some(slot) =
                pointer::get_mut(&mut upstream.root, &pointer::join(&found.pointer, "$ref"))
        {
            *slot = reference;
        }
        if found.kind != Kind::Discriminator {
            continue;
        }
        let mapping = pointer::get_mut(
            &mut upstream.root,
            &pointer::join(&found.pointer, "mapping"),
        );
        for (_, target) in mapping.and_then(Value::as_object_mut).into_iter().flatten() {
            // A mapping names a schema by a reference, or by its name alone.
            let text = target.as_str().unwrap_or_default();
            let by_name = || renamed.get(text).map(|name| Value::from(name.as_str()));
            if let Some(name) = new_name(text).or_else(by_name) {
                *target = name;
            }
        }
    }
    for (is, was) in renamed {
        let section = pointer::get_mut(&mut upstream.root, SCHEMAS).and_then(Value::as_object_mut);
        if let Some(section) = section
            && let Some(schema) = section.remove(is)
        {
            section.insert(was.clone(), schema);
            upstream.moved(&pointer::join(SCHEMAS, is), &pointer::join(SCHEMAS, was));
        }
    }
}
