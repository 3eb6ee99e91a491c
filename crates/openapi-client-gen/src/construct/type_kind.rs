//! The kind of type that a schema has, by its keywords.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::Primitive;
use openapi_document::schema::{Branch, Schema};

use super::primitives;

/// The kind of type that a schema has.
pub enum TypeKind<'d> {
    /// No value is valid.
    Never,
    /// JSON of any shape.
    Any,
    /// The type of another schema: the only branch of a union, besides `null`.
    Branch(Branch<'d>),
    /// A union of several branches.
    Union(Vec<Branch<'d>>),
    /// An enum of strings.
    Enum(Vec<&'d str>),
    /// A union of several JSON types.
    JsonTypes(Vec<&'d str>),
    /// An object with named members.
    Struct,
    /// An object without named members.
    Map,
    /// An array.
    List,
    /// A scalar.
    Primitive(Primitive),
}

impl<'d> TypeKind<'d> {
    /// The kind of the type of a schema.
    pub fn of(schema: &Schema<'d>) -> Self {
        if schema.is_empty() {
            return Self::Never;
        }
        if let Some(branches) = schema.branches() {
            return Self::of_branches(branches);
        }
        if has_other_values(schema) {
            return Self::Any;
        }
        let json_types = json_types(schema);
        // Lists of strings are common beside `type: array`, where none of them is a value.
        let has_strings = json_types.is_empty() || json_types.contains(&"string");
        if has_strings && let Some(values) = schema.strings() {
            return Self::Enum(values);
        }
        match &*json_types {
            [] => Self::Any,
            [json_type] => Self::of_json_type(schema, json_type),
            _ => Self::JsonTypes(json_types),
        }
    }

    fn of_branches(mut branches: Vec<Branch<'d>>) -> Self {
        branches.retain(|branch| !branch.own.is_null());
        if branches.iter().any(|branch| !branch.schema.is_empty()) {
            branches.retain(|branch| !branch.schema.is_empty());
        }
        // A branch without constraints allows every value, or every one that the schema allows beside its union.
        let unconstrained = branches
            .iter()
            .position(|branch| branch.own.is_unconstrained());
        if let Some(index) = unconstrained {
            let branch = branches.swap_remove(index);
            return match branch.schema.is_unconstrained() {
                true => Self::Any,
                false => Self::Branch(branch),
            };
        }
        match branches.len() {
            0 | 1 => branches.pop().map_or(Self::Any, Self::Branch),
            _ => Self::Union(branches),
        }
    }

    /// The kind of the type of those values that have one JSON type.
    pub fn of_json_type(schema: &Schema<'d>, json_type: &str) -> Self {
        match json_type {
            "object" if schema.properties().is_empty() => Self::Map,
            "object" => Self::Struct,
            "array" => Self::List,
            "string" => Self::Primitive(primitives::string(schema)),
            "integer" => Self::Primitive(primitives::integer(schema)),
            "number" => Self::Primitive(primitives::number(schema)),
            "boolean" => Self::Primitive(Primitive::Bool),
            _ => Self::Any,
        }
    }

    /// Whether its type needs a definition.
    pub fn is_definition(&self) -> bool {
        matches!(
            self,
            Self::Union(_) | Self::Enum(_) | Self::JsonTypes(_) | Self::Struct
        )
    }
}

/// The JSON types that a schema allows, or else those that its keywords constrain. A number may be an integer.
fn json_types<'d>(schema: &Schema<'d>) -> Vec<&'d str> {
    let mut types = schema.types().unwrap_or_else(|| {
        let mut types = BTreeSet::new();
        let names_members = !schema.properties().is_empty() || !schema.required().is_empty();
        if names_members || schema.has("additionalProperties") {
            types.insert("object");
        }
        if schema.has("items") {
            types.insert("array");
        }
        types
    });
    if types.contains("number") {
        types.remove("integer");
    }
    types.into_iter().collect()
}

/// Whether some of the listed values have a type that the schema allows, and some another one: no type but that of any JSON has
/// them all. Where all have another one, the list is of something else, such as the items of an array.
fn has_other_values(schema: &Schema<'_>) -> bool {
    let (Some(types), Some(values)) = (schema.types(), schema.values()) else {
        return false;
    };
    let is_typed = |value: &&&Value| types.iter().any(|name| is_of_type(value, name));
    let typed = values.iter().filter(is_typed).count();
    typed > 0 && typed < values.len()
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => {
            let is_integer = || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            name == "number" || name == "integer" && is_integer()
        }
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    }
}
