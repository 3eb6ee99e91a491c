//! Passes over parameters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Lowering, parts};
use crate::keywords::COMPOSITIONS;
use crate::model::{Location, OwnParameter, Parameter, Part, PartKind, Style, TextForm};
use crate::pointer;
use crate::view;

impl Lowering {
    /// Calls `change` with every parameter: what is known of it, its part of the document, and the document. What it
    /// returns is recorded.
    fn each_parameter(
        &mut self,
        pass: &'static str,
        mut change: impl FnMut(&mut Parameter, &mut Value, &Value) -> Option<String>,
    ) {
        let components = self.root.get_mut("components").map(Value::take);
        let mut shared = serde_json::json!({});
        shared["components"] = components.unwrap_or_default();
        let mut operations = std::mem::take(&mut self.operations);
        for operation in &mut operations {
            let list = pointer::join(&operation.pointer, "parameters");
            for (index, parameter) in operation.parameters.iter_mut().enumerate() {
                let place = pointer::join(&list, &index.to_string());
                let Some(value) = pointer::get_mut(&mut self.root, &place) else {
                    continue;
                };
                if let Some(message) = change(parameter, value, &shared) {
                    self.record(pass, &place, format!("{}: {message}", operation.id));
                }
            }
        }
        self.operations = operations;
        self.root["components"] = shared["components"].take();
    }
}

/// Makes parameters of paths and headers that are more than a single value strings: they are part of a text, and whoever
/// knows how the server joins them can write it. Null has no text at all.
pub fn text_in_paths(lowering: &mut Lowering) {
    lowering.each_parameter("text-in-path", |parameter, value, components| {
        if parameter.location != Location::Path || is_single(components, &value["schema"]) {
            return None;
        }
        value["schema"] = serde_json::json!({ "type": "string" });
        value.as_object_mut()?.remove("content");
        parameter.text = TextForm::Itself;
        parameter.default = None;
        Some(format!(
            "the path parameter `{}` is the text that stands in the path",
            parameter.name
        ))
    });
}

/// Whether a value has one text form, and is never null.
pub(crate) fn is_single(root: &Value, schema: &Value) -> bool {
    let value = view::single(root, schema);
    let is_null = |schema: &Value| schema.get("nullable") == Some(&Value::Bool(true));
    let is_scalar = match value.get("type").and_then(Value::as_str) {
        Some(declared) => !matches!(declared, "array" | "object"),
        None => value.get("enum").is_some(),
    };
    is_scalar && !is_null(schema) && !is_null(value)
}

/// Takes parameters away from progenitor that it can't write: cookies, objects in the query, lists in headers, and
/// values that a media type describes, and what has a setter of another name. The generated builder writes them itself.
pub fn own(lowering: &mut Lowering) {
    lowering.moved();
    for index in 0..lowering.operations.len() {
        let mut operation = lowering.operations[index].clone();
        let list = pointer::join(&operation.pointer, "parameters");
        let described = pointer::get(&lowering.root, &list)
            .cloned()
            .unwrap_or_default();
        let described = described.as_array().cloned().unwrap_or_default();
        let (mut kept, mut own) = (Vec::new(), Vec::new());
        let mut places = Vec::new();
        let known = std::mem::take(&mut operation.parameters);
        for (position, (parameter, value)) in known.into_iter().zip(described).enumerate() {
            let place = pointer::join(&list, &position.to_string());
            let style = style(&lowering.root, &parameter, &value);
            // progenitor knows no other name for a setter.
            let other_name = || parameter.setter.is_some().then(|| form_style(&value));
            match style.or_else(other_name) {
                Some(style) => own.push((parameter, value, style, place)),
                None => {
                    places.push(super::origin(&lowering.origins, &place));
                    kept.push((parameter, value));
                }
            }
        }
        if own.is_empty() {
            continue;
        }
        for (parameter, value, style, place) in own {
            let message = format!(
                "{}: the parameter `{}` is written by the generated builder itself",
                operation.id, parameter.name
            );
            lowering.record("own-parameter", &place, message);
            let own = own_parameter(lowering, &operation.id, parameter, &value, style, &place);
            operation.own_parameters.push(own);
        }
        let (parameters, values): (Vec<Parameter>, Vec<Value>) = kept.into_iter().unzip();
        operation.parameters = parameters;
        for (position, from) in places.into_iter().enumerate() {
            let to = pointer::join(&list, &position.to_string());
            lowering.origins.insert(to, from);
        }
        if let Some(list) = pointer::get_mut(&mut lowering.root, &list) {
            *list = Value::Array(values);
        }
        lowering.operations[index] = operation;
    }
}

fn own_parameter(
    lowering: &mut Lowering,
    id: &str,
    parameter: Parameter,
    value: &Value,
    style: Style,
    place: &str,
) -> OwnParameter {
    let mut contents = value["content"].as_object().into_iter().flatten();
    let schema = match value.get("schema") {
        Some(schema) => schema.clone(),
        None => {
            let content = contents
                .next()
                .and_then(|(_, content)| content.get("schema"));
            content.cloned().unwrap_or_else(|| serde_json::json!({}))
        }
    };
    let name = format!("{id}_{}", parameter.name);
    let part_type = parts::part_type(lowering, &name, &schema, place);
    OwnParameter {
        value: Part {
            name: parameter.name,
            kind: PartKind::Json(part_type, String::new()),
            required: parameter.required,
            repeated: false,
            deprecated: parameter.deprecated,
            description: parameter.description,
            setter: parameter.setter,
        },
        location: parameter.location,
        style,
    }
}

/// How a parameter is written that progenitor can't write; `None` for others.
fn style(root: &Value, parameter: &Parameter, value: &Value) -> Option<Style> {
    let explode = value["explode"].as_bool();
    if parameter.location != Location::Path && value.get("schema").is_none() {
        return Some(Style::Json);
    }
    match parameter.location {
        Location::Path => None,
        Location::Cookie => Some(Style::Joined(",")),
        Location::Header if is_single(root, &value["schema"]) => None,
        Location::Header if explode == Some(true) => Some(Style::JoinedPairs),
        Location::Header => Some(Style::Joined(",")),
        Location::Query if value["style"] == "deepObject" => Some(Style::DeepObject),
        Location::Query
            if !has_fields(root, &value["schema"], MAX_NESTING, &mut BTreeSet::new()) =>
        {
            None
        }
        Location::Query => Some(form_style(value)),
    }
}

/// How a value that is more than a scalar is written where there are keys and values, by its `style` and `explode`, whose
/// defaults depend on each other.
pub(super) fn form_style(value: &Value) -> Style {
    let explode = value["explode"].as_bool();
    match value["style"].as_str() {
        Some("deepObject") => Style::DeepObject,
        Some("spaceDelimited") if explode != Some(true) => Style::Joined(" "),
        Some("pipeDelimited") if explode != Some(true) => Style::Joined("|"),
        _ if explode == Some(false) => Style::Joined(","),
        _ => Style::Fields,
    }
}

/// How many compositions are followed to find out whether a value is an object.
const MAX_NESTING: usize = 16;

/// Whether typify makes a struct of a schema, which progenitor takes for a body, or something that has no text: an
/// object, or a composition with one.
fn has_fields(root: &Value, schema: &Value, nesting: usize, met: &mut BTreeSet<String>) -> bool {
    let Some((target, schema)) = view::resolve(root, schema).filter(|_| nesting > 0) else {
        return false;
    };
    if target.is_some_and(|target| !met.insert(target)) {
        return false;
    }
    let parts = COMPOSITIONS
        .into_iter()
        .filter_map(|keyword| schema.get(keyword).and_then(Value::as_array));
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("type").and_then(Value::as_str) == Some("object")
        || properties.is_some_and(|properties| !properties.is_empty())
        || parts
            .flatten()
            .any(|part| has_fields(root, part, nesting - 1, met))
}

/// Marks path parameters as required, which OpenAPI demands, many documents forget, and progenitor asserts.
pub fn require_path_parameters(lowering: &mut Lowering) {
    lowering.each_parameter("require-path-parameter", |parameter, value, _| {
        if value["in"] != "path" || parameter.required {
            return None;
        }
        parameter.required = true;
        value["required"] = Value::Bool(true);
        Some(format!(
            "the path parameter `{}` is required",
            parameter.name
        ))
    });
}

/// Takes note of lists that are sent as one value (`explode: false`): progenitor would repeat the key.
pub fn delimited_lists(lowering: &mut Lowering) {
    lowering.each_parameter("delimit-list", |parameter, value, components| {
        let style = value["style"].as_str().unwrap_or("form").to_owned();
        let is_list = view::resolve(components, &value["schema"])
            .is_some_and(|(_, schema)| schema["type"] == "array");
        let delimiter = match (style.as_str(), value["explode"].as_bool()) {
            ("spaceDelimited", explode) if explode != Some(true) => "%20",
            ("pipeDelimited", explode) if explode != Some(true) => "|",
            ("form", Some(false)) => ",",
            _ => "",
        };
        if value["in"] != "query" {
            return None;
        }
        value["style"] = Value::from("form");
        if !is_list || delimiter.is_empty() {
            return None;
        }
        parameter.delimiter = Some(delimiter);
        Some(format!(
            "the values of `{}` are joined by `{delimiter}` into one",
            parameter.name
        ))
    });
}

/// Takes the range off whole numbers and lets the setter check it: typify would make `minimum: 1` a `NonZeroU64`,
/// which no integer literal converts to, and would forget the maximum.
pub fn integer_ranges(lowering: &mut Lowering) {
    lowering.each_parameter("check-range", |parameter, value, _| {
        let schema = value.get_mut("schema")?.as_object_mut()?;
        if schema.get("type")? != "integer" || schema.contains_key("enum") {
            return None;
        }
        let mut bound = |name: &str, exclusive: &str, inward: i64| {
            let value = schema.get(name)?.as_i64()?;
            schema.remove(name);
            let exclusive = schema.remove(exclusive).is_some_and(|flag| flag == true);
            if exclusive {
                value.checked_add(inward)
            } else {
                Some(value)
            }
        };
        let range = (
            bound("minimum", "exclusiveMinimum", 1),
            bound("maximum", "exclusiveMaximum", -1),
        );
        if range == (None, None) {
            return None;
        }
        parameter.range = Some(range);
        Some(format!(
            "the setter checks the range of `{}`",
            parameter.name
        ))
    });
}
