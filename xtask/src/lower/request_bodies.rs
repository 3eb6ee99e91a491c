//! Passes over request bodies.
//!
//! progenitor writes a body of one media type out of four. Here an operation becomes as many as it has media types: the
//! first keeps its name, the others are called after theirs. What progenitor does not know is bytes to it.

use serde_json::{Map, Value, json};

use super::{Lowering, parameters, parts};
use crate::model::{Body, Operation, Style};
use crate::names;
use crate::pointer;
use crate::view::{self, is_json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const TEXT: &str = "text/plain";
const BYTES: &str = "application/octet-stream";

/// The media type as which progenitor writes a body of this one.
fn written_as(essence: &str) -> &'static str {
    match essence {
        FORM => FORM,
        MULTIPART => MULTIPART,
        TEXT | "text/x-markdown" => TEXT,
        _ if is_json(essence) => JSON,
        _ => BYTES,
    }
}

/// The media types that methods are made for, in the order of preference, each with what its method is called after; the
/// first one keeps the name of the operation. Of `*/*`, or of JSON by several general names, one is enough.
pub(crate) fn methods<'a>(
    content: impl IntoIterator<Item = &'a String>,
) -> Vec<(&'a str, Option<String>)> {
    let rank = |essence: &str| match essence {
        JSON => 0,
        _ if is_json(essence) => 1,
        FORM => 2,
        TEXT => 3,
        BYTES => 4,
        MULTIPART => 6,
        _ => 5,
    };
    let mut types: Vec<(&str, String)> = content
        .into_iter()
        .map(|media_type| (media_type.as_str(), view::essence(media_type)))
        .collect();
    types.sort_by_key(|(_, essence)| (essence.contains('*'), rank(essence), essence.clone()));
    let mut methods: Vec<(&str, Option<String>)> = Vec::new();
    let mut plain_json = false;
    for (media_type, essence) in types {
        let general = essence.contains('*') || essence == "text/json";
        if general && (plain_json || !methods.is_empty()) {
            continue;
        }
        plain_json |= essence == JSON;
        let suffix = match essence.as_str() {
            JSON => "json",
            FORM => "form",
            TEXT => "text",
            BYTES => "bytes",
            MULTIPART => "multipart",
            other => {
                let (_, subtype) = other.split_once('/').unwrap_or(("", other));
                subtype.strip_suffix("+json").unwrap_or(subtype)
            }
        };
        let first = methods.is_empty();
        let suffix = names::value_name(suffix.trim_start_matches("x-"));
        if methods
            .iter()
            .any(|(_, known)| known.as_ref() == Some(&suffix))
        {
            continue;
        }
        methods.push((media_type, (!first).then_some(suffix)));
    }
    methods
}

/// Makes bodies what progenitor takes: one media type, a schema, and no `encoding` where there are no parts.
pub fn split_bodies(lowering: &mut Lowering) {
    lowering.moved();
    for operation in std::mem::take(&mut lowering.operations) {
        let Some(mut value) = pointer::get(&lowering.root, &operation.pointer).cloned() else {
            continue;
        };
        let body = value
            .as_object_mut()
            .and_then(|value| value.remove("requestBody"))
            .unwrap_or_default();
        let content = body["content"].as_object();
        let methods = content.map(|content| methods(content.keys()));
        let place = pointer::join(&pointer::join(&operation.pointer, "requestBody"), "content");
        for (media_type, suffix) in methods.into_iter().flatten() {
            let mut method = match &suffix {
                None => operation.clone(),
                Some(suffix) => lowering.another(&operation, suffix),
            };
            let place = pointer::join(&place, media_type);
            let one = Single {
                media_type,
                described: &body["content"][media_type],
                body: &body,
            };
            lowering.describe_body(&mut method, &one, value.clone(), &place);
            if suffix.is_some() {
                let message = format!("{}: {media_type} becomes `{}`", operation.id, method.id);
                lowering.record("split-body", &place, message);
            }
            lowering.operations.push(method);
        }
        if content.is_none_or(Map::is_empty) {
            lowering.operations.push(operation);
        }
    }
}

/// How the fields of a form are written that `encoding` says something about. A style has the last word, as in a query; what
/// has none may be JSON.
fn styles(encoding: &Value) -> Vec<(String, Style)> {
    let fields = encoding.as_object().into_iter().flatten();
    let styles = fields.filter_map(|(name, field)| {
        let content_type = field["contentType"].as_str().map(view::essence);
        let style = if field.get("style").is_some() || field.get("explode").is_some() {
            parameters::form_style(field)
        } else if content_type.is_some_and(|essence| is_json(&essence)) {
            Style::Json
        } else {
            return None;
        };
        Some((name.clone(), style))
    });
    styles.collect()
}

/// A body of one media type.
struct Single<'a> {
    media_type: &'a str,
    described: &'a Value,
    body: &'a Value,
}

impl Lowering {
    /// Puts an operation with this body into the document; `value` is the operation without any.
    fn describe_body(
        &mut self,
        operation: &mut Operation,
        single: &Single<'_>,
        mut value: Value,
        place: &str,
    ) {
        let essence = view::essence(single.media_type);
        let written = written_as(&essence);
        let id = operation.id.clone();
        value["operationId"] = Value::from(id.as_str());
        if written == MULTIPART {
            self.insert(operation, value);
            self.record(
                "split-multipart",
                place,
                format!("{id}: the multipart body is written by the generated builder itself"),
            );
            parts::describe(self, operation, single.described, place);
            return;
        }
        let mut messages = Vec::new();
        let schema = match (written, single.described.get("schema")) {
            (TEXT, schema) => {
                let plain = json!({ "type": "string" });
                let is_plain = schema.is_some_and(|schema| schema["type"] == "string");
                (!is_plain).then(|| messages.push("is sent as the text that it is"));
                plain
            }
            (BYTES, schema) => {
                let is_plain = schema.is_some_and(|schema| schema["format"] == "binary");
                (!is_plain).then(|| messages.push("is sent as the bytes that it is"));
                json!({ "type": "string", "format": "binary" })
            }
            (_, Some(schema)) => schema.clone(),
            (_, None) => {
                messages.push("without a schema is any JSON");
                json!({})
            }
        };
        let styles = if written == FORM {
            styles(&single.described["encoding"])
        } else {
            Vec::new()
        };
        if written != FORM && single.described.get("encoding").is_some() {
            messages.push("has no parts that `encoding` could be for");
        }
        let mut body = single.body.clone();
        body["content"] = json!({ written: { "schema": schema } });
        value["requestBody"] = body;
        self.insert(operation, value);
        for message in messages {
            self.record(
                "plain-body",
                place,
                format!("{id}: {} {message}", single.media_type),
            );
        }
        let described = single.body["description"].as_str();
        operation.body = Some(Body {
            media_type: if essence.contains('*') {
                written.to_owned()
            } else {
                single.media_type.trim().to_owned()
            },
            written,
            description: described.map(str::to_owned),
            required: single.body["required"] == true,
            styles,
        });
    }

    /// An operation beside another one of the same path and method. No path contains a `#`, so its place can't collide,
    /// and no code contains it: the path that is generated is [`Operation::path`].
    pub(super) fn another(&mut self, operation: &Operation, suffix: &str) -> Operation {
        let id = format!("{}_{suffix}", operation.id);
        let tokens: Vec<String> = pointer::tokens(&operation.pointer).collect();
        let [_, path, method] = tokens.as_slice() else {
            return operation.clone();
        };
        let place = pointer::join("/paths", &format!("{path}#{suffix}"));
        let place = pointer::join(&place, method);
        let origin = super::origin(&self.origins, &operation.pointer);
        self.origins.insert(place.clone(), origin);
        Operation {
            name: names::operation_value_name(&id),
            builder: names::operation_type_name(&id),
            id,
            pointer: place,
            ..operation.clone()
        }
    }

    /// Puts an operation where it says that it stands.
    pub(super) fn insert(&mut self, operation: &Operation, value: Value) {
        let tokens: Vec<String> = pointer::tokens(&operation.pointer).collect();
        let paths = self.root.get_mut("paths").and_then(Value::as_object_mut);
        if let (Some(paths), [_, path, method]) = (paths, tokens.as_slice()) {
            let item = paths
                .entry(path.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            item[method] = value;
        }
    }
}
