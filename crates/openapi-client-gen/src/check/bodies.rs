//! Request and response bodies come in media types that the generated client can send and read.

use serde_json::{Map, Value};

use super::subject::{Node, Subject, error};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::schema::Schema;
use openapi_document::shape::Kind;
use openapi_document::view;

const MULTIPART: &str = "multipart/form-data";

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for response in subject.nodes(Kind::Response) {
        media_types(response, problems);
    }
    for body in subject.nodes(Kind::RequestBody) {
        media_types(body, problems);
        request(subject, body, problems);
    }
    for operation in &subject.operations {
        let responses = view::members(operation.value, "responses");
        let statuses = responses.map(|(status, _)| status);
        problems.extend(statuses.filter(|status| !is_status(status)).map(|status| {
            let at = pointer::join(&operation.pointer(), "responses");
            let message = format!("`{status}` is not a status code");
            let hint = "use a code such as `200`, a range such as `2XX`, or `default`";
            error("invalid-status", pointer::join(&at, status), message, hint)
        }));
    }
}

/// `200`, a range such as `2XX`, `default`, or an extension.
fn is_status(status: &str) -> bool {
    match status.as_bytes() {
        [b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => true,
        [b'1'..=b'5', second, third] => second.is_ascii_digit() && third.is_ascii_digit(),
        _ => status == "default" || status.starts_with("x-"),
    }
}

fn content(owner: Node<'_>) -> Option<&Map<String, Value>> {
    owner.get("content")?.as_object()
}

/// The names in `content` that are no media types, or that no header can hold.
fn media_types(owner: Node<'_>, problems: &mut Vec<Diagnostic>) {
    for (media_type, _) in content(owner).into_iter().flatten() {
        let essence = view::essence(media_type);
        let (kind, subtype) = essence.split_once('/').unwrap_or_default();
        let is_printable = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !view::is_token(kind) || !view::is_token(subtype) || !is_printable {
            let message = format!("`{media_type}` is not a media type");
            let hint = "a media type has the form `type/subtype`, such as `application/json`";
            let at = pointer::join(&pointer::join(owner.at, "content"), media_type);
            problems.push(error("unsupported-media-type", at, message, hint));
        }
    }
}

fn request(subject: &Subject<'_>, owner: Node<'_>, problems: &mut Vec<Diagnostic>) {
    let Some(content) = content(owner) else {
        return;
    };
    if content.is_empty() {
        let message = "the request body has no media type";
        let hint = "name one, such as `application/json`, or remove the body";
        problems.push(owner.error("unsupported-body", "content", message, hint));
    }
    let content_pointer = pointer::join(owner.at, "content");
    let mut first: Option<&str> = None;
    let is_multipart = |(media_type, _): &(&String, _)| view::essence(media_type) == MULTIPART;
    for (media_type, body) in content.iter().filter(is_multipart) {
        let at = pointer::join(&content_pointer, media_type);
        if let Some(first) = first.replace(media_type) {
            let message = format!("the body is multipart twice: `{first}` and `{media_type}`");
            let hint = "keep one of them; the generated client chooses its parameters itself";
            problems.push(error("unsupported-media-type", at.clone(), message, hint));
        }
        multipart(subject.root, body, &at, problems);
    }
}

fn multipart(root: &Value, body: &Value, at: &str, problems: &mut Vec<Diagnostic>) {
    let Some(schema) = body.get("schema") else {
        let message = "the multipart body has no schema";
        let hint = "describe it as an object with one property for each part";
        problems.push(error("multipart-schema", at, message, hint));
        return;
    };
    let place = pointer::join(at, "schema");
    let Some((target, schema)) = view::resolve(root, schema) else {
        return;
    };
    let schema_place = target.unwrap_or_else(|| place.clone());
    let Some(merged) = Schema::at(root, &schema_place) else {
        return;
    };
    let parts = merged.properties();
    if parts.is_empty() {
        let message = "the schema of a multipart body must be an object with properties";
        let hint = "each property is a part; as it is, callers name the parts themselves";
        problems.push(error("multipart-schema", place, message, hint).note());
        return;
    }
    let mut unknown = |at: String, name: &str, message: String| {
        let hint = match similar::get_close_matches(name, &parts, 1, 0.6).first() {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the parts are {}", parts.join(", ")),
        };
        problems.push(error("multipart-schema", at, message, hint));
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (index, required) in required.into_iter().flatten().enumerate() {
        if let Some(name) = required.as_str().filter(|name| !parts.contains(name)) {
            let list = pointer::join(&schema_place, "required");
            let at = pointer::join(&list, &index.to_string());
            let message = format!("the required part `{name}` is not among the properties");
            unknown(at, name, message);
        }
    }
    for (name, _) in view::members(body, "encoding") {
        if !parts.contains(&name.as_str()) {
            let at = pointer::join(&pointer::join(at, "encoding"), name);
            let message = format!("there is an encoding for `{name}`, but no such part");
            unknown(at, name, message);
        }
    }
    for name in &parts {
        let items = merged.property(name).items();
        let types = items.and_then(|items| items.types());
        if types.is_some_and(|types| types.contains("array")) {
            let at = pointer::join(&pointer::join(&schema_place, "properties"), name);
            let message = format!("the part `{name}` is a list of lists, which no part can be");
            let hint = "a list is sent as one part for each item; wrap the inner list in an object to send it as JSON";
            problems.push(error("multipart-schema", at, message, hint));
        }
    }
}
