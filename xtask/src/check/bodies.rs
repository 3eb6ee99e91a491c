//! Request and response bodies come in media types that the generated client can send and read.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::schema::Schema;
use crate::shape::Kind;
use crate::view;

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
                    problems.extend(malformed(media_type, &place));
                }
            }
            _ => {}
        }
    }
    for operation in &subject.operations {
        let responses = operation.value.get("responses").and_then(Value::as_object);
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
    let mut parts: Option<&str> = None;
    for (media_type, body) in content {
        let place = pointer::join(place, media_type);
        problems.extend(malformed(media_type, &place));
        if view::essence(media_type) == MULTIPART {
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
        }
    }
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
    let Some(whole) = Schema::at(subject.root, &schema_place) else {
        return;
    };
    let parts = whole.properties();
    if parts.is_empty() {
        problems.push(
            Diagnostic::error(
                "multipart-schema",
                pointer::join(place, "schema"),
                "the schema of a multipart body must be an object with properties",
            )
            .hint("each property is a part; as it is, callers name the parts themselves")
            .note(),
        );
        return;
    }
    let unknown = |place: String, name: &str, message: String| {
        let hint = match similar::get_close_matches(name, &parts, 1, 0.6).first() {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the parts are {}", parts.join(", ")),
        };
        Diagnostic::error("multipart-schema", place, message).hint(hint)
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (index, required) in required.into_iter().flatten().enumerate() {
        if let Some(name) = required.as_str().filter(|name| !parts.contains(name)) {
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
        if !parts.contains(&name.as_str()) {
            problems.push(unknown(
                pointer::join(&pointer::join(place, "encoding"), name),
                name,
                format!("there is an encoding for `{name}`, but no such part"),
            ));
        }
    }
    for name in parts {
        let items = whole.property(name).items();
        if items
            .and_then(|items| items.types())
            .is_some_and(|types| types.contains("array"))
        {
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

/// What is no media type, or none that a header can hold.
fn malformed(media_type: &str, place: &str) -> Option<Diagnostic> {
    let essence = view::essence(media_type);
    let is_token = |text: &str| {
        let special = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || special(byte);
        !text.is_empty() && text.bytes().all(fits)
    };
    let is_media_type = essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    let is_printable = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (!is_media_type || !is_printable).then(|| {
        Diagnostic::error(
            "unsupported-media-type",
            place,
            format!("`{media_type}` is not a media type"),
        )
        .hint("a media type has the form `type/subtype`, such as `application/json`")
    })
}
