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

pub use progenitor::{run as run_progenitor, unsupported_schemas};

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use syn::{File, Item};

use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;

/// What the caller decides about the generated code.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A type that every client carries for its hooks, as a path that resolves anywhere, such as `crate::Context`.
    pub inner: Option<String>,
}

/// Source files to be.
///
/// Parsing is most of what generating costs, so items that came out of progenitor are kept as items; only what is
/// quoted here is parsed, once.
#[derive(Default)]
struct Modules {
    files: BTreeMap<String, File>,
    broken: Vec<Diagnostic>,
}

impl Modules {
    /// Adds a file of quoted code.
    fn quoted(&mut self, path: &str, tokens: TokenStream) {
        match syn::parse2(tokens) {
            Ok(file) => {
                self.files.insert(path.to_owned(), file);
            }
            Err(error) => self.broken.push(
                Diagnostic::error(
                    "generator",
                    "",
                    format!("`{path}` as generated is not Rust: {error}"),
                )
                .hint("this is a defect of the generator, not of the document"),
            ),
        }
    }

    /// Adds a file of finished items, under a line of documentation if there is one.
    fn items(&mut self, path: &str, title: Option<&str>, items: Vec<Item>) {
        let title = title.map(|title| format!(" {title}"));
        let attrs = title
            .map(|title| syn::parse_quote!(#![doc = #title]))
            .into_iter()
            .collect();
        let file = File {
            shebang: None,
            frontmatter: None,
            attrs,
            items,
        };
        self.files.insert(path.to_owned(), file);
    }
}

/// Emits the generated module: `mod.rs` and everything below it but the support code, by path.
///
/// # Errors
///
/// A diagnostic for each schema or operation that progenitor can't express.
pub fn emit(
    lowered: &Lowered,
    options: &Options,
) -> Result<BTreeMap<String, File>, Vec<Diagnostic>> {
    let generated = progenitor::generate(lowered)?;
    let mut modules = Modules::default();
    types::emit(generated.types, generated.type_builders, &mut modules);
    builders::emit(lowered, generated.builders, &mut modules);
    client::emit(lowered, options, &mut modules);
    if modules.broken.is_empty() {
        Ok(modules.files)
    } else {
        Err(modules.broken)
    }
}
