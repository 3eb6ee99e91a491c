//! Fourth stage: the model becomes code, with `quote!`. It needs nothing but the model for it.

mod accessors;
pub mod client;
mod constraints;
pub mod descriptor;
mod discriminators;
mod docs;
mod inputs;
pub mod mock;
pub mod openapi;
pub mod operations;
pub mod package;
mod references;
pub mod support;
pub mod types;

use std::collections::BTreeMap;
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::{Answer, Api, Success};
use crate::diagnostic::Diagnostic;
use crate::format::{Code, format};
use crate::parallel;

use support::Needed;

/// A part of the module, which one thread prints.
enum Part {
    Index,
    Client,
    OperationsHead,
    Operations(Range<usize>),
    TypesHead,
    Types(Range<usize>),
    Support,
    Descriptor,
}

impl Part {
    /// All parts of the module of a model; those of one file follow each other.
    fn all(api: &Api) -> Vec<Self> {
        let mut parts = vec![Self::Client, Self::OperationsHead];
        parts.extend(ranges(api.operations.len()).map(Self::Operations));
        parts.push(Self::TypesHead);
        parts.extend(ranges(api.types.len()).map(Self::Types));
        parts.extend([Self::Index, Self::Support]);
        if !api.operations.is_empty() {
            parts.push(Self::Descriptor);
        }
        parts
    }

    /// The file that it is in.
    fn path(&self) -> &'static str {
        match self {
            Self::Index => "mod.rs",
            Self::Client => "client.rs",
            Self::OperationsHead | Self::Operations(_) => "operations.rs",
            Self::TypesHead | Self::Types(_) => "types.rs",
            Self::Support => "support/mod.rs",
            Self::Descriptor => "descriptor.rs",
        }
    }

    fn print(&self, api: &Api, inner: Option<&str>, needed: &Needed) -> syn::Result<Code> {
        match self {
            Self::Index => format([index(api)]),
            Self::Client => {
                let inner: Option<TokenStream> = inner.and_then(|inner| inner.parse().ok());
                format([client::module(api, inner.as_ref())])
            }
            Self::OperationsHead => format([operations::head(api)]),
            Self::Operations(indices) => format(operations::sections(api, indices.clone())),
            Self::TypesHead => format([types::head(api)]),
            Self::Types(indices) => format(types::sections(api, indices.clone())),
            Self::Support => format([support::module(needed)]),
            Self::Descriptor => format([descriptor::module(api)]),
        }
    }
}

/// The indices of a list, cut so that threads which take one range after the other end at about the same time.
fn ranges(length: usize) -> impl Iterator<Item = Range<usize>> {
    let step = length.div_ceil(8 * parallel::threads()).max(16);
    (0..length)
        .step_by(step)
        .map(move |start| start..length.min(start + step))
}

/// The files of the generated module, by path; `inner` is a type that every client carries for its hooks.
///
/// # Errors
///
/// A diagnostic for a file that is not Rust, which is a defect of this crate.
pub fn module(api: &Api, inner: Option<&str>) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let needed = Needed::by(api);
    let parts = Part::all(api);
    let printed = parallel::map(&parts, |part| part.print(api, inner, &needed));
    let (mut files, mut problems) = (BTreeMap::<&str, Code>::new(), Vec::new());
    for (part, code) in parts.iter().zip(printed) {
        match code {
            Ok(code) => files.entry(part.path()).or_default().append(&code),
            Err(error) => problems.push(not_rust(part.path(), &error)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let printed = files.into_iter();
    let printed = printed.map(|(path, code)| (path.to_owned(), code.into_text()));
    let sources = support::sources(&needed);
    let sources = sources.map(|(name, text)| (format!("support/{name}.rs"), text));
    Ok(printed.chain(sources).collect())
}

/// The file of the mocks, which is declared beside the module.
///
/// # Errors
///
/// A diagnostic for a model that progenitor does not take, which is a defect of this crate.
pub fn mocks(api: &Api) -> Result<String, Diagnostic> {
    let code = format([mock::module(api)?]).map_err(|error| not_rust("mock.rs", &error))?;
    Ok(code.into_text())
}

fn not_rust(path: &str, error: &syn::Error) -> Diagnostic {
    let message = format!("the generated `{path}` is not Rust: {error}");
    let hint = "this is a defect of the generator, not of the document";
    Diagnostic::error("generator", "", message).hint(hint)
}

fn index(api: &Api) -> TokenStream {
    let title = format!(
        "The client of {}, generated from its API description.",
        api.title.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let title = format!(" {}", docs::sanitise(&title).trim());
    let events = has_events(api).then(|| quote!(Event, EventError, EventStream,));
    let has_operations = !api.operations.is_empty();
    let descriptor = has_operations.then(|| {
        quote!(
            mod descriptor;
        )
    });
    let operation = has_operations.then(|| {
        quote!(
            pub use descriptor::{Operation, UnknownOperation};
        )
    });
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

fn has_events(api: &Api) -> bool {
    let is_events = |answer: &Answer| matches!(answer, Answer::Events(_));
    api.operations
        .iter()
        .any(|operation| match &operation.success {
            Success::Always(answer) => is_events(answer),
            Success::ByStatus { answers, .. } => {
                answers.iter().any(|(_, answer)| is_events(answer))
            }
        })
}
