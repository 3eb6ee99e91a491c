//! Names of which no Rust identifier can be made. Two that would become the same identifier are told apart by the model.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::names;
use crate::pointer;
use crate::shape::Kind;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    problems.extend(members(subject.root, "/components/schemas", "schema name"));
    for operation in &subject.operations {
        let id = operation.effective_id();
        if !names::has_identifier(&id) {
            let place = match operation.id() {
                Some(_) => pointer::join(&operation.pointer(), "operationId"),
                None => operation.pointer(),
            };
            problems.push(unnameable(place, "operationId", &id));
        }
        for (place, location, name) in operation.declared_parameters(subject.root) {
            if !names::has_identifier(name) {
                let what = format!("{location} parameter");
                problems.push(unnameable(place, &what, name).operation(id.clone()));
            }
        }
    }
    for found in &subject.found {
        if found.kind == Kind::Schema && found.reference.is_none() {
            let properties = pointer::join(&found.pointer, "properties");
            problems.extend(members(subject.root, &properties, "property"));
        }
    }
}

/// The members of an object without a name in Rust.
fn members(root: &Value, place: &str, what: &str) -> Vec<Diagnostic> {
    let members = pointer::get(root, place).and_then(Value::as_object);
    let names = members.into_iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| !names::has_identifier(name))
        .map(|name| unnameable(pointer::join(place, name), what, name))
        .collect()
}

fn unnameable(place: String, what: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "invalid-name",
        place,
        format!("no Rust identifier can be made of the {what} `{name}`"),
    )
    .hint("it needs at least one letter or digit")
}
