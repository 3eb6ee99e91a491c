//! Prints the builders of requests.

use std::ops::Range;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::docs;
use super::ident::ident;
use super::inputs::{Conversion, Input, client_field, inputs};
use super::references::References;
use crate::api::{Answer, Api, Content, Operation, Segment, Success, TypeRef};

/// Some of the builders, each a section of their module; before the first one comes the head.
pub fn sections(api: &Api, indices: Range<usize>) -> impl Iterator<Item = TokenStream> {
    let references = References::of(api).within(quote!(super::types));
    let support = (!api.operations.is_empty()).then(|| quote! { use super::support; });
    let head = quote! {
        //! The builders of requests, one for each operation.

        #support
    };
    let head = (indices.start == 0).then_some(head);
    let operations = api.operations.get(indices).into_iter().flatten();
    let builders = operations.map(move |operation| {
        let references = &references;
        Printer {
            references,
            operation,
        }
        .print()
    });
    head.into_iter().chain(builders)
}

struct Printer<'a> {
    references: &'a References<'a>,
    operation: &'a Operation,
}

impl Printer<'_> {
    fn print(&self) -> TokenStream {
        let operation = self.operation;
        let builder = ident(&operation.builder);
        let inputs = inputs(self.references, operation);
        let fields = inputs.iter().map(|input| {
            let (name, field_type) = (&input.name, input.field_type(self.references));
            quote!(pub(super) #name: #field_type,)
        });
        let client = client_field(&inputs);
        let extra = operation.extra_part.as_deref().map(ident);
        let extra_field = extra.as_ref().map(|name| {
            let part = quote!((::std::string::String, support::PartValue));
            let list = self.references.list(&part);
            quote!(pub(super) #name: #list,)
        });
        let extra_setter = extra.as_ref().map(extra_setter);
        let body = operation.body.as_ref().map(|body| &body.content);
        let is_clone = !matches!(body, Some(Content::Bytes));
        let clone = is_clone.then(|| quote!(#[derive(Clone)]));
        let setters = inputs.iter().filter(|input| !input.is_argument);
        let setters = setters.map(|input| self.setter(input));
        let method = client_link(operation);
        let summary = docs::comment(&format!("Builder of the request of {method}."));
        let (success, decode, successes) = self.success();
        let send = self.send(&inputs, &success, &decode);
        quote! {
            #summary
            #clone
            #[must_use = "a request is sent by calling `send` and awaiting it"]
            pub struct #builder<'a> {
                pub(super) #client: &'a super::Client,
                #(#fields)*
                #extra_field
            }

            support::private_debug!(#builder, '_);

            impl #builder<'_> {
                #(#setters)*
                #extra_setter
                #send
            }

            #successes
        }
    }

    fn setter(&self, input: &Input) -> TokenStream {
        let (name, kind) = (&input.name, &input.kind);
        let accepted = input.accepted(self.references);
        let value = input.conversion.convert(name);
        let (summary, set) = match input.conversion {
            Conversion::Items => {
                let summary = format!("Adds {kind}, once for each value. Calls add up.");
                (summary, quote!(self.#name.extend(#value);))
            }
            _ => (format!("Sets {kind}."), quote!(self.#name = #value;)),
        };
        let paragraphs = [&[summary], &*input.paragraphs].concat();
        let comment = docs::comment(&paragraphs.join("\n\n"));
        let deprecated = docs::deprecated(input.deprecated, "input");
        quote! {
            #comment
            #deprecated
            pub fn #name(mut self, #name: #accepted) -> Self {
                #set
                self
            }
        }
    }

    /// The method that sends the request and decodes its success.
    fn send(&self, inputs: &[Input], success: &TokenStream, decode: &TokenStream) -> TokenStream {
        let (operation, client) = (self.operation, client_field(inputs));
        let method = ident(&operation.method);
        let template = operation.path_template();
        let path = operation.path.iter().map(|segment| match segment {
            Segment::Text(text) => quote!(.text(#text)),
            Segment::Parameter(index) => {
                let parameter = &operation.parameters[*index];
                let (key, name) = (&parameter.key, ident(&parameter.name));
                quote!(.parameter(#key, &self.#name))
            }
        });
        let accept = &operation.accept;
        let (parameters, content) = inputs.split_at(operation.parameters.len());
        let parameters = parameters.iter().map(|input| &input.step);
        let content = content.iter().map(|input| &input.step);
        let extra = operation.extra_part.as_deref().map(ident);
        let form = extra.map(|extra| {
            let begin = quote!(let mut form = support::multipart::Form::new(););
            let end = quote! {
                for (name, value) in self.#extra {
                    form.extra(&name, value);
                }
                draft.multipart(form).await;
            };
            (begin, end)
        });
        let (begin, end) = form.unzip();
        let steps = quote!(#(#parameters)* #begin #(#content)* #end);
        let mutable = (!steps.is_empty()).then(|| quote!(mut));
        let id = &operation.id;
        let error = self.error_type();
        let comment = docs::comment(&format!(
            "Sends the request: `{} {template}`.\n\n# Errors\n\n[`InvalidRequest`](::progenitor_client::Error::InvalidRequest) if a value can't be sent. \
             [`ErrorResponse`](::progenitor_client::Error::ErrorResponse) for any other answer than a documented success. \
             [`CommunicationError`](::progenitor_client::Error::CommunicationError) if there was no answer.",
            operation.method
        ));
        quote! {
            #comment
            pub async fn send(self) -> ::std::result::Result<::progenitor_client::ResponseValue<#success>, ::progenitor_client::Error<support::ErrorBody<#error>>> {
                let path = support::draft::Path::new(&self.#client.baseurl)#(#path)*;
                let #mutable draft = support::draft::Draft::new(::reqwest::Method::#method, path, #accept);
                #steps
                let request = draft.finish().map_err(::progenitor_client::Error::InvalidRequest)?;
                let response = super::client::execute(self.#client, request, #id).await?;
                #decode
            }
        }
    }

    fn error_type(&self) -> TokenStream {
        match &self.operation.error {
            Some(error) => self.references.print_received(error),
            None => quote!(::serde::de::IgnoredAny),
        }
    }

    /// The type of a success, the expression that decodes it, and the enum of successes that differ by status.
    fn success(&self) -> (TokenStream, TokenStream, Option<TokenStream>) {
        let (name, answers) = match &self.operation.success {
            Success::Always(answer) => {
                let (of, decoder) = self.answer(answer);
                return (of, quote!(#decoder(response).await), None);
            }
            Success::ByStatus { name, answers } => (ident(name), answers),
        };
        let (mut variants, mut arms) = (Vec::new(), Vec::new());
        for (status, answer) in answers {
            let variant = format_ident!("Status{}", status.to_ascii_uppercase());
            let comment = docs::comment(&format!("The answer with status {status}."));
            let (of, decoder) = self.answer(answer);
            let (content, wrap) = match answer {
                Answer::Empty => (None, quote!(|()| #name::#variant)),
                _ => (Some(quote!((#of))), quote!(#name::#variant)),
            };
            variants.push(quote!(#comment #variant #content,));
            let pattern = pattern(status);
            arms.push(quote!(#pattern => #decoder(response).await?.map(#wrap),));
        }
        let (other, decoder) = self.answer(&Answer::Bytes);
        let decode = quote! {
            match response.status().as_u16() {
                #(#arms)*
                _ => #decoder(response).await?.map(#name::Other),
            }
        };
        let method = client_link(self.operation);
        let comment = docs::comment(&format!("The successes of {method}, by status."));
        let successes = quote! {
            #comment
            #[non_exhaustive]
            pub enum #name {
                #(#variants)*
                /// The body of any other success, as it comes.
                Other(#other),
            }

            support::private_debug!(#name);
        };
        (quote!(#name), decode, Some(successes))
    }

    /// The type of an answer, and the function that decodes it.
    fn answer(&self, answer: &Answer) -> (TokenStream, TokenStream) {
        let error = self.error_type();
        let value = answer.value();
        let value = value.map(|value| self.references.print_received(value));
        match answer {
            Answer::Empty => (quote!(()), quote!(support::response::empty::<#error>)),
            Answer::Json(_) => (
                quote!(#value),
                quote!(support::response::json::<#value, #error>),
            ),
            Answer::Events(data) => {
                let decoder = match *data == TypeRef::STRING {
                    true => quote!(support::event_stream::text::<#error>),
                    false => quote!(support::event_stream::json::<#value, #error>),
                };
                (quote!(support::EventStream<#value>), decoder)
            }
            Answer::Bytes => (
                quote!(::progenitor_client::ByteStream),
                quote!(support::response::stream::<#error>),
            ),
        }
    }
}

/// The link to the method of an operation.
fn client_link(operation: &Operation) -> String {
    format!("[`Client::{0}`](super::Client::{0})", operation.name)
}

fn extra_setter(setter: &Ident) -> TokenStream {
    quote! {
        /// Adds a part that the API description does not name: text, or a [`FilePart`](support::FilePart). Calls add up.
        ///
        /// Texts are sent after the other texts and before the files, files after the other files.
        pub fn #setter(
            mut self,
            name: impl ::std::convert::Into<::std::string::String>,
            value: impl ::std::convert::Into<support::PartValue>,
        ) -> Self {
            self.#setter.push((name.into(), value.into()));
            self
        }
    }
}

/// The pattern of `200`, or of `2XX`, which follows the codes: digits sort before letters.
fn pattern(status: &str) -> TokenStream {
    match status.parse::<u16>() {
        Ok(status) => {
            let status = Literal::u16_unsuffixed(status);
            quote!(#status)
        }
        // Not a range, which would overlap with those before it.
        Err(_) => quote!(status if (200..=299).contains(&status)),
    }
}
