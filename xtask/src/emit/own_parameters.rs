//! Parameters that progenitor can't write: each has a field and a setter like a part of a body, and `send` adds it to the
//! request once that is built.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::multipart;
use crate::model::{Location, OwnParameter, Style};

/// Adds the parameter to the request.
pub fn add(own: &OwnParameter, request: &Ident) -> TokenStream {
    let field = multipart::field_name(&own.value);
    let name = &own.value.name;
    let call = match own.location {
        Location::Header => {
            let explode = own.style == Style::JoinedPairs;
            quote!(set_header(&mut #request, #name, #explode, &#field))
        }
        Location::Cookie => quote!(add_cookie(&mut #request, #name, &#field)),
        Location::Query | Location::Path => {
            let style = style(own.style);
            quote!(append_query(&mut #request, #name, #style, &#field))
        }
    };
    let add = quote!(support::parameter::#call.map_err(progenitor_client::Error::InvalidRequest)?;);
    if own.value.required {
        add
    } else {
        quote!(if let Some(#field) = #field { #add })
    }
}

/// The style as the support code calls it.
pub fn style(style: Style) -> TokenStream {
    let style = match style {
        Style::Fields => quote!(Fields),
        Style::Joined(between) => quote!(Joined(#between)),
        Style::JoinedPairs => quote!(Joined(",")),
        Style::DeepObject => quote!(DeepObject),
        Style::Json => quote!(Json),
    };
    quote!(support::parameter::Style::#style)
}
