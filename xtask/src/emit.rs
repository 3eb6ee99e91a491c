//! Fourth stage: a lowered document becomes source files.
//!
//! progenitor makes the types and, for each operation, a builder with typed setters and the request itself. What it
//! made is taken apart into those pieces (`progenitor`) and put together again with what it can't express:
//! multipart bodies, delimited lists, error bodies of any kind, open enums, and documentation of every public item.

mod builders;
mod client;
pub mod docs;
mod enums;
mod imports;
pub mod manifest;
mod multipart;
mod progenitor;
mod send;
mod setters;
mod shorten;
pub mod support;
mod types;
mod unions;

pub use progenitor::run as run_progenitor;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;

use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;

/// What the caller decides about the generated code.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A type that every client carries for its hooks, as a path that resolves anywhere, such as `crate::Context`.
    pub inner: Option<String>,
}

/// A source file to be: its path inside the module, and its code.
pub type Modules = BTreeMap<String, TokenStream>;

/// Emits the generated module: `mod.rs` and everything below it.
///
/// # Errors
///
/// A diagnostic for each schema or operation that progenitor can't express.
pub fn emit(lowered: &Lowered, options: &Options) -> Result<Modules, Vec<Diagnostic>> {
    let generated = progenitor::generate(lowered)?;
    let mut modules = Modules::new();
    types::emit(generated.types, &mut modules);
    builders::emit(lowered, generated.builders, &mut modules)?;
    client::emit(lowered, options, &mut modules);
    Ok(modules)
}
