//! What in a document progenitor fails on.
//!
//! It answers some documents with an error, some with a panic, and names neither the schema nor the operation: each of
//! them is tried alone, with no more of other schemas than it is made of. In a document of thousands of schemas, nearly
//! all may need nearly all others, and to try each with all that it needs would take hours.

use std::collections::{BTreeMap, BTreeSet};

use openapiv3::{OpenAPI, PathItem, ReferenceOr, Schema, SchemaKind};

use super::progenitor::attempt;
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::Operation;
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view;

/// Finds out what in a document progenitor fails on, given that it fails.
pub fn culprits(lowered: &Lowered, reason: &str) -> Vec<Diagnostic> {
    let suspects = Suspects::of(lowered);
    let mut problems = Vec::new();
    let mut bad: BTreeSet<&str> = BTreeSet::new();
    // A schema fails by itself only if what it is made of does not; that is tried first.
    let mut names: Vec<&str> = suspects.schemas.keys().copied().collect();
    names.sort_by_cached_key(|name| (suspects.core([*name]).len(), *name));
    for name in names {
        let core = suspects.core([name]);
        if core.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = suspects.attempt(&core, None) {
            bad.insert(name);
            problems.push(unsupported_schema(lowered, name, &reason));
        }
    }
    for operation in &lowered.operations {
        let needed = suspects.needed_by(operation);
        let core = suspects.core(needed.iter().map(String::as_str));
        if core.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = suspects.attempt(&core, Some(operation)) {
            problems.push(unsupported(operation, &reason));
        }
    }
    if problems.is_empty() {
        problems.extend(suspects.first_that_spoils_the_rest());
    }
    if problems.is_empty() {
        problems.push(
            Diagnostic::error("unsupported-document", "", format!("progenitor can't express the document ({})", one_line(reason)))
                .hint("each schema and operation can be expressed alone: look for names that only collide once they are Rust types"),
        );
    }
    problems
}

fn unsupported_schema(lowered: &Lowered, name: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(
        "unsupported-schema",
        crate::lower::origin(
            &lowered.origins,
            &pointer::join("/components/schemas", name),
        ),
        format!(
            "typify can't express the schema `{name}` ({})",
            one_line(reason)
        ),
    )
    .hint("simplify the schema, or describe the value as any JSON by leaving its type out")
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

/// The schemas and operations of a document, to be tried apart.
struct Suspects<'a> {
    lowered: &'a Lowered,
    schemas: BTreeMap<&'a str, &'a ReferenceOr<Schema>>,
    operations: BTreeMap<&'a str, (&'a str, &'a str, &'a openapiv3::Operation)>,
    /// The schemas that each schema refers to.
    needs: BTreeMap<&'a str, BTreeSet<String>>,
    /// Those that it is made of: what else it refers to is a type of its own, whatever that looks like.
    parts: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Suspects<'a> {
    fn of(lowered: &'a Lowered) -> Self {
        let components = lowered.openapi.components.iter();
        let schemas: BTreeMap<&str, &ReferenceOr<Schema>> = components
            .flat_map(|components| &components.schemas)
            .map(|(name, schema)| (name.as_str(), schema))
            .collect();
        let mut needs = BTreeMap::new();
        let mut parts = BTreeMap::new();
        for (&name, schema) in &schemas {
            let value = serde_json::to_value(schema).unwrap_or_default();
            needs.insert(name, references(Kind::Schema, &value, false));
            parts.insert(name, references(Kind::Schema, &value, true));
        }
        let operations = lowered.openapi.operations();
        Self {
            lowered,
            schemas,
            operations: operations
                .filter_map(|(path, method, operation)| {
                    let id = operation.operation_id.as_deref()?;
                    Some((id, (path, method, operation)))
                })
                .collect(),
            needs,
            parts,
        }
    }

    /// The schemas that an operation refers to.
    fn needed_by(&self, operation: &Operation) -> BTreeSet<String> {
        self.operations
            .get(operation.id.as_str())
            .and_then(|(_, _, operation)| serde_json::to_value(operation).ok())
            .map(|value| references(Kind::Operation, &value, false))
            .unwrap_or_default()
    }

    /// Schemas and what they are made of.
    fn core<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeSet<&'a str> {
        closure(&self.parts, names)
    }

    /// Tries some schemas and at most one operation. What they refer to beside is any JSON.
    fn attempt(
        &self,
        schemas: &BTreeSet<&'a str>,
        operation: Option<&Operation>,
    ) -> Result<(), String> {
        let referred = schemas.iter().filter_map(|name| self.needs.get(name));
        let any = || {
            ReferenceOr::Item(Schema {
                schema_data: Default::default(),
                schema_kind: SchemaKind::Any(Default::default()),
            })
        };
        let stubs = referred.flatten().map(|name| (name.clone(), any()));
        let mut kept: BTreeMap<String, ReferenceOr<Schema>> = stubs.collect();
        for name in schemas {
            if let Some(&schema) = self.schemas.get(name) {
                kept.insert((*name).to_owned(), schema.clone());
            }
        }
        let operation = operation.and_then(|operation| self.operations.get(operation.id.as_str()));
        self.run(kept, operation.copied().into_iter())
    }

    fn run(
        &self,
        schemas: BTreeMap<String, ReferenceOr<Schema>>,
        operations: impl Iterator<Item = (&'a str, &'a str, &'a openapiv3::Operation)>,
    ) -> Result<(), String> {
        let mut components = openapiv3::Components::default();
        components.schemas.extend(schemas);
        let mut openapi = OpenAPI {
            openapi: self.lowered.openapi.openapi.clone(),
            info: self.lowered.openapi.info.clone(),
            components: Some(components),
            ..Default::default()
        };
        for (path, method, operation) in operations {
            let item = openapi.paths.paths.entry(path.to_owned());
            let item = item.or_insert_with(|| ReferenceOr::Item(PathItem::default()));
            if let ReferenceOr::Item(item) = item {
                let slot = match method {
                    "get" => &mut item.get,
                    "put" => &mut item.put,
                    "post" => &mut item.post,
                    "delete" => &mut item.delete,
                    "options" => &mut item.options,
                    "head" => &mut item.head,
                    "patch" => &mut item.patch,
                    _ => &mut item.trace,
                };
                *slot = Some(operation.clone());
            }
        }
        attempt(&openapi, self.lowered).map(drop)
    }

    /// For what only fails together, as names that collide do: the first schema with which the ones before it fail, or
    /// else the first such operation.
    fn first_that_spoils_the_rest(&self) -> Option<Diagnostic> {
        let names: Vec<&str> = self.schemas.keys().copied().collect();
        let upto = |count: usize| {
            let kept = closure(&self.needs, names[..count].iter().copied());
            let kept = kept.into_iter().filter_map(|name| {
                let schema = self.schemas.get(name)?;
                Some((name.to_owned(), (*schema).clone()))
            });
            self.run(kept.collect(), std::iter::empty())
        };
        if let Err(reason) = upto(names.len()) {
            let (count, reason) = first_failing(names.len(), reason, upto);
            let name = names.get(count.checked_sub(1)?)?;
            return Some(unsupported_schema(self.lowered, name, &reason));
        }
        let operations = &self.lowered.operations;
        let all: BTreeMap<_, _> = self
            .schemas
            .iter()
            .map(|(name, schema)| ((*name).to_owned(), (*schema).clone()))
            .collect();
        let upto = |count: usize| {
            let ids = operations[..count].iter();
            let kept = ids.filter_map(|operation| self.operations.get(operation.id.as_str()));
            self.run(all.clone(), kept.copied())
        };
        let reason = upto(operations.len()).err()?;
        let (count, reason) = first_failing(operations.len(), reason, upto);
        Some(unsupported(operations.get(count.checked_sub(1)?)?, &reason))
    }
}

/// The least count for which `attempt` fails, given that it fails for `count`, by bisection.
fn first_failing(
    count: usize,
    reason: String,
    attempt: impl Fn(usize) -> Result<(), String>,
) -> (usize, String) {
    let (mut good, mut bad, mut reason) = (0, count, reason);
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        match attempt(middle) {
            Ok(()) => good = middle,
            Err(message) => (bad, reason) = (middle, message),
        }
    }
    (bad, reason)
}

/// All that is reached from some names, themselves included.
fn closure<'a, 'n>(
    edges: &BTreeMap<&'a str, BTreeSet<String>>,
    names: impl IntoIterator<Item = &'n str>,
) -> BTreeSet<&'a str> {
    let known = |name: &str| edges.get_key_value(name).map(|(name, _)| *name);
    let mut closure = BTreeSet::new();
    let mut pending: Vec<&str> = names.into_iter().filter_map(known).collect();
    while let Some(name) = pending.pop() {
        if closure.insert(name) {
            let next = edges.get(name).into_iter().flatten();
            pending.extend(next.filter_map(|name| known(name)));
        }
    }
    closure
}

/// The schemas that something refers to; `composing` for those alone that it is made of.
fn references(kind: Kind, value: &serde_json::Value, composing: bool) -> BTreeSet<String> {
    let is_part = |pointer: &str| {
        let mut tokens = pointer.split('/').skip(1);
        tokens.all(|token| {
            matches!(token, "allOf" | "oneOf" | "anyOf" | "not")
                || token.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    Walk::of(kind, value, "")
        .found
        .into_iter()
        .filter(|found| !composing || is_part(&found.pointer))
        .filter_map(|found| view::schema_name(&found.reference?))
        .collect()
}
