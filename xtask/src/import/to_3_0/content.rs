//! Passes over bytes and texts: 3.1 says by `contentEncoding` and `contentMediaType`, or by saying nothing, what 3.0
//! says by `format`.

use serde_json::{Value, json};

use super::{Restating, metadata::anything};
use crate::pointer;
use crate::shape::Kind;
use crate::view;

/// Describes bodies that are not described, which in 3.1 are sent as they are: a text as a string, anything but JSON,
/// XML and forms as a binary string.
pub fn bodies(restating: &mut Restating<'_>) {
    for place in restating.nodes(Kind::MediaType) {
        let essence = view::essence(&pointer::last(&place));
        let in_content = pointer::parent(&place).is_some_and(|parent| parent.ends_with("/content"));
        let Some(body) = pointer::get_mut(restating.root, &place).filter(|_| in_content) else {
            continue;
        };
        let says_nothing = body.get("schema").is_none_or(|schema| {
            *schema == Value::Bool(true)
                || schema.as_object().is_some_and(|schema| schema.is_empty())
        });
        if !says_nothing || is_structured(&essence) {
            continue;
        }
        body["schema"] = if essence.starts_with("text/") {
            json!({ "type": "string" })
        } else {
            json!({ "type": "string", "format": "binary" })
        };
        let message = format!("a body of type `{essence}` is sent as it is");
        restating.record("body", &place, message);
    }
}

/// Whether bodies of a media type have a structure that a schema would describe; `*/*` may have.
fn is_structured(essence: &str) -> bool {
    let (kind, subtype) = essence.split_once('/').unwrap_or((essence, ""));
    kind == "multipart"
        || kind.contains('*')
        || ["json", "xml", "x-www-form-urlencoded", "yaml", "x-ndjson"].contains(&subtype)
        || subtype.ends_with("+json")
        || subtype.ends_with("+xml")
        || essence == "text/event-stream"
}

/// Turns `contentEncoding` and `contentMediaType` into a `format`: `byte` for base64, `binary` for bytes as they are.
/// Any other encoding, and a text of some media type, is a string like others.
pub fn encodings(restating: &mut Restating<'_>) {
    const KEYWORDS: [&str; 3] = ["contentEncoding", "contentMediaType", "contentSchema"];
    restating.each_schema(&KEYWORDS, |restating, place, schema| {
        let [encoding, media_type, content] = KEYWORDS.map(|keyword| schema.remove(keyword));
        let text = |value: &Option<Value>| {
            let text = value.as_ref().and_then(Value::as_str);
            text.map(str::to_ascii_lowercase)
        };
        let (encoding, media_type) = (text(&encoding), text(&media_type));
        let declared = schema.get("type").cloned();
        let is_string = declared.as_ref().is_some_and(|declared| {
            declared == "string"
                || declared
                    .as_array()
                    .is_some_and(|types| types.contains(&Value::from("string")))
        });
        let format = match (encoding.as_deref(), media_type.as_deref()) {
            _ if declared.is_some() && !is_string => None,
            (Some("base64"), _) => Some("byte"),
            (Some("binary"), _) => Some("binary"),
            (Some(_), _) => None,
            // Without a type it is not a string at all, but what is sent.
            (None, Some(media_type)) if !is_string || !is_text(media_type) => Some("binary"),
            (None, _) => None,
        };
        let from = |keyword: &str| pointer::join(place, keyword);
        if encoding.is_some() || media_type.is_some() {
            let source = if encoding.is_some() {
                KEYWORDS[0]
            } else {
                KEYWORDS[1]
            };
            let message = match format {
                Some(format) => {
                    if !schema.contains_key("format") {
                        schema.insert("format".to_owned(), Value::from(format));
                        restating.moved(&from(source), &from("format"));
                    }
                    if declared.is_none() {
                        schema.insert("type".to_owned(), Value::from("string"));
                        restating.moved(&from(source), &from("type"));
                    }
                    format!("`{source}` becomes `format: {format}`")
                }
                None => format!("`{source}` is left out: it is a string like others"),
            };
            restating.record("encoding", &from(source), message);
        }
        if content.is_some_and(|content| content != anything()) {
            let effect = "what is in the string is not described";
            restating.loosen(&from("contentSchema"), "contentSchema", effect);
        }
    });
}

fn is_text(media_type: &str) -> bool {
    let essence = view::essence(media_type);
    essence.starts_with("text/") || !essence.starts_with("multipart/") && is_structured(&essence)
}
