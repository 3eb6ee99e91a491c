//! Names for inline types.
//!
//! typify calls an inline type after where it stands: `Order` with a property `line_item` holds an `OrderLineItem`. It
//! does not look whether a component is called that, and makes two types of one name. Those that would clash become
//! components here, under the next free name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Lowering;
use crate::keywords::is_composed;
use crate::names::type_name;
use crate::pointer;

const SCHEMAS: &str = "/components/schemas";

/// Gives inline types whose names are taken names of their own.
pub fn unique_names(lowering: &mut Lowering) {
    let schemas = pointer::get_mut(&mut lowering.root, SCHEMAS).and_then(Value::as_object_mut);
    let mut schemas = schemas.map(std::mem::take).unwrap_or_default();
    let mut naming = Naming {
        taken: schemas.keys().map(|name| type_name(name)).collect(),
        named: Vec::new(),
    };
    for (name, schema) in &mut schemas {
        let place = pointer::join(SCHEMAS, name);
        naming.inside(schema, &type_name(name), &place);
    }
    for operation in &lowering.operations {
        let Some(value) = pointer::get_mut(&mut lowering.root, &operation.pointer) else {
            continue;
        };
        naming.operation(value, &operation.id, &operation.pointer);
    }
    for (name, schema, place) in naming.named {
        let origin = super::origin(&lowering.origins, &place);
        lowering
            .origins
            .insert(pointer::join(SCHEMAS, &name), origin);
        lowering.record(
            "name-inline",
            &place,
            format!("the inline type gets the name `{name}`"),
        );
        schemas.insert(name, schema);
    }
    if !schemas.is_empty() {
        super::object(&mut lowering.root, "components")["schemas"] = Value::Object(schemas);
    }
    lowering.moved();
}

struct Naming {
    taken: BTreeSet<String>,
    /// New components: name, schema, and where it stood.
    named: Vec<(String, Value, String)>,
}

impl Naming {
    fn operation(&mut self, operation: &mut Value, id: &str, place: &str) {
        let named = |of: &str| type_name(&format!("{id}-{of}"));
        for (field, of) in [("requestBody", "body"), ("responses", "response")] {
            let place = pointer::join(place, field);
            let owners: Vec<(&mut Value, String)> = match (field, operation.get_mut(field)) {
                (_, None) => Vec::new(),
                ("requestBody", Some(body)) => vec![(body, place)],
                (_, Some(responses)) => responses
                    .as_object_mut()
                    .into_iter()
                    .flatten()
                    .map(|(status, response)| (response, pointer::join(&place, status)))
                    .collect(),
            };
            for (owner, place) in owners {
                let contents = owner.get_mut("content").and_then(Value::as_object_mut);
                for (media_type, content) in contents.into_iter().flatten() {
                    let place = pointer::join(&pointer::join(&place, "content"), media_type);
                    if let Some(schema) = content.get_mut("schema") {
                        self.schema(schema, &named(of), &pointer::join(&place, "schema"));
                    }
                }
            }
        }
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for (index, parameter) in parameters.into_iter().flatten().enumerate() {
            let name = named(parameter["name"].as_str().unwrap_or_default());
            let list = pointer::join(place, "parameters");
            let place = pointer::join(&pointer::join(&list, &index.to_string()), "schema");
            if let Some(schema) = parameter.get_mut("schema") {
                self.schema(schema, &name, &place);
            }
        }
    }

    /// A schema that typify would call `name`, if it made a type of it.
    fn schema(&mut self, schema: &mut Value, name: &str, place: &str) {
        let is_component = is_discriminated(schema);
        if !is_type(schema) || !is_component && self.taken.insert(name.to_owned()) {
            self.inside(schema, name, place);
            return;
        }
        let free = std::iter::once(name.to_owned())
            .chain((2..).map(|number| format!("{name}{number}")))
            .find(|candidate| self.taken.insert(candidate.clone()))
            .unwrap_or_default();
        let mut component = schema.take();
        self.inside(&mut component, &free, place);
        let reference = json!({ "$ref": format!("#{}", pointer::join(SCHEMAS, &free)) });
        // The type is what it is when it isn't null: that it may be is said where it is used.
        let is_nullable = take_nullable(&mut component);
        let description = component.get("description").cloned();
        *schema = if is_nullable || description.is_some() {
            json!({ "allOf": [reference] })
        } else {
            reference
        };
        if is_nullable {
            schema["nullable"] = Value::Bool(true);
        }
        if let Some(description) = description {
            schema["description"] = description;
        }
        self.named.push((free, component, place.to_owned()));
    }

    /// The schemas in one that is called `name`.
    fn inside(&mut self, schema: &mut Value, name: &str, place: &str) {
        let Some(schema) = schema.as_object_mut() else {
            return;
        };
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (property, value) in properties.into_iter().flatten() {
            let place = pointer::join(&pointer::join(place, "properties"), property);
            self.schema(value, &type_name(&format!("{name}_{property}")), &place);
        }
        for (keyword, of) in [("items", "item"), ("additionalProperties", "value")] {
            if let Some(value) = schema.get_mut(keyword).filter(|value| value.is_object()) {
                let place = pointer::join(place, keyword);
                self.schema(value, &type_name(&format!("{name}_{of}")), &place);
            }
        }
    }
}

/// Takes null off the values of a schema. Returns whether it was one.
fn take_nullable(schema: &mut Value) -> bool {
    let Some(schema) = schema.as_object_mut() else {
        return false;
    };
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    schema.remove("nullable") == Some(Value::Bool(true))
}

/// Whether it is a union that a property tells apart: such a one is emitted by its name.
fn is_discriminated(schema: &Value) -> bool {
    schema.get("discriminator").is_some() && schema.get("oneOf").is_some()
}

/// Whether typify makes a type of an inline schema, rather than to use one that is there.
pub(super) fn is_type(schema: &Value) -> bool {
    let has = |keyword: &str| schema.get(keyword).is_some();
    // The usual way to put a description beside a reference.
    if let Some([only]) = schema["allOf"].as_array().map(Vec::as_slice) {
        return is_type(only);
    }
    match schema.get("type").and_then(Value::as_str) {
        _ if has("$ref") => false,
        _ if is_composed(schema) => true,
        Some("string") => ["enum", "pattern", "minLength", "maxLength"]
            .into_iter()
            .any(has),
        Some("object") => has("properties") || schema["additionalProperties"] == false,
        Some("integer" | "number" | "boolean") => has("enum"),
        Some(_) => false,
        None => has("properties") || has("enum") || has("not"),
    }
}
