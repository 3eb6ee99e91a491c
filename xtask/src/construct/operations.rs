//! Operations: their methods, paths, parameters, bodies and responses.

use serde_json::Value;

use crate::api::{Body, Content, Evidence, Operation, Parameter, Part, Success};
use crate::names;
use crate::view::OperationView;

use super::directions::Direction;
use super::names::{Inputs, Scope};
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
    let mut builders = Scope::reserving(&[]);
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
            let (path, mut parameters) = parameters::parameters(types, view, &id);
            let mut body = body.clone();
            let extra_part = name_inputs(&mut parameters, body.as_mut());
            operations.push(Operation {
                name: names::operation_value_name(&id),
                builder: names::operation_type_name(&id),
                id,
                is_variant: !operations.is_empty(),
                method: view.method.to_ascii_uppercase(),
                path,
                summary: text("summary"),
                description: text("description"),
                deprecated: view.value.get("deprecated") == Some(&Value::Bool(true)),
                evidence: Evidence::of(text("x-evidence").as_deref()),
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
    let mut body = body;
    let (mut parts, methods): (Option<&mut Vec<Part>>, &[&str]) = match body.as_mut() {
        None => (None, &["send"]),
        Some(body) => match &mut body.content {
            Content::Multipart(parts) => (Some(parts), &["send"]),
            _ => (None, &["send", "body"]),
        },
    };
    let keys = parameters
        .iter()
        .map(|parameter| (&*parameter.key, parameter.location.keyword()));
    let parts_keys = parts.iter().flat_map(|parts| parts.iter());
    let keys = keys.chain(parts_keys.map(|part| (&*part.key, "part")));
    let mut inputs = Inputs::of(keys.collect(), methods);
    let (names, extra_part) = (inputs.names(), inputs.own("extra_part"));
    let inputs = parameters
        .iter_mut()
        .map(|parameter| &mut parameter.name)
        .chain(
            parts
                .iter_mut()
                .flat_map(|parts| parts.iter_mut().map(|part| &mut part.name)),
        );
    for (input, name) in inputs.zip(names) {
        *input = name;
    }
    parts.is_some().then_some(extra_part)
}
