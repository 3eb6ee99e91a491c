//! What in a document progenitor fails on.
//!
//! It answers some documents with an error, some with a panic, and names neither the schema nor the operation: each of
//! them is tried alone, with only the schemas that it needs.

use std::collections::{BTreeMap, BTreeSet};

use openapiv3::{OpenAPI, ReferenceOr};

use super::progenitor::attempt;
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::Operation;
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view;

/// Finds out what in a document progenitor fails on, given that it fails.
pub fn culprits(lowered: &Lowered, reason: &str) -> Vec<Diagnostic> {
    let graph = SchemaGraph::of(&lowered.openapi);
    let mut problems = Vec::new();
    let mut bad: BTreeSet<&str> = BTreeSet::new();
    // A schema fails by itself only if what it refers to does not; those are tried first.
    let mut names: Vec<&str> = graph.needs.keys().map(String::as_str).collect();
    names.sort_by_key(|name| (graph.closure([*name]).len(), *name));
    for name in names {
        let closure = graph.closure([name]);
        if closure.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = attempt(&only(&lowered.openapi, &closure, None), lowered) {
            bad.insert(name);
            problems.push(
                Diagnostic::error(
                    "unsupported-schema",
                    crate::lower::origin(&lowered.origins, &pointer::join("/components/schemas", name)),
                    format!("typify can't express the schema `{name}` ({})", one_line(&reason)),
                )
                .hint("simplify the schema, or describe the value as any JSON by leaving its type out"),
            );
        }
    }
    for operation in &lowered.operations {
        let needed = graph.needed_by(&operation.pointer);
        let closure = graph.closure(needed.iter().map(String::as_str));
        if closure.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = attempt(
            &only(&lowered.openapi, &closure, Some(&operation.id)),
            lowered,
        ) {
            problems.push(unsupported(operation, &reason));
        }
    }
    if problems.is_empty() {
        problems.push(
            Diagnostic::error("unsupported-document", "", format!("progenitor can't express the document ({})", one_line(reason)))
                .hint("each schema and operation can be expressed alone: look for names that only collide once they are Rust types"),
        );
    }
    problems
}

/// That progenitor can't express an operation.
pub fn unsupported(operation: &Operation, reason: &str) -> Diagnostic {
    Diagnostic::error(
        "unsupported-operation",
        operation.origin.clone(),
        format!(
            "progenitor can't express the operation ({})",
            one_line(reason)
        ),
    )
    .operation(operation.id.clone())
    .hint("look for an unusual schema among its parameters, body and responses")
}

fn one_line(reason: &str) -> String {
    let mut line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    // typify prints whole schemas as Rust would debug them.
    for dump in [
        " Object( SchemaObject {",
        "SchemaObject {",
        " type: TypeEntry {",
        " Item(Schema {",
    ] {
        if let Some(start) = line.find(dump) {
            line.truncate(start);
        }
    }
    if let Some((end, _)) = line.char_indices().nth(300) {
        line.truncate(end);
        line.push_str(" ...");
    }
    line
}

/// The document with only some schemas and at most one operation.
fn only(openapi: &OpenAPI, schemas: &BTreeSet<&str>, operation: Option<&str>) -> OpenAPI {
    let mut openapi = openapi.clone();
    if let Some(components) = &mut openapi.components {
        components
            .schemas
            .retain(|name, _| schemas.contains(name.as_str()));
    }
    openapi.paths.paths.retain(|_, item| {
        let ReferenceOr::Item(item) = item else {
            return false;
        };
        let slots = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
            &mut item.trace,
        ];
        let mut kept = false;
        for slot in slots {
            if slot.as_ref().is_some_and(|slot| {
                operation.is_some() && slot.operation_id.as_deref() == operation
            }) {
                kept = true;
            } else {
                *slot = None;
            }
        }
        kept
    });
    openapi
}

/// Which schemas refer to which.
struct SchemaGraph {
    needs: BTreeMap<String, BTreeSet<String>>,
    root: serde_json::Value,
}

impl SchemaGraph {
    fn of(openapi: &OpenAPI) -> Self {
        let root = serde_json::to_value(openapi).unwrap_or_default();
        let schemas =
            pointer::get(&root, "/components/schemas").and_then(serde_json::Value::as_object);
        let needs = schemas
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), references(Kind::Schema, schema)))
            .collect();
        Self { needs, root }
    }

    fn needed_by(&self, operation: &str) -> BTreeSet<String> {
        pointer::get(&self.root, operation)
            .map(|value| references(Kind::Operation, value))
            .unwrap_or_default()
    }

    fn closure<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut closure = BTreeSet::new();
        let mut pending: Vec<&str> = names
            .into_iter()
            .filter_map(|name| self.needs.get_key_value(name))
            .map(|(name, _)| name.as_str())
            .collect();
        while let Some(name) = pending.pop() {
            if closure.insert(name) {
                pending.extend(
                    self.needs
                        .get(name)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        closure
    }
}

fn references(kind: Kind, value: &serde_json::Value) -> BTreeSet<String> {
    Walk::of(kind, value, "")
        .found
        .into_iter()
        .filter_map(|found| view::schema_name(&found.reference?))
        .collect()
}
