//! Components whose names would not be names of types of their own.
//!
//! A name that generated code uses, or that reads as another one in Rust, is changed here: names of components do not go
//! over the wire. Those that come first in the document keep theirs, so that what is added later renames nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Lowering;
use crate::names::{self, type_name};
use crate::pointer;
use crate::read::Document;
use crate::shape::{Kind, Walk};
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// Names that generated code uses unqualified and that a type of the same name would shadow.
const PRELUDE: [&str; 5] = ["String", "Default", "Self", "Ok", "Err"];

/// Whether a schema can't be called by its own name, whatever the others are called.
pub(crate) fn is_reserved(name: &str) -> bool {
    let rust = type_name(name);
    names::is_keyword(name) && rust.ends_with('_') || PRELUDE.contains(&rust.as_str())
}

/// What schemas are called that can't have their own names, given all of them in the order of the document.
pub(crate) fn settled<'a>(schemas: &[&'a str]) -> BTreeMap<&'a str, String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut second: Vec<&str> = Vec::new();
    for &name in schemas {
        if !names::has_identifier(name) {
            continue;
        }
        if is_reserved(name) || !taken.insert(type_name(name)) {
            second.push(name);
        }
    }
    let mut settled = BTreeMap::new();
    for name in second {
        let rust = type_name(name);
        let rust = rust.trim_end_matches('_');
        let first = is_reserved(name).then(|| format!("{rust}Type"));
        let free = first
            .into_iter()
            .chain((2..).map(|number| format!("{rust}{number}")))
            .find(|candidate| taken.insert(candidate.clone()));
        settled.extend(free.map(|free| (name, free)));
    }
    settled
}

/// Where each schema stands among them, if that makes a difference: looking up positions has a cost.
pub(super) fn order(document: &Document) -> BTreeMap<String, usize> {
    in_order(document)
        .into_iter()
        .enumerate()
        .map(|(position, name)| (name.to_owned(), position))
        .collect()
}

/// The schemas in the order of the document, if two of them would have one name; else there is none that matters.
pub(crate) fn in_order(document: &Document) -> Vec<&str> {
    let schemas = pointer::get(&document.root, SCHEMAS).and_then(Value::as_object);
    let mut names: Vec<&str> = schemas
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    let rust: BTreeSet<String> = names.iter().map(|name| type_name(name)).collect();
    if rust.len() < names.len() {
        names.sort_by_key(|name| document.position(&pointer::join(SCHEMAS, name)));
    }
    names
}

/// Gives those schemas the names that they will have, wherever something refers to them.
pub fn settle(lowering: &mut Lowering) {
    let schemas = pointer::get(&lowering.root, SCHEMAS).and_then(Value::as_object);
    let mut names: Vec<&str> = schemas
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    let rust: BTreeSet<String> = names.iter().map(|name| type_name(name)).collect();
    if rust.len() == names.len() && !names.iter().any(|name| is_reserved(name)) {
        return;
    }
    names.sort_by_key(|name| lowering.order.get(*name).copied().unwrap_or(usize::MAX));
    let settled: Vec<(String, String)> = settled(&names)
        .into_iter()
        .map(|(from, to)| (from.to_owned(), to))
        .collect();
    let target = |name: &str| format!("#{}", pointer::join(SCHEMAS, name));
    let targets: BTreeMap<String, String> = settled
        .iter()
        .map(|(from, to)| (target(from), target(to)))
        .collect();
    let walk = Walk::document(&lowering.root);
    for found in walk.found {
        let Some(value) = pointer::get_mut(&mut lowering.root, &found.pointer) else {
            continue;
        };
        if let Some(to) = found.reference.and_then(|target| targets.get(&target)) {
            value["$ref"] = Value::from(to.as_str());
        } else if found.kind == Kind::Schema && value.get("discriminator").is_some() {
            rename_in_mapping(value, &settled, &targets);
        }
    }
    for (from, to) in settled {
        let schemas = pointer::get_mut(&mut lowering.root, SCHEMAS).and_then(Value::as_object_mut);
        if let Some(schemas) = schemas
            && let Some(schema) = schemas.remove(&from)
        {
            schemas.insert(to.clone(), schema);
        }
        let place = pointer::join(SCHEMAS, &from);
        lowering.record("rename-schema", &place, format!("`{from}` becomes `{to}`"));
        let origin = super::origin(&lowering.origins, &place);
        lowering.origins.insert(pointer::join(SCHEMAS, &to), origin);
    }
    lowering.moved();
}

/// Keeps what a discriminator says of renamed schemas, whose old names are values of the property.
fn rename_in_mapping(
    union: &mut Value,
    settled: &[(String, String)],
    targets: &BTreeMap<String, String>,
) {
    let members: Vec<String> = ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|keyword| union.get(keyword)?.as_array())
        .flatten()
        .filter_map(|member| view::schema_name(view::reference(member)?))
        .collect();
    let Some(discriminator) = union
        .get_mut("discriminator")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let mapping = discriminator
        .entry("mapping")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(mapping) = mapping.as_object_mut() else {
        return;
    };
    for target in mapping.values_mut() {
        let named = target.as_str().and_then(|target| {
            let renamed = settled.iter().find(|(from, _)| from == target);
            renamed.map(|(_, to)| to).or_else(|| targets.get(target))
        });
        if let Some(to) = named {
            *target = Value::from(to.as_str());
        }
    }
    for (from, to) in settled {
        if members.contains(from) || members.contains(to) {
            mapping
                .entry(from.clone())
                .or_insert_with(|| Value::from(to.as_str()));
        }
    }
}
