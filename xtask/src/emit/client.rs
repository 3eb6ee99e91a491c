//! The client: a struct with a method for each operation, and the module that holds everything.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ImplItem, ImplItemFn, Item, ItemImpl, parse_quote};

use super::{Modules, Options, docs};
use crate::lower::Lowered;
use crate::model::{Answer, Operation, OwnParameter, Parameter, Part, PartKind, Style, Success};

/// Emits `client.rs` and `mod.rs`.
pub fn emit(lowered: &Lowered, options: &Options, modules: &mut Modules) {
    modules.quoted("client.rs", client(lowered, options));
    let mut methods: ItemImpl = parse_quote!(impl Client {});
    methods.items = lowered
        .operations
        .iter()
        .map(|operation| ImplItem::Fn(method(operation)))
        .collect();
    modules.item("client.rs", Item::Impl(methods));
    let files = lowered
        .operations
        .iter()
        .any(|operation| operation.parts.is_some());
    let of_parts = files.then(|| quote!(FilePart, PartValue,));
    let has_events = |operation: &Operation| match &operation.success {
        Some(Success::Events(_)) => true,
        Some(Success::ByStatus(_, answers)) => answers
            .iter()
            .any(|(_, answer)| matches!(answer, Answer::Events(_))),
        None => false,
    };
    let events = lowered.operations.iter().any(has_events);
    let of_events = events.then(|| quote!(Event, EventError, EventStream,));
    let title = sentence_of(&format!(
        "The client of {}, generated from its API description.",
        lowered.openapi.info.title
    ));
    let module = quote! {
        #![doc = #title]
        pub mod builder;
        mod client;
        pub mod support;
        pub mod types;
        pub use client::Client;
        pub use progenitor_client::{ByteStream, ClientHooks, ClientInfo, Error, OperationInfo, ResponseValue};
        pub use support::{ErrorBody, #of_events #of_parts ResponseLimit, ResponseWatch};
    };
    modules.quoted("mod.rs", module);
}

/// A sentence of ours around words of the document, as the text of a doc attribute. It is read as a whole, for a word
/// may mean something at the start of a line that it does not mean here.
fn sentence_of(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(" {}", docs::sanitise(&line).trim())
}

fn client(lowered: &Lowered, options: &Options) -> TokenStream {
    let info = &lowered.openapi.info;
    let mut text = sentence_of(&format!("Client of {}.", info.title));
    if let Some(description) = info.description.as_deref().map(docs::sanitise) {
        text = format!("{text}\n\n{}", description.trim());
    }
    text = format!(
        "{text}\n\n{}",
        sentence_of(&format!("Version {} of the API description.", info.version)).trim()
    );
    let documentation = docs::comment(&text);
    let version = &info.version;
    let inner: Option<TokenStream> = options.inner.as_ref().and_then(|path| path.parse().ok());
    let inner_type = inner.clone().unwrap_or_else(|| quote!(()));
    let (inner_field, inner_parameter, inner_argument, inner_value) = match &inner {
        Some(inner) => (
            quote!(pub(crate) inner: #inner,),
            quote!(, inner: #inner),
            quote!(, inner),
            quote!(&self.inner),
        ),
        None => (quote!(), quote!(), quote!(), quote!(&())),
    };
    let inner_init = inner.is_some().then(|| quote!(inner,));
    let has_operations = !lowered.operations.is_empty();
    let of_operations = has_operations.then(|| quote!(Error, OperationInfo));
    let builders = has_operations.then(|| quote!(builder,));
    let execute = has_operations.then(execute);
    quote! {
        use progenitor_client::{ClientHooks, ClientInfo, #of_operations};
        use super::{#builders support};
        #documentation
        #[derive(Clone)]
        pub struct Client {
            pub(crate) baseurl: String,
            pub(crate) client: reqwest::Client,
            #inner_field
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
            pub fn new(baseurl: &str #inner_parameter) -> reqwest::Result<Self> {
                let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
                Ok(Self::new_with_client(baseurl, client #inner_argument))
            }
            /// A client for the API at `baseurl`, with the given HTTP client.
            ///
            /// Its settings hold: if it follows redirects, requests may reach other hosts than that of `baseurl`.
            #[must_use]
            pub fn new_with_client(baseurl: &str, client: reqwest::Client #inner_parameter) -> Self {
                Self { baseurl: baseurl.trim_end_matches('/').to_owned(), client, #inner_init }
            }
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
                #inner_value
            }
        }
        impl ClientHooks<#inner_type> for &Client {}
        #execute
    }
}

fn execute() -> TokenStream {
    quote! {
        /// Sends a request, with the hooks of the client around it: an implementation of them for [`Client`] takes
        /// precedence over the one for its reference, which does nothing.
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

fn method(operation: &Operation) -> ImplItemFn {
    let name = format_ident!("{}", operation.name);
    let builder = format_ident!("{}", operation.builder);
    let mut method: ImplItemFn = parse_quote! {
        pub fn #name(&self) -> builder::#builder<'_> {
            builder::#builder::new(self)
        }
    };
    method.attrs = docs::attributes(&operation_documentation(operation));
    if operation.deprecated {
        method.attrs.push(
            parse_quote!(#[deprecated = "the API description marks this operation as deprecated"]),
        );
    }
    method
}

fn operation_documentation(operation: &Operation) -> String {
    let mut text = String::new();
    if let Some(summary) = &operation.summary {
        text.push_str(&docs::sanitise(&docs::sentence(summary)));
    }
    if let Some(description) = &operation.description {
        text = format!("{}\n\n{}", text.trim(), docs::sanitise(description).trim());
    }
    text = format!(
        "{}\n\nSends {}{}.",
        text.trim(),
        docs::code(&format!("{} {}", operation.method, operation.path)),
        body_in_words(operation)
    );
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        setters.push((
            parameter.ident(),
            parameter.required,
            parameter.location.describe().to_owned(),
        ));
    }
    for own in &operation.own_parameters {
        let what = own.location.describe().to_owned();
        setters.push((own.value.ident(), own.value.required, what));
    }
    for part in operation.parts.iter().flatten() {
        let what = match part.kind {
            PartKind::File(_) => "file part",
            PartKind::Text(_) => "part",
            PartKind::Json(..) => "JSON part",
        };
        let what = if part.repeated {
            format!("{what}, repeated")
        } else {
            what.to_owned()
        };
        setters.push((part.ident(), part.required, what));
    }
    if operation.parts.is_some() {
        let what = "any other part, repeated".to_owned();
        setters.push((operation.extra_part(), false, what));
    }
    if let Some(body) = &operation.body {
        setters.push(("body".to_owned(), body.required, "body".to_owned()));
    }
    if !setters.is_empty() {
        text.push_str("\n\n# Setters\n\n");
        for (ident, required, what) in setters {
            let required = if required { ", required" } else { "" };
            let builder = &operation.builder;
            text.push_str(&format!(
                "- [`{ident}`](builder::{builder}::{ident}): {what}{required}\n"
            ));
        }
    }
    text
}

/// What kind of body the operation sends, if it does.
fn body_in_words(operation: &Operation) -> String {
    let media_type = match (&operation.parts, &operation.body) {
        (Some(_), _) => "multipart/form-data",
        (None, Some(body)) => &body.media_type,
        (None, None) => return String::new(),
    };
    format!(" with a body of type {}", docs::code(media_type))
}

/// The documentation of a parameter's setter.
pub fn parameter_documentation(parameter: &Parameter) -> String {
    let required = if parameter.required {
        ", which is required"
    } else {
        ""
    };
    let mut text = format!(
        "Sets the {} {}{required}.",
        parameter.location.describe(),
        docs::code(&parameter.name)
    );
    if let Some(description) = parameter.description.as_deref().map(docs::sanitise) {
        text = format!("{text}\n\n{}", description.trim());
    }
    let mut notes = Vec::new();
    if let Some((low, high)) = parameter.range {
        notes.push(format!("It must be {}.", range_in_words(low, high)));
    }
    if let Some(default) = &parameter.default {
        notes.push(format!(
            "The server's default is {}.",
            docs::code(&default.to_string())
        ));
    }
    match parameter.delimiter {
        Some(",") => notes.push(
            "The values are sent as one, joined by commas; an empty list is not sent.".to_owned(),
        ),
        Some(_) => notes.push("The values are sent as one; an empty list is not sent.".to_owned()),
        None => {}
    }
    if notes.is_empty() {
        text
    } else {
        format!("{text}\n\n{}", notes.join(" "))
    }
}

/// The documentation of the setter of a parameter that the builder writes itself.
pub fn own_parameter_documentation(own: &OwnParameter) -> String {
    let how = match own.style {
        Style::Fields => " Its fields are sent as parameters of their own.",
        Style::DeepObject => " Its fields are sent with their names in brackets.",
        Style::Json => " It is sent as JSON.",
        Style::Joined(_) | Style::JoinedPairs => "",
    };
    let required = if own.value.required {
        ", which is required"
    } else {
        ""
    };
    let (place, name) = (own.location.describe(), docs::code(&own.value.name));
    let text = format!("Sets the {place} {name}{required}.{how}");
    match own.value.description.as_deref().map(docs::sanitise) {
        Some(description) => format!("{text}\n\n{}", description.trim()),
        None => text,
    }
}

/// An inclusive range in words.
pub fn range_in_words(low: Option<i64>, high: Option<i64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "any number".to_owned(),
    }
}

/// The documentation of a part's setter.
pub fn part_documentation(part: &Part) -> String {
    let name = docs::code(&part.name);
    let required = if part.required {
        ", which is required"
    } else {
        ""
    };
    let mut text = if part.repeated {
        format!("Adds parts named {name}, one for each value{required}. Calls add up.")
    } else {
        format!("Sets the part {name}{required}.")
    };
    if let PartKind::Json(_, media_type) = &part.kind {
        text.push_str(&format!(" It is sent as `{media_type}`."));
    }
    if let Some(description) = part.description.as_deref().map(docs::sanitise) {
        text = format!("{text}\n\n{}", description.trim());
    }
    text
}
