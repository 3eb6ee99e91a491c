//! References of OpenAPI 3.1 that are not JSON pointers from the start of the document.
//!
//! In 3.1 a reference may name a schema by an `$anchor`, by its `$id`, or by a pointer from the schema around it. They are
//! written as pointers from the start of the document, so that whoever follows a reference has one rule. Nothing else of the
//! document is changed.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::pointer;
use crate::shape::{Found, Kind, Walk};

/// A reference that was written as a pointer.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its JSON pointer.
    pub pointer: String,
    /// The reference as it was.
    pub written: String,
    /// The reference as it is.
    pub target: String,
}

/// Writes references to schemas as pointers from the start of the document.
pub fn resolve(root: &mut Value) -> Vec<Resolved> {
    let found = Walk::document(root).found;
    let schemas: Vec<&Found> = found
        .iter()
        .filter(|found| found.kind == Kind::Schema)
        .collect();
    let targets = Targets::of(root, &schemas);
    let mut resolved = Vec::new();
    for schema in schemas {
        let Some(written) = &schema.reference else {
            continue;
        };
        let Some(target) = targets.resolve(root, &schema.pointer, written) else {
            continue;
        };
        let target = format!("#{target}");
        let place = pointer::join(&schema.pointer, "$ref");
        if target != *written
            && let Some(slot) = pointer::get_mut(root, &place)
        {
            *slot = Value::from(target.clone());
            resolved.push(Resolved {
                pointer: place,
                written: written.clone(),
                target,
            });
        }
    }
    resolved
}

/// The schemas that references may lead to.
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
        // Of two with the same name, the first one counts.
        for found in found.iter().rev() {
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

    /// The pointer of the schema that a reference at `from` leads to; `None` if it names a component, or leads to no schema.
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

    /// The schema at a pointer that counts from the document, or else from a schema around the reference: schemas are pasted
    /// into documents with the references that they had as documents of their own.
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

fn is_component(pointer: &str) -> bool {
    let name = pointer.strip_prefix("/components/schemas/");
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}
