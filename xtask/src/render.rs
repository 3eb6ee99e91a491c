//! Fourth stage: the model becomes code, with `quote!`. It needs nothing but the model for it.

mod accessors;
mod client;
mod constraints;
mod descriptor;
mod discriminators;
mod docs;
mod inputs;
mod mock;
mod openapi;
mod operations;
pub mod package;
mod references;
mod support;
mod types;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::Api;
use crate::diagnostic::Diagnostic;
use crate::format;

use support::Needed;

/// The files of the generated module, by path; `inner` is a type that every client carries for its hooks.
///
/// # Errors
///
/// A diagnostic for a file that is not Rust, which is a defect of this crate.
pub fn module(api: &Api, inner: Option<&str>) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let inner: Option<TokenStream> = inner.and_then(|inner| inner.parse().ok());
    let needed = Needed::by(api);
    let client = client::module(api, inner.as_ref());
    let modules = [
        ("mod.rs", format::format([index(api, needed)])),
        ("client.rs", format::format([client])),
        ("operations.rs", format::format(operations::sections(api))),
        ("types.rs", format::format(types::sections(api))),
        ("support/mod.rs", format::format([support::module(needed)])),
    ];
    let descriptor = descriptor::module(api);
    let descriptor = descriptor.map(|module| ("descriptor.rs", format::format([module])));
    let (mut files, mut problems) = (BTreeMap::new(), Vec::new());
    for (path, text) in modules.into_iter().chain(descriptor) {
        match text {
            Ok(text) => {
                files.insert(path.to_owned(), text);
            }
            Err(error) => problems.push(not_rust(path, &error)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let sources = support::sources(needed);
    files.extend(sources.map(|(name, text)| (format!("support/{name}.rs"), text)));
    Ok(files)
}

/// The file of the mocks, which is declared beside the module.
///
/// # Errors
///
/// A diagnostic for a model that progenitor does not take, which is a defect of this crate.
pub fn mocks(api: &Api) -> Result<String, Diagnostic> {
    let module = mock::module(api);
    let module = module.ok_or_else(|| defect("progenitor can't print mocks of the operations"))?;
    format::format([module]).map_err(|error| not_rust("mock.rs", &error))
}

fn not_rust(path: &str, error: &syn::Error) -> Diagnostic {
    defect(&format!("the generated `{path}` is not Rust: {error}"))
}

fn defect(message: &str) -> Diagnostic {
    let hint = "this is a defect of the generator, not of the document";
    Diagnostic::error("generator", "", message.to_owned()).hint(hint)
}

fn index(api: &Api, needed: Needed) -> TokenStream {
    let title = &api.title;
    let title = format!("The client of {title}, generated from its API description.");
    let title = format!(" {}", docs::line(&title));
    let has_events = needed.events;
    let events = has_events.then(|| quote!(Event, EventError, EventStream,));
    let has_operations = !api.operations.is_empty();
    let descriptor = has_operations.then(|| quote! { mod descriptor; });
    let operation =
        has_operations.then(|| quote! { pub use descriptor::{Operation, UnknownOperation}; });
    quote! {
        #![doc = #title]

        mod client;
        #descriptor
        pub mod operations;
        pub mod support;
        pub mod types;

        pub use client::Client;
        #operation
        pub use progenitor_client::{ByteStream, ClientHooks, ClientInfo, Error, OperationInfo, ResponseValue};
        pub use support::{ErrorBody, #events FilePart, Json, PartValue, ResponseLimit, ResponseWatch, Timestamp};
    }
}
