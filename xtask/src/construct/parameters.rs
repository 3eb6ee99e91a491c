//! Parameters, and the path that has some of them.
//!
//! The style of a parameter is decided here, so that a renderer needs no rule of OpenAPI for its defaults.

use serde_json::Value;

use crate::api::{Evidence, Location, Parameter, Segment, Style, TypeRef};
use crate::schema::Schema;
use crate::view::{self, OperationView};

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
    let mut declared: Vec<(String, &Value, Option<&str>)> = Vec::new();
    for (place, listed) in view.listed_parameters() {
        if let Some((target, value)) = view::resolve(root, listed) {
            // The parameter of an operation takes the place of that of its path.
            let is_other = |other: &Value| {
                ["name", "in"]
                    .iter()
                    .any(|key| other.get(key) != value.get(key))
            };
            declared.retain(|(_, other, _)| is_other(other));
            let description = view::description(root, listed);
            declared.push((target.unwrap_or(place), value, description));
        }
    }
    let parameters = declared
        .into_iter()
        .filter_map(|(place, value, description)| {
            let mut parameter = parameter(types, value, &place, id)?;
            if let Some(description) = description {
                parameter.description = Some(description.to_owned());
            }
            Some(parameter)
        });
    let mut parameters: Vec<Parameter> = parameters.collect();
    // A fragment distinguishes operations of one path. It is not sent.
    let template = view.path.split('#').next().unwrap_or_default();
    let position = |parameter: &Parameter| template.find(&format!("{{{}}}", parameter.key));
    parameters
        .retain(|parameter| parameter.location != Location::Path || position(parameter).is_some());
    parameters.sort_by_key(|parameter| match parameter.location {
        Location::Path => position(parameter).unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    let index = |name: &str| {
        let mut parameters = parameters.iter();
        parameters
            .position(|parameter| parameter.location == Location::Path && parameter.key == name)
    };
    (path(template, index), parameters)
}

fn parameter<'d>(
    types: &mut Types<'d>,
    value: &'d Value,
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
    let text = |name: &'static str| {
        let text = value.get(name).and_then(Value::as_str);
        text.or_else(|| schema?.text(name))
    };
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
        description: text("description").map(str::to_owned),
        deprecated: is_true("deprecated"),
        evidence: Evidence::of(text("x-evidence")),
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

/// The texts and parameters of a path template.
fn path(template: &str, parameter: impl Fn(&str) -> Option<usize>) -> Vec<Segment> {
    let mut rest = template;
    let mut segments = Vec::new();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            segments.push(Segment::Text(before.to_owned()));
        }
        segments.push(match parameter(name) {
            Some(index) => Segment::Parameter(index),
            None => Segment::Text(format!("{{{name}}}")),
        });
        rest = after;
    }
    if !rest.is_empty() {
        segments.push(Segment::Text(rest.to_owned()));
    }
    segments
}
