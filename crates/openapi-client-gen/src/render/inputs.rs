//! The inputs of an operation: arguments of its method or setters of its builder, and the statements that send them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::constraints;
use super::docs;
use super::ident::ident;
use super::references::References;
use crate::api::{
    Body, Content, Location, Operation, Parameter, Part, PartContent, Primitive, Style, TypeRef,
};

/// An argument of a method, or a setter of its builder.
pub struct Input {
    pub name: Ident,
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
    /// The statements that check it and add it to the request.
    pub step: TokenStream,
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

impl Input {
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
pub fn inputs(references: &References<'_>, operation: &Operation) -> Vec<Input> {
    let parameters = operation.parameters.iter();
    let parameters = parameters.map(|parameter| of_parameter(references, parameter));
    let body = operation.body.iter();
    let parts = body.clone().flat_map(|body| body.content.parts());
    let parts = parts.map(|part| of_part(references, part));
    let body = body.filter_map(|body| of_body(references, body));
    parameters.chain(parts).chain(body).collect()
}

/// The field of a builder that holds the client. It leaves its name to an input.
pub fn client_field(inputs: &[Input]) -> Ident {
    let mut name = "client".to_owned();
    while inputs.iter().any(|input| input.name == name) {
        name.push('_');
    }
    ident(&name)
}

fn of_parameter(references: &References<'_>, parameter: &Parameter) -> Input {
    let (key, name) = (&parameter.key, ident(&parameter.name));
    let value = borrowed(&name, parameter.required);
    let check = references.check(key, &value, &parameter.constraints, &parameter.value);
    let location = parameter.location.keyword();
    let add = (parameter.location != Location::Path).then(|| {
        let (location, style) = (ident(location), style(parameter.style));
        quote!(draft.#location(#key, #style, #value);)
    });
    let mut paragraphs = docs::paragraphs(&parameter.docs, None);
    paragraphs.extend(constraints::notes(&parameter.constraints));
    paragraphs.extend(parameter.default.as_deref().map(docs::server_default));
    Input {
        name,
        value: references.print(&parameter.value),
        conversion: Conversion::of(&parameter.value, parameter.required),
        is_argument: parameter.required,
        kind: format!("the {} {}", parameter.location.noun(), docs::code(key)),
        paragraphs,
        deprecated: parameter.docs.deprecated,
        step: quote!(#check #add),
    }
}

fn of_part(references: &References<'_>, part: &Part) -> Input {
    let (key, name) = (&part.key, ident(&part.name));
    let checked = quote!(.map_err(::progenitor_client::Error::InvalidRequest)?);
    let (kind, add) = match &part.content {
        PartContent::File(None) => ("the file part", quote!(form.file(#key, value);)),
        PartContent::File(Some(media_type)) => {
            let file = quote!(value.or_content_type(#media_type));
            ("the file part", quote!(form.file(#key, #file);))
        }
        PartContent::Text(_) => {
            let add = quote!(form.text(#key, &support::wire::As(&value)) #checked;);
            ("the part", add)
        }
        PartContent::Json(_, media_type) => {
            let add = quote!(form.json(#key, #media_type, &support::wire::As(&value)) #checked;);
            ("the JSON part", add)
        }
    };
    let of = part.content.value();
    let conversion = match of {
        _ if part.repeated => Conversion::Items,
        Some(of) => Conversion::of(of, part.required),
        None if part.required => Conversion::Value,
        None => Conversion::Option,
    };
    let value = quote!(Some(&value));
    let check = of.and_then(|of| references.check(key, &value, &part.constraints, of));
    let add = match (part.repeated, part.required) {
        (true, _) => quote!(for value in self.#name { #check #add }),
        (false, false) => quote!(if let Some(value) = self.#name { #check #add }),
        (false, true) => quote!({ let value = self.#name; #check #add }),
    };
    let list = (!part.list.is_empty()).then(|| {
        let list = constraints::expression(&part.list);
        let check = match of {
            None => quote!(draft.count(#key, self.#name.len(), #list);),
            Some(_) => quote!(draft.check(#key, Some(&self.#name), #list);),
        };
        // An optional part that is not sent at all is absent, and no empty list.
        match part.required {
            true => check,
            false => quote!(if !self.#name.is_empty() { #check }),
        }
    });
    let mut paragraphs = docs::paragraphs(&part.docs, None);
    paragraphs.extend(constraints::notes(&part.list));
    paragraphs.extend(constraints::notes(&part.constraints));
    let value = of.map(|of| references.print(of));
    Input {
        name,
        value: value.unwrap_or_else(|| quote!(support::FilePart)),
        conversion,
        is_argument: part.required,
        kind: format!("{kind} {}", docs::code(key)),
        paragraphs,
        deprecated: part.docs.deprecated,
        step: quote!(#list #add),
    }
}

/// The input of a body that is one value.
fn of_body(references: &References<'_>, body: &Body) -> Option<Input> {
    let media_type = &body.media_type;
    let name = ident("body");
    let value = borrowed(&name, body.required);
    let text = TypeRef::STRING;
    let (of, add) = match &body.content {
        Content::Json(of) => (of, quote!(draft.json(#media_type, #value);)),
        Content::Form(of, styles) => {
            let styles = styles.iter().map(|(name, of)| {
                let style = style(*of);
                quote!((#name, #style))
            });
            let styles = quote!(&[#(#styles),*]);
            (of, quote!(draft.form(#media_type, #styles, #value);))
        }
        Content::Text | Content::Bytes => {
            let is_text = matches!(body.content, Content::Text);
            let owned = match (is_text, body.required) {
                (true, true) => quote!(Some(self.body.into())),
                (true, false) => quote!(self.body.map(::std::convert::Into::into)),
                (false, true) => quote!(Some(self.body)),
                (false, false) => quote!(self.body),
            };
            (&text, quote!(draft.raw(#media_type, #owned);))
        }
        Content::Multipart(_) => return None,
    };
    let check = references.check("body", &value, &body.constraints, of);
    let mut paragraphs = docs::paragraphs(&body.docs, None);
    paragraphs.extend(constraints::notes(&body.constraints));
    Some(Input {
        name,
        value: match body.content {
            Content::Bytes => quote!(::reqwest::Body),
            _ => references.print(of),
        },
        conversion: Conversion::of(of, body.required),
        is_argument: body.required,
        kind: format!("the body, of type {}", docs::code(media_type)),
        paragraphs,
        deprecated: false,
        step: quote!(#check #add),
    })
}

/// The value of a field of the builder, as an `Option` of a reference.
fn borrowed(name: &Ident, required: bool) -> TokenStream {
    match required {
        true => quote!(Some(&self.#name)),
        false => quote!(self.#name.as_ref()),
    }
}

fn style(style: Style) -> TokenStream {
    match style {
        Style::Text | Style::Exploded => quote!(support::Style::Fields),
        Style::Joined(between) => quote!(support::Style::Joined(#between)),
        Style::JoinedPairs => quote!(support::Style::JoinedPairs),
        Style::DeepObject => quote!(support::Style::DeepObject),
        Style::Json => quote!(support::Style::Json),
    }
}
