//! Bodies of requests.

use serde_json::Value;

use crate::api::{Body, Constraints, Content, Evidence, Part, PartContent, Style, TypeRef};
use crate::names;
use crate::pointer;
use crate::view::{self, OperationView, is_json};

use super::constraints::{constraints, of_list};
use super::parameters::{is_scalar, query_style};
use super::schema::Schema;
use super::types::Types;

const JSON: &str = "application/json";

/// Constructs the bodies that an operation takes, each with a suffix for the name of its method; the first has none.
pub fn bodies<'d>(
    types: &mut Types<'d>,
    operation: &OperationView<'d>,
    id: &str,
) -> Vec<(Option<String>, Body)> {
    let at = pointer::join(&operation.pointer(), "requestBody");
    let body = operation.value.get("requestBody");
    let Some((target, value)) = body.and_then(|body| view::resolve(types.root, body)) else {
        return Vec::new();
    };
    let at = pointer::join(&target.unwrap_or(at), "content");
    let required = value.get("required") == Some(&Value::Bool(true));
    let description = body.and_then(|body| view::description(types.root, body));
    let described = value.get("content").and_then(Value::as_object);
    let media_types = described.into_iter().flat_map(serde_json::Map::keys);
    let mut bodies = Vec::new();
    for (media_type, suffix) in methods(media_types) {
        let Some(described) = described.and_then(|content| content.get(media_type)) else {
            continue;
        };
        let kind = Kind::of(media_type);
        let place = pointer::join(&at, media_type);
        let content = content(types, kind, described, &place, id);
        let body = Body {
            constraints: of_content(types.root, &place, &content),
            content,
            required,
            media_type: kind.written(media_type),
            description: description.map(str::to_owned),
        };
        bodies.push((suffix, body));
    }
    bodies
}

/// The media types that methods are made for, in the order of preference, each with a suffix for the name of its method; the
/// first has none. Of `*/*`, or of JSON by several general names, one is enough.
fn methods<'d>(media_types: impl Iterator<Item = &'d String>) -> Vec<(&'d str, Option<String>)> {
    let mut ranked: Vec<(&str, String)> = media_types
        .map(|media_type| (media_type.as_str(), view::essence(media_type)))
        .collect();
    ranked.sort_by_key(|(_, essence)| {
        let is_plain_json = essence == JSON;
        (
            essence.contains('*'),
            !is_plain_json,
            Kind::of(essence),
            essence.clone(),
        )
    });
    let mut methods: Vec<(&str, Option<String>)> = Vec::new();
    let mut suffixes: Vec<String> = Vec::new();
    for (media_type, essence) in ranked {
        let is_general = essence.contains('*') || essence == "text/json";
        let suffix = suffix(&essence);
        if (is_general && !methods.is_empty()) || suffixes.contains(&suffix) {
            continue;
        }
        let is_first = methods.is_empty();
        methods.push((media_type, (!is_first).then(|| suffix.clone())));
        suffixes.push(suffix);
    }
    methods
}

/// The suffix of the name of the method for a media type.
fn suffix(essence: &str) -> String {
    let kind = Kind::of(essence);
    let (_, subtype) = essence.split_once('/').unwrap_or(("", essence));
    match (kind, essence) {
        (Kind::Form | Kind::Multipart | Kind::Text, _)
        | (_, "application/json" | "application/octet-stream") => kind.suffix().to_owned(),
        _ => {
            let subtype = subtype.strip_suffix("+json").unwrap_or(subtype);
            names::value_name(subtype.trim_start_matches("x-"))
        }
    }
}

/// The kinds of bodies, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    Form,
    Text,
    Bytes,
    Multipart,
}

impl Kind {
    fn of(media_type: &str) -> Self {
        match &*view::essence(media_type) {
            essence if is_json(essence) => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            "text/plain" | "text/x-markdown" => Self::Text,
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
        match media_type.contains('*') {
            true => "application/octet-stream".to_owned(),
            false => media_type.trim().to_owned(),
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

fn of_content(root: &Value, place: &str, content: &Content) -> Constraints {
    let schema = Schema::at(root, &pointer::join(place, "schema"));
    let value = match content {
        Content::Json(value) | Content::Form(value, _) => value,
        Content::Text => &TypeRef::STRING,
        Content::Multipart(_) | Content::Bytes => return Constraints::default(),
    };
    let constraints = schema.map(|schema| constraints(root, &schema, value));
    constraints.unwrap_or_default()
}

/// The styles of the fields of a form that `encoding` describes.
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
        let content = match &item {
            Some(item) => part_content(types, item, content_type, &format!("{id} {key}")),
            None => PartContent::Json(TypeRef::JSON, JSON.to_owned()),
        };
        let value = match &content {
            PartContent::Text(value) | PartContent::Json(value, _) => Some(value),
            PartContent::File(_) => None,
        };
        let constraints = item
            .zip(value)
            .map(|(item, value)| constraints(types.root, &item, value));
        parts.push(Part {
            list: match is_list {
                true => of_list(&property),
                false => Constraints::default(),
            },
            constraints: constraints.unwrap_or_default(),
            key: key.to_owned(),
            name: names::value_name(key),
            content,
            required: required.contains(key),
            repeated: is_list,
            description: property.text("description").map(str::to_owned),
            deprecated: property.is("deprecated"),
            evidence: Evidence::of(property.text("x-evidence")),
        });
    }
    parts
}

/// The content of a part (OpenAPI 3.0.3, "Special Considerations for `multipart` Content").
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
            let reference = types.typed(schema, name).reference;
            match is_scalar(types.root, schema) {
                true => PartContent::Text(reference),
                false => PartContent::Json(reference, JSON.to_owned()),
            }
        }
    }
}
