//! Operations: their methods, paths, parameters, bodies and responses.

use serde_json::Value;

use crate::api::{Body, Content, Operation};
use crate::names;
use crate::view::OperationView;

use super::directions::Direction;
use super::names::Members;
use super::types::Types;
use super::{bodies, parameters, responses};

/// HTTP methods whose requests have the same effect however often they are sent (RFC 9110, section 9.2.2).
const IDEMPOTENT: &[&str] = &["get", "put", "delete", "options", "head", "trace"];

/// Methods that every client has, of its own or by its traits.
const RESERVED: &[&str] = &[
    "api_version",
    "baseurl",
    "client",
    "clone",
    "exec",
    "inner",
    "new",
    "new_with_client",
    "post",
    "pre",
];

/// Constructs the operations of a document, in the order of their names. One with several bodies becomes several.
pub fn operations(types: &mut Types<'_>) -> Vec<Operation> {
    let mut operations: Vec<Operation> = OperationView::all(types.root)
        .into_iter()
        .flat_map(|view| operation(types, &view))
        .collect();
    let mut methods = Members::reserving(RESERVED);
    for operation in &mut operations {
        operation.name = methods.field(&operation.id);
    }
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    operations
}

fn operation<'d>(types: &mut Types<'d>, view: &OperationView<'d>) -> Vec<Operation> {
    let id = view.effective_id();
    let text = |name: &str| {
        view.value
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let is_idempotent = view.value.get("x-idempotent").and_then(Value::as_bool);
    types.direction = Direction::Response;
    let answers = responses::answers(types, view, &id);
    types.direction = Direction::Request;
    let bodies = bodies::bodies(types, view, &id);
    let bodies: Vec<(Option<String>, Option<Body>)> = match bodies.is_empty() {
        true => vec![(None, None)],
        false => bodies
            .into_iter()
            .map(|(suffix, body)| (suffix, Some(body)))
            .collect(),
    };
    let mut operations = Vec::new();
    for (suffix, body) in &bodies {
        for answers in &answers {
            let suffixes = suffix.as_deref().into_iter().chain(answers.suffix);
            let id = suffixes.fold(id.clone(), |id, suffix| format!("{id}_{suffix}"));
            let mut members = Members::reserving(&["client", "send", "body", "extra_part"]);
            let (path, parameters) = parameters::parameters(types, view, &id, &mut members);
            let mut body = body.clone();
            if let Some(Body {
                content: Content::Multipart(parts),
                ..
            }) = &mut body
            {
                for part in parts {
                    part.name = members.field(&part.key);
                }
            }
            operations.push(Operation {
                name: names::operation_value_name(&id),
                builder: names::operation_type_name(&id),
                id,
                method: view.method.to_ascii_uppercase(),
                path,
                summary: text("summary"),
                description: text("description"),
                deprecated: view.value.get("deprecated") == Some(&Value::Bool(true)),
                idempotent: is_idempotent.unwrap_or(IDEMPOTENT.contains(&view.method)),
                parameters,
                body,
                success: answers.success.clone(),
                accept: answers.accept.clone(),
                error: answers.error.clone(),
                origin: view.pointer(),
            });
        }
    }
    operations
}
