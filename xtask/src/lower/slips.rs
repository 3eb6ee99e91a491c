//! Passes over what authors of documents get wrong, where what is meant is plain all the same, or nothing is lost but a
//! check. Each of these was noted when the document was checked.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Lowering;
use crate::names;
use crate::pointer;
use crate::shape::Kind;
use crate::view::{self, OperationView};

impl Lowering {
    /// Calls `change` with every schema; what it returns is recorded.
    fn each_schema(
        &mut self,
        pass: &'static str,
        change: impl Fn(&mut Map<String, Value>) -> Option<String>,
    ) {
        for place in self.nodes(Kind::Schema) {
            let schema = pointer::get_mut(&mut self.root, &place).and_then(Value::as_object_mut);
            if let Some(message) = schema.and_then(&change) {
                self.record(pass, &place, message);
            }
        }
    }
}

/// Makes the values of an enum distinct values of its type. The empty string is no variant, for it has no name: an open
/// enum takes it all the same.
pub fn enum_values(lowering: &mut Lowering) {
    lowering.each_schema("enum-values", |schema| {
        let values = schema.get("enum")?.as_array()?.clone();
        let declared = schema.get("type").and_then(Value::as_str);
        let declared = declared
            .or_else(|| crate::lower::values::type_of_all(&values))?
            .to_owned();
        let mut seen = BTreeSet::new();
        let mut kept: Vec<Value> = values
            .iter()
            .filter(|value| !value.is_null())
            .filter_map(|value| as_type(value, &declared))
            .filter(|value| *value != "" && seen.insert(value.to_string()))
            .collect();
        if values.contains(&Value::Null) {
            // That null is among the values says that it may be null.
            schema.insert("nullable".to_owned(), Value::Bool(true));
            if !kept.is_empty() {
                kept.push(Value::Null);
            }
        }
        schema.insert("type".to_owned(), Value::from(declared));
        if kept == values {
            return None;
        }
        if kept.is_empty() {
            schema.remove("enum");
            return Some(
                "no value of the enum is of its type and has a name: it takes any".to_owned(),
            );
        }
        let message = format!("{} of {} values are variants", kept.len(), values.len());
        schema.insert("enum".to_owned(), Value::Array(kept));
        Some(message)
    });
}

/// A value as one of another type that is written alike: `"1"` for `1`, and the other way round.
fn as_type(value: &Value, declared: &str) -> Option<Value> {
    match (declared, value) {
        ("string", Value::String(_))
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => Some(value.clone()),
        ("string", Value::Number(_) | Value::Bool(_)) => Some(Value::from(value.to_string())),
        ("integer", Value::Number(number)) => (!number.is_f64()).then(|| value.clone()),
        ("integer", Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
        ("number", Value::String(text)) => text.parse::<f64>().ok().map(Value::from),
        ("boolean", Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    }
}

/// Takes the values off an enum that they can't be variants of, and lists them in its description: strings that can't be told
/// apart once they are Rust names, and numbers, of which typify would refuse every one that is not listed. A single number
/// stays, for it is what tells a member of a union from the others.
pub fn enums_without_names(lowering: &mut Lowering) {
    lowering.each_schema("enum-without-names", |schema| {
        let values = schema.get("enum")?.as_array()?;
        let reason = match schema.get("type")?.as_str()? {
            "string" if crate::lower::values::are_nameable(values) => return None,
            "string" => "the values have no distinct names in Rust: it is a string",
            _ if values.iter().filter(|value| !value.is_null()).count() < 2 => return None,
            _ => "the values have no names: it takes any of its type",
        };
        let listed: Vec<String> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| match value {
                Value::String(text) => format!("`{text}`"),
                value => format!("`{value}`"),
            })
            .collect();
        let listed = format!("One of {}.", listed.join(", "));
        let description = match schema.get("description").and_then(Value::as_str) {
            Some(text) => format!("{}\n\n{listed}", text.trim_end()),
            None => listed,
        };
        schema.insert("description".to_owned(), Value::from(description));
        schema.remove("enum");
        Some(reason.to_owned())
    });
}

/// Removes defaults that are none of the values.
pub fn defaults(lowering: &mut Lowering) {
    lowering.each_schema("drop-default", |schema| {
        let value = Value::Object(schema.clone());
        crate::lower::values::wrong_default(&value)?;
        schema.remove("default");
        Some("the default is none of the values".to_owned())
    });
}

/// Removes rules that are for another type than the schema has, or for none.
pub fn rules(lowering: &mut Lowering) {
    lowering.each_schema("drop-rule", |schema| {
        let value = Value::Object(schema.clone());
        if crate::lower::values::format_without_text(&value) {
            schema.remove("format");
            return Some("the format is for text or a number".to_owned());
        }
        if crate::lower::values::rule_without_type(&value).is_some() {
            for (rule, _) in crate::lower::values::RULES {
                schema.remove(rule);
            }
            return Some("the rules are for a type that isn't given".to_owned());
        }
        None
    });
}

/// Leaves it to the members of a union to say what they allow beside their fields.
pub fn fields_beside_unions(lowering: &mut Lowering) {
    lowering.each_schema("fields-beside-union", |schema| {
        // Whether it is one is asked of the whole schema.
        let value = Value::Object(schema.clone());
        if !crate::lower::values::speaks_of_other_fields(&value) {
            return None;
        }
        schema.remove("additionalProperties");
        Some("the members say what they allow beside their fields".to_owned())
    });
}

/// Declares the parameters that a path names and nobody describes, as strings, and drops those that no path names.
pub fn path_parameters(lowering: &mut Lowering) {
    let mut changes = Vec::new();
    for operation in OperationView::all(&lowering.root) {
        let place = operation.pointer();
        let Some(template) = view::template_names(operation.path) else {
            continue;
        };
        let declared: Vec<&Value> = operation
            .parameters(&lowering.root)
            .into_iter()
            .map(|(_, parameter)| parameter)
            .filter(|parameter| parameter["in"] == "path")
            .collect();
        let missing = template
            .iter()
            .filter(|name| !declared.iter().any(|parameter| parameter["name"] == **name));
        let missing: Vec<Value> = missing
            .map(|name| {
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
            })
            .collect();
        if !missing.is_empty() {
            changes.push((place, missing));
        }
    }
    for (place, missing) in changes {
        for parameter in &missing {
            let name = names::value_name(parameter["name"].as_str().unwrap_or_default());
            let message = format!("the path parameter `{name}` is a string");
            lowering.record("declare-parameter", &place, message);
        }
        if let Some(operation) = pointer::get_mut(&mut lowering.root, &place) {
            let list = operation["parameters"].as_array_mut();
            match list {
                Some(list) => list.extend(missing),
                None => operation["parameters"] = Value::Array(missing),
            }
        }
        lowering.moved();
    }
}
