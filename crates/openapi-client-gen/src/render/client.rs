//! Prints the client: a struct with a method for each operation.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::ident::ident;
use super::inputs::{Conversion, Input, client_field, inputs};
use super::references::References;
use crate::api::{Api, Operation};

/// Prints the module of the client. `inner` is a type that every client carries for its hooks.
pub fn module(api: &Api, inner: Option<&TokenStream>) -> TokenStream {
    let references = References::of(api).within(quote!(super::types));
    let methods = api.operations.iter();
    let methods = methods.map(|operation| method(&references, operation));
    let version = &api.version;
    let mut paragraphs = vec![docs::line(&format!("Client of {}.", api.title))];
    let description = api.description.as_deref().map(docs::sanitise);
    paragraphs.extend(description.map(|description| description.trim().to_owned()));
    let described = format!("Version {version} of the API description.");
    paragraphs.push(docs::line(&described));
    let comment = docs::comment(&paragraphs.join("\n\n"));
    let inner_type = inner.cloned().unwrap_or_else(|| quote!(()));
    let field = inner.map(|inner| quote!(pub(crate) inner: #inner,));
    let parameter = inner.map(|inner| quote!(, inner: #inner));
    let argument = inner.map(|_| quote!(, inner));
    let init = inner.map(|_| quote!(inner,));
    let value = match inner {
        Some(_) => quote!(&self.inner),
        None => quote!(&()),
    };
    let is_unused = api.operations.is_empty();
    let unused = is_unused.then(|| quote!(#[allow(dead_code)]));
    quote! {
        use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};

        use super::support;

        #comment
        #[derive(Clone)]
        pub struct Client {
            pub(crate) baseurl: String,
            pub(crate) client: reqwest::Client,
            #field
        }

        impl Client {
            /// A client for the API at `baseurl`, with an HTTP client of its own.
            ///
            /// `baseurl` is a scheme and a host, with port and path prefix if there are any. No time limit is set:
            /// uploads take as long as they take. Redirects are not followed: one would take the body of a request to
            /// somebody else, or turn a request into another.
            ///
            /// # Errors
            ///
            /// If the HTTP client can't be built, for example because there is no TLS backend.
            pub fn new(baseurl: &str #parameter) -> reqwest::Result<Self> {
                let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
                Ok(Self::new_with_client(baseurl, client #argument))
            }

            /// A client for the API at `baseurl`, with the given HTTP client.
            ///
            /// Its settings hold: if it follows redirects, requests may reach other hosts than that of `baseurl`.
            #[must_use]
            pub fn new_with_client(baseurl: &str, client: reqwest::Client #parameter) -> Self {
                Self { baseurl: baseurl.trim_end_matches('/').to_owned(), client, #init }
            }

            #(#methods)*
        }

        support::private_debug!(Client);

        impl ClientInfo<#inner_type> for Client {
            fn api_version() -> &'static str {
                #version
            }

            fn baseurl(&self) -> &str {
                &self.baseurl
            }

            fn client(&self) -> &reqwest::Client {
                &self.client
            }

            fn inner(&self) -> &#inner_type {
                #value
            }
        }

        impl ClientHooks<#inner_type> for &Client {}

        /// Sends a request, with the hooks of the client around it: an implementation of them for [`Client`] takes
        /// precedence over the one for its reference, which does nothing.
        #unused
        pub(super) async fn execute<E>(
            client: &Client,
            mut request: reqwest::Request,
            operation_id: &'static str,
        ) -> Result<reqwest::Response, Error<E>> {
            let info = OperationInfo { operation_id };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            result.map_err(|error| Error::CommunicationError(support::response::without_query(error)))
        }
    }
}

fn method(references: &References<'_>, operation: &Operation) -> TokenStream {
    let (name, builder) = (ident(&operation.name), ident(&operation.builder));
    let inputs = inputs(references, operation);
    let arguments = inputs.iter().filter(|input| input.is_argument);
    let arguments = arguments.map(|input| {
        let (name, accepted) = (&input.name, input.accepted(references));
        quote!(#name: #accepted)
    });
    let arguments: Vec<TokenStream> = arguments.collect();
    let fields = inputs.iter().map(|input| {
        let name = &input.name;
        let argument = input.conversion.convert(name);
        let value = match (input.is_argument, input.conversion) {
            (true, Conversion::Items) => quote!(#argument.collect()),
            (true, _) => argument,
            (false, Conversion::Items) => quote!(::std::vec::Vec::new()),
            (false, _) => quote!(::std::option::Option::None),
        };
        quote!(#name: #value,)
    });
    let extra = operation.extra_part.as_deref().map(|name| {
        let name = ident(name);
        quote!(#name: ::std::vec::Vec::new(),)
    });
    let client = client_field(&inputs);
    let many = (arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let comment = docs::comment(&documentation(operation, &inputs));
    let deprecated = docs::deprecated(operation.docs.deprecated, "operation");
    quote! {
        #comment
        #deprecated
        #many
        pub fn #name(&self, #(#arguments),*) -> super::operations::#builder<'_> {
            super::operations::#builder { #client: self, #(#fields)* #extra }
        }
    }
}

fn documentation(operation: &Operation, inputs: &[Input]) -> String {
    let summary = operation.summary.as_deref().map(docs::sentence);
    let mut paragraphs: Vec<String> = summary.as_deref().map(docs::sanitise).into_iter().collect();
    paragraphs.extend(docs::paragraphs(&operation.docs, None));
    let (method, path) = (&operation.method, operation.path_template());
    paragraphs.push(format!("Sends `{method} {path}`."));
    let (mut arguments, mut setters) = (String::new(), String::new());
    for input in inputs {
        let (name, kind, builder) = (&input.name, &input.kind, &operation.builder);
        match input.is_argument {
            true => arguments += &format!("\n- `{name}`: {kind}"),
            false => {
                setters += &format!("\n- [`{name}`](super::operations::{builder}::{name}): {kind}");
            }
        }
    }
    for (heading, list) in [("Arguments", arguments), ("Setters", setters)] {
        if !list.is_empty() {
            paragraphs.push(format!("# {heading}\n{list}"));
        }
    }
    paragraphs.join("\n\n")
}
