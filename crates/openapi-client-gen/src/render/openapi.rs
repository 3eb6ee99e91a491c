//! The operations of the model as an OpenAPI 3.0 document for progenitor's generators.
//!
//! Every type is a component, for which progenitor prints the type of the generated client. The document omits the parts
//! that progenitor's code would match or answer wrongly: parameters whose text is not what their type displays (lists,
//! objects, fractions, cookies), bodies other than JSON and text, and responses other than JSON.

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};
use openapiv3::OpenAPI;
use quote::quote;
use serde_json::{Map, Value, json};

use super::references::{References, is_text, primitive_in};
use crate::api::{
    Answer, Api, Content, Location, Operation, Parameter, Primitive, Segment, Shape, Style, TypeRef,
};

/// The statuses of successes that have a name; progenitor panics at the others.
const NAMED_STATUSES: [u16; 10] = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226];

/// A document, and the types that its components stand for.
pub struct Projection {
    /// The document.
    pub document: OpenAPI,
    /// The name of each component, and its Rust type.
    pub types: Vec<(String, String)>,
    /// The names of the operations that it does not have.
    pub omitted: Vec<String>,
}

/// The document of a model. An operation that openapiv3 does not read is a defect of this module.
pub fn project(api: &Api) -> serde_json::Result<Projection> {
    let mut projector = Projector {
        api,
        types: Vec::new(),
        paths: Vec::new(),
    };
    let (mut names, mut omitted) = (BTreeSet::new(), Vec::new());
    for operation in &api.operations {
        // progenitor names a type after each operation, and would print one of these twice.
        let is_new = names.insert(operation.name.to_pascal_case());
        if !is_new || !projector.add(operation) {
            omitted.push(operation.name.clone());
        }
    }
    let references = References::of(api).within(quote!(types));
    let types = projector.types.iter().enumerate();
    let types = types.map(|(index, of)| (component(index), references.print(of).to_string()));
    let types: Vec<_> = types.collect();
    let schemas = types.iter().map(|(name, _)| (name.clone(), json!({})));
    let mut document: OpenAPI = serde_json::from_value(json!({
        "openapi": "3.0.3",
        "info": { "title": "", "version": "" },
        "paths": {},
        "components": { "schemas": schemas.collect::<Map<_, _>>() },
    }))?;
    for (path, item) in projector.paths {
        let item = serde_json::from_value(Value::Object(item))?;
        document.paths.paths.insert(path, item);
    }
    Ok(Projection {
        document,
        types,
        omitted,
    })
}

struct Projector<'a> {
    api: &'a Api,
    /// The types of the components.
    types: Vec<TypeRef>,
    /// The path items, each with its path.
    paths: Vec<(String, Map<String, Value>)>,
}

impl Projector<'_> {
    /// Adds an operation; returns whether there is a path for it.
    fn add(&mut self, operation: &Operation) -> bool {
        let method = operation.method.to_ascii_lowercase();
        // A second operation of the same method and path differs from the first one in the names of its parameters.
        for attempt in 0..8 {
            let suffix = "_".repeat(attempt);
            let Some(path) = path(operation, &suffix) else {
                return false;
            };
            let known = self.paths.iter().position(|(known, _)| *known == path);
            let index = known.unwrap_or_else(|| {
                self.paths.push((path, Map::new()));
                self.paths.len() - 1
            });
            if !self.paths[index].1.contains_key(&method) {
                let projected = self.operation(operation, &suffix);
                self.paths[index].1.insert(method, projected);
                return true;
            }
        }
        false
    }

    fn operation(&mut self, operation: &Operation, suffix: &str) -> Value {
        // The names that progenitor's type for an operation has anyway.
        let mut names: BTreeSet<String> = ["body", "into_inner", "new"].map(str::to_owned).into();
        let mut parameters = Vec::new();
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let is_in_path = parameter.location == Location::Path;
            if is_in_path && !operation.path.contains(&Segment::Parameter(index)) {
                continue;
            }
            let Some(schema) = self.schema(parameter) else {
                continue;
            };
            let (name, key) = match is_in_path {
                true => (&parameter.name, format!("{}{suffix}", parameter.name)),
                false => (&parameter.key, parameter.key.clone()),
            };
            if names.insert(name.replace('\'', "").to_snake_case()) {
                parameters.push(json!({
                    "in": parameter.location.keyword(),
                    "name": key,
                    "required": parameter.required,
                    "schema": schema,
                }));
            }
        }
        let body = match operation.body.as_ref().map(|body| &body.content) {
            Some(Content::Json(value)) => {
                json!({ "content": { "application/json": { "schema": self.reference(value) } } })
            }
            Some(Content::Text) => {
                json!({ "content": { "text/plain": { "schema": { "type": "string" } } } })
            }
            Some(Content::Form(..) | Content::Multipart(_) | Content::Bytes) | None => Value::Null,
        };
        let mut responses = Map::new();
        for (status, answer) in operation.success.answers() {
            let status = match status.map(str::parse) {
                Some(Ok(code)) if NAMED_STATUSES.contains(&code) => code.to_string(),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => "2XX".to_owned(),
            };
            let value = match answer {
                Answer::Json(value) => Some(value),
                Answer::Empty | Answer::Events(_) | Answer::Bytes => None,
            };
            responses.insert(status, self.response(value));
        }
        if let Some(error) = &operation.error {
            responses.insert("default".to_owned(), self.response(Some(error)));
        }
        json!({
            "operationId": operation.name,
            "parameters": parameters,
            "requestBody": body,
            "responses": responses,
        })
    }

    /// The schema of a parameter whose text is what its type displays.
    fn schema(&mut self, parameter: &Parameter) -> Option<Value> {
        let value = &parameter.value;
        let is_printed = match parameter.location {
            Location::Path => is_plain(self.api, value),
            Location::Query | Location::Header => true,
            Location::Cookie => false,
        };
        if !is_printed || !matches!(parameter.style, Style::Text | Style::Exploded) {
            return None;
        }
        Some(match value {
            TypeRef::Primitive(Primitive::String) => json!({ "type": "string" }),
            TypeRef::Primitive(Primitive::Bool) => json!({ "type": "boolean" }),
            TypeRef::Primitive(Primitive::Integer(integer)) => {
                // progenitor has no integer of 128 bits.
                let sign = if integer.is_signed { "" } else { "u" };
                let format = format!("{sign}int{}", integer.bits.min(64));
                json!({ "type": "integer", "format": format })
            }
            TypeRef::Named(id) if matches!(self.api.definition(*id).shape, Shape::Enum(_)) => {
                self.reference(value)
            }
            value if primitive_in(self.api, value).is_some_and(is_text) => self.reference(value),
            _ => return None,
        })
    }

    fn response(&mut self, value: Option<&TypeRef>) -> Value {
        let content = value.map(|value| json!({ "schema": self.reference(value) }));
        let content = content.map(|content| json!({ "application/json": content }));
        json!({ "description": "", "content": content.unwrap_or_else(|| json!({})) })
    }

    /// A reference to the component of a type.
    fn reference(&mut self, value: &TypeRef) -> Value {
        let known = self.types.iter().position(|of| of == value);
        let index = known.unwrap_or_else(|| {
            self.types.push(value.clone());
            self.types.len() - 1
        });
        json!({ "$ref": format!("#/components/schemas/{}", component(index)) })
    }
}

/// Whether what a type displays is sent in a path as it is. For a text that is up to the caller.
fn is_plain(api: &Api, value: &TypeRef) -> bool {
    match value {
        TypeRef::Primitive(primitive) => !matches!(primitive, Primitive::Timestamp | Primitive::Ip),
        TypeRef::Named(id) => match &api.definition(*id).shape {
            Shape::Newtype(newtype) => is_plain(api, &newtype.inner),
            Shape::Enum(values) => {
                let is_unreserved =
                    |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~');
                let mut values = values.variants.iter();
                values.all(|variant| variant.value.chars().all(is_unreserved))
            }
            Shape::Struct(_) | Shape::Union(_) => false,
        },
        TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::List(_) | TypeRef::Map(_) => false,
    }
}

/// The name of a component, which progenitor does not change.
fn component(index: usize) -> String {
    format!("Type{index}")
}

/// The path template as a regular expression, which progenitor's mocks take it for. It has the Rust names of parameters:
/// those of the document may have braces. One whose text has braces is no template.
fn path(operation: &Operation, suffix: &str) -> Option<String> {
    let pieces = operation.path.iter().map(|segment| match segment {
        Segment::Text(text) if text.contains(['{', '}']) => None,
        Segment::Text(text) => Some(escaped(text)),
        Segment::Parameter(index) => {
            let name = &operation.parameters[*index].name;
            Some(format!("{{{name}{suffix}}}"))
        }
    });
    pieces.collect()
}

fn escaped(text: &str) -> String {
    let is_special = |c| "\\.+*?()|[]^$".contains(c);
    let characters = text.chars();
    characters
        .flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}
