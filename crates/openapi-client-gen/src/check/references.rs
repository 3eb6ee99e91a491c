//! References must lead to a component of the right kind inside the document, and arrive.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::subject::{COMPOSITIONS, Subject, error};
use crate::graph::{self, Graph};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::shape::{Found, Kind};
use openapi_document::view::{self, SCHEMAS};

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    // Few documents refer to anything but components.
    let nodes: LazyCell<HashSet<(Kind, &str)>, _> = LazyCell::new(|| {
        let found = subject.walk.found.iter();
        found.map(|found| (found.kind, &*found.pointer)).collect()
    });
    let is_node = |kind, pointer: &str| nodes.contains(&(kind, pointer));
    for found in &subject.walk.found {
        if let Some(target) = &found.reference {
            problems.extend(target_problem(subject.root, found, target, &is_node));
        }
    }
    problems.extend(inclusion_cycles(subject).iter().map(|cycle| {
        let pointer = match cycle[0].strip_prefix('#') {
            Some(pointer) => pointer.to_owned(),
            None => pointer::join(SCHEMAS, &cycle[0]),
        };
        let names: Vec<String> = cycle.iter().map(|name| format!("`{name}`")).collect();
        let message = match names.as_slice() {
            [name] => format!("the schema {name} includes itself"),
            names => format!("the schemas {} include each other without end", names.join(", ")),
        };
        let hint = "a schema may contain itself as a property or an item, not as a part of its own definition";
        error("cyclic-ref", pointer, message, hint)
    }));
}

/// The problem of a reference. `is_node` tells whether an object of a kind is at a pointer.
fn target_problem(
    root: &Value,
    found: &Found,
    target: &str,
    is_node: &dyn Fn(Kind, &str) -> bool,
) -> Option<Diagnostic> {
    let at = pointer::join(&found.pointer, "$ref");
    let Some(local) = target.strip_prefix('#') else {
        let message = format!("`{target}` points outside this document");
        let hint = "bundle the document first: everything must be in one file";
        return Some(error("remote-ref", at, message, hint));
    };
    let kind = found.kind.describe();
    let section = found.kind.section()?;
    let dangling = |hint| {
        let message = format!("`{target}` does not exist");
        Some(error("dangling-ref", at.clone(), message, hint))
    };
    let exists = pointer::get(root, local).is_some();
    let tokens: Vec<String> = pointer::tokens(local).collect();
    match tokens.as_slice() {
        [first, second, name] if first == "components" && second == section => {
            if exists {
                return dead_end(root, found, at);
            }
            let members = &root["components"][section];
            let members = members.as_object().into_iter().flatten();
            let known: Vec<&str> = members.map(|(name, _)| name.as_str()).collect();
            dangling(
                match similar::get_close_matches(name.as_str(), &known, 1, 0.6).first() {
                    Some(close) => format!("did you mean `#/components/{section}/{close}`?"),
                    None => format!("define it under `components/{section}`"),
                },
            )
        }
        _ if !exists => dangling(format!(
            "a {kind} is referred to as `#/components/{section}/...`"
        )),
        _ if is_node(found.kind, local) => None,
        _ => {
            let message = format!("`{target}` is not a {kind} under `components/{section}`");
            let hint = format!(
                "move what it points to under `components/{section}` and refer to it by its name there"
            );
            Some(error("misplaced-ref", at, message, hint))
        }
    }
}

/// A chain of references that never arrives, reported at the references of the circle alone. Circles of schemas are
/// inclusions.
fn dead_end(root: &Value, found: &Found, at: String) -> Option<Diagnostic> {
    let mut value = pointer::get(root, &found.pointer)?;
    let mut passed = HashSet::new();
    for _ in 0..2 * view::MAX_HOPS {
        let Some(target) = view::target(value) else {
            break;
        };
        if target == found.pointer {
            let message = "the reference leads back to itself";
            let hint = "let one of the references in the circle be the thing itself";
            let problem = || error("cyclic-ref", at, message, hint);
            return (found.kind != Kind::Schema).then(problem);
        }
        if !passed.insert(target) {
            return None;
        }
        value = pointer::get(root, target)?;
    }
    let message = format!("more than {} references in a row", view::MAX_HOPS);
    let hint = "refer to the thing itself";
    let problem = || error("too-intricate", at, message, hint);
    (passed.len() >= view::MAX_HOPS).then(problem)
}

/// Groups of schemas that are defined by way of each other: by a bare reference or a composition.
fn inclusion_cycles(subject: &Subject<'_>) -> Vec<Vec<String>> {
    let schemas = pointer::get(subject.root, SCHEMAS).and_then(Value::as_object);
    let schemas = || schemas.into_iter().flatten();
    let extended: Graph = schemas()
        .map(|(name, schema)| (name.clone(), included(schema, &["allOf"])))
        .collect();
    let mut graph: Graph = schemas()
        .map(|(name, schema)| (name.clone(), included(schema, &COMPOSITIONS)))
        .collect();
    let found = subject.walk.found.iter();
    let targets = found.filter_map(|found| found.reference.as_deref());
    let unnamed = targets.filter(|target| component(target).is_none());
    graph.extend(unnamed.filter_map(|target| {
        let schema = pointer::get(subject.root, target.strip_prefix('#')?)?;
        Some((target.to_owned(), included(schema, &COMPOSITIONS)))
    }));
    // A base that lists under `oneOf` the schemas that extend it by their `allOf` does not include itself.
    for (name, included) in &mut graph {
        included.retain(|branch| {
            let own = extended.get(name);
            let is_part = own.is_some_and(|own| own.contains(branch));
            is_part || !graph::reachable(&extended, [&**branch]).contains(&**name)
        });
    }
    let cycles = graph::cycles(&graph).into_iter();
    cycles
        .map(|cycle| cycle.into_iter().map(str::to_owned).collect())
        .collect()
}

/// The schemas that a schema includes by a reference and by these keywords. A component goes by its name, another schema by
/// the reference that leads to it.
fn included(schema: &Value, keywords: &[&str]) -> BTreeSet<String> {
    let reference = view::reference(schema).into_iter();
    let mut names: BTreeSet<String> = reference
        .map(|target| component(target).unwrap_or_else(|| target.to_owned()))
        .collect();
    for keyword in keywords {
        let parts = schema.get(*keyword).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            names.extend(included(part, keywords));
        }
    }
    names
}

/// The name of the component that a reference leads to.
fn component(target: &str) -> Option<String> {
    view::schema_name(target).filter(|_| target.matches('/').count() == 3)
}
