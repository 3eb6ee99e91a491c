//! Parameters, and the path that has some of them.
//!
//! The style of a parameter is decided here, so that a renderer needs no rule of OpenAPI for its defaults.

use serde_json::Value;

use crate::api::{Docs, Location, Parameter, Segment, Style, TypeRef};
use openapi_document::schema::Schema;
use openapi_document::view::{self, OperationView};

use super::constraints::constraints;
use super::media;
use super::types::Types;

/// Constructs the parameters of an operation, and its path. They have no Rust names yet.
pub fn parameters<'d>(
    types: &mut Types<'d>,
    view: &OperationView<'d>,
    id: &str,
) -> (Vec<Segment>, Vec<Parameter>) {
    let root = types.root;
    let mut declared: Vec<(String, &'d Value, Option<&str>)> = Vec::new();
    for (place, listed) in view.listed_parameters() {
        if let Some((target, value)) = view::resolve(root, listed) {
            // The parameter of an operation takes the place of that of its path.
            let identity = |value: &'d Value| (value.get("name"), value.get("in"));
            declared.retain(|(_, other, _)| identity(other) != identity(value));
            let description = view::description(root, listed);
            declared.push((target.unwrap_or(place), value, description));
        }
    }
    let parameters = declared.into_iter();
    let parameters = parameters
        .filter_map(|(place, value, description)| parameter(types, value, description, &place, id));
    let is_in_path = |parameter: &Parameter| parameter.location == Location::Path;
    let (in_path, others): (Vec<_>, Vec<_>) = parameters.partition(is_in_path);
    // A fragment distinguishes operations of one path. It is not sent.
    let template = view.path.split('#').next().unwrap_or_default();
    let (segments, mut parameters) = path(template, in_path);
    parameters.extend(others);
    (segments, parameters)
}

fn parameter<'d>(
    types: &mut Types<'d>,
    value: &'d Value,
    description: Option<&str>,
    place: &str,
    id: &str,
) -> Option<Parameter> {
    let key = value.get("name")?.as_str()?;
    let location = Location::of(value.get("in")?.as_str()?)?;
    let is_true = |name: &str| value.get(name) == Some(&Value::Bool(true));
    let media = media::content(types.root, value, place).into_iter().next();
    let is_json = media.is_some();
    let schema = match media {
        Some(media) => media.schema,
        None => media::schema(types.root, place),
    };
    let schema = schema.as_ref();
    let is_scalar = schema.is_some_and(is_scalar);
    // A list or an object in a path is text: the caller knows how the server joins it.
    let is_text = location == Location::Path && !is_scalar;
    let style = match location {
        _ if is_text => Style::Text,
        _ if is_json => Style::Json,
        _ if is_scalar => Style::Text,
        Location::Query => query_style(value),
        Location::Header if is_true("explode") => Style::JoinedPairs,
        Location::Header | Location::Cookie | Location::Path => Style::Joined(","),
    };
    let typed = schema.filter(|_| !is_text);
    let reference = typed.map_or(TypeRef::STRING, |schema| {
        types.value(schema, &format!("{id} {key}"))
    });
    // Beside the schema, or else in it.
    let description = description.or_else(|| schema?.text("description"));
    let evidence = value.get("x-evidence").and_then(Value::as_str);
    let evidence = evidence.or_else(|| schema?.text("x-evidence"));
    let default = schema.and_then(|schema| schema.annotation("default"));
    Some(Parameter {
        key: key.to_owned(),
        name: String::new(),
        location,
        required: location == Location::Path || is_true("required"),
        style,
        constraints: typed
            .map(|schema| constraints(schema, &reference))
            .unwrap_or_default(),
        docs: Docs {
            description: description.map(str::to_owned),
            deprecated: is_true("deprecated"),
            private: false,
            inferred: evidence == Some("inferred"),
        },
        default: default.map(Value::to_string),
        value: reference,
    })
}

/// Whether a value has one text form, and is never null.
pub fn is_scalar(schema: &Schema<'_>) -> bool {
    if schema.is_nullable() || schema.branches().is_some() {
        return false;
    }
    let is_text = |name: &&str| !matches!(*name, "array" | "object");
    match schema.types() {
        Some(types) => !types.is_empty() && types.iter().all(is_text),
        None => schema.values().is_some(),
    }
}

/// The style of a value in a query, by its `style` and `explode`, whose defaults depend on each other.
pub fn query_style(value: &Value) -> Style {
    let explode = value.get("explode").and_then(Value::as_bool);
    match value.get("style").and_then(Value::as_str) {
        Some("deepObject") => Style::DeepObject,
        Some("spaceDelimited") if explode != Some(true) => Style::Joined(" "),
        Some("pipeDelimited") if explode != Some(true) => Style::Joined("|"),
        _ if explode == Some(false) => Style::Joined(","),
        _ => Style::Exploded,
    }
}

/// The segments of a path template, and the parameters that it names, in their order.
fn path(template: &str, mut declared: Vec<Parameter>) -> (Vec<Segment>, Vec<Parameter>) {
    let (mut segments, mut parameters) = (Vec::new(), Vec::<Parameter>::new());
    let mut rest = template;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        if !before.is_empty() {
            segments.push(Segment::Text(before.to_owned()));
        }
        let is_named = |parameter: &Parameter| parameter.key == name;
        if let Some(index) = declared.iter().position(is_named) {
            parameters.push(declared.remove(index));
        }
        segments.push(match parameters.iter().position(is_named) {
            Some(index) => Segment::Parameter(index),
            None => Segment::Text(format!("{{{name}}}")),
        });
        rest = after;
    }
    if !rest.is_empty() {
        segments.push(Segment::Text(rest.to_owned()));
    }
    (segments, parameters)
}
