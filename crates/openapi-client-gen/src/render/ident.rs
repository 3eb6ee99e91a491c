//! Names of the model as identifiers.

use proc_macro2::{Ident, Span};

/// An identifier, for a name of the model.
pub fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
