//! Prints typed mocks of the operations: by progenitor, from the projection of the model.

use std::iter;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator};
use quote::quote;

use super::openapi;
use crate::api::Api;

/// The module of mocks; `None` if progenitor does not take the projection, which is a defect of this crate.
pub fn module(api: &Api) -> Option<TokenStream> {
    let projection = openapi::project(api).ok()?;
    let mut settings = GenerationSettings::default();
    for (component, of) in &projection.types {
        settings.with_replacement(component, of, iter::empty());
    }
    let mut generator = Generator::new(&settings);
    let mocks = generator.httpmock(&projection.document, "super::super");
    let mocks = mocks.ok()?;
    let omitted = (!projection.omitted.is_empty()).then(|| {
        let list = projection.omitted.join("`, `");
        let text = format!(" The operations without a mock: `{list}`.");
        quote!(#![doc = ""] #![doc = #text])
    });
    Some(quote! {
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
