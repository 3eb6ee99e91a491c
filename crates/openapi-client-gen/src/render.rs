//! Fourth stage: the model becomes code, with `quote!`. It needs nothing but the model for it.

mod accessors;
mod client;
mod constraints;
mod descriptor;
mod discriminators;
mod docs;
mod ident;
mod inputs;
mod mock;
mod openapi;
mod operations;
pub mod package;
mod references;
mod support;
mod types;

use std::collections::BTreeMap;
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::Api;
use crate::format::{Code, format};
use crate::parallel;
use openapi_document::diagnostic::Diagnostic;

use support::Needed;

/// A part of the module, which one thread prints.
#[derive(Clone)]
enum Part {
    Index,
    Client,
    /// Some of the builders, by index.
    Operations(Range<usize>),
    /// Some of the types, by index.
    Types(Range<usize>),
    Support,
    Descriptor,
}

impl Part {
    /// All parts of the module, in the order of the files.
    fn all(api: &Api) -> Vec<Self> {
        let mut parts = vec![Self::Client];
        parts.extend(ranges(api.operations.len()).map(Self::Operations));
        parts.extend(ranges(api.types.len()).map(Self::Types));
        parts.extend([Self::Index, Self::Support, Self::Descriptor]);
        parts
    }

    /// Prints it, and returns the path of its file.
    fn print(
        self,
        api: &Api,
        inner: Option<&str>,
        needed: Needed,
    ) -> (&'static str, syn::Result<Code>) {
        match self {
            Self::Index => ("mod.rs", format([index(api, needed)])),
            Self::Client => {
                let inner: Option<TokenStream> = inner.and_then(|inner| inner.parse().ok());
                let module = client::module(api, inner.as_ref());
                ("client.rs", format([module]))
            }
            Self::Operations(indices) => {
                let sections = operations::sections(api, indices);
                ("operations.rs", format(sections))
            }
            Self::Types(indices) => ("types.rs", format(types::sections(api, indices))),
            Self::Support => ("support/mod.rs", format([support::module(needed)])),
            Self::Descriptor => ("descriptor.rs", format(descriptor::module(api))),
        }
    }
}

/// The indices of a list in two ranges for each thread, so that the threads end at about the same time. Each range collects
/// facts about the whole model, so more ranges cost more.
fn ranges(length: usize) -> impl Iterator<Item = Range<usize>> {
    let step = length.div_ceil(2 * parallel::threads()).max(16);
    let starts = (0..length.max(1)).step_by(step);
    starts.map(move |start| start..length.min(start + step))
}

/// The files of the generated module, by path; `inner` is a type that every client carries for its hooks.
///
/// # Errors
///
/// A diagnostic for a file that is not Rust, which is a defect of this crate.
pub fn module(api: &Api, inner: Option<&str>) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let needed = Needed::by(api);
    let print = |part: &Part| part.clone().print(api, inner, needed);
    let (mut printed, mut problems) = (BTreeMap::<&str, Code>::new(), Vec::new());
    for (path, code) in parallel::map(&Part::all(api), print) {
        match code {
            Ok(code) => printed.entry(path).or_default().append(&code),
            Err(error) => problems.push(not_rust(path, &error)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let printed = printed
        .into_iter()
        .map(|(path, code)| (path.to_owned(), code.text));
    let sources = needed.files().map(|file| {
        let path = format!("support/{}.rs", file.name);
        (path, file.text.replace("\r\n", "\n"))
    });
    // An API without operations has no descriptors.
    let files = printed.chain(sources).filter(|(_, text)| !text.is_empty());
    Ok(files.collect())
}

/// The file of the mocks, which is declared beside the module.
///
/// # Errors
///
/// A diagnostic for a model that progenitor does not take, which is a defect of this crate.
pub fn mocks(api: &Api) -> Result<String, Diagnostic> {
    let module = mock::module(api);
    let module = module.ok_or_else(|| defect("progenitor can't print mocks of the operations"))?;
    let code = format([module]).map_err(|error| not_rust("mock.rs", &error))?;
    Ok(code.text)
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
