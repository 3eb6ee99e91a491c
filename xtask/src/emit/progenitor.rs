//! Running progenitor, and taking apart what it made.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Once;

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use syn::visit::{self, Visit};
use syn::{Item, Path};

use super::culprits;
use super::tokens::{self, Tokens};
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::{PartKind, PartType};
use crate::names;

/// What progenitor made, by piece.
pub(super) struct Generated {
    /// The items of its `types` module.
    pub types: Vec<Item>,
    /// The builders of the types that requests are made of.
    pub type_builders: Vec<Item>,
    /// The other modules in `types`, by name.
    pub type_modules: BTreeMap<String, Vec<Item>>,
    /// The items that belong to each operation's builder, by the builder's name, not parsed yet.
    pub builders: BTreeMap<String, Vec<Tokens>>,
}

/// Runs progenitor on a lowered document.
///
/// # Errors
///
/// A diagnostic for each schema or operation that it can't express.
pub(super) fn generate(lowered: &Lowered) -> Result<Generated, Vec<Diagnostic>> {
    attempt(&lowered.openapi, lowered).map_err(|reason| culprits::culprits(lowered, &reason))
}

/// Runs progenitor on `openapi`, which is the lowered document or a part of it.
///
/// # Errors
///
/// Why progenitor can't express it, in its own words.
pub fn attempt(openapi: &OpenAPI, lowered: &Lowered) -> Result<Generated, String> {
    take_apart(run(openapi)?, lowered)
}

/// The schemas of a lowered document that can't be expressed, each by itself: what `generate` would say of them.
pub fn unsupported_schemas(lowered: &Lowered) -> Vec<Diagnostic> {
    let mut problems = generate(lowered).err().unwrap_or_default();
    problems.retain(|problem| problem.code == "unsupported-schema");
    problems
}

/// One run of progenitor; the reason if it fails, however it fails.
pub fn run(openapi: &OpenAPI) -> Result<TokenStream, String> {
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    settings.with_derive("PartialEq");
    settings.with_map_type("::std::collections::BTreeMap");
    without_panicking(|| Generator::new(&settings).generate_tokens(openapi))
        .and_then(|result| result.map_err(|error| error.to_string()))
}

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work`; a panic in it becomes its message, and prints nothing.
fn without_panicking<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                previous(info);
            }
        }));
    });
    SILENT.set(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    SILENT.set(false);
    result.map_err(|payload| {
        let message = payload.downcast_ref::<String>().cloned();
        message
            .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_default()
    })
}

/// Parses what is kept of progenitor's output. The client is emitted anew, and a builder of a type is of use only for
/// what is sent.
fn take_apart(tokens: TokenStream, lowered: &Lowered) -> Result<Generated, String> {
    let mut modules = tokens::modules(tokens).0;
    let (mut type_modules, types) = tokens::modules(modules.remove("types").unwrap_or_default());
    let type_builders = type_modules.remove("builder").unwrap_or_default();
    let types = parse(without_closed_enums(types))?;
    if let Some(twice) = first_duplicate(&types) {
        return Err(format!("two types would be called `{twice}`"));
    }
    if let Some(empty) = first_empty(&types) {
        return Err(format!(
            "no value fits `{empty}`, whose parts contradict each other"
        ));
    }
    let type_modules = type_modules
        .into_iter()
        .map(|(name, items)| Ok((name, parse(tokens::split_items(items))?)))
        .collect::<Result<_, String>>()?;

    let mut builders: BTreeMap<String, Vec<Tokens>> = BTreeMap::new();
    let mut bodies = Vec::new();
    for item in tokens::split_items(modules.remove("builder").unwrap_or_default()) {
        if let Some(name) = tokens::subject(&item).map(ToString::to_string) {
            bodies.extend(tokens::names_in_body(&item));
            builders.entry(name).or_default().push(item);
        }
    }
    let sent = sent_types(&types, bodies, lowered);
    let mut type_builders = tokens::split_items(type_builders);
    type_builders
        .retain(|item| tokens::subject(item).is_some_and(|name| sent.contains(&name.to_string())));
    Ok(Generated {
        types,
        type_builders: parse(type_builders)?,
        type_modules,
        builders,
    })
}

/// Leaves out what typify implements for enums of strings, which will be opened.
fn without_closed_enums(mut types: Vec<Tokens>) -> Vec<Tokens> {
    let opened: BTreeSet<String> = types
        .iter()
        .filter_map(|item| tokens::string_enum(item))
        .map(ToString::to_string)
        .collect();
    types.retain(|item| {
        let is_opened =
            tokens::subject(item).is_some_and(|name| opened.contains(&name.to_string()));
        !(is_opened && tokens::implements_more_than_default(item))
    });
    types
}

/// Parses items one by one.
///
/// # Errors
///
/// That one is not Rust.
pub fn parse(items: Vec<Tokens>) -> Result<Vec<Item>, String> {
    items
        .into_iter()
        .map(|item| syn::parse2(item.into_iter().collect()))
        .collect::<syn::Result<_>>()
        .map_err(|error| format!("what progenitor made does not parse: {error}"))
}

/// The types that requests are made of: those of bodies and of JSON parts, and what they contain.
fn sent_types(types: &[Item], bodies: Vec<String>, lowered: &Lowered) -> BTreeSet<String> {
    let mut contains: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in types {
        if let (Item::Struct(_) | Item::Enum(_) | Item::Type(_), Some(name)) = (item, subject(item))
        {
            contains.insert(name, Names::in_item(item));
        }
    }
    let parts = lowered
        .operations
        .iter()
        .flat_map(|operation| operation.parts.iter().flatten());
    let mut pending = bodies;
    pending.extend(parts.filter_map(|part| match &part.kind {
        PartKind::Json(PartType::Named(name), _) => Some(names::type_name(name)),
        _ => None,
    }));
    let mut sent = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if let Some(contained) = contains.get(&name)
            && sent.insert(name)
        {
            pending.extend(contained.iter().cloned());
        }
    }
    sent
}

/// Collects every name that stands in a path.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn in_item(item: &Item) -> BTreeSet<String> {
        let mut names = Self::default();
        names.visit_item(item);
        names.0
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast Path) {
        self.0.extend(
            path.segments
                .iter()
                .map(|segment| segment.ident.to_string()),
        );
        visit::visit_path(self, path);
    }
}

/// The name of the type that an item declares or implements something for.
pub fn subject(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Impl(item) => match &*item.self_ty {
            syn::Type::Path(path) => path
                .path
                .segments
                .last()
                .map(|segment| segment.ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn first_duplicate(items: &[Item]) -> Option<String> {
    let mut seen = BTreeSet::new();
    items
        .iter()
        .filter(|item| matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Type(_)))
        .filter_map(subject)
        .find(|name| !seen.insert(name.clone()))
}

/// The first enum without variants, which is what typify makes of a schema that nothing satisfies.
fn first_empty(items: &[Item]) -> Option<String> {
    items.iter().find_map(|item| match item {
        Item::Enum(item) if item.variants.is_empty() => Some(item.ident.to_string()),
        _ => None,
    })
}
