//! Fourth stage: a lowered document becomes source files.
//!
//! progenitor makes the types and, for each operation, a builder with typed setters and the request itself. What it
//! made is taken apart into those pieces (`progenitor`) and put together again with what it can't express:
//! multipart bodies, delimited lists, error bodies of any kind, open enums, and documentation of every public item.

mod annotations;
mod bodies;
mod builders;
mod client;
mod culprits;
mod dates;
mod defaults;
mod discriminators;
pub mod docs;
mod enums;
mod extra;
mod imports;
pub mod manifest;
mod multipart;
mod own_parameters;
mod progenitor;
mod request_headers;
mod send;
mod setters;
mod shorten;
mod successes;
pub mod support;
mod text_forms;
mod tokens;
mod types;
mod unions;

use progenitor::Generated;
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

/// Source files to be, as text. An item is printed as soon as it is finished: what was just made is still in the cache,
/// and what it took can be used for the next one.
#[derive(Default)]
struct Modules {
    files: BTreeMap<String, String>,
    broken: Vec<Diagnostic>,
}

impl Modules {
    /// Adds a file of quoted code.
    fn quoted(&mut self, path: &str, tokens: TokenStream) {
        match syn::parse2::<File>(tokens) {
            Ok(file) => self.print(path, &file),
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

    /// Begins a file with a line of documentation.
    fn title(&mut self, path: &str, title: &str) {
        let file = self.files.entry(path.to_owned()).or_default();
        file.push_str(&format!("//! {title}\n"));
    }

    /// Adds an item to a file.
    fn item(&mut self, path: &str, item: Item) {
        let file = File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item],
        };
        self.print(path, &file);
    }

    fn print(&mut self, path: &str, file: &File) {
        let text = self.files.entry(path.to_owned()).or_default();
        text.push_str(&prettyplease::unparse(file));
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
) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let Generated {
        types,
        type_builders,
        type_modules,
        builders,
    } = progenitor::generate(lowered)?;
    let mut modules = Modules::default();
    builders::emit(lowered, builders, &mut modules);
    let known = &lowered.discriminators;
    types::emit(types, type_builders, type_modules, known, &mut modules);
    client::emit(lowered, options, &mut modules);
    if modules.broken.is_empty() {
        Ok(modules.files)
    } else {
        Err(modules.broken)
    }
}
