//! The enum of the operations that a document has, with the facts about each: id, method, path, idempotency.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::ident::ident;
use crate::api::{Api, Operation};

/// The module of the enum, if the document has operations. One with several bodies has several methods and is one operation
/// here.
pub fn module(api: &Api) -> Option<TokenStream> {
    let operations = api.operations.iter();
    let operations = operations.filter(|operation| !operation.is_variant);
    let variants = operations
        .clone()
        .map(|operation| ident(&operation.builder));
    let variants: Vec<Ident> = variants.collect();
    if variants.is_empty() {
        return None;
    }
    let paths: Vec<String> = operations.clone().map(Operation::path_template).collect();
    let docs = operations.clone().zip(&paths);
    let docs = docs.map(|(operation, path)| format!(" `{} {path}`", operation.method));
    let ids = operations.clone().map(|operation| &operation.id);
    let methods = operations.clone().map(|operation| ident(&operation.method));
    let idempotent = operations.map(|operation| operation.idempotent);
    Some(quote! {
        use std::fmt;
        use std::str::FromStr;

        use reqwest::Method;

        /// An operation of the API.
        ///
        /// It serves those who handle operations by themselves, such as retries, metrics and test servers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            #(#[doc = #docs] #variants,)*
        }

        impl Operation {
            /// Every operation, in the order of their names.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// Its `operationId`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { #(Self::#variants => #ids,)* }
            }

            /// The HTTP method of its requests.
            #[must_use]
            pub const fn method(self) -> Method {
                match self { #(Self::#variants => Method::#methods,)* }
            }

            /// The template of its path, with the names of path parameters in braces.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { #(Self::#variants => #paths,)* }
            }

            /// Whether a second request has no effect beyond that of the first: by its HTTP method (RFC 9110, section 9.2.2), or
            /// by `x-idempotent` of the API description.
            #[must_use]
            pub const fn is_idempotent(self) -> bool {
                match self { #(Self::#variants => #idempotent,)* }
            }
        }

        impl fmt::Display for Operation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.id())
            }
        }

        impl FromStr for Operation {
            type Err = UnknownOperation;

            fn from_str(id: &str) -> Result<Self, UnknownOperation> {
                let found = Self::ALL.iter().find(|operation| operation.id() == id);
                found.copied().ok_or(UnknownOperation)
            }
        }

        /// The text is not the `operationId` of an operation. The message lists those that there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct UnknownOperation;

        impl fmt::Display for UnknownOperation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("not an operation of the API; those are ")?;
                for (index, operation) in Operation::ALL.iter().enumerate() {
                    let separator = if index > 0 { ", " } else { "" };
                    write!(f, "{separator}{operation}")?;
                }
                Ok(())
            }
        }

        impl std::error::Error for UnknownOperation {}
    })
}
