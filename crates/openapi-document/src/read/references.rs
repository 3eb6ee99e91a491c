//! References of OpenAPI 3.1 that are not JSON pointers from the start of the document.
//!
//! In 3.1 a reference may name a schema by an `$anchor`, by its `$id`, or by a pointer from the schema around it. They are
//! written as pointers from the start of the document, so that the other stages know one form. Nothing else of the
//! document is changed.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view::is_component;

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
    let schemas = || found.iter().filter(|found| found.kind == Kind::Schema);
    let targets = Targets::of(root, schemas().map(|found| &*found.pointer));
    let resolved = schemas().filter_map(|schema| {
        let written = schema.reference.clone()?;
        let target = format!("#{}", targets.resolve(&schema.pointer, &written)?);
        (target != written).then(|| Resolved {
            pointer: pointer::join(&schema.pointer, "$ref"),
            written,
            target,
        })
    });
    let resolved: Vec<Resolved> = resolved.collect();
    for Resolved {
        pointer, target, ..
    } in &resolved
    {
        if let Some(reference) = root.pointer_mut(pointer) {
            *reference = Value::from(target.clone());
        }
    }
    resolved
}

/// The schemas that references may lead to, each by its pointer.
#[derive(Default)]
struct Targets<'a> {
    schemas: HashSet<&'a str>,
    anchors: HashMap<String, &'a str>,
    ids: HashMap<String, &'a str>,
}

impl<'a> Targets<'a> {
    fn of(root: &Value, schemas: impl Iterator<Item = &'a str>) -> Self {
        let mut targets = Self::default();
        for at in schemas {
            targets.schemas.insert(at);
            let text = |keyword| pointer::get(root, at)?.get(keyword)?.as_str();
            // Of two schemas with the same name, the first one counts.
            for anchor in ["$dynamicAnchor", "$anchor"].into_iter().filter_map(text) {
                targets.anchors.entry(anchor.to_owned()).or_insert(at);
            }
            if let Some(id) = text("$id") {
                let id = id.trim_end_matches('#').to_owned();
                targets.ids.entry(id).or_insert(at);
            }
        }
        targets
    }

    /// The pointer of the schema that a reference at `from` leads to; `None` if it names a component, or leads to no schema.
    fn resolve(&self, from: &str, reference: &str) -> Option<String> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = match document {
            "" => None,
            id => Some(self.ids.get(id)?),
        };
        let is_pointer = fragment.is_empty() || fragment.starts_with('/');
        let target = match base {
            _ if !is_pointer => (*self.anchors.get(fragment)?).to_owned(),
            Some(base) => format!("{base}{fragment}"),
            None if is_component(fragment) => return None,
            None => self.nearest(from, fragment),
        };
        self.schemas.contains(&*target).then_some(target)
    }

    /// The schema at a pointer that counts from the document, or else from a schema around the reference: schemas are pasted
    /// into documents with the references that they had as documents of their own.
    fn nearest(&self, from: &str, fragment: &str) -> String {
        let mut around = if self.schemas.contains(fragment) {
            None
        } else {
            Some(from)
        };
        while let Some(base) = around {
            let target = format!("{base}{fragment}");
            if self.schemas.contains(base) && self.schemas.contains(&*target) {
                return target;
            }
            around = pointer::parent(base);
        }
        fragment.to_owned()
    }
}
