//! Answers: the bodies of successes and errors.
//!
//! A Rust method has one type of success and one of error. So JSON is preferred where a response offers several media types, a
//! success that differs by status becomes an enum, and an operation that answers with JSON or with events becomes two methods.

use serde_json::Value;

use crate::api::{Answer, Success, TypeRef};
use openapi_document::pointer;
use openapi_document::schema::Schema;
use openapi_document::view::{self, OperationView, is_json};

use super::media::{self, JSON, Media};
use super::types::Types;

const EVENTS: &str = "text/event-stream";

/// The responses of an operation.
#[derive(Debug)]
pub struct Answers {
    /// A suffix for the name of its method, where an operation answers in JSON or with events.
    pub suffix: Option<&'static str>,
    /// The successes.
    pub success: Success,
    /// The media types to ask for.
    pub accept: String,
    /// The errors, if they all have the same type.
    pub error: Option<TypeRef>,
}

/// A response of the document.
#[derive(Debug)]
struct Response<'d> {
    status: &'d str,
    json: Option<Media<'d>>,
    events: Option<Media<'d>>,
    is_empty: bool,
}

/// Constructs the answers of an operation: one, or two if the caller decides whether to get JSON or events.
pub fn answers<'d>(types: &mut Types<'d>, operation: &OperationView<'d>, id: &str) -> Vec<Answers> {
    let responses = responses(types.root, operation);
    let is_2xx = |response: &Response<'_>| response.status.starts_with('2');
    let has_2xx = responses.iter().any(is_2xx);
    let is_success = |response: &Response<'_>| match has_2xx {
        true => is_2xx(response),
        false => response.status == "default",
    };
    let (successes, errors): (Vec<_>, Vec<_>) = responses.into_iter().partition(is_success);
    let error = error(types, &errors, id);
    let mut successes_with = successes.iter();
    let has_both =
        successes_with.any(|response| response.json.is_some() && response.events.is_some());
    let methods: &[Option<&str>] = match has_both {
        true => &[None, Some("events")],
        false => &[None],
    };
    let answers = methods.iter().map(|suffix| {
        let success = success(types, &successes, suffix.is_some(), id);
        Answers {
            suffix: *suffix,
            accept: accept(&successes, &success),
            success,
            error: error.clone(),
        }
    });
    answers.collect()
}

fn responses<'d>(root: &'d Value, operation: &OperationView<'d>) -> Vec<Response<'d>> {
    let at = pointer::join(&operation.pointer(), "responses");
    let declared = view::members(operation.value, "responses");
    let declared = declared.filter(|(status, _)| !status.starts_with("x-"));
    let responses = declared.filter_map(|(status, value)| {
        let (target, value) = view::resolve(root, value)?;
        let at = target.unwrap_or_else(|| pointer::join(&at, status));
        let mut content = media::content(root, value, &at);
        let is_empty = content.is_empty();
        let mut take = |is_wanted: fn(&Media<'_>) -> bool| {
            let index = content.iter().position(is_wanted)?;
            Some(content.remove(index))
        };
        Some(Response {
            status,
            // `application/json` before others, and these before any media type whose schema has structure.
            json: take(|media| media.essence == JSON)
                .or_else(|| take(|media| is_json(&media.essence)))
                .or_else(|| take(is_structured)),
            events: take(|media| media.essence == EVENTS),
            is_empty,
        })
    });
    responses.collect()
}

/// Whether any media type is allowed and values have members, items or branches, which JSON alone has.
fn is_structured(media: &Media<'_>) -> bool {
    let is_open = matches!(&*media.essence, "*/*" | "application/*");
    let has_structure = |schema: &Schema<'_>| {
        let is_structured = |name: &&str| matches!(*name, "object" | "array");
        let types = schema.types().unwrap_or_default();
        !schema.properties().is_empty()
            || schema.branches().is_some()
            || (!types.is_empty() && types.iter().all(is_structured))
    };
    is_open && media.schema.as_ref().is_some_and(has_structure)
}

fn success<'d>(
    types: &mut Types<'d>,
    successes: &[Response<'d>],
    prefers_events: bool,
    id: &str,
) -> Success {
    let answers = successes.iter().map(|response| {
        let status = response.status;
        let name = match successes {
            [_] => format!("{id} response"),
            _ => format!("{id} {status} response"),
        };
        let answer = answer(types, response, prefers_events, &name);
        (status.to_owned(), answer)
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

fn answer<'d>(
    types: &mut Types<'d>,
    response: &Response<'d>,
    prefers_events: bool,
    name: &str,
) -> Answer {
    match (&response.json, &response.events) {
        _ if response.is_empty => Answer::Empty,
        (_, Some(events)) if prefers_events || response.json.is_none() => {
            let name = format!("{name} event");
            Answer::Events(reference(types, events, TypeRef::STRING, &name))
        }
        (Some(json), _) => Answer::Json(reference(types, json, TypeRef::JSON, name)),
        _ => Answer::Bytes,
    }
}

fn reference<'d>(
    types: &mut Types<'d>,
    media: &Media<'d>,
    unknown: TypeRef,
    name: &str,
) -> TypeRef {
    let schema = media.schema.as_ref();
    schema.map_or(unknown, |schema| types.reference(schema, name))
}

/// The type of the errors, if all that have JSON have the same.
fn error<'d>(types: &mut Types<'d>, errors: &[Response<'d>], id: &str) -> Option<TypeRef> {
    let mut errors = errors.iter().filter_map(|response| {
        let name = format!("{id} {} error", response.status);
        let json = response.json.as_ref()?;
        Some(reference(types, json, TypeRef::JSON, &name))
    });
    let first = errors.next()?;
    let is_common = errors.all(|error| error == first);
    Some(if is_common { first } else { TypeRef::JSON })
}

/// The media types to ask for.
fn accept(successes: &[Response<'_>], success: &Success) -> String {
    let mut media = successes
        .iter()
        .filter_map(|response| response.json.as_ref());
    let mut names: Vec<&str> = media.clone().map(|media| media.name).collect();
    names.dedup();
    let is_plain = media.any(|media| media.essence == JSON || media.name.contains('*'));
    let json = match is_plain || names.is_empty() {
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
