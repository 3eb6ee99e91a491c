//! Passes over parameters.

use serde_json::Value;

use super::Lowering;
use crate::model::Parameter;
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
