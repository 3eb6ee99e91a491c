//! Successes that progenitor has no type for: streams of events, and an enum where each status has a body of its own.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Item, Type, parse_quote};

use super::{docs, multipart};
use crate::model::{Answer, Operation, PartType, Success};

/// The type that `send` returns, if it isn't the one that progenitor chose.
pub fn success_type(operation: &Operation) -> Option<Type> {
    Some(match operation.success.as_ref()? {
        Success::Events(data) => {
            let data = multipart::part_type(data);
            parse_quote!(support::EventStream<#data>)
        }
        Success::ByStatus(name, _) => {
            let name = format_ident!("{name}");
            parse_quote!(#name)
        }
    })
}

/// What makes that of `response`, if the error body is of the type `error`.
pub fn decode(operation: &Operation, error: &TokenStream) -> Option<TokenStream> {
    Some(match operation.success.as_ref()? {
        Success::Events(data) => {
            let events = events(data, error);
            quote!(#events(response).await)
        }
        Success::ByStatus(name, answers) => {
            let name = format_ident!("{name}");
            let arms = answers.iter().map(|(status, answer)| {
                let (variant, pattern) = (variant(status), pattern(status));
                let decode = decoder(answer, error);
                let wrap = match answer {
                    Answer::Empty => quote!(|()| #name::#variant),
                    _ => quote!(#name::#variant),
                };
                quote!(#pattern => #decode(response).await?.map(#wrap),)
            });
            let stream = decoder(&Answer::Raw, error);
            let others = quote!(_ => #stream(response).await?.map(#name::Other),);
            quote! {
                match response.status().as_u16() {
                    #(#arms)*
                    #others
                }
            }
        }
    })
}

/// What the request says that it accepts, where progenitor says something else.
pub fn accept(operation: &Operation) -> Option<String> {
    let json = operation.accept.as_deref();
    let is_json = |answer: &Answer| matches!(answer, Answer::Json(_) | Answer::Empty);
    let named = json.unwrap_or("application/json");
    match operation.success.as_ref() {
        None => json.map(str::to_owned),
        Some(Success::Events(_)) => Some("text/event-stream".to_owned()),
        Some(Success::ByStatus(_, answers)) => {
            let all = answers.iter().all(|(_, answer)| is_json(answer));
            Some(if all {
                named.to_owned()
            } else {
                format!("{named}, */*;q=0.9")
            })
        }
    }
}

/// The enum of successes, if there is one.
pub fn items(operation: &Operation) -> Vec<Item> {
    let Some(Success::ByStatus(name, answers)) = &operation.success else {
        return Vec::new();
    };
    let ident = format_ident!("{name}");
    let documentation = docs::comment(&format!(
        "What [`{}::send`] succeeds with: the API description gives each status a body of its own.",
        operation.builder
    ));
    let variants = answers.iter().map(|(status, answer)| {
        let variant = variant(status);
        let text = match answer {
            Answer::Empty => format!("The answer to status {status}, which has no body."),
            _ => format!("The answer to status {status}."),
        };
        let text = docs::comment(&text);
        let content: Option<TokenStream> = match answer {
            Answer::Empty => None,
            Answer::Json(ty) => {
                let ty = multipart::part_type(ty);
                Some(quote!((#ty)))
            }
            Answer::Events(ty) => {
                let ty = multipart::part_type(ty);
                Some(quote!((support::EventStream<#ty>)))
            }
            Answer::Raw => Some(quote!((progenitor_client::ByteStream))),
        };
        quote!(#text #variant #content,)
    });
    vec![
        parse_quote! {
            #documentation
            #[non_exhaustive]
            pub enum #ident {
                #(#variants)*
                /// The body of any other success, as it comes.
                Other(progenitor_client::ByteStream),
            }
        },
        parse_quote!(support::private_debug!(#ident);),
    ]
}

fn decoder(answer: &Answer, error: &TokenStream) -> TokenStream {
    match answer {
        Answer::Empty => quote!(support::response::empty::<#error>),
        Answer::Json(ty) => {
            let ty = multipart::part_type(ty);
            quote!(support::response::json::<#ty, #error>)
        }
        Answer::Events(data) => events(data, error),
        Answer::Raw => quote!(support::response::stream::<#error>),
    }
}

fn events(data: &PartType, error: &TokenStream) -> TokenStream {
    if data.is_text() {
        quote!(support::event_stream::text::<#error>)
    } else {
        let data = multipart::part_type(data);
        quote!(support::event_stream::json::<#data, #error>)
    }
}

fn variant(status: &str) -> proc_macro2::Ident {
    format_ident!("Status{}", status.to_ascii_uppercase())
}

/// `200`, or what `2XX` stands for but for those, which come before it: digits sort before letters.
fn pattern(status: &str) -> TokenStream {
    match status.parse::<u16>() {
        Ok(status) => {
            let status = proc_macro2::Literal::u16_unsuffixed(status);
            quote!(#status)
        }
        Err(_) => quote!(status if (200..=299).contains(&status)),
    }
}
