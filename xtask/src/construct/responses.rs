//! Answers: what successes and errors hold.

use serde_json::Value;

use crate::api::{Answer, Success, TypeRef};
use crate::pointer;
use crate::view::{self, OperationView, is_json};

use super::schema::Schema;
use super::types::Types;

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

/// The responses of an operation.
#[derive(Debug)]
pub struct Answers {
    /// A suffix for the name of its method, where an operation answers in JSON or with events.
    pub suffix: Option<&'static str>,
    /// The successes.
    pub success: Success,
    /// The media types to ask for.
    pub accept: String,
    /// The errors, if they all hold the same.
    pub error: Option<TypeRef>,
}

/// A response of the document.
#[derive(Clone, Debug)]
struct Response<'d> {
    status: &'d str,
    /// The media types, each with the pointer of its description.
    content: Vec<(&'d str, String)>,
    /// The index of the JSON among them.
    json: Option<usize>,
}

/// Constructs the answers of an operation: one, or two if the caller decides whether to get JSON or events.
pub fn answers<'d>(types: &mut Types<'d>, operation: &OperationView<'d>, id: &str) -> Vec<Answers> {
    let responses = responses(types.root, operation);
    let is_success = |response: &&Response<'_>| response.status.starts_with('2');
    let mut successes: Vec<&Response<'_>> = responses.iter().filter(is_success).collect();
    if successes.is_empty() {
        successes = responses
            .iter()
            .filter(|response| response.status == "default")
            .collect();
    }
    let errors: Vec<&Response<'_>> = responses
        .iter()
        .filter(|response| {
            successes
                .iter()
                .all(|success| success.status != response.status)
        })
        .collect();
    let error = error(types, &errors, id);
    let has_both = successes
        .iter()
        .any(|response| response.json().is_some() && response.events().is_some());
    let mut all = vec![(None, false)];
    if has_both {
        all.push((Some("events"), true));
    }
    all.into_iter()
        .map(|(suffix, prefers_events)| {
            let success = success(types, &successes, prefers_events, id);
            Answers {
                suffix,
                accept: accept(&successes, &success),
                success,
                error: error.clone(),
            }
        })
        .collect()
}

fn responses<'d>(root: &'d Value, operation: &OperationView<'d>) -> Vec<Response<'d>> {
    let place = pointer::join(&operation.pointer(), "responses");
    let declared = operation.value.get("responses").and_then(Value::as_object);
    let responses = declared
        .into_iter()
        .flatten()
        .filter(|(status, _)| !status.starts_with("x-"));
    responses
        .filter_map(|(status, value)| {
            let (target, value) = view::resolve(root, value)?;
            let place = target.unwrap_or_else(|| pointer::join(&place, status));
            let place = pointer::join(&place, "content");
            let content = value
                .get("content")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            let content =
                content.map(|(media_type, _)| (&**media_type, pointer::join(&place, media_type)));
            let content: Vec<(&str, String)> = content.collect();
            Some(Response {
                status,
                json: json(root, &content),
                content,
            })
        })
        .collect()
}

/// The index of the JSON: `application/json` before others, and these before any media type whose schema has structure.
fn json(root: &Value, content: &[(&str, String)]) -> Option<usize> {
    let is_plain = |(media_type, _): &(&str, String)| view::essence(media_type) == JSON;
    let is_other = |(media_type, _): &(&str, String)| is_json(media_type);
    let is_any = |(media_type, place): &(&str, String)| {
        let is_open = matches!(&*view::essence(media_type), "*/*" | "application/*");
        let schema = || Schema::at(root, &pointer::join(place, "schema"));
        is_open && schema().is_some_and(|schema| has_structure(root, &schema))
    };
    let position = |is: &dyn Fn(&(&str, String)) -> bool| content.iter().position(is);
    position(&is_plain)
        .or_else(|| position(&is_other))
        .or_else(|| position(&is_any))
}

/// Whether values have members, items or branches, which JSON alone has.
fn has_structure(root: &Value, schema: &Schema<'_>) -> bool {
    let is_structured = |kind: &&str| matches!(*kind, "object" | "array");
    let kinds = schema.types();
    !schema.properties().is_empty()
        || schema.branches(root).is_some()
        || kinds.is_some_and(|kinds| !kinds.is_empty() && kinds.iter().all(is_structured))
}

impl Response<'_> {
    /// The JSON that it holds.
    fn json(&self) -> Option<&(&str, String)> {
        self.content.get(self.json?)
    }

    fn events(&self) -> Option<&(&str, String)> {
        self.content
            .iter()
            .find(|(media_type, _)| view::essence(media_type) == EVENTS)
    }
}

fn success(
    types: &mut Types<'_>,
    successes: &[&Response<'_>],
    prefers_events: bool,
    id: &str,
) -> Success {
    let name = |status: &str| match successes.len() {
        1 => format!("{id} response"),
        _ => format!("{id} {status} response"),
    };
    let answers = successes.iter().map(|response| {
        let answer = answer(types, response, prefers_events, &name(response.status));
        (response.status.to_owned(), answer)
    });
    let answers: Vec<(String, Answer)> = answers.collect();
    match answers.split_first() {
        None => Success::Always(Answer::Bytes),
        Some(((_, first), others)) if others.iter().all(|(_, other)| other == first) => {
            Success::Always(first.clone())
        }
        Some(_) => Success::ByStatus {
            // Named when all operations are known.
            name: String::new(),
            answers,
        },
    }
}

fn answer(
    types: &mut Types<'_>,
    response: &Response<'_>,
    prefers_events: bool,
    name: &str,
) -> Answer {
    if response.content.is_empty() {
        return Answer::Empty;
    }
    if let Some((_, place)) = response
        .json()
        .filter(|_| !prefers_events || response.events().is_none())
    {
        return Answer::Json(reference(types, place, TypeRef::JSON, name));
    }
    match response.events() {
        Some((_, place)) => Answer::Events(reference(
            types,
            place,
            TypeRef::STRING,
            &format!("{name} event"),
        )),
        None => Answer::Bytes,
    }
}

fn reference(types: &mut Types<'_>, place: &str, unknown: TypeRef, name: &str) -> TypeRef {
    let schema = Schema::at(types.root, &pointer::join(place, "schema"));
    schema.map_or(unknown, |schema| types.reference(&schema, name))
}

/// The type of the errors, if all that have JSON have the same.
fn error(types: &mut Types<'_>, errors: &[&Response<'_>], id: &str) -> Option<TypeRef> {
    let mut common = None;
    for response in errors {
        let Some((_, place)) = response.json() else {
            continue;
        };
        let name = format!("{id} {} error", response.status);
        let reference = reference(types, place, TypeRef::JSON, &name);
        match &common {
            None => common = Some(reference),
            Some(common) if *common == reference => {}
            Some(_) => return Some(TypeRef::JSON),
        }
    }
    common
}

/// The media types to ask for.
fn accept(successes: &[&Response<'_>], success: &Success) -> String {
    let mut names: Vec<&str> = successes
        .iter()
        .filter_map(|response| Some(response.json()?.0))
        .collect();
    names.dedup();
    let is_plain = |name: &str| view::essence(name) == JSON || name.contains('*');
    let json = match names.is_empty() || names.iter().any(|name| is_plain(name)) {
        true => JSON.to_owned(),
        false => names.join(", "),
    };
    match success {
        Success::Always(Answer::Json(_) | Answer::Empty) => json,
        Success::Always(Answer::Events(_)) => EVENTS.to_owned(),
        Success::Always(Answer::Bytes) => "*/*".to_owned(),
        Success::ByStatus { answers, .. } => {
            let is_json =
                |(_, answer): &(String, Answer)| matches!(answer, Answer::Json(_) | Answer::Empty);
            match answers.iter().all(is_json) {
                true => json,
                false => format!("{json}, */*;q=0.9"),
            }
        }
    }
}
