//! Schemas that something refers to get a place among the components.
//!
//! In 3.1 a reference may lead to any schema: into `$defs`, to an `$anchor`, to a schema known by its `$id`, to a
//! property of another schema. The stages after this one take names of types from `components/schemas` alone, so what
//! is referred to elsewhere moves there and leaves a reference behind. The name comes from the document, so that it
//! stays the same when something else changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::Restating;
use crate::names;
use crate::pointer;
use crate::shape::{Found, Kind};
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// So many times the schemas are gone through to find those whose own references have names by now. Deeper chains get
/// names too, but are not recognised as equal.
const MAX_ROUNDS: usize = 16;

/// Moves every schema that a reference leads to under `components/schemas`, and lets every reference name it there.
pub fn inner_schemas(restating: &mut Restating<'_>) {
    let found = restating.found();
    let schemas: Vec<&Found> = found
        .iter()
        .filter(|found| found.kind == Kind::Schema)
        .collect();
    let targets = Targets::of(restating.root, &schemas);
    // The references that don't name a component, with where each leads.
    let mut leading: BTreeMap<String, String> = BTreeMap::new();
    for schema in &schemas {
        let Some(reference) = &schema.reference else {
            continue;
        };
        if let Some(target) = targets.resolve(restating.root, &schema.pointer, reference) {
            leading.insert(schema.pointer.clone(), target);
        }
    }
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

/// What references may lead to.
struct Targets {
    schemas: BTreeSet<String>,
    anchors: HashMap<String, String>,
    ids: HashMap<String, String>,
}

impl Targets {
    fn of(root: &Value, found: &[&Found]) -> Self {
        let mut targets = Self {
            schemas: BTreeSet::new(),
            anchors: HashMap::new(),
            ids: HashMap::new(),
        };
        // From the end to the start, so that the first of two wins.
        for found in found {
            targets.schemas.insert(found.pointer.clone());
            let Some(schema) = pointer::get(root, &found.pointer) else {
                continue;
            };
            let text = |keyword| schema.get(keyword).and_then(Value::as_str);
            for anchor in [text("$anchor"), text("$dynamicAnchor")]
                .into_iter()
                .flatten()
            {
                targets
                    .anchors
                    .insert(anchor.to_owned(), found.pointer.clone());
            }
            if let Some(id) = text("$id") {
                let id = id.trim_end_matches('#');
                targets.ids.insert(id.to_owned(), found.pointer.clone());
            }
        }
        targets
    }

    /// Where a reference leads that stands at `from`; `None` if it names a component, or leads to no schema.
    fn resolve(&self, root: &Value, from: &str, reference: &str) -> Option<String> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = match document {
            "" => None,
            id => Some(self.ids.get(id)?.clone()),
        };
        let target = if fragment.is_empty() || fragment.starts_with('/') {
            let decoded = decode(fragment);
            match base {
                Some(base) => format!("{base}{decoded}"),
                None if is_component(&decoded) && decoded == fragment => return None,
                None => self.nearest(root, from, &decoded),
            }
        } else {
            self.anchors.get(fragment)?.clone()
        };
        self.is_schema(&target).then_some(target)
    }

    fn is_schema(&self, target: &str) -> bool {
        self.schemas.contains(target)
    }

    /// Where a pointer leads that may be meant from the document, or from a schema around the reference: schemas are
    /// pasted into documents with the references that they had as documents of their own.
    fn nearest(&self, root: &Value, from: &str, fragment: &str) -> String {
        if pointer::get(root, fragment).is_some() && self.is_schema(fragment) {
            return fragment.to_owned();
        }
        let mut place = Some(from);
        while let Some(around) = place {
            let target = format!("{around}{fragment}");
            if self.is_schema(around) && self.is_schema(&target) {
                return target;
            }
            place = pointer::parent(around);
        }
        fragment.to_owned()
    }
}

/// A pointer in a fragment may be percent-encoded (RFC 6901, section 6).
fn decode(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
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
