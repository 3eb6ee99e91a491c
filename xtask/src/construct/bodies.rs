//! Bodies of requests.

use serde_json::Value;

use crate::api::{Body, Content, Part, PartContent, Style, TypeRef};
use crate::names;
use crate::pointer;
use crate::view::{self, OperationView};

use super::operations::{default_part, is_json};
use super::parameters::{is_scalar, query_style};
use super::schema::Schema;
use super::types::Types;

/// Constructs the bodies that an operation takes, each with a suffix for the name of its method; the first has none.
pub fn bodies<'d>(
    types: &mut Types<'d>,
    operation: &OperationView<'d>,
    id: &str,
) -> Vec<(Option<&'static str>, Body)> {
    let at = pointer::join(&operation.pointer(), "requestBody");
    let Some((target, value)) = operation
        .value
        .get("requestBody")
        .and_then(|body| view::resolve(types.root, body))
    else {
        return Vec::new();
    };
    let at = pointer::join(&target.unwrap_or(at), "content");
    let required = value.get("required") == Some(&Value::Bool(true));
    let description = value
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let mut bodies: Vec<(Option<&'static str>, Body)> = Vec::new();
    for (media_type, described) in value
        .get("content")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let kind = Kind::of(media_type);
        // `application/json` and `application/vnd.api+json` are the same body.
        if bodies
            .iter()
            .any(|(_, body)| Kind::of(&body.media_type) == kind)
        {
            continue;
        }
        let place = pointer::join(&at, media_type);
        let content = content(types, kind, described, &place, id);
        let body = Body {
            content,
            required,
            media_type: kind.written(media_type),
            description: description.clone(),
        };
        bodies.push((None, body));
    }
    bodies.sort_by_key(|(_, body)| Kind::of(&body.media_type));
    for (suffix, body) in bodies.iter_mut().skip(1) {
        *suffix = Some(Kind::of(&body.media_type).suffix());
    }
    bodies
}

/// The kinds of bodies, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    Form,
    Multipart,
    Text,
    Bytes,
}

impl Kind {
    fn of(media_type: &str) -> Self {
        match &*view::essence(media_type) {
            essence if is_json(essence) => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            essence if essence.starts_with("text/") => Self::Text,
            _ => Self::Bytes,
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }

    /// The media type as it is sent; a range is none.
    fn written(self, media_type: &str) -> String {
        match (self, media_type.contains('*')) {
            (Self::Bytes, true) => "application/octet-stream".to_owned(),
            (Self::Text, true) => "text/plain".to_owned(),
            _ => media_type.trim().to_owned(),
        }
    }
}

fn content<'d>(
    types: &mut Types<'d>,
    kind: Kind,
    described: &'d Value,
    place: &str,
    id: &str,
) -> Content {
    let schema = Schema::at(types.root, &pointer::join(place, "schema"));
    let reference = |types: &mut Types<'d>| match &schema {
        Some(schema) => types.typed(schema, &format!("{id} body")).reference,
        None => TypeRef::JSON,
    };
    match kind {
        Kind::Json => Content::Json(reference(types)),
        Kind::Form => Content::Form(reference(types), styles(described)),
        Kind::Multipart => {
            let parts = schema
                .as_ref()
                .map(|schema| parts(types, schema, described, id));
            Content::Multipart(parts.unwrap_or_default())
        }
        Kind::Text => Content::Text,
        Kind::Bytes => Content::Bytes,
    }
}

/// How the fields of a form are written that `encoding` describes.
fn styles(described: &Value) -> Vec<(String, Style)> {
    let fields = described.get("encoding").and_then(Value::as_object);
    let styles = fields.into_iter().flatten().filter_map(|(name, field)| {
        let is_json = field
            .get("contentType")
            .and_then(Value::as_str)
            .is_some_and(is_json);
        let style = match field.get("style").is_some() || field.get("explode").is_some() {
            true => query_style(field),
            false if is_json => Style::Json,
            false => return None,
        };
        Some((name.clone(), style))
    });
    styles.collect()
}

fn parts<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    described: &'d Value,
    id: &str,
) -> Vec<Part> {
    let required = schema.required();
    let mut parts = Vec::new();
    for key in schema.properties() {
        let property = schema.property(types.root, key);
        let is_list = property
            .types()
            .is_some_and(|kinds| kinds.contains("array"));
        let item = match is_list {
            true => property.items(types.root),
            false => Some(property.clone()),
        };
        let encoding = described
            .get("encoding")
            .and_then(|encoding| encoding.get(key));
        let content_type = encoding.and_then(|encoding| encoding.get("contentType"));
        let content_type = content_type.and_then(Value::as_str);
        let content = match item {
            Some(item) => part_content(types, &item, content_type, &format!("{id} {key}")),
            None => default_part(false, TypeRef::JSON),
        };
        parts.push(Part {
            key: key.to_owned(),
            name: names::value_name(key),
            content,
            required: required.contains(key),
            repeated: is_list,
            description: property.text("description").map(str::to_owned),
            deprecated: property.is("deprecated"),
        });
    }
    parts
}

/// What a part holds (OpenAPI 3.0.3, "Special Considerations for `multipart` Content").
fn part_content<'d>(
    types: &mut Types<'d>,
    schema: &Schema<'d>,
    content_type: Option<&str>,
    name: &str,
) -> PartContent {
    let is_text = schema.types().is_some_and(|kinds| kinds.contains("string"));
    let is_binary = is_text && matches!(schema.text("format"), Some("binary" | "byte"));
    let is_media = schema.has("contentMediaType") || schema.has("contentEncoding");
    let single = content_type.filter(|types| !types.contains([',', '*']));
    match single {
        Some(content_type) if is_json(content_type) => {
            PartContent::Json(types.typed(schema, name).reference, content_type.to_owned())
        }
        _ if is_binary || is_media => PartContent::File(single.map(str::to_owned)),
        Some(content_type) if !content_type.starts_with("text/") => {
            PartContent::File(Some(content_type.to_owned()))
        }
        _ => {
            let is_scalar = is_scalar(types.root, schema);
            default_part(is_scalar, types.typed(schema, name).reference)
        }
    }
}
