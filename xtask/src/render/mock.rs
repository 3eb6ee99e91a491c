//! Prints typed mocks of the operations: by progenitor, from the projection of the model.

use std::iter;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator};
use quote::quote;

use super::openapi::{self, Projection};
use crate::api::Api;
use crate::diagnostic::Diagnostic;

/// The module of mocks.
///
/// # Errors
///
/// A diagnostic if progenitor does not take the projection, which is a defect of this crate.
pub fn module(api: &Api) -> Result<TokenStream, Diagnostic> {
    let Projection {
        document,
        types,
        omitted,
    } = openapi::project(api);
    let mut settings = GenerationSettings::default();
    for (component, of) in &types {
        settings.with_replacement(component, of, iter::empty());
    }
    let mocks = Generator::new(&settings)
        .httpmock(&document, "super::super")
        .map_err(|_| {
            let message = "progenitor can't print mocks of the operations".to_owned();
            let hint = "this is a defect of the generator, not of the document";
            Diagnostic::error("generator", "", message).hint(hint)
        })?;
    let omitted = (!omitted.is_empty()).then(|| {
        let list = omitted.join("`, `");
        let text = format!(" The operations without a mock: `{list}`.");
        quote!(#![doc = ""] #![doc = #text])
    });
    Ok(quote! {
        //! Typed mocks of the operations, for the tests of code that uses this client.
        //!
        //! [`MockServerExt`] adds a method for each operation to [`httpmock::MockServer`]. Its closure gets the request to
        //! match, with a method for each parameter and for a body of JSON or text, and the response, with a method for
        //! each status. A text in the path is a regular expression, matched against the path as it is sent.
        //!
        //! The rest is matched and answered by what `into_inner` returns: parameters that are a list, an object, a fraction
        //! or a cookie, bodies that are a form, parts or bytes, and responses other than JSON.
        #omitted

        // As progenitor prints it.
        #![allow(missing_docs, missing_debug_implementations, unused_imports, clippy::to_string_in_format_args)]

        #mocks
    })
}
