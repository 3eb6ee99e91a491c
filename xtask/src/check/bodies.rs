//! Request and response bodies come in media types that the generated client can send and read.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::lower::responses::{self, Content};
use crate::pointer;
use crate::shape::Kind;
use crate::view::{self, OperationView};

/// Media types of request bodies that progenitor writes, one to an operation.
const SINGLE: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

const MULTIPART: &str = "multipart/form-data";

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for found in subject
        .found
        .iter()
        .filter(|found| found.reference.is_none())
    {
        let content = || {
            let value = pointer::get(subject.root, &found.pointer)?;
            Some((
                value.get("content")?.as_object()?,
                pointer::join(&found.pointer, "content"),
            ))
        };
        match found.kind {
            Kind::RequestBody => {
                if let Some((content, place)) = content() {
                    request(subject, content, &place, problems);
                }
            }
            Kind::Response => {
                for (media_type, _) in content().iter().flat_map(|(content, _)| content.iter()) {
                    let place =
                        pointer::join(&pointer::join(&found.pointer, "content"), media_type);
                    problems.extend(response(media_type, place));
                }
            }
            _ => {}
        }
    }
    for operation in &subject.operations {
        let responses = operation.value.get("responses").and_then(Value::as_object);
        problems.extend(differing_successes(subject, operation));
        for (status, _) in responses.into_iter().flatten() {
            if !(status == "default" || status.starts_with("x-") || is_status(status)) {
                let place =
                    pointer::join(&pointer::join(&operation.pointer(), "responses"), status);
                problems.push(
                    Diagnostic::error(
                        "invalid-status",
                        place,
                        format!("`{status}` is not a status code"),
                    )
                    .hint("use a code such as `200`, a range such as `2XX`, or `default`"),
                );
            }
        }
    }
}

/// A client's method has one return type.
fn differing_successes(subject: &Subject<'_>, operation: &OperationView<'_>) -> Option<Diagnostic> {
    let responses = operation.value.get("responses")?.as_object()?;
    let successes: Vec<(&str, Content)> = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(status, response)| {
            Some((
                status.as_str(),
                responses::success(subject.resolve(response)?),
            ))
        })
        .collect();
    let ((_, first), others) = successes.split_first()?;
    let (differing, _) = others.iter().find(|(_, content)| content != first)?;
    let listed: Vec<&str> = successes.iter().map(|(status, _)| *status).collect();
    let place = pointer::join(&operation.pointer(), "responses");
    Some(
        Diagnostic::error(
            "differing-successes",
            pointer::join(&place, differing),
            format!("the successes {} have different bodies", listed.join(", ")),
        )
        .hint("give them one schema, or leave only the one that callers should read"),
    )
}

/// `200`, or a range such as `2XX`.
fn is_status(status: &str) -> bool {
    match status.as_bytes() {
        [b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => true,
        [b'1'..=b'5', second, third] => second.is_ascii_digit() && third.is_ascii_digit(),
        _ => false,
    }
}

fn request(
    subject: &Subject<'_>,
    content: &serde_json::Map<String, Value>,
    place: &str,
    problems: &mut Vec<Diagnostic>,
) {
    if content.is_empty() {
        problems.push(
            Diagnostic::error(
                "unsupported-body",
                place,
                "the request body has no media type",
            )
            .hint("name one, such as `application/json`, or remove the body"),
        );
    }
    let mut single: Option<&str> = None;
    let mut parts: Option<&str> = None;
    for (media_type, body) in content {
        let place = pointer::join(place, media_type);
        let essence = view::essence(media_type);
        if essence == MULTIPART {
            if let Some(first) = parts.replace(media_type) {
                problems.push(
                    Diagnostic::error(
                        "unsupported-media-type",
                        place.clone(),
                        format!("the body is multipart twice: `{first}` and `{media_type}`"),
                    )
                    .hint("keep one of them; the generated client chooses its parameters itself"),
                );
            }
            multipart(subject, body, &place, problems);
        } else if SINGLE.contains(&essence.as_str()) {
            if let Some(first) = single {
                problems.push(
                    Diagnostic::error(
                        "unsupported-media-type",
                        place,
                        format!("the body can be `{first}` or `{media_type}`: only one of them beside `{MULTIPART}` is supported"),
                    )
                    .hint("keep the one that callers should use"),
                );
            } else {
                single = Some(media_type);
                problems.extend(plain_body(subject, &essence, body, place));
            }
        } else {
            problems.push(
                Diagnostic::error(
                    "unsupported-media-type",
                    place,
                    format!("a request body of type `{media_type}` is not supported"),
                )
                .hint(format!("supported are {MULTIPART}, {}", SINGLE.join(", "))),
            );
        }
    }
}

/// Bodies that are sent as they are must be described as just that.
fn plain_body(
    subject: &Subject<'_>,
    essence: &str,
    body: &Value,
    place: String,
) -> Option<Diagnostic> {
    let wanted = match essence {
        "application/octet-stream" => "{type: string, format: binary}",
        "text/plain" | "text/x-markdown" => "{type: string}",
        _ => return None,
    };
    let schema = body
        .get("schema")
        .and_then(|schema| subject.resolve(schema));
    let fits = schema.is_some_and(|schema| {
        schema.get("type").and_then(Value::as_str) == Some("string")
            && (essence != "application/octet-stream"
                || schema.get("format").and_then(Value::as_str) == Some("binary"))
            && ![
                "enum",
                "pattern",
                "minLength",
                "maxLength",
                "default",
                "nullable",
                "discriminator",
            ]
            .iter()
            .any(|field| schema.get(*field).is_some())
    });
    (!fits).then(|| {
        Diagnostic::error(
            "unsupported-body",
            place,
            format!("a body of type `{essence}` must have the schema `{wanted}`"),
        )
        .hint("such a body is sent as it is, so nothing more can be said of its content")
    })
}

fn multipart(subject: &Subject<'_>, body: &Value, place: &str, problems: &mut Vec<Diagnostic>) {
    let Some((target, schema)) = body
        .get("schema")
        .and_then(|schema| view::resolve(subject.root, schema))
    else {
        if body.get("schema").is_none() {
            problems.push(
                Diagnostic::error(
                    "multipart-schema",
                    place,
                    "the multipart body has no schema",
                )
                .hint("describe it as an object with one property for each part"),
            );
        }
        return;
    };
    let schema_place = target.unwrap_or_else(|| pointer::join(place, "schema"));
    let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
    let Some(parts) = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|_| is_object)
    else {
        problems.push(
            Diagnostic::error(
                "multipart-schema",
                pointer::join(place, "schema"),
                "the schema of a multipart body must be an object with properties",
            )
            .hint("each property is a part: give the schema `type: object` and list them"),
        );
        return;
    };
    let unknown = |place: String, name: &str, message: String| {
        let known: Vec<&str> = parts.keys().map(String::as_str).collect();
        let hint = match similar::get_close_matches(name, &known, 1, 0.6).first() {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the parts are {}", known.join(", ")),
        };
        Diagnostic::error("multipart-schema", place, message).hint(hint)
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (index, required) in required.into_iter().flatten().enumerate() {
        if let Some(name) = required.as_str().filter(|name| !parts.contains_key(*name)) {
            problems.push(unknown(
                pointer::join(
                    &pointer::join(&schema_place, "required"),
                    &index.to_string(),
                ),
                name,
                format!("the required part `{name}` is not among the properties"),
            ));
        }
    }
    for (name, _) in body
        .get("encoding")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if !parts.contains_key(name) {
            problems.push(unknown(
                pointer::join(&pointer::join(place, "encoding"), name),
                name,
                format!("there is an encoding for `{name}`, but no such part"),
            ));
        }
    }
    for (name, part) in parts {
        let Some(part) = subject.resolve(part) else {
            continue;
        };
        let items = part.get("items").and_then(|items| subject.resolve(items));
        if items.is_some_and(|items| items.get("type").and_then(Value::as_str) == Some("array")) {
            problems.push(
                Diagnostic::error(
                    "multipart-schema",
                    pointer::join(&pointer::join(&schema_place, "properties"), name),
                    format!("the part `{name}` is a list of lists, which no part can be"),
                )
                .hint("a list is sent as one part for each item; wrap the inner list in an object to send it as JSON"),
            );
        }
    }
}

fn response(media_type: &str, place: String) -> Option<Diagnostic> {
    let essence = view::essence(media_type);
    let well_formed = essence.split_once('/').is_some_and(|(kind, subtype)| {
        !kind.is_empty() && !subtype.is_empty() && !subtype.contains('/')
    });
    if !well_formed {
        return Some(
            Diagnostic::error(
                "unsupported-media-type",
                place,
                format!("`{media_type}` is not a media type"),
            )
            .hint("a media type has the form `type/subtype`, such as `application/json`"),
        );
    }
    if essence.starts_with("multipart/") || essence == "text/event-stream" {
        return Some(
            Diagnostic::error(
                "unsupported-media-type",
                place,
                format!("a response body of type `{media_type}` is not supported"),
            )
            .hint("JSON is decoded and other single bodies are streamed as bytes"),
        );
    }
    None
}
