//! Parameters: what they are called, and how they are written.

use serde_json::Value;

use crate::api::{Evidence, Location, Parameter, Segment, Style, TypeRef};
use crate::pointer;
use crate::view::{self, OperationView};

use super::constraints::constraints;
use super::schema::Schema;
use super::types::Types;

/// Constructs the parameters of an operation, and its path. They have no Rust names yet.
pub fn parameters<'d>(
    types: &mut Types<'d>,
    view: &OperationView<'d>,
    id: &str,
) -> (Vec<Segment>, Vec<Parameter>) {
    let mut declared: Vec<(String, &Value, Option<&str>)> = Vec::new();
    for (place, listed) in view.listed_parameters() {
        let Some((target, value)) = view::resolve(types.root, listed) else {
            continue;
        };
        let description = view::description(types.root, listed);
        // The parameter of an operation takes the place of that of its path.
        let is_same = |other: &Value| {
            other.get("name") == value.get("name") && other.get("in") == value.get("in")
        };
        declared.retain(|(_, other, _)| !is_same(other));
        declared.push((target.unwrap_or(place), value, description));
    }
    let mut parameters: Vec<Parameter> = Vec::new();
    for (place, value, description) in declared {
        let parameter = parameter(types, value, &place, id);
        parameters.extend(parameter.map(|parameter| Parameter {
            description: description.map(str::to_owned).or(parameter.description),
            ..parameter
        }));
    }
    let template = view.path.split('#').next().unwrap_or_default();
    parameters.retain(|parameter| {
        parameter.location != Location::Path || template.contains(&format!("{{{}}}", parameter.key))
    });
    parameters.sort_by_key(|parameter| match parameter.location {
        Location::Path => template
            .find(&format!("{{{}}}", parameter.key))
            .unwrap_or(usize::MAX - 1),
        _ => usize::MAX,
    });
    let index = |name: &str| {
        parameters
            .iter()
            .position(|parameter| parameter.location == Location::Path && parameter.key == name)
    };
    (path(view.path, index), parameters)
}

fn parameter<'d>(
    types: &mut Types<'d>,
    value: &'d Value,
    place: &str,
    id: &str,
) -> Option<Parameter> {
    let key = value.get("name")?.as_str()?;
    let location = Location::of(value.get("in")?.as_str()?)?;
    let by_content = value
        .get("content")
        .and_then(Value::as_object)
        .and_then(|content| content.iter().next());
    let schema_pointer = match by_content {
        Some((media_type, _)) => pointer::join(
            &pointer::join(&pointer::join(place, "content"), media_type),
            "schema",
        ),
        None => pointer::join(place, "schema"),
    };
    let schema = Schema::at(types.root, &schema_pointer);
    let is_scalar = schema
        .as_ref()
        .is_some_and(|schema| is_scalar(types.root, schema));
    let style = match (by_content, location) {
        (Some(_), _) => Style::Json,
        _ if is_scalar => Style::Text,
        (None, Location::Query) => query_style(value),
        (None, Location::Header) if value.get("explode") == Some(&Value::Bool(true)) => {
            Style::JoinedPairs
        }
        (None, Location::Header | Location::Cookie | Location::Path) => Style::Joined(","),
    };
    // A list or an object in a path is text: the caller knows how the server joins it.
    let is_text = location == Location::Path && !is_scalar;
    let reference = match (&schema, is_text) {
        (_, true) | (None, _) => TypeRef::STRING,
        (Some(schema), false) => types.typed(schema, &format!("{id} {key}")).reference,
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Parameter {
        key: key.to_owned(),
        name: String::new(),
        location,
        required: location == Location::Path || value.get("required") == Some(&Value::Bool(true)),
        style: if is_text { Style::Text } else { style },
        constraints: schema
            .as_ref()
            .filter(|_| !is_text)
            .map(|schema| constraints(types.root, schema, &reference))
            .unwrap_or_default(),
        description: text("description")
            .or_else(|| schema.as_ref()?.text("description").map(str::to_owned)),
        deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
        evidence: Evidence::of(
            text("x-evidence")
                .as_deref()
                .or_else(|| schema.as_ref()?.text("x-evidence")),
        ),
        default: schema
            .as_ref()
            .and_then(|schema| schema.annotation("default"))
            .map(Value::to_string),
        value: reference,
    })
}

/// Whether a value has one text form, and is never null.
pub fn is_scalar(root: &Value, schema: &Schema<'_>) -> bool {
    if schema.is_nullable(root) || schema.branches(root).is_some() {
        return false;
    }
    let kinds = schema.types();
    let is_typed = kinds.as_ref().is_some_and(|kinds| {
        !kinds.is_empty()
            && kinds
                .iter()
                .all(|kind| !matches!(*kind, "array" | "object"))
    });
    is_typed || (kinds.is_none() && schema.values().is_some())
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
    // A fragment distinguishes operations of one path. It is not sent.
    let mut rest = template.split('#').next().unwrap_or_default();
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
