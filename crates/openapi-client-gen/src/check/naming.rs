//! Names of which no Rust identifier can be made. The model resolves names that would become the same identifier.

use serde_json::Value;

use super::subject::{Subject, error};
use crate::names;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::shape::Kind;
use openapi_document::view::{self, SCHEMAS};

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut members = |at: &str, members: Option<&Value>, what: &str| {
        let members = members.and_then(Value::as_object).into_iter().flatten();
        let names = members
            .map(|(name, _)| name)
            .filter(|name| !names::has_identifier(name));
        problems.extend(names.map(|name| invalid(pointer::join(at, name), what, name)));
    };
    let schemas = pointer::get(subject.root, SCHEMAS);
    members(SCHEMAS, schemas, "schema name");
    for schema in subject.nodes(Kind::Schema) {
        let at = pointer::join(schema.at, "properties");
        members(&at, schema.get("properties"), "property");
    }
    for operation in &subject.operations {
        let id = operation.effective_id();
        if !names::has_identifier(&id) {
            let at = match operation.id() {
                Some(_) => pointer::join(&operation.pointer(), "operationId"),
                None => operation.pointer(),
            };
            problems.push(invalid(at, "operationId", &id));
        }
        for (at, parameter) in operation.parameters(subject.root) {
            if let Some((name, location)) = view::parameter_key(parameter)
                && !names::has_identifier(name)
            {
                let problem = invalid(at, &format!("{location} parameter"), name);
                problems.push(problem.operation(id.clone()));
            }
        }
    }
}

fn invalid(at: String, what: &str, name: &str) -> Diagnostic {
    let message = format!("no Rust identifier can be made of the {what} `{name}`");
    let hint = "it needs at least one letter or digit";
    error("invalid-name", at, message, hint)
}
