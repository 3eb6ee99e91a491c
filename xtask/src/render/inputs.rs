//! The inputs of an operation: arguments of its method, and setters of its builder.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::constraints;
use super::docs;
use super::references::{References, ident};
use crate::api::{
    Body, Content, Evidence, Location, Operation, Parameter, Part, PartContent, Primitive, TypeRef,
};

/// An argument of a method, or a setter of its builder.
#[derive(Debug)]
pub struct Input<'a> {
    pub name: &'a str,
    /// The type of one value, without `Option` and `Vec`.
    pub value: TokenStream,
    /// The conversion from the type that callers pass.
    pub conversion: Conversion,
    /// Whether it is an argument of the method. The others are setters.
    pub is_argument: bool,
    /// Its location and wire name, such as "the query parameter `limit`".
    pub kind: String,
    /// The paragraphs of its documentation, such as ranges and defaults.
    pub paragraphs: Vec<String>,
    pub deprecated: bool,
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
        match value {
            _ if required => Self::Value,
            TypeRef::List(_)
            | TypeRef::Primitive(Primitive::String | Primitive::Timestamp | Primitive::Json) => {
                Self::IntoOption
            }
            _ => Self::Option,
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

    /// The converted value of a variable; an iterator of them for [`Self::Items`].
    pub fn convert(self, variable: &Ident) -> TokenStream {
        match self {
            Self::Value | Self::Option => quote!(#variable.into()),
            Self::IntoOption => quote!(support::IntoOption::into_option(#variable)),
            Self::Items => quote!(#variable.into_iter().map(::std::convert::Into::into)),
        }
    }
}

impl Input<'_> {
    /// Its name in code.
    pub fn ident(&self) -> Ident {
        ident(self.name)
    }

    /// The type that callers pass.
    pub fn accepted(&self, references: &References<'_>) -> TokenStream {
        self.conversion.accepted(references, &self.value)
    }

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
    let parameters = operation.parameters.iter();
    let parameters = parameters.map(|parameter| of_parameter(references, parameter));
    let body = operation.body.iter();
    let parts = body.clone().flat_map(|body| body.content.parts());
    let parts = parts.map(|part| of_part(references, part));
    let body = body.filter_map(|body| of_body(references, body));
    parameters.chain(parts).chain(body).collect()
}

/// The field of a builder that holds the client. It leaves its name to an input.
pub fn client_field(inputs: &[Input<'_>]) -> Ident {
    let mut name = "client".to_owned();
    while inputs.iter().any(|input| input.name == name) {
        name.push('_');
    }
    ident(&name)
}

fn of_parameter<'a>(references: &References<'_>, parameter: &'a Parameter) -> Input<'a> {
    let kind = match parameter.location {
        Location::Path => "the path parameter",
        Location::Query => "the query parameter",
        Location::Header => "the header",
        Location::Cookie => "the cookie",
    };
    let mut paragraphs =
        docs::paragraphs(parameter.description.as_deref(), None, parameter.evidence);
    paragraphs.extend(constraints::notes(&parameter.constraints));
    paragraphs.extend(parameter.default.as_deref().map(docs::server_default));
    Input {
        name: &parameter.name,
        value: references.print(&parameter.value),
        conversion: Conversion::of(&parameter.value, parameter.required),
        is_argument: parameter.required,
        kind: format!("{kind} {}", docs::code(&parameter.key)),
        paragraphs,
        deprecated: parameter.deprecated,
    }
}

fn of_part<'a>(references: &References<'_>, part: &'a Part) -> Input<'a> {
    let kind = match &part.content {
        PartContent::File(_) => "the file part",
        PartContent::Text(_) => "the part",
        PartContent::Json(..) => "the JSON part",
    };
    let conversion = match part.content.value() {
        _ if part.repeated => Conversion::Items,
        Some(value) => Conversion::of(value, part.required),
        None if part.required => Conversion::Value,
        None => Conversion::Option,
    };
    let value = part.content.value().map(|value| references.print(value));
    let mut paragraphs = docs::paragraphs(part.description.as_deref(), None, part.evidence);
    paragraphs.extend(constraints::notes(&part.list));
    paragraphs.extend(constraints::notes(&part.constraints));
    Input {
        name: &part.name,
        value: value.unwrap_or_else(|| quote!(support::FilePart)),
        conversion,
        is_argument: part.required,
        kind: format!("{kind} {}", docs::code(&part.key)),
        paragraphs,
        deprecated: part.deprecated,
    }
}

/// The input of a body that is one value.
fn of_body<'a>(references: &References<'_>, body: &'a Body) -> Option<Input<'a>> {
    let text = TypeRef::STRING;
    let of = match &body.content {
        Content::Json(value) | Content::Form(value, _) => value,
        Content::Text | Content::Bytes => &text,
        Content::Multipart(_) => return None,
    };
    let value = match body.content {
        Content::Bytes => quote!(::reqwest::Body),
        _ => references.print(of),
    };
    let mut paragraphs = docs::paragraphs(body.description.as_deref(), None, Evidence::Documented);
    paragraphs.extend(constraints::notes(&body.constraints));
    Some(Input {
        name: "body",
        value,
        conversion: Conversion::of(of, body.required),
        is_argument: body.required,
        kind: format!("the body, of type {}", docs::code(&body.media_type)),
        paragraphs,
        deprecated: false,
    })
}
