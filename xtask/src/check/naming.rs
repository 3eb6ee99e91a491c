//! Names of the document must become distinct Rust names.
//!
//! Names that only the generated code uses (operationIds and component names) can be changed freely in the document, so
//! one that is a Rust keyword is refused with that advice. Names that go over the wire (properties, parameters, parts)
//! can't: those are escaped, and refused only if nothing of an identifier is left in them or two of them collide.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::lower::{request_bodies, responses};
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

/// Functions of every builder, beside which it can't have a setter of the same name.
const BUILDER_NAMES: [&str; 2] = ["new", "send"];

/// The local in `send` that collects header parameters, which hides a parameter of its name.
const HEADER_MAP: &str = "header_map";

/// Names that generated code uses unqualified and that a type of the same name would shadow.
const PRELUDE: [&str; 5] = ["String", "Default", "Self", "Ok", "Err"];

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
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (name, place) in members(subject, "/components/schemas") {
        if !names::has_identifier(name) {
            problems.push(unnameable(place, "schema name", name));
            continue;
        }
        let rust = names::type_name(name);
        if names::is_keyword(name) && rust.ends_with('_') || PRELUDE.contains(&rust.as_str()) {
            problems.push(
                Diagnostic::error(
                    "reserved-name",
                    place,
                    format!("the schema `{name}` would become the Rust type `{rust}`, a name that Rust or the generated code reserves"),
                )
                .hint("rename the schema; the name does not go over the wire"),
            );
        } else if let Some(first) = taken.get(&rust) {
            problems.push(
                Diagnostic::error(
                    "name-collision",
                    place,
                    format!("the schemas `{first}` and `{name}` would both become the Rust type `{rust}`"),
                )
                .hint("rename one of them; the name does not go over the wire"),
            );
        } else {
            taken.insert(rust, name);
        }
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
    // Wire names by location and name: an operation's own declaration overrides its path item's.
    let mut wire: BTreeMap<(String, String), String> = BTreeMap::new();
    for (place, parameter) in operation.parameters(subject.root) {
        let field = |name: &str| parameter.get(name).and_then(Value::as_str);
        if let (Some(name), Some(location)) = (field("name"), field("in")) {
            wire.insert((location.to_owned(), name.to_owned()), place);
        }
    }
    let body = operation
        .value
        .get("requestBody")
        .and_then(|body| view::resolve(subject.root, body));
    if let Some((target, body)) = body {
        let place = target.unwrap_or_else(|| pointer::join(&operation.pointer(), "requestBody"));
        for (media_type, body) in body
            .get("content")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if view::essence(media_type) == "multipart/form-data" {
                let schema = body
                    .get("schema")
                    .and_then(|schema| view::resolve(subject.root, schema));
                let (target, schema) = schema.unzip();
                let place = target.flatten().unwrap_or_else(|| {
                    let content = pointer::join(&place, "content");
                    pointer::join(&pointer::join(&content, media_type), "schema")
                });
                let parts = schema
                    .and_then(|schema| schema.get("properties"))
                    .and_then(Value::as_object);
                for (name, _) in parts.into_iter().flatten() {
                    let place = pointer::join(&pointer::join(&place, "properties"), name);
                    wire.insert(("part".to_owned(), name.clone()), place);
                }
            } else {
                wire.insert(("body".to_owned(), "body".to_owned()), place.clone());
            }
        }
    }

    let has_headers = wire.keys().any(|(location, _)| location == "header");
    let mut taken: BTreeMap<String, (String, String)> = BTreeMap::new();
    for ((location, name), place) in wire {
        let id = operation.effective_id();
        if !names::has_identifier(&name) {
            // A part is a property, and reported as one.
            if location != "part" {
                problems.push(unnameable(place, &what(&location), &name).operation(id));
            }
            continue;
        }
        let rust = names::value_name(&name);
        let reserved = |message: String| {
            Diagnostic::error("reserved-name", place.clone(), message)
                .operation(id.clone())
                .hint("its name goes over the wire: remove it from the document, and send it by other means if it is needed")
        };
        if BUILDER_NAMES.contains(&rust.as_str()) {
            problems.push(reserved(format!(
                "the {} `{name}` would be set by a method `{rust}`, but the builder has a function of that name",
                what(&location)
            )));
        }
        // Path parameters and parts are used before there is a header map.
        if rust == HEADER_MAP && has_headers && matches!(location.as_str(), "query" | "header") {
            problems.push(reserved(format!(
                "the {} `{name}` can't be sent beside header parameters: the builder collects those under the same name",
                what(&location)
            )));
        }
        // Parts and the JSON body belong to two different builders.
        let owner = if location == "part" { "part" } else { "body" };
        let clash = |taken: &BTreeMap<String, (String, String)>, owner: &str| {
            taken.get(&format!("{owner}:{rust}")).cloned()
        };
        let earlier = match location.as_str() {
            "part" | "body" => clash(&taken, owner).or_else(|| clash(&taken, "both")),
            _ => clash(&taken, "both")
                .or_else(|| clash(&taken, "part"))
                .or_else(|| clash(&taken, "body")),
        };
        // Two parts are two properties, and reported as those.
        let earlier = earlier
            .filter(|(earlier, _)| (earlier.as_str(), location.as_str()) != ("part", "part"));
        if let Some((earlier_location, earlier_name)) = earlier {
            problems.push(
                Diagnostic::error(
                    "name-collision",
                    place,
                    format!(
                        "the {} `{earlier_name}` and the {} `{name}` would both be set by `{rust}`",
                        what(&earlier_location),
                        what(&location)
                    ),
                )
                .operation(id)
                .hint("their names go over the wire: remove the one that callers need less"),
            );
        }
        let key = if matches!(location.as_str(), "part" | "body") {
            owner
        } else {
            "both"
        };
        taken.insert(format!("{key}:{rust}"), (location, name));
    }
}

/// What a name belongs to, in words.
fn what(location: &str) -> String {
    match location {
        "part" | "body" => location.to_owned(),
        _ => format!("{location} parameter"),
    }
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
