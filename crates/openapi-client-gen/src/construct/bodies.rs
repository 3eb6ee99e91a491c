//! Bodies of requests.
//!
//! A Rust method has one type of body. So an operation that accepts several media types becomes several methods: the media type
//! that callers like best has the name of the operation, and each other one a suffix.

use serde_json::Value;

use crate::api::{Body, Constraints, Content, Docs, Part, PartContent, Style, TypeRef};
use crate::names;
use openapi_document::pointer;
use openapi_document::schema::Schema;
use openapi_document::view::{self, OperationView, is_json};

use super::constraints::{constraints, of_list};
use super::media::{self, JSON, Media};
use super::parameters::{is_scalar, query_style};
use super::types::{Types, docs};

/// Constructs the body of each method of an operation, with a suffix for the name of the method; the first has none.
pub fn bodies<'d>(
    types: &mut Types<'d>,
    operation: &OperationView<'d>,
    id: &str,
) -> Vec<(Option<String>, Option<Body>)> {
    let root = types.root;
    let listed = operation.value.get("requestBody").unwrap_or(&Value::Null);
    let Some((target, value)) = view::resolve(root, listed) else {
        return vec![(None, None)];
    };
    let at = target.unwrap_or_else(|| pointer::join(&operation.pointer(), "requestBody"));
    let methods = methods(media::content(root, value, &at));
    let required = value.get("required") == Some(&Value::Bool(true));
    let description = view::description(root, listed);
    let bodies = methods.into_iter().map(|(media, suffix)| {
        let kind = BodyKind::of(&media.essence);
        let value = match (&media.schema, kind) {
            (Some(schema), BodyKind::Json | BodyKind::Form) => {
                types.value(schema, &format!("{id} body"))
            }
            (_, BodyKind::Text) => TypeRef::STRING,
            _ => TypeRef::JSON,
        };
        let schema = media.schema.as_ref();
        let schema = schema.filter(|_| !matches!(kind, BodyKind::Multipart | BodyKind::Bytes));
        let body = Body {
            constraints: schema
                .map(|schema| constraints(schema, &value))
                .unwrap_or_default(),
            content: match kind {
                BodyKind::Json => Content::Json(value),
                BodyKind::Form => Content::Form(value, styles(media.value)),
                BodyKind::Multipart => Content::Multipart(parts(types, &media, id)),
                BodyKind::Text => Content::Text,
                BodyKind::Bytes => Content::Bytes,
            },
            required,
            media_type: match media.name.contains('*') {
                true => "application/octet-stream".to_owned(),
                false => media.name.trim().to_owned(),
            },
            docs: Docs {
                description: description.map(str::to_owned),
                ..Docs::default()
            },
        };
        (suffix, Some(body))
    });
    let bodies: Vec<_> = bodies.collect();
    match bodies.is_empty() {
        true => vec![(None, None)],
        false => bodies,
    }
}

/// The media types that methods are made for, in the order of preference, each with a suffix for the name of its method; the
/// first has none. Of `*/*`, or of JSON by several general names, one is enough.
fn methods(mut content: Vec<Media<'_>>) -> Vec<(Media<'_>, Option<String>)> {
    content.sort_by_cached_key(|Media { essence, .. }| {
        let (is_range, kind) = (essence.contains('*'), BodyKind::of(essence));
        (is_range, essence != JSON, kind, essence.clone())
    });
    let mut methods: Vec<(Media<'_>, Option<String>)> = Vec::new();
    let mut suffixes: Vec<String> = Vec::new();
    for media in content {
        let is_first = methods.is_empty();
        let is_general = media.essence.contains('*') || media.essence == "text/json";
        let suffix = suffix(&media.essence);
        if (is_general && !is_first) || suffixes.contains(&suffix) {
            continue;
        }
        methods.push((media, (!is_first).then(|| suffix.clone())));
        suffixes.push(suffix);
    }
    methods
}

/// The suffix of the name of the method for a media type.
fn suffix(essence: &str) -> String {
    let suffix = match (BodyKind::of(essence), essence) {
        (BodyKind::Form, _) => "form",
        (BodyKind::Multipart, _) => "multipart",
        (BodyKind::Text, _) => "text",
        (_, JSON) => "json",
        (_, "application/octet-stream") => "bytes",
        _ => {
            let (_, subtype) = essence.split_once('/').unwrap_or(("", essence));
            let subtype = subtype.strip_suffix("+json").unwrap_or(subtype);
            return names::value_name(subtype.trim_start_matches("x-"));
        }
    };
    suffix.to_owned()
}

/// The kinds of bodies, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum BodyKind {
    Json,
    Form,
    Text,
    Bytes,
    Multipart,
}

impl BodyKind {
    fn of(essence: &str) -> Self {
        match essence {
            essence if is_json(essence) => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            "text/plain" | "text/x-markdown" => Self::Text,
            _ => Self::Bytes,
        }
    }
}

/// The styles of the fields of a form that `encoding` describes.
fn styles(media: &Value) -> Vec<(String, Style)> {
    let styles = view::members(media, "encoding").filter_map(|(name, field)| {
        let content_type = field.get("contentType").and_then(Value::as_str);
        let style = match field.get("style").is_some() || field.get("explode").is_some() {
            true => query_style(field),
            false if content_type.is_some_and(is_json) => Style::Json,
            false => return None,
        };
        Some((name.clone(), style))
    });
    styles.collect()
}

fn parts<'d>(types: &mut Types<'d>, media: &Media<'d>, id: &str) -> Vec<Part> {
    let Some(schema) = &media.schema else {
        return Vec::new();
    };
    let required = schema.required();
    let encoding = media.value.get("encoding");
    let parts = schema.properties().into_iter().map(|key| {
        let property = schema.property(key);
        let json_types = property.types().unwrap_or_default();
        let repeated = json_types.contains("array");
        let item = match repeated {
            true => property.items(),
            false => Some(property.clone()),
        };
        let content_type =
            encoding.and_then(|encoding| encoding.get(key)?.get("contentType")?.as_str());
        let content = match &item {
            Some(item) => part_content(types, item, content_type, &format!("{id} {key}")),
            None => PartContent::Json(TypeRef::JSON, JSON.to_owned()),
        };
        let value = item.as_ref().zip(content.value());
        Part {
            list: match repeated {
                true => of_list(&property),
                false => Constraints::default(),
            },
            constraints: value
                .map(|(item, value)| constraints(item, value))
                .unwrap_or_default(),
            key: key.to_owned(),
            name: names::value_name(key),
            content,
            required: required.contains(key),
            repeated,
            // The builder of a request shows no values.
            docs: Docs {
                private: false,
                ..docs(&property)
            },
        }
    });
    parts.collect()
}

/// The content of a part (OpenAPI 3.0.3, "Special Considerations for `multipart` Content").
fn part_content<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    content_type: Option<&str>,
    name: &str,
) -> PartContent {
    let json_types = schema.types().unwrap_or_default();
    let is_binary =
        json_types.contains("string") && matches!(schema.text("format"), Some("binary" | "byte"));
    let is_media = schema.has("contentMediaType") || schema.has("contentEncoding");
    let single = content_type.filter(|types| !types.contains([',', '*']));
    match single {
        Some(content_type) if is_json(content_type) => {
            PartContent::Json(types.value(schema, name), content_type.to_owned())
        }
        _ if is_binary || is_media => PartContent::File(single.map(str::to_owned)),
        Some(content_type) if !content_type.starts_with("text/") => {
            PartContent::File(Some(content_type.to_owned()))
        }
        _ if is_scalar(schema) => PartContent::Text(types.value(schema, name)),
        _ => PartContent::Json(types.value(schema, name), JSON.to_owned()),
    }
}
