//! Schemas that something refers to get a place among the components.
//!
//! In 3.1 a reference may lead to any schema, such as one in `$defs` or a property of another schema. Tools for 3.0 expect
//! schemas that are referred to in `components/schemas`, so they move there and leave a reference behind. The name comes from
//! the document, so that it stays the same when something else changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::Restating;
use crate::names;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// So many times the schemas are gone through to find those whose own references have names by now. Deeper chains get
/// names too, but are not recognised as equal.
const MAX_ROUNDS: usize = 16;

/// Moves every schema that a reference leads to under `components/schemas`, and lets every reference name it there.
pub fn inner_schemas(restating: &mut Restating<'_>) {
    let found = restating.found();
    let schemas = found.iter().filter(|found| found.kind == Kind::Schema);
    let places: BTreeSet<&str> = schemas.clone().map(|found| &*found.pointer).collect();
    // The references that don't name a component, and the schemas that they lead to.
    let leading = schemas.filter_map(|schema| {
        let target = schema.reference.as_deref()?.strip_prefix('#')?;
        let is_inner = !is_component(target) && places.contains(target);
        is_inner.then(|| (schema.pointer.clone(), target.to_owned()))
    });
    let leading: BTreeMap<String, String> = leading.collect();
    let names = name(restating.root, &leading);
    for (from, target) in &leading {
        let name = names.get(target.as_str()).map(|named| named.name.clone());
        let to = match name {
            Some(name) => pointer::join(SCHEMAS, &name),
            // It is a component, called by its anchor or its id.
            None => target.clone(),
        };
        if let Some(slot) = pointer::get_mut(restating.root, &pointer::join(from, "$ref")) {
            *slot = Value::from(format!("#{to}"));
        }
    }
    // The innermost first: where the others stand stays valid.
    let mut moving: Vec<(&str, Named)> = names.into_iter().collect();
    moving.sort_by_key(|(target, _)| std::cmp::Reverse(target.matches('/').count()));
    for (target, Named { name, is_first }) in moving {
        let to = pointer::join(SCHEMAS, &name);
        let Some(slot) = pointer::get_mut(restating.root, target) else {
            continue;
        };
        let schema = std::mem::replace(slot, json!({ "$ref": format!("#{to}") }));
        restating.record("inner-schema", target, format!("becomes `#{to}`"));
        if is_first {
            restating.moved(target, &to);
            object(object(restating.root, "components"), "schemas")[&name] = schema;
        }
    }
}

/// The object under `key`, made if it isn't there.
fn object<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value[key].is_object() {
        value[key] = Value::Object(Map::new());
    }
    &mut value[key]
}

/// The name of a component to be.
struct Named {
    name: String,
    /// Whether it is the one to move; an equal one of the same name only gives way to a reference.
    is_first: bool,
}

/// Gives each target a name that no component has. Equal ones that are called the same share it: tools that paste the
/// same definitions into each operation mean one type.
fn name<'a>(root: &Value, leading: &'a BTreeMap<String, String>) -> BTreeMap<&'a str, Named> {
    let components = pointer::get(root, SCHEMAS).and_then(Value::as_object);
    let components = components.into_iter().flatten();
    let mut free = Free {
        taken: components.map(|(name, _)| names::type_name(name)).collect(),
        asked: HashMap::new(),
    };
    let mut named: BTreeMap<&str, Named> = BTreeMap::new();
    let mut known: HashMap<(String, String), String> = HashMap::new();
    let mut pending: BTreeSet<&str> = leading.values().map(String::as_str).collect();
    pending.retain(|target| !is_component(target));
    for _ in 0..MAX_ROUNDS {
        let before = pending.len();
        pending.retain(|target| {
            let Some(content) = content(root, target, leading, &named) else {
                return true;
            };
            let wanted = wanted(root, target);
            let key = (wanted, content);
            let shared = known.get(&key).cloned();
            let is_first = shared.is_none();
            let name = shared.unwrap_or_else(|| free.take(&key.0));
            known.insert(key, name.clone());
            named.insert(target, Named { name, is_first });
            false
        });
        if pending.len() == before {
            break;
        }
    }
    // What is left refers to each other in circles.
    for target in pending {
        let name = free.take(&wanted(root, target));
        let is_first = true;
        named.insert(target, Named { name, is_first });
    }
    named
}

/// A schema with the references in it by the names of what they lead to; `None` as long as one of these has no name.
fn content(
    root: &Value,
    target: &str,
    leading: &BTreeMap<String, String>,
    named: &BTreeMap<&str, Named>,
) -> Option<String> {
    let inside = format!("{target}/");
    let references = leading
        .range(target.to_owned()..)
        .take_while(|(from, _)| from.starts_with(target))
        .filter(|(from, _)| *from == target || from.starts_with(&inside));
    let names: Vec<(String, &str)> = references
        .map(|(from, to)| {
            let name = match named.get(to.as_str()) {
                Some(named) => named.name.as_str(),
                None if is_component(to) => to,
                None if to == target => "",
                None => return None,
            };
            Some((pointer::join(&from[target.len()..], "$ref"), name))
        })
        .collect::<Option<_>>()?;
    let mut content = pointer::get(root, target)?.clone();
    for (place, name) in names {
        *pointer::get_mut(&mut content, &place)? = Value::from(name);
    }
    Some(content.to_string())
}

fn is_component(target: &str) -> bool {
    target
        .strip_prefix(SCHEMAS)
        .is_some_and(|rest| rest.matches('/').count() == 1)
}

/// The name in `$defs`, or one made of what the document calls the places around the schema.
fn wanted(root: &Value, target: &str) -> String {
    let tokens: Vec<String> = pointer::tokens(target).collect();
    if let [.., section, name] = tokens.as_slice()
        && ["$defs", "definitions"].contains(&section.as_str())
    {
        return name.clone();
    }
    const STRUCTURE: [&str; 10] = [
        "paths",
        "components",
        "schemas",
        "properties",
        "content",
        "schema",
        "responses",
        "requestBody",
        "requestBodies",
        "parameters",
    ];
    let mut tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let operation = match tokens.as_slice() {
        ["paths", path, method, ..] => {
            let operation = root["paths"][path][method]["operationId"].as_str();
            let id = operation.map_or_else(|| view::synthesised_id(method, path), str::to_owned);
            tokens.drain(..3);
            Some(id)
        }
        _ => None,
    };
    let places = tokens
        .into_iter()
        .filter(|token| !STRUCTURE.contains(token));
    let words: Vec<String> = operation
        .into_iter()
        .chain(places.map(str::to_owned))
        .map(|word| word.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
        .collect();
    words.join("_")
}

/// Names that are given out, each once.
struct Free {
    taken: BTreeSet<String>,
    /// How often a name was asked for: the numbers up to there need not be tried again.
    asked: HashMap<String, usize>,
}

impl Free {
    /// The name, or the name with the next number that makes it another.
    fn take(&mut self, wanted: &str) -> String {
        let asked = self.asked.entry(wanted.to_owned()).or_default();
        loop {
            *asked += 1;
            let name = match *asked {
                1 => wanted.to_owned(),
                number => format!("{wanted}_{number}"),
            };
            if self.taken.insert(names::type_name(&name)) {
                return name;
            }
        }
    }
}
