//! Names of the document must become distinct Rust names.
//!
//! Names that only the generated code uses (operationIds and component names) can be changed freely in the document, so
//! one that is a Rust keyword is refused with that advice. Names that go over the wire (properties, parameters, parts)
//! can't: those are escaped, and refused only if nothing of an identifier is left in them or two of them collide.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::lower::{request_bodies, responses, setters, type_names};
use crate::names;
use crate::pointer;
use crate::shape::Kind;
use crate::view::{self, OperationView};

/// Methods that every generated client has or calls on itself.
const CLIENT_METHODS: [&str; 10] = [
    "new",
    "new_with_client",
    "pre",
    "exec",
    "post",
    "clone",
    "baseurl",
    "client",
    "inner",
    "api_version",
];

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    schemas(subject, problems);
    operations(subject, problems);
    for operation in &subject.operations {
        parameters(subject, operation, problems);
    }
    properties(subject, problems);
}

fn unnameable(place: String, what: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "invalid-name",
        place,
        format!("no Rust identifier can be made of the {what} `{name}`"),
    )
    .hint("it needs at least one letter or digit")
}

fn schemas(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let in_order = type_names::in_order(subject.document);
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let settled = type_names::settled(&in_order);
    for name in in_order {
        let place = pointer::join("/components/schemas", name);
        if !names::has_identifier(name) {
            problems.push(unnameable(place, "schema name", name));
            continue;
        }
        let rust = names::type_name(name);
        let Some(other) = settled.get(name) else {
            taken.insert(rust, name);
            continue;
        };
        let (code, reason) = if type_names::is_reserved(name) {
            let reason = "a name that Rust or the generated code reserves".to_owned();
            ("reserved-name", reason)
        } else {
            let first = taken.get(&rust).copied().unwrap_or_default();
            ("name-collision", format!("as `{first}` does"))
        };
        let message = format!(
            "the schema `{name}` would become the Rust type `{rust}`, {reason}: it becomes `{other}`"
        );
        problems.push(
            Diagnostic::error(code, place, message)
                .hint("rename the schema to choose another one; the name does not go over the wire")
                .note(),
        );
    }
}

/// The names of an object's members and where they stand, in the order of the document.
fn members<'a>(subject: &Subject<'a>, place: &str) -> Vec<(&'a str, String)> {
    let object = pointer::get(subject.root, place).and_then(Value::as_object);
    let mut members: Vec<(&str, String)> = object
        .into_iter()
        .flatten()
        .map(|(name, _)| (name.as_str(), pointer::join(place, name)))
        .collect();
    // Looking up positions has a cost, which a document without a collision need not pay.
    let rust: BTreeSet<String> = members
        .iter()
        .map(|(name, _)| names::type_name(name))
        .collect();
    if rust.len() < members.len() {
        subject.in_order(&mut members, |(_, place)| place.clone());
    }
    members
}

fn operations(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut builders: BTreeMap<String, Vec<&OperationView<'_>>> = BTreeMap::new();
    for operation in &subject.operations {
        let id = operation.effective_id();
        let place = place_of_id(operation);
        if !names::has_identifier(&id) {
            problems.push(unnameable(place, "operationId", &id));
            continue;
        }
        if names::is_keyword(&id)
            || CLIENT_METHODS.contains(&names::operation_value_name(&id).as_str())
        {
            problems.push(
                Diagnostic::error(
                    "reserved-name",
                    place,
                    format!("the operationId `{id}` would become a method of a name that Rust or the generated client reserves"),
                )
                .hint("rename the operation; the operationId does not go over the wire"),
            );
            continue;
        }
        for method in methods(subject, operation) {
            let builder = names::operation_type_name(&method);
            builders.entry(builder).or_default().push(operation);
        }
    }
    for (builder, mut operations) in builders {
        if operations.len() < 2 {
            continue;
        }
        subject.in_order(&mut operations, |operation| operation.pointer());
        let first = operations[0];
        for second in &operations[1..] {
            // The same operationId twice is reported as that.
            if first.id().is_some() && first.id() == second.id() {
                continue;
            }
            problems.push(
                Diagnostic::error(
                    "name-collision",
                    place_of_id(second),
                    format!(
                        "the operations `{}` and `{}` would both get the builder `{builder}`",
                        first.effective_id(),
                        second.effective_id()
                    ),
                )
                .hint(if second.id().is_some() {
                    "rename one of them; the operationId does not go over the wire"
                } else {
                    "give it an operationId of its own"
                }),
            );
        }
    }
}

fn place_of_id(operation: &OperationView<'_>) -> String {
    if operation.id().is_some() {
        pointer::join(&operation.pointer(), "operationId")
    } else {
        operation.pointer()
    }
}

/// The ids of the methods that an operation becomes.
fn methods(subject: &Subject<'_>, operation: &OperationView<'_>) -> Vec<String> {
    let id = operation.effective_id();
    let body = operation.value.get("requestBody");
    let content = body
        .and_then(|body| subject.resolve(body)?.get("content")?.as_object())
        .map(|content| request_bodies::methods(content.keys()));
    let suffixes = content.unwrap_or_default().into_iter();
    let of_bodies: Vec<String> = std::iter::once(String::new())
        .chain(suffixes.filter_map(|(_, suffix)| Some(format!("_{}", suffix?))))
        .collect();
    let events = responses::has_events_beside_json(operation.value, subject.root);
    let of_answers = [
        Some(String::new()),
        events.then(|| format!("_{}", responses::EVENTS)),
    ];
    let of_answers = of_answers.into_iter().flatten();
    of_answers
        .flat_map(|answer| of_bodies.iter().map(move |body| format!("{answer}{body}")))
        .map(|suffix| format!("{id}{suffix}"))
        .collect()
}

fn parameters(
    subject: &Subject<'_>,
    operation: &OperationView<'_>,
    problems: &mut Vec<Diagnostic>,
) {
    let id = operation.effective_id();
    let declared = operation.declared_parameters(subject.root);
    let named: Vec<(&str, &str)> = declared
        .iter()
        .map(|(_, location, name)| (*location, *name))
        .collect();
    let settled = setters::of_parameters(&named, operation.has_plain_body(subject.root));
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut in_path: BTreeMap<String, &str> = BTreeMap::new();
    for ((place, location, name), other) in declared.into_iter().zip(settled) {
        if !names::has_identifier(name) {
            problems.push(unnameable(place, &what(location), name).operation(id.clone()));
            continue;
        }
        let own = names::operation_value_name(name);
        if location == "path" {
            problems.extend(path_parameter(&mut in_path, name, &own, place, &id));
        } else if let Some(other) = &other {
            problems.push(called_otherwise(
                place,
                &what(location),
                name,
                &own,
                other,
                &id,
            ));
        }
        taken.insert(other.unwrap_or(own));
    }
    for (name, place) in parts(subject, operation) {
        // A part without a name is a property, and reported as one.
        if let Some(other) = setters::of_part(name, &taken).filter(|_| names::has_identifier(name))
        {
            let own = names::operation_value_name(name);
            problems.push(called_otherwise(place, "part", name, &own, &other, &id));
        }
    }
}

/// A setter that can't have the name of what it sets.
fn called_otherwise(
    place: String,
    what: &str,
    name: &str,
    own: &str,
    other: &str,
    id: &str,
) -> Diagnostic {
    Diagnostic::error(
        "name-collision",
        place,
        format!("the {what} `{name}` is set by `{other}`: there is another `{own}`"),
    )
    .operation(id)
    .hint("the one that comes first in the document keeps the name; what goes over the wire is not changed")
    .note()
}

/// Parameters of the path can't be called otherwise.
fn path_parameter<'a>(
    known: &mut BTreeMap<String, &'a str>,
    name: &'a str,
    own: &str,
    place: String,
    id: &str,
) -> Option<Diagnostic> {
    let hint = "the name of a path parameter does not go over the wire: rename it in the path, too";
    if setters::BUILDER_NAMES.contains(&own) {
        let message = format!(
            "the path parameter `{name}` would be set by a method `{own}`, but the builder has a function of that name"
        );
        return Some(
            Diagnostic::error("reserved-name", place, message)
                .operation(id)
                .hint(hint),
        );
    }
    let first = known.insert(own.to_owned(), name)?;
    let message =
        format!("the path parameters `{first}` and `{name}` would both be set by `{own}`");
    Some(
        Diagnostic::error("name-collision", place, message)
            .operation(id)
            .hint(hint),
    )
}

/// The parts of the multipart body of an operation, each with its place.
fn parts<'a>(subject: &Subject<'a>, operation: &OperationView<'a>) -> Vec<(&'a str, String)> {
    let body = operation
        .value
        .get("requestBody")
        .and_then(|body| view::resolve(subject.root, body));
    let Some((target, body)) = body else {
        return Vec::new();
    };
    let place = target.unwrap_or_else(|| pointer::join(&operation.pointer(), "requestBody"));
    let content = pointer::join(&place, "content");
    let described = body.get("content").and_then(Value::as_object);
    let mut parts = Vec::new();
    for (media_type, body) in described.into_iter().flatten() {
        let schema = body
            .get("schema")
            .filter(|_| view::essence(media_type) == "multipart/form-data")
            .and_then(|schema| view::resolve(subject.root, schema));
        let Some((target, schema)) = schema else {
            continue;
        };
        let place =
            target.unwrap_or_else(|| pointer::join(&pointer::join(&content, media_type), "schema"));
        let properties = pointer::join(&place, "properties");
        let names = schema.get("properties").and_then(Value::as_object);
        for (name, _) in names.into_iter().flatten() {
            parts.push((name.as_str(), pointer::join(&properties, name)));
        }
    }
    parts
}

/// What a name belongs to, in words.
fn what(location: &str) -> String {
    format!("{location} parameter")
}

fn properties(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for found in &subject.found {
        if found.kind != Kind::Schema || found.reference.is_some() {
            continue;
        }
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for (name, place) in members(subject, &pointer::join(&found.pointer, "properties")) {
            if !names::has_identifier(name) {
                problems.push(unnameable(place, "property", name));
                continue;
            }
            let rust = names::value_name(name);
            if let Some(first) = taken.insert(rust.clone(), name) {
                problems.push(
                    Diagnostic::error(
                        "name-collision",
                        place,
                        format!(
                            "the properties `{first}` and `{name}` would both become the field `{rust}`"
                        ),
                    )
                    .hint("their names go over the wire: remove the one that callers need less"),
                );
            }
        }
    }
}
