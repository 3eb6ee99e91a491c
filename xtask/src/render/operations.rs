//! Prints the builders of requests.

use std::ops::Range;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::constraints;
use super::docs;
use super::inputs::{Conversion, Input, client_field, inputs};
use super::references::References;
use crate::api::{
    Answer, Api, Body, Constraints, Content, Location, Operation, Parameter, Part, PartContent,
    Primitive, Segment, Style, Success, TypeRef,
};

/// The head of the module of builders.
pub fn head(api: &Api) -> TokenStream {
    let support = (!api.operations.is_empty()).then(|| {
        quote!(
            use super::support;
        )
    });
    quote! {
        //! The builders of requests, one for each operation.

        #support
    }
}

/// The builders of some of the operations.
pub fn sections(api: &Api, indices: Range<usize>) -> impl Iterator<Item = TokenStream> {
    let references = References::of(api).within(quote!(super::types));
    let operations = api.operations.get(indices).unwrap_or_default();
    operations.iter().map(move |operation| {
        let references = &references;
        Printer {
            references,
            operation,
        }
        .print()
    })
}

struct Printer<'a> {
    references: &'a References<'a>,
    operation: &'a Operation,
}

impl Printer<'_> {
    fn print(&self) -> TokenStream {
        let operation = self.operation;
        let builder = format_ident!("{}", operation.builder);
        let inputs = inputs(self.references, operation);
        let fields = inputs.iter().map(|input| {
            let (name, field_type) = (ident(input.name), input.field_type(self.references));
            quote!(pub(super) #name: #field_type,)
        });
        let client = client_field(&inputs);
        let extra_field = operation.extra_part.as_deref().map(|name| {
            let name = ident(name);
            let list = self
                .references
                .list(&quote!((::std::string::String, support::PartValue)));
            quote!(pub(super) #name: #list,)
        });
        let is_clone = !matches!(
            &operation.body,
            Some(Body {
                content: Content::Bytes,
                ..
            })
        );
        let clone = is_clone.then(|| quote!(#[derive(Clone)]));
        let setters = inputs
            .iter()
            .filter(|input| !input.is_argument)
            .map(|input| self.setter(input));
        let extra_setter = operation.extra_part.as_deref().map(extra_part);
        let summary = docs::comment(&format!(
            "Builder of the request of [`Client::{0}`](super::Client::{0}).",
            operation.name
        ));
        let send = self.send(&client);
        let successes = self.successes();
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

    fn setter(&self, input: &Input<'_>) -> TokenStream {
        let accepted = &input.accepted;
        let name = ident(input.name);
        let mut paragraphs = vec![match input.conversion {
            Conversion::Items => format!("Adds {}, once for each value. Calls add up.", input.kind),
            _ => format!("Sets {}.", input.kind),
        }];
        paragraphs.extend(input.description.map(docs::sanitise));
        paragraphs.extend(docs::evidence(input.evidence).map(str::to_owned));
        paragraphs.extend(input.notes.iter().cloned());
        let comment = docs::comment(&paragraphs.join("\n\n"));
        let deprecated = input.deprecated.then(|| {
            let reason = "the API description marks this input as deprecated";
            quote!(#[deprecated = #reason])
        });
        let set = match input.conversion {
            Conversion::Items => {
                quote!(self.#name.extend(#name.into_iter().map(::std::convert::Into::into));)
            }
            Conversion::IntoOption => {
                quote!(self.#name = support::IntoOption::into_option(#name);)
            }
            Conversion::Value | Conversion::Option => quote!(self.#name = #name.into();),
        };
        quote! {
            #comment
            #deprecated
            pub fn #name(mut self, #name: #accepted) -> Self {
                #set
                self
            }
        }
    }

    fn send(&self, client: &Ident) -> TokenStream {
        let operation = self.operation;
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
        let steps = operation
            .parameters
            .iter()
            .filter_map(|parameter| self.step(parameter));
        let steps: Vec<TokenStream> = steps.collect();
        let body = self.body();
        let is_changed = !steps.is_empty() || body.is_some();
        let mutable = is_changed.then(|| quote!(mut));
        let id = &operation.id;
        let (success, decode) = (self.success_type(), self.decode());
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
                #(#steps)*
                #body
                let request = draft.finish().map_err(::progenitor_client::Error::InvalidRequest)?;
                let response = super::client::execute(self.#client, request, #id).await?;
                #decode
            }
        }
    }

    fn step(&self, parameter: &Parameter) -> Option<TokenStream> {
        let (key, name) = (&parameter.key, ident(&parameter.name));
        let value = match parameter.required {
            true => quote!(Some(&self.#name)),
            false => quote!(self.#name.as_ref()),
        };
        let check = self.check(key, &value, &parameter.constraints, &parameter.value);
        let style = style(parameter.style);
        let step = match parameter.location {
            Location::Path => None,
            Location::Query => Some(quote!(draft.query(#key, #style, #value);)),
            Location::Header => Some(quote!(draft.header(#key, #style, #value);)),
            Location::Cookie => Some(quote!(draft.cookie(#key, #style, #value);)),
        };
        (check.is_some() || step.is_some()).then(|| quote!(#check #step))
    }

    /// The step that checks the constraints of a value, if it has any.
    fn check(
        &self,
        key: &str,
        value: &TokenStream,
        constraints: &Constraints,
        reference: &TypeRef,
    ) -> Option<TokenStream> {
        let is_constrained = !constraints.is_empty() || self.references.is_constrained(reference);
        let constraints = constraints::expression(constraints);
        is_constrained.then(|| quote!(draft.check(#key, #value, #constraints);))
    }

    fn body(&self) -> Option<TokenStream> {
        let body = self.operation.body.as_ref()?;
        let media_type = &body.media_type;
        let value = match body.required {
            true => quote!(Some(&self.body)),
            false => quote!(self.body.as_ref()),
        };
        let owned = match (&body.content, body.required) {
            (Content::Text, true) => quote!(Some(self.body.into())),
            (Content::Text, false) => quote!(self.body.map(::std::convert::Into::into)),
            (_, true) => quote!(Some(self.body)),
            (_, false) => quote!(self.body),
        };
        let text = TypeRef::STRING;
        let reference = match &body.content {
            Content::Json(value) | Content::Form(value, _) => value,
            Content::Text | Content::Bytes | Content::Multipart(_) => &text,
        };
        let check = self.check("body", &value, &body.constraints, reference);
        let step = match &body.content {
            Content::Json(_) => quote!(draft.json(#media_type, #value);),
            Content::Form(_, styles) => {
                let styles = styles.iter().map(|(name, of)| {
                    let style = style(*of);
                    quote!((#name, #style))
                });
                quote!(draft.form(#media_type, &[#(#styles),*], #value);)
            }
            Content::Text | Content::Bytes => quote!(draft.raw(#media_type, #owned);),
            Content::Multipart(parts) => {
                let parts = parts.iter().map(|part| self.part(part));
                let extra = self.operation.extra_part.as_deref().map(|name| {
                    let name = ident(name);
                    quote! {
                        for (name, value) in self.#name {
                            form.extra(&name, value);
                        }
                    }
                });
                quote! {
                    let mut form = support::multipart::Form::new();
                    #(#parts)*
                    #extra
                    draft.multipart(form).await;
                }
            }
        };
        Some(quote!(#check #step))
    }

    fn part(&self, part: &Part) -> TokenStream {
        let check = match &part.content {
            PartContent::File(_) => None,
            PartContent::Text(value) | PartContent::Json(value, _) => {
                self.check(&part.key, &quote!(Some(&value)), &part.constraints, value)
            }
        };
        let add = add_part(part, check.as_ref());
        let name = ident(&part.name);
        let list = (!part.list.is_empty()).then(|| {
            let (key, list) = (&part.key, constraints::expression(&part.list));
            let check = match &part.content {
                PartContent::File(_) => quote!(draft.count(#key, self.#name.len(), #list);),
                PartContent::Text(_) | PartContent::Json(..) => {
                    quote!(draft.check(#key, Some(&self.#name), #list);)
                }
            };
            // An optional part that is not sent at all is absent, and no empty list.
            match part.required {
                true => check,
                false => quote!(if !self.#name.is_empty() { #check }),
            }
        });
        quote!(#list #add)
    }

    fn error_type(&self) -> TokenStream {
        match &self.operation.error {
            Some(error) => self.references.print_received(error),
            None => quote!(::serde::de::IgnoredAny),
        }
    }

    fn success_type(&self) -> TokenStream {
        match &self.operation.success {
            Success::Always(answer) => self.answer_type(answer),
            Success::ByStatus { name, .. } => {
                let name = format_ident!("{name}");
                quote!(#name)
            }
        }
    }

    fn answer_type(&self, answer: &Answer) -> TokenStream {
        match answer {
            Answer::Empty => quote!(()),
            Answer::Json(value) => self.references.print_received(value),
            Answer::Events(data) => {
                let data = self.references.print_received(data);
                quote!(support::EventStream<#data>)
            }
            Answer::Bytes => quote!(::progenitor_client::ByteStream),
        }
    }

    fn decode(&self) -> TokenStream {
        match &self.operation.success {
            Success::Always(answer) => {
                let decoder = self.decoder(answer);
                quote!(#decoder(response).await)
            }
            Success::ByStatus { name, answers } => {
                let name = format_ident!("{name}");
                let arms = answers.iter().map(|(status, answer)| {
                    let (variant, pattern, decoder) =
                        (variant(status), pattern(status), self.decoder(answer));
                    let wrap = match answer {
                        Answer::Empty => quote!(|()| #name::#variant),
                        _ => quote!(#name::#variant),
                    };
                    quote!(#pattern => #decoder(response).await?.map(#wrap),)
                });
                let others = self.decoder(&Answer::Bytes);
                quote! {
                    match response.status().as_u16() {
                        #(#arms)*
                        _ => #others(response).await?.map(#name::Other),
                    }
                }
            }
        }
    }

    fn decoder(&self, answer: &Answer) -> TokenStream {
        let error = self.error_type();
        match answer {
            Answer::Empty => quote!(support::response::empty::<#error>),
            Answer::Json(value) => {
                let value = self.references.print_received(value);
                quote!(support::response::json::<#value, #error>)
            }
            Answer::Events(TypeRef::Primitive(Primitive::String)) => {
                quote!(support::event_stream::text::<#error>)
            }
            Answer::Events(data) => {
                let data = self.references.print_received(data);
                quote!(support::event_stream::json::<#data, #error>)
            }
            Answer::Bytes => quote!(support::response::stream::<#error>),
        }
    }

    /// The enum of successes that differ by status.
    fn successes(&self) -> Option<TokenStream> {
        let Success::ByStatus { name, answers } = &self.operation.success else {
            return None;
        };
        let name = format_ident!("{name}");
        let comment = docs::comment(&format!(
            "The successes of [`Client::{0}`](super::Client::{0}), by status.",
            self.operation.name
        ));
        let variants = answers.iter().map(|(status, answer)| {
            let variant = variant(status);
            let comment = docs::comment(&format!("The answer with status {status}."));
            let content = match answer {
                Answer::Empty => None,
                answer => {
                    let content = self.answer_type(answer);
                    Some(quote!((#content)))
                }
            };
            quote!(#comment #variant #content,)
        });
        Some(quote! {
            #comment
            #[non_exhaustive]
            pub enum #name {
                #(#variants)*
                /// The body of any other success, as it comes.
                Other(::progenitor_client::ByteStream),
            }

            support::private_debug!(#name);
        })
    }
}

fn add_part(part: &Part, check: Option<&TokenStream>) -> TokenStream {
    let (key, name) = (&part.key, ident(&part.name));
    let add = match &part.content {
        PartContent::File(None) => quote!(form.file(#key, value);),
        PartContent::File(Some(media_type)) => {
            quote!(form.file(#key, value.or_content_type(#media_type));)
        }
        PartContent::Text(_) => {
            quote!(form.text(#key, &support::wire::As(&value)).map_err(::progenitor_client::Error::InvalidRequest)?;)
        }
        PartContent::Json(_, media_type) => {
            quote!(form.json(#key, #media_type, &support::wire::As(&value)).map_err(::progenitor_client::Error::InvalidRequest)?;)
        }
    };
    match (part.repeated, part.required) {
        (true, _) => quote!(for value in self.#name { #check #add }),
        (false, false) => quote!(if let Some(value) = self.#name { #check #add }),
        (false, true) => quote!({ let value = self.#name; #check #add }),
    }
}

fn extra_part(name: &str) -> TokenStream {
    let setter = ident(name);
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

fn style(style: Style) -> TokenStream {
    match style {
        Style::Text | Style::Exploded => quote!(support::Style::Fields),
        Style::Joined(between) => quote!(support::Style::Joined(#between)),
        Style::JoinedPairs => quote!(support::Style::JoinedPairs),
        Style::DeepObject => quote!(support::Style::DeepObject),
        Style::Json => quote!(support::Style::Json),
    }
}

fn variant(status: &str) -> Ident {
    format_ident!("Status{}", status.to_ascii_uppercase())
}

/// `200`, or what `2XX` stands for but for those that come before it: digits sort before letters.
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

pub(super) fn ident(name: &str) -> Ident {
    format_ident!("{name}")
}
