//! Passes over responses: progenitor asserts that an operation has one success type and one error type, and counts
//! `default` on both sides.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Lowering, parts};
use crate::model::{Answer, Operation, Success};
use crate::pointer;
use crate::view::{self, is_json};

const JSON: &str = "application/json";

/// What a response's body is.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    /// None.
    Empty,
    /// JSON of a schema.
    Json(Value),
    /// Events, with data of a schema.
    Events(Value),
    /// Anything else.
    Raw,
}

/// Whether the body is a stream of events.
fn is_events(media_type: &str) -> bool {
    view::essence(media_type) == "text/event-stream"
}

/// Whether the body is of a type that the document leaves open, and described as JSON alone can be.
fn is_taken_for_json(root: &Value, media_type: &str, body: &Value) -> bool {
    const STRUCTURE: [&str; 5] = ["properties", "items", "allOf", "oneOf", "anyOf"];
    let is_open = matches!(view::essence(media_type).as_str(), "*/*" | "application/*");
    is_open
        && body.get("schema").is_some_and(|schema| {
            let schema = view::single(root, schema);
            STRUCTURE
                .iter()
                .any(|keyword| schema.get(*keyword).is_some())
        })
}

/// The media type and the description of a response's JSON; `application/json` before others.
fn json_of<'a>(root: &Value, response: &'a Value) -> Option<(&'a String, &'a Value)> {
    let content = || response["content"].as_object().into_iter().flatten();
    content()
        .find(|(media_type, _)| view::essence(media_type) == JSON)
        .or_else(|| content().find(|(media_type, _)| is_json(media_type)))
        .or_else(|| content().find(|(media_type, body)| is_taken_for_json(root, media_type, body)))
}

fn content(root: &Value, response: &Value) -> Content {
    let Some(content) = response["content"]
        .as_object()
        .filter(|content| !content.is_empty())
    else {
        return Content::Empty;
    };
    let schema = |body: &Value| body.get("schema").cloned();
    if let Some((_, body)) = json_of(root, response) {
        return Content::Json(schema(body).unwrap_or_else(|| json!({})));
    }
    let mut events = content
        .iter()
        .filter(|(media_type, _)| is_events(media_type));
    match events.next() {
        Some((_, body)) => {
            Content::Events(schema(body).unwrap_or_else(|| json!({ "type": "string" })))
        }
        None => Content::Raw,
    }
}

/// What JSON is asked for by, if every JSON that some responses have goes by another name than the usual.
fn accept(root: &Value, operation: &Value, statuses: &[(String, Content)]) -> Option<String> {
    let mut types: Vec<&str> = Vec::new();
    for (status, _) in statuses {
        let response = &operation["responses"][status];
        let Some((media_type, _)) = json_of(root, response) else {
            continue;
        };
        if !is_json(media_type) || view::essence(media_type) == JSON {
            return None;
        }
        if !types.contains(&media_type.as_str()) {
            types.push(media_type);
        }
    }
    (!types.is_empty()).then(|| types.join(", "))
}

/// Whether an operation answers in JSON or with events, as it is asked to.
pub(crate) fn has_events_beside_json(operation: &Value, root: &Value) -> bool {
    successes(operation).any(|(_, response)| {
        view::resolve(root, response)
            .is_some_and(|(_, response)| events_beside_json(root, response))
    })
}

fn events_beside_json(root: &Value, response: &Value) -> bool {
    let mut types = response["content"].as_object().into_iter().flatten();
    types.any(|(media_type, _)| is_events(media_type)) && json_of(root, response).is_some()
}

fn successes(operation: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let responses = operation.get("responses").and_then(Value::as_object);
    let responses = responses.into_iter().flatten();
    responses.filter(|(status, _)| status.starts_with('2'))
}

/// What the method for the events of an operation is called after.
pub(crate) const EVENTS: &str = "events";

/// Makes an operation that answers in JSON or with events two: a method has one return type.
pub fn split_events(lowering: &mut Lowering) {
    lowering.moved();
    for operation in std::mem::take(&mut lowering.operations) {
        let value = pointer::get(&lowering.root, &operation.pointer);
        let both = value.filter(|value| has_events_beside_json(value, &lowering.root));
        if let Some(mut value) = both.cloned() {
            let events = lowering.another(&operation, EVENTS);
            for (status, response) in value["responses"].as_object_mut().into_iter().flatten() {
                if status.starts_with('2')
                    && events_beside_json(&lowering.root, response)
                    && let Some(content) = response["content"].as_object_mut()
                {
                    content.retain(|media_type, _| is_events(media_type));
                }
            }
            value["operationId"] = Value::from(events.id.as_str());
            lowering.insert(&events, value);
            let message = format!("{}: its events are those of `{}`", operation.id, events.id);
            lowering.record("split-events", &operation.pointer, message);
            lowering.operations.push(events);
        }
        lowering.operations.push(operation);
    }
}

/// The responses of an operation whose status satisfies `wanted`, by status.
fn responses(
    root: &Value,
    operation: &Value,
    wanted: impl Fn(&str) -> bool,
) -> Vec<(String, Content)> {
    let responses = operation["responses"].as_object();
    responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| wanted(status))
        .map(|(status, response)| (status.clone(), content(root, response)))
        .collect()
}

/// Makes the success responses one response for any 2xx: a server that answers 201 where 200 was documented has
/// succeeded all the same. `default` stands for success only where no 2xx is declared. What progenitor has no type for,
/// successes that differ and events, is bytes to it; what they are is kept beside.
pub fn one_success(lowering: &mut Lowering) {
    lowering.moved();
    for index in 0..lowering.operations.len() {
        let place = lowering.operations[index].pointer.clone();
        let id = lowering.operations[index].id.clone();
        let Some(operation) = pointer::get(&lowering.root, &place) else {
            continue;
        };
        let mut successes = responses(&lowering.root, operation, |status| status.starts_with('2'));
        if successes.is_empty() {
            successes = responses(&lowering.root, operation, |status| status == "default");
        }
        lowering.operations[index].accept = accept(&lowering.root, operation, &successes);
        let listed = successes
            .iter()
            .map(|(status, _)| status.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let responses_place = pointer::join(&place, "responses");
        let differ = successes
            .iter()
            .any(|(_, content)| *content != successes[0].1);
        let (first, message) = match successes.first() {
            None => (
                Content::Raw,
                format!("{id}: no success is declared: any 2xx, its body as a stream"),
            ),
            Some(_) if differ => (
                Content::Raw,
                format!("{id}: the successes {listed} differ: they become an enum"),
            ),
            Some((_, first)) => (
                first.clone(),
                format!("{id}: any 2xx is the success declared as {listed}"),
            ),
        };
        lowering.operations[index].success = if differ {
            let answers = successes.iter().map(|(status, content)| {
                let name = format!("{id}_{status}");
                let place = pointer::join(&responses_place, status);
                (status.clone(), answer(lowering, &name, content, &place))
            });
            Some(Success::ByStatus(String::new(), answers.collect()))
        } else if let Content::Events(schema) = &first {
            let data = parts::part_type(lowering, &format!("{id}_event"), schema, &responses_place);
            Some(Success::Events(data))
        } else {
            None
        };
        let success = match first {
            Content::Empty => json!({ "description": "" }),
            Content::Json(schema) => {
                json!({ "description": "", "content": { JSON: { "schema": schema } } })
            }
            Content::Raw | Content::Events(_) => {
                json!({ "description": "", "content": { "*/*": { "schema": {} } } })
            }
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

/// What an answer of one status holds; inline types get a name.
fn answer(lowering: &mut Lowering, name: &str, content: &Content, place: &str) -> Answer {
    match content {
        Content::Empty => Answer::Empty,
        Content::Raw => Answer::Raw,
        Content::Json(schema) => Answer::Json(parts::part_type(lowering, name, schema, place)),
        Content::Events(schema) => Answer::Events(parts::part_type(lowering, name, schema, place)),
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
        let errors = responses(&lowering.root, operation, |status| {
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

/// Gives the enums of successes that differ names that no builder has.
pub fn name_successes(operations: &mut [Operation]) {
    let builders: BTreeSet<String> = operations
        .iter()
        .map(|operation| operation.builder.clone())
        .collect();
    for operation in operations {
        let mut free = format!("{}Success", operation.builder.trim_end_matches('_'));
        while builders.contains(&free) {
            free.push('X');
        }
        if let Some(Success::ByStatus(name, _)) = &mut operation.success {
            *name = free;
        }
    }
}
