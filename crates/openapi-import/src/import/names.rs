//! Names that the generated code uses and the wire does not have: paths, operations and schemas. Upstream may rename
//! them without a change of the API, and every caller would have to follow. They stay where the counterpart is certain.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::notes::kept;
use super::paths;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::{Found, Kind, Version, Walk};
use openapi_document::view::{self, OperationView, SCHEMAS, shape};

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
    // A name that upstream gives to another operation by now is upstream's.
    let taken: BTreeSet<&str> = all.iter().filter_map(OperationView::id).collect();
    let renamed = all.iter().filter_map(|operation| {
        let old = *known.get(&(shape(operation.path), operation.method))?;
        let place = pointer::join(&operation.pointer(), "operationId");
        let id = operation.id().map(str::to_owned);
        (!taken.contains(old)).then_some((place, id, old))
    });
    let mut ids: HashMap<String, &str> = HashMap::new();
    for (place, id, old) in renamed.collect::<Vec<_>>() {
        let operation = pointer::parent(&place);
        let operation = operation.and_then(|place| upstream.root.pointer_mut(place));
        if let Some(operation) = operation {
            operation["operationId"] = Value::from(old);
        }
        if let Some(id) = id {
            let message = format!("upstream calls the operation `{id}`; it stays `{old}`");
            notes.push(kept(place, message));
            ids.insert(id, old);
        }
    }
    let found = Walk::document(&upstream.root).found.into_iter();
    for link in found.filter(|found| found.kind == Kind::Link && found.reference.is_none()) {
        let place = pointer::join(&link.pointer, "operationId");
        if let Some(id) = upstream.root.pointer_mut(&place)
            && let Some(old) = id.as_str().and_then(|id| ids.get(id))
        {
            *id = Value::from(*old);
        }
    }
}

/// A new schema replaces one that is gone if their constraints are equal, and no other schema has the same constraints.
fn schemas(upstream: &mut Document, current: &Value, notes: &mut Vec<Diagnostic>) {
    let empty = Map::new();
    let section = |root| pointer::get(root, SCHEMAS).and_then(Value::as_object);
    let old = section(current).unwrap_or(&empty);
    let new = section(&upstream.root).unwrap_or(&empty);
    let mut gone: Vec<&String> = old.keys().filter(|name| !new.contains_key(*name)).collect();
    let mut fresh: Vec<&String> = new.keys().filter(|name| !old.contains_key(*name)).collect();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    // A schema that refers to another one that was renamed is recognised after it.
    loop {
        let mut by_content: HashMap<String, (Vec<&String>, Vec<&String>)> = HashMap::new();
        for name in &gone {
            if let Some(content) = content(name, &old[*name], &BTreeMap::new()) {
                by_content.entry(content).or_default().0.push(name);
            }
        }
        for name in &fresh {
            if let Some(content) = content(name, &new[*name], &renamed) {
                by_content.entry(content).or_default().1.push(name);
            }
        }
        let before = renamed.len();
        for (was, is) in by_content.into_values() {
            if let ([was], [is]) = (was.as_slice(), is.as_slice()) {
                renamed.insert((*is).clone(), (*was).clone());
                gone.retain(|name| name != was);
                fresh.retain(|name| name != is);
            }
        }
        if renamed.len() == before {
            break;
        }
    }
    for (is, was) in &renamed {
        let message = format!("upstream calls the schema `{is}`; it stays `{was}`");
        notes.push(kept(pointer::join(SCHEMAS, is), message));
    }
    rename(upstream, &renamed);
}

/// The constraints of a schema without its annotations; `None` for one that has too few to be known by.
fn content(name: &str, schema: &Value, renamed: &BTreeMap<String, String>) -> Option<String> {
    const WORDS: [&str; 4] = ["title", "description", "example", "externalDocs"];
    let has = |(field, least): (&str, usize)| match &schema[field] {
        Value::Object(members) => members.len() >= least,
        Value::Array(items) => items.len() >= least,
        _ => false,
    };
    let known_by = [
        ("properties", 1),
        ("enum", 2),
        ("allOf", 2),
        ("oneOf", 2),
        ("anyOf", 2),
    ];
    if !known_by.into_iter().any(has) {
        return None;
    }
    let mut content = schema.clone();
    let found = Walk::of(Kind::Schema, schema).found;
    retarget(&mut content, &found, |target| {
        let target = view::schema_name(target).unwrap_or_else(|| target.to_owned());
        let target = renamed.get(&target).cloned().unwrap_or(target);
        let is_own = target == name;
        Some(if is_own { String::new() } else { target })
    });
    for found in found.iter().rev() {
        if let Some(Value::Object(members)) = content.pointer_mut(&found.pointer) {
            members.retain(|field, _| !WORDS.contains(&field.as_str()) && !field.starts_with("x-"));
            in_one_spelling(members);
        }
    }
    Some(content.to_string())
}

/// Replaces the targets of references and of discriminator mappings that have a new one.
fn retarget(root: &mut Value, found: &[Found], new: impl Fn(&str) -> Option<String>) {
    for found in found {
        let Some(Value::Object(members)) = root.pointer_mut(&found.pointer) else {
            continue;
        };
        let is_mapped = found.kind == Kind::Discriminator;
        let targets: Vec<&mut Value> = match (&found.reference, members.get_mut("mapping")) {
            (Some(_), _) => members.get_mut("$ref").into_iter().collect(),
            (None, Some(Value::Object(mapping))) if is_mapped => mapping.values_mut().collect(),
            _ => Vec::new(),
        };
        for target in targets {
            if let Some(new) = target.as_str().and_then(&new) {
                *target = Value::from(new);
            }
        }
    }
}

/// Replaces keywords of OpenAPI 3.1 by their equivalents in 3.0.
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

/// Renames schemas, and the references to them.
fn rename(upstream: &mut Document, renamed: &BTreeMap<String, String>) {
    if renamed.is_empty() {
        return;
    }
    let found = Walk::document(&upstream.root).found;
    retarget(&mut upstream.root, &found, |target| {
        match view::schema_name(target) {
            Some(name) => Some(format!("#{}", pointer::join(SCHEMAS, renamed.get(&name)?))),
            // A mapping may name a schema by its name alone.
            None => renamed.get(target).cloned(),
        }
    });
    for (is, was) in renamed {
        let section = upstream
            .root
            .pointer_mut(SCHEMAS)
            .and_then(Value::as_object_mut);
        if let Some(section) = section
            && let Some(schema) = section.remove(is)
        {
            section.insert(was.clone(), schema);
            upstream.moved(&pointer::join(SCHEMAS, is), &pointer::join(SCHEMAS, was));
        }
    }
}
