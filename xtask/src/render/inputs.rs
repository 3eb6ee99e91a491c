//! The inputs of an operation: arguments of its method, and setters of its builder.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::constraints;
use super::docs;
use super::references::References;
use crate::api::{
    Body, Content, Evidence, Location, Operation, Parameter, Part, PartContent, Primitive, TypeRef,
};

/// An argument of a method, or a setter of its builder.
#[derive(Debug)]
pub struct Input<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of one value, without `Option` and `Vec`.
    pub value: TokenStream,
    /// The type that callers pass.
    pub accepted: TokenStream,
    /// The conversion from that type.
    pub conversion: Conversion,
    /// Whether it is an argument of the method. The others are setters.
    pub is_argument: bool,
    /// Its location and wire name, such as "the query parameter `limit`".
    pub kind: String,
    /// Its documentation.
    pub description: Option<&'a str>,
    /// Further paragraphs of its documentation: ranges, defaults, repetition.
    pub notes: Vec<String>,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// Whether the API documents it.
    pub evidence: Evidence,
}

/// The conversion from the type that callers pass to the type in the builder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// By `Into`, to a required value.
    Value,
    /// By `Into`, to an `Option`.
    Option,
    /// By `IntoOption` of the support code, to an `Option`: from text, a list or JSON in any of its types.
    IntoOption,
    /// From an iterator, to a list that grows with each call.
    Items,
}

impl Conversion {
    /// The conversion of an optional or a required value of a type.
    pub fn of(value: &TypeRef, required: bool) -> Self {
        match (required, value) {
            (true, _) => Self::Value,
            (
                false,
                TypeRef::List(_)
                | TypeRef::Primitive(Primitive::String | Primitive::Timestamp | Primitive::Json),
            ) => Self::IntoOption,
            (false, _) => Self::Option,
        }
    }

    /// The type that callers pass for a value of this type.
    pub fn accepted(self, references: &References<'_>, value: &TokenStream) -> TokenStream {
        match self {
            Self::Value => quote!(impl ::std::convert::Into<#value>),
            Self::Option => {
                let option = references.option(value);
                quote!(impl ::std::convert::Into<#option>)
            }
            Self::IntoOption => quote!(impl support::IntoOption<#value>),
            Self::Items => {
                quote!(impl ::std::iter::IntoIterator<Item = impl ::std::convert::Into<#value>>)
            }
        }
    }
}

impl Input<'_> {
    /// The type of its field in the builder.
    pub fn field_type(&self, references: &References<'_>) -> TokenStream {
        match self.conversion {
            Conversion::Value => self.value.clone(),
            Conversion::Option | Conversion::IntoOption => references.option(&self.value),
            Conversion::Items => references.list(&self.value),
        }
    }
}

/// The arguments and setters of an operation, in the order in which they are sent.
pub fn inputs<'a>(references: &References<'_>, operation: &'a Operation) -> Vec<Input<'a>> {
    let mut inputs: Vec<Input<'_>> = Vec::new();
    for parameter in &operation.parameters {
        inputs.push(of_parameter(references, parameter));
    }
    match &operation.body {
        Some(Body {
            content: Content::Multipart(parts),
            ..
        }) => {
            inputs.extend(parts.iter().map(|part| of_part(references, part)));
        }
        Some(body) => inputs.push(of_body(references, body)),
        None => {}
    }
    inputs
}

/// The field of a builder that holds the client. It leaves its name to an input.
pub fn client_field(inputs: &[Input<'_>]) -> Ident {
    let mut name = "client".to_owned();
    while inputs.iter().any(|input| input.name == name) {
        name.push('_');
    }
    format_ident!("{name}")
}

fn of_parameter<'a>(references: &References<'_>, parameter: &'a Parameter) -> Input<'a> {
    let value = references.print(&parameter.value);
    let conversion = Conversion::of(&parameter.value, parameter.required);
    let kind = match parameter.location {
        Location::Path => "the path parameter",
        Location::Query => "the query parameter",
        Location::Header => "the header",
        Location::Cookie => "the cookie",
    };
    let mut notes = constraints::notes(&parameter.constraints);
    if let Some(default) = &parameter.default {
        notes.push(format!("The server's default is {}.", docs::code(default)));
    }
    Input {
        name: &parameter.name,
        accepted: conversion.accepted(references, &value),
        value,
        conversion,
        is_argument: parameter.required,
        kind: format!("{kind} {}", docs::code(&parameter.key)),
        description: parameter.description.as_deref(),
        notes,
        deprecated: parameter.deprecated,
        evidence: parameter.evidence,
    }
}

fn of_part<'a>(references: &References<'_>, part: &'a Part) -> Input<'a> {
    let (value, single, what) = match &part.content {
        PartContent::File(_) => {
            let single = if part.required {
                Conversion::Value
            } else {
                Conversion::Option
            };
            (quote!(support::FilePart), single, "the file part")
        }
        PartContent::Text(value) => {
            let single = Conversion::of(value, part.required);
            (references.print(value), single, "the part")
        }
        PartContent::Json(value, _) => {
            let single = Conversion::of(value, part.required);
            (references.print(value), single, "the JSON part")
        }
    };
    let conversion = if part.repeated {
        Conversion::Items
    } else {
        single
    };
    Input {
        name: &part.name,
        accepted: conversion.accepted(references, &value),
        value,
        conversion,
        is_argument: part.required,
        kind: format!("{what} {}", docs::code(&part.key)),
        description: part.description.as_deref(),
        notes: [&part.list, &part.constraints]
            .into_iter()
            .flat_map(constraints::notes)
            .collect(),
        deprecated: part.deprecated,
        evidence: part.evidence,
    }
}

fn of_body<'a>(references: &References<'_>, body: &'a Body) -> Input<'a> {
    let (value, conversion) = match &body.content {
        Content::Json(value) | Content::Form(value, _) => (
            references.print(value),
            Conversion::of(value, body.required),
        ),
        Content::Text => {
            let text = TypeRef::STRING;
            (
                references.print(&text),
                Conversion::of(&text, body.required),
            )
        }
        Content::Bytes | Content::Multipart(_) => {
            let conversion = if body.required {
                Conversion::Value
            } else {
                Conversion::IntoOption
            };
            (quote!(::reqwest::Body), conversion)
        }
    };
    Input {
        name: "body",
        accepted: conversion.accepted(references, &value),
        value,
        conversion,
        is_argument: body.required,
        kind: format!("the body, of type {}", docs::code(&body.media_type)),
        description: body.description.as_deref(),
        notes: constraints::notes(&body.constraints),
        deprecated: false,
        evidence: Evidence::Documented,
    }
}
