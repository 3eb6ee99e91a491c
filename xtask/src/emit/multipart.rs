//! The parts of a multipart body in a builder: a field and a setter for each, and what `send` makes of them.
//!
//! Beside those that the document lists there is room for more: a server may take parts that its document does not
//! mention, and without a setter for those a caller would have to write the whole form by hand.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Field, FieldValue, ImplItem, Type, Visibility, parse_quote};

use super::{docs, setters};
use crate::model::{Operation, Part, PartKind, PartType};
use crate::names;

/// The type, as seen from a builder.
pub fn part_type(part_type: &PartType) -> TokenStream {
    match part_type {
        PartType::Named(name) => {
            let name = format_ident!("{}", names::type_name(name));
            quote!(types::#name)
        }
        PartType::Plain(path) => path.parse().unwrap_or_default(),
    }
}

fn value_type(part: &Part) -> TokenStream {
    match &part.kind {
        PartKind::File(_) => quote!(support::FilePart),
        PartKind::Text(ty) | PartKind::Json(ty, _) => part_type(ty),
    }
}

/// Names that a builder's other fields and the locals of its `send` may have.
const TAKEN: [&str; 9] = [
    "client",
    "_client",
    "form",
    "header_map",
    "request",
    "response",
    "result",
    "url",
    "value",
];

/// What the field of a part is called: as its setter, unless that is the name of something else in the builder.
pub fn field_name(part: &Part) -> Ident {
    let name = part.ident();
    if TAKEN.contains(&name.as_str()) {
        format_ident!("{name}_part")
    } else {
        format_ident!("{name}")
    }
}

/// The field of a part.
pub fn field(part: &Part) -> Field {
    let ty = value_type(part);
    let ty = if part.repeated {
        quote!(::std::vec::Vec<#ty>)
    } else if part.required {
        ty
    } else {
        quote!(::std::option::Option<#ty>)
    };
    private(
        field_name(part),
        parse_quote!(::std::result::Result<#ty, ::std::string::String>),
    )
}

fn private(name: Ident, ty: Type) -> Field {
    Field {
        attrs: Vec::new(),
        vis: Visibility::Inherited,
        modifiers: Default::default(),
        ident: Some(name),
        colon_token: Some(Default::default()),
        ty,
        default: None,
    }
}

/// The value of that field in a new builder.
pub fn initial(part: &Part) -> FieldValue {
    let name = field_name(part);
    if part.repeated {
        parse_quote!(#name: Ok(::std::vec::Vec::new()))
    } else if part.required {
        let message = missing(part);
        parse_quote!(#name: Err(#message.to_string()))
    } else {
        parse_quote!(#name: Ok(None))
    }
}

fn missing(part: &Part) -> String {
    format!("`{}` is required and was not set", part.ident())
}

/// The setter of a part, or of what is like one.
pub fn setter(part: &Part, documentation: &str) -> ImplItem {
    let documentation = match &part.kind {
        PartKind::File(Some(media_type)) => format!(
            "{documentation}\n\nA file that has no content type is sent as {}.",
            docs::code(media_type)
        ),
        _ => documentation.to_owned(),
    };
    let documentation = documentation.as_str();
    let name = format_ident!("{}", part.ident());
    let field = field_name(part);
    let ty = value_type(part);
    let documentation = docs::comment(documentation);
    let deprecated = part
        .deprecated
        .then(|| quote!(#[deprecated = "the API description marks this part as deprecated"]));
    let message = setters::conversion_failed(&part.ident(), &quote!(#ty).to_string(), "");
    if part.repeated {
        parse_quote! {
            #documentation
            #deprecated
            pub fn #name<I>(mut self, values: I) -> Self
            where
                I: IntoIterator,
                I::Item: std::convert::TryInto<#ty>,
            {
                for value in values {
                    self.#field = self.#field.and_then(|mut known| {
                        known.push(value.try_into().map_err(|_| #message.to_string())?);
                        Ok(known)
                    });
                }
                self
            }
        }
    } else {
        let wrap = (!part.required).then(|| quote!(.map(Some)));
        parse_quote! {
            #documentation
            #deprecated
            pub fn #name<V>(mut self, value: V) -> Self
            where
                V: std::convert::TryInto<#ty>,
            {
                self.#field = value.try_into() #wrap .map_err(|_| #message.to_string());
                self
            }
        }
    }
}

/// Unwraps the field in `send`, and makes sure that a required part is there.
pub fn check(part: &Part) -> TokenStream {
    let name = field_name(part);
    let check = quote!(let #name = #name.map_err(progenitor_client::Error::InvalidRequest)?;);
    if !(part.repeated && part.required) {
        return check;
    }
    let message = missing(part);
    quote! {
        #check
        if #name.is_empty() {
            return Err(progenitor_client::Error::InvalidRequest(#message.to_string()));
        }
    }
}

/// Adds the part to the form.
pub fn add(part: &Part, form: &Ident) -> TokenStream {
    let name = field_name(part);
    let wire = &part.name;
    let add = |value: TokenStream| match &part.kind {
        PartKind::File(None) => quote!(#form.file(#wire, #value);),
        PartKind::File(Some(media_type)) => {
            quote!(#form.file(#wire, #value.or_content_type(#media_type));)
        }
        PartKind::Text(_) => {
            quote!(#form.text(#wire, &#value).map_err(progenitor_client::Error::InvalidRequest)?;)
        }
        PartKind::Json(_, media_type) => {
            quote!(#form.json(#wire, #media_type, &#value).map_err(progenitor_client::Error::InvalidRequest)?;)
        }
    };
    if part.repeated {
        let add = add(quote!(value));
        quote!(for value in #name { #add })
    } else if part.required {
        add(quote!(#name))
    } else {
        let add = add(quote!(value));
        quote!(if let Some(value) = #name { #add })
    }
}

/// What the setter of parts that the document doesn't list is called, and its field, if the builder makes a form. No
/// other field has that name, nor has a local of `send`.
pub fn extra(operation: &Operation) -> Option<Ident> {
    operation.parts.as_ref()?;
    Some(format_ident!("{}", operation.extra_part()))
}

/// The field of those parts.
pub fn extra_field(name: &Ident) -> Field {
    let ty = parse_quote!(::std::vec::Vec<(::std::string::String, support::PartValue)>);
    private(name.clone(), ty)
}

/// The value of that field in a new builder.
pub fn extra_initial(name: &Ident) -> FieldValue {
    parse_quote!(#name: ::std::vec::Vec::new())
}

/// The setter of those parts.
pub fn extra_setter(name: &Ident) -> ImplItem {
    let documentation = docs::comment(
        "Adds a part that the API description does not list: text, or a [`FilePart`](support::FilePart). Calls add \
         up.\n\n\
         It is for form fields that the server takes and the API description does not mention. Nothing is checked \
         against the description: that the server knows a part of this name is on the caller. Texts are sent after \
         the other texts and before the files, files after the other files.",
    );
    parse_quote! {
        #documentation
        pub fn #name<N, V>(mut self, name: N, value: V) -> Self
        where
            N: ::std::convert::Into<::std::string::String>,
            V: ::std::convert::Into<support::PartValue>,
        {
            self.#name.push((name.into(), value.into()));
            self
        }
    }
}

/// Adds those parts to the form.
pub fn add_extra(name: &Ident, form: &Ident) -> TokenStream {
    quote!(for (name, value) in #name { #form.extra(&name, value); })
}
