//! Operations: their methods, paths, parameters, bodies and responses.
//!
//! Names are given when all operations are known, so that no two of them have one method or builder.

use serde_json::Value;

use crate::api::{Body, Content, Docs, Operation, Parameter, Part, Success};
use crate::names::{operation_type_name, operation_value_name};
use openapi_document::view::OperationView;

use super::directions::Direction;
use super::names::{self, Scope};
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
    let mut methods = Scope::reserving(RESERVED);
    let mut builders = Scope::default();
    for operation in &mut operations {
        operation.name = methods.numbered(std::mem::take(&mut operation.name), "_");
        operation.builder = builders.numbered(std::mem::take(&mut operation.builder), "");
    }
    // Builders keep their names, whatever an operation is called.
    for operation in &mut operations {
        if let Success::ByStatus { name, .. } = &mut operation.success {
            *name = builders.numbered(format!("{}Success", operation.builder), "");
        }
    }
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    operations
}

fn operation<'d>(types: &mut Types<'d>, view: &OperationView<'d>) -> Vec<Operation> {
    let id = view.effective_id();
    let text = |name: &str| view.value.get(name).and_then(Value::as_str);
    let is_idempotent = view.value.get("x-idempotent").and_then(Value::as_bool);
    types.direction = Direction::Response;
    let answers = responses::answers(types, view, &id);
    types.direction = Direction::Request;
    let bodies = bodies::bodies(types, view, &id);
    let mut operations = Vec::new();
    for (suffix, body) in &bodies {
        for answers in &answers {
            let suffixes = suffix.as_deref().into_iter().chain(answers.suffix);
            let id = suffixes.fold(id.clone(), |id, suffix| format!("{id}_{suffix}"));
            let (path, mut parameters) = parameters::parameters(types, view, &id);
            let mut body = body.clone();
            let extra_part = name_inputs(&mut parameters, body.as_mut());
            operations.push(Operation {
                name: operation_value_name(&id),
                builder: operation_type_name(&id),
                id,
                is_variant: !operations.is_empty(),
                method: view.method.to_ascii_uppercase(),
                path,
                summary: text("summary").map(str::to_owned),
                docs: Docs {
                    description: text("description").map(str::to_owned),
                    deprecated: view.value.get("deprecated") == Some(&Value::Bool(true)),
                    private: false,
                    inferred: text("x-evidence") == Some("inferred"),
                },
                idempotent: is_idempotent.unwrap_or(IDEMPOTENT.contains(&view.method)),
                parameters,
                body,
                extra_part,
                success: answers.success.clone(),
                accept: answers.accept.clone(),
                error: answers.error.clone(),
                origin: view.pointer(),
            });
        }
    }
    operations
}

/// Names the parameters of an operation, and the parts of its body. Returns the name of the setter of other parts, if the
/// body has parts.
fn name_inputs(parameters: &mut [Parameter], body: Option<&mut Body>) -> Option<String> {
    let (has_parts, parts, methods): (bool, &mut [Part], &[&str]) = match body {
        None => (false, &mut [], &["send"]),
        Some(Body {
            content: Content::Multipart(parts),
            ..
        }) => (true, parts, &["send"]),
        Some(_) => (false, &mut [], &["send", "body"]),
    };
    let of_parameters = parameters.iter_mut().map(|parameter| {
        let location = parameter.location.keyword();
        (&*parameter.key, location, &mut parameter.name)
    });
    let of_parts = parts.iter_mut();
    let of_parts = of_parts.map(|part| (&*part.key, "part", &mut part.name));
    let extra_part = names::inputs(of_parameters.chain(of_parts).collect(), methods);
    has_parts.then_some(extra_part)
}
