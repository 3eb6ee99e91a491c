//! Passes over responses: progenitor asserts that an operation has one success type and one error type, and counts
//! `default` on both sides.

use serde_json::{Map, Value, json};

use super::Lowering;
use crate::pointer;
use crate::view;

/// What a response's body is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// None.
    Empty,
    /// JSON of a schema.
    Json(Value),
    /// Anything else.
    Raw,
}

/// Successes are asked for by `Accept: application/json`, so another kind of JSON is not among them.
fn is_json(media_type: &str) -> bool {
    view::essence(media_type) == "application/json"
}

/// Errors are tried as JSON whatever they are called; `application/problem+json` is the usual name.
fn is_any_json(media_type: &str) -> bool {
    is_json(media_type) || view::essence(media_type).ends_with("+json")
}

/// What the body of a success is.
pub(crate) fn success(response: &Value) -> Content {
    content(response, is_json)
}

fn content(response: &Value, is_json: fn(&str) -> bool) -> Content {
    let Some(content) = response["content"]
        .as_object()
        .filter(|content| !content.is_empty())
    else {
        return Content::Empty;
    };
    match content.iter().find(|(media_type, _)| is_json(media_type)) {
        Some((_, body)) => Content::Json(body.get("schema").cloned().unwrap_or_else(|| json!({}))),
        None => Content::Raw,
    }
}

/// The responses of an operation whose status satisfies `wanted`, by status.
fn responses(
    operation: &Value,
    is_json: fn(&str) -> bool,
    wanted: impl Fn(&str) -> bool,
) -> Vec<(String, Content)> {
    let responses = operation["responses"].as_object();
    responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| wanted(status))
        .map(|(status, response)| (status.clone(), content(response, is_json)))
        .collect()
}

/// Makes the success responses one response for any 2xx: a server that answers 201 where 200 was documented has
/// succeeded all the same. `default` stands for success only where no 2xx is declared. Successes that differ in their
/// bodies were refused by then.
pub fn one_success(lowering: &mut Lowering) {
    lowering.moved();
    for index in 0..lowering.operations.len() {
        let place = lowering.operations[index].pointer.clone();
        let id = lowering.operations[index].id.clone();
        let Some(operation) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let mut successes = responses(operation, is_json, |status| status.starts_with('2'));
        if successes.is_empty() {
            successes = responses(operation, is_json, |status| status == "default");
        }
        let listed = successes
            .iter()
            .map(|(status, _)| status.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let responses_place = pointer::join(&place, "responses");
        let (first, message) = match successes.first() {
            None => (
                Content::Raw,
                format!("{id}: no success is declared: any 2xx, its body as a stream"),
            ),
            Some((_, first)) => (
                first.clone(),
                format!("{id}: any 2xx is the success declared as {listed}"),
            ),
        };
        let success = match first {
            Content::Empty => json!({ "description": "" }),
            Content::Json(schema) => {
                json!({ "description": "", "content": { "application/json": { "schema": schema } } })
            }
            Content::Raw => json!({ "description": "", "content": { "*/*": { "schema": {} } } }),
        };
        // The errors are for the next pass.
        let Some(declared) =
            pointer::get_mut(&mut lowering.root, &responses_place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        let unchanged = successes.len() == 1 && listed == "2XX";
        let errors = std::mem::take(declared)
            .into_iter()
            .filter(|(status, _)| !status.starts_with('2'));
        *declared = errors
            .chain([("2XX".to_owned(), success)])
            .collect::<Map<_, _>>();
        if !unchanged {
            lowering.record("one-success", &responses_place, message);
        }
    }
}

/// Makes the error responses one type that the generated code tries on every error body, keeping the body whatever it
/// is. Bodies declared with different schemas are left to the caller as plain JSON.
pub fn one_error(lowering: &mut Lowering) {
    lowering.moved();
    for index in 0..lowering.operations.len() {
        let place = lowering.operations[index].pointer.clone();
        let id = lowering.operations[index].id.clone();
        let responses_place = pointer::join(&place, "responses");
        let Some(operation) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let errors = responses(operation, is_any_json, |status| {
            status == "default" || status.starts_with(['3', '4', '5', '1'])
        });
        let mut schemas: Vec<(String, Value)> = Vec::new();
        for (status, content) in errors {
            if let Content::Json(schema) = content
                && !schemas.iter().any(|(_, known)| *known == schema)
            {
                schemas.push((status, schema));
            }
        }
        match schemas.as_slice() {
            [] => {}
            [(status, schema)] => {
                let schema = match schema.get("$ref") {
                    Some(_) => schema.clone(),
                    None => {
                        let from = pointer::join(&responses_place, status);
                        let hoisted = lowering.hoist(&format!("{id}_error"), schema.clone(), &from);
                        lowering.record(
                            "name-error",
                            &from,
                            format!("{id}: the error body gets a name of its own"),
                        );
                        hoisted
                    }
                };
                let name = view::reference(&schema).and_then(view::schema_name);
                lowering.operations[index].error = name;
            }
            many => {
                let message = format!(
                    "{id}: {} different error bodies are declared; they are decoded as plain JSON",
                    many.len()
                );
                lowering.record("one-error", &responses_place, message);
            }
        }
        if let Some(declared) =
            pointer::get_mut(&mut lowering.root, &responses_place).and_then(Value::as_object_mut)
        {
            declared.retain(|status, _| status == "2XX");
        }
    }
}
