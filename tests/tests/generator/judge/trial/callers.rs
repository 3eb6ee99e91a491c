//! Callers: for each operation, calls of both clients with the same inputs, as Rust code.

use std::fmt::Write as _;

use openapi_client_gen::api::{
    Api, Constraints, Content, Location, Operation, Parameter, Primitive, TypeRef,
};
use serde_json::Value;

use super::theirs::{Argument, Kind, Method};
use super::values::{Extent, Values};

/// The inputs of a call.
pub struct Inputs {
    /// The values of the parameters of the operation, by their indices.
    pub parameters: Vec<Option<Value>>,
    /// The value of the body.
    pub body: Option<Value>,
}

/// The inputs of an operation; nothing if a value can't be made.
pub fn inputs(api: &Api, operation: &Operation, extent: Extent) -> Option<Inputs> {
    let mut values = Values::new(api, extent);
    let is_wanted = |required: bool| required || extent == Extent::All;
    let mut parameters = Vec::new();
    for parameter in &operation.parameters {
        parameters.push(match is_wanted(parameter.required) {
            true => Some(values.parameter(parameter)?),
            false => None,
        });
    }
    let body = match &operation.body {
        Some(body) if is_wanted(body.required) => Some(match &body.content {
            Content::Json(value) | Content::Form(value, _) => {
                values.value(value, &body.constraints)?
            }
            Content::Text | Content::Bytes => {
                values.value(&TypeRef::STRING, &Constraints::default())?
            }
            Content::Multipart(_) => return None,
        }),
        _ => None,
    };
    Some(Inputs { parameters, body })
}

/// The body of a function that calls our client.
pub fn ours(api: &Api, operation: &Operation, inputs: &Inputs) -> String {
    let (mut arguments, mut setters) = (String::new(), String::new());
    let mut input = |name: &str, required: bool, value: String| {
        let _ = match required {
            true => write!(arguments, "{value}, "),
            false => write!(setters, ".{name}({value})"),
        };
    };
    for (parameter, value) in operation.parameters.iter().zip(&inputs.parameters) {
        if let Some(value) = value {
            let of = type_name(api, &parameter.value);
            let value = json(&of, value, &parameter.key);
            input(&parameter.name, parameter.required, value);
        }
    }
    if let (Some(body), Some(value)) = (&operation.body, &inputs.body) {
        let value = match &body.content {
            Content::Json(of) | Content::Form(of, _) => json(&type_name(api, of), value, "body"),
            Content::Text => format!("{:?}", text(value)),
            Content::Bytes | Content::Multipart(_) => {
                format!("reqwest::Body::from({:?})", text(value))
            }
        };
        input("body", body.required, value);
    }
    format!(
        "sent(client.{}({arguments}){setters}.send().await)",
        operation.name
    )
}

/// The body of a function that calls their client.
///
/// # Errors
///
/// The name of an argument that is no input of the operation.
pub fn theirs(operation: &Operation, inputs: &Inputs, method: &Method) -> Result<String, String> {
    let mut arguments = String::new();
    for argument in &method.arguments {
        let text = match input(operation, inputs, argument) {
            Some(Some((key, value))) => argument_text(argument, value, key),
            Some(None) if argument.is_optional => "None".to_owned(),
            Some(None) => return Err(format!("`{}` is required", argument.name)),
            None => return Err(format!("`{}` is unknown", argument.name)),
        };
        let _ = write!(arguments, "{text}, ");
    }
    Ok(format!("sent(client.{}({arguments}).await)", method.name))
}

/// The values of those arguments of a mock's matcher that have one: name and code. A text in a path is a pattern there.
pub fn matched(operation: &Operation, inputs: &Inputs, matcher: &Method) -> Vec<(String, String)> {
    let arguments = matcher.arguments.iter();
    let values = arguments.filter_map(|argument| {
        let (key, value) = input(operation, inputs, argument)??;
        let text = value.as_str().unwrap_or_default();
        let is_pattern = operation.parameters.iter().any(|parameter| {
            let is_in_path = parameter.location == Location::Path;
            parameter.key == key && is_in_path && text.contains('\u{e9}')
        });
        let code = argument_text(argument, value, key);
        (!is_pattern).then(|| (argument.name.clone(), code))
    });
    values.collect()
}

/// The value of an argument, with the name of the input: none if the input has no value.
fn input<'a>(
    operation: &'a Operation,
    inputs: &'a Inputs,
    argument: &Argument,
) -> Option<Option<(&'a str, &'a Value)>> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let is_it = |parameter: &Parameter| plain(&parameter.key) == plain(&argument.name);
    let of_parameter = operation
        .parameters
        .iter()
        .zip(&inputs.parameters)
        .find(|(parameter, _)| is_it(parameter))
        .map(|(parameter, value)| Some((&*parameter.key, value.as_ref()?)));
    match &operation.body {
        Some(_) if argument.name == "body" => {
            Some(inputs.body.as_ref().map(|value| ("body", value)))
        }
        _ => of_parameter,
    }
}

fn argument_text(argument: &Argument, value: &Value, key: &str) -> String {
    let text = match &argument.kind {
        Kind::Text => format!("{:?}", text(value)),
        Kind::TextBody => format!("String::from({:?})", text(value)),
        Kind::Bytes => format!("{:?}", text(value)),
        Kind::Value(of) => json(of, value, key),
        Kind::Reference(of) => format!("&{}", json(&list(of), value, key)),
    };
    match argument.is_optional {
        true => format!("Some({text})"),
        false => text,
    }
}

/// The owned type of a slice.
fn list(of: &str) -> String {
    let item = of.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    item.map_or_else(|| of.to_owned(), |item| format!("Vec<{item}>"))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// An expression that decodes a value.
fn json(of: &str, value: &Value, key: &str) -> String {
    format!("json::<{of}>({:?}, {key:?})?", value.to_string())
}

/// A type of our client, as callers write it.
fn type_name(api: &Api, reference: &TypeRef) -> String {
    match reference {
        TypeRef::Named(id) => format!("types::{}", api.definition(*id).name),
        TypeRef::Boxed(inner) => format!("Box<{}>", type_name(api, inner)),
        TypeRef::Nullable(inner) => format!("Option<{}>", type_name(api, inner)),
        TypeRef::List(item) => format!("Vec<{}>", type_name(api, item)),
        TypeRef::Map(value) => format!(
            "std::collections::BTreeMap<String, {}>",
            type_name(api, value)
        ),
        TypeRef::Primitive(primitive) => match primitive {
            Primitive::Bool => "bool",
            Primitive::Integer(integer) => return integer.rust_name(),
            Primitive::Float => "f64",
            Primitive::Float32 => "f32",
            Primitive::String => "String",
            Primitive::Timestamp => "ours::Timestamp",
            Primitive::Date => "chrono::NaiveDate",
            Primitive::Uuid => "uuid::Uuid",
            Primitive::Ip => "std::net::IpAddr",
            Primitive::Json => "ours::Json",
        }
        .to_owned(),
    }
}
