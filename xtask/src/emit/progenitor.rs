//! Running progenitor, and taking apart what it made.
//!
//! progenitor answers some documents with a panic. Both kinds of failure become diagnostics that name the schema or
//! the operation: when the whole document fails, each of them is tried alone, with only the schemas that it needs.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Once;

use openapiv3::{OpenAPI, ReferenceOr};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use quote::format_ident;
use syn::visit::{self, Visit};
use syn::{Item, Path, Type, parse_quote};

use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::model::{PartKind, PartType};
use crate::names;
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view;

/// What progenitor made, by piece.
pub(super) struct Generated {
    /// The items of its `types` module, but for the builders of types.
    pub types: Vec<Item>,
    /// The builders of the types that requests are made of.
    pub type_builders: Vec<Item>,
    /// The items that belong to each operation's builder, by the builder's name.
    pub builders: BTreeMap<String, Vec<Item>>,
}

/// Runs progenitor on a lowered document.
///
/// # Errors
///
/// A diagnostic for each schema or operation that it can't express.
pub(super) fn generate(lowered: &Lowered) -> Result<Generated, Vec<Diagnostic>> {
    match run(&lowered.openapi).and_then(|tokens| take_apart(tokens, lowered)) {
        Ok(generated) => Ok(generated),
        Err(reason) => Err(culprits(lowered, &reason)),
    }
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

/// Parses what is kept of progenitor's output. The rest is skipped as tokens, since parsing is most of what generating
/// costs: the client is emitted anew, and a builder of a type is of use only for what is sent.
fn take_apart(tokens: TokenStream, lowered: &Lowered) -> Result<Generated, String> {
    let mut modules = modules(tokens).0;
    let (mut type_modules, types) = self::modules(modules.remove("types").unwrap_or_default());
    let type_builders = type_modules.remove("builder").unwrap_or_default();
    let mut types = parse(types)?;
    for (name, content) in type_modules {
        let name = format_ident!("{name}");
        let items = parse(content)?;
        types.push(parse_quote!(pub mod #name { #(#items)* }));
    }
    if let Some(twice) = first_duplicate(&types) {
        return Err(format!("two types would be called `{twice}`"));
    }
    if let Some(empty) = first_empty(&types) {
        return Err(format!(
            "no value fits `{empty}`, whose parts contradict each other"
        ));
    }

    let mut builders: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let operations = modules.remove("builder").unwrap_or_default();
    for item in parse(
        split_items(operations)
            .into_iter()
            .map(without_tail)
            .collect(),
    )? {
        if let Some(name) = subject(&item) {
            builders.entry(name).or_default().push(item);
        }
    }
    let sent = sent_types(&types, &builders, lowered);
    let is_sent =
        |item: &TokenStream| subject_of_tokens(item).is_some_and(|name| sent.contains(&name));
    let type_builders = parse(
        split_items(type_builders)
            .into_iter()
            .filter(is_sent)
            .collect(),
    )?;
    Ok(Generated {
        types,
        type_builders,
        builders,
    })
}

fn parse(tokens: TokenStream) -> Result<Vec<Item>, String> {
    syn::parse2::<syn::File>(tokens)
        .map(|file| file.items)
        .map_err(|error| format!("what progenitor made does not parse: {error}"))
}

/// The content of each outermost `mod name { .. }`, and the tokens around them.
fn modules(tokens: TokenStream) -> (BTreeMap<String, TokenStream>, TokenStream) {
    let mut modules = BTreeMap::new();
    let mut rest = Vec::new();
    for item in split_items(tokens) {
        let mut tokens = item
            .clone()
            .into_iter()
            .skip_while(|token| !is_word(token, "mod"));
        match (tokens.next(), tokens.next(), tokens.next()) {
            (Some(_), Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                modules.insert(name.to_string(), body.stream());
            }
            _ => rest.push(item),
        }
    }
    (modules, rest.into_iter().collect())
}

/// Splits the tokens of a module into those of its items: each ends with braces or a semicolon.
fn split_items(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    for token in tokens {
        let ends = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        item.push(token);
        if ends {
            items.push(item.drain(..).collect());
        }
    }
    if !item.is_empty() {
        items.push(item.into_iter().collect());
    }
    items
}

/// An operation's builder without what `send` does once the request is made: that is emitted anew.
fn without_tail(item: TokenStream) -> TokenStream {
    let mut previous_is_fn = false;
    let mut in_send = false;
    in_braces(item, |members| {
        let members = members.into_iter().map(|token| {
            in_send |= previous_is_fn && is_word(&token, "send");
            previous_is_fn = is_word(&token, "fn");
            match token {
                TokenTree::Group(body) if in_send && body.delimiter() == Delimiter::Brace => {
                    in_send = false;
                    Group::new(Delimiter::Brace, request_only(body.stream())).into()
                }
                token => token,
            }
        });
        members.collect()
    })
}

/// Replaces what is in the braces that end an item.
fn in_braces(item: TokenStream, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(group)) = tokens.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        *group = Group::new(Delimiter::Brace, change(group.stream()));
    }
    tokens.into_iter().collect()
}

/// The statements of `send` before `let info = OperationInfo { .. };`.
fn request_only(body: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let info = tokens
        .iter()
        .position(|token| is_word(token, "OperationInfo"));
    let end = info.and_then(|info| {
        tokens[..info]
            .iter()
            .rposition(|token| is_word(token, "let"))
    });
    tokens.into_iter().take(end.unwrap_or(usize::MAX)).collect()
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// What [`subject`] would say of an item, for the structs and the implementations without generics of a module of
/// builders: the last name before the braces.
fn subject_of_tokens(item: &TokenStream) -> Option<String> {
    let names = item.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    names.last()
}

/// The types that requests are made of: those of bodies and of JSON parts, and what they contain.
fn sent_types(
    types: &[Item],
    builders: &BTreeMap<String, Vec<Item>>,
    lowered: &Lowered,
) -> BTreeSet<String> {
    let mut contains: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in types {
        if let (Item::Struct(_) | Item::Enum(_) | Item::Type(_), Some(name)) = (item, subject(item))
        {
            contains.insert(name, Names::in_item(item));
        }
    }
    let bodies = builders.values().flatten().filter_map(|item| match item {
        Item::Struct(builder) => builder
            .fields
            .iter()
            .find(|field| field.ident.as_ref().is_some_and(|name| name == "body")),
        _ => None,
    });
    let parts = lowered
        .operations
        .iter()
        .flat_map(|operation| operation.parts.iter().flatten());
    let mut pending: Vec<String> = bodies.flat_map(|field| Names::in_type(&field.ty)).collect();
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

    fn in_type(ty: &Type) -> BTreeSet<String> {
        let mut names = Self::default();
        names.visit_type(ty);
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

/// Finds out what in a document progenitor fails on, given that it fails.
fn culprits(lowered: &Lowered, reason: &str) -> Vec<Diagnostic> {
    let graph = SchemaGraph::of(&lowered.openapi);
    let mut problems = Vec::new();
    let mut bad: BTreeSet<&str> = BTreeSet::new();
    // A schema fails by itself only if what it refers to does not; those are tried first.
    let mut names: Vec<&str> = graph.needs.keys().map(String::as_str).collect();
    names.sort_by_key(|name| (graph.closure([*name]).len(), *name));
    for name in names {
        let closure = graph.closure([name]);
        if closure.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = run(&only(&lowered.openapi, &closure, None))
            .and_then(|tokens| take_apart(tokens, lowered))
        {
            bad.insert(name);
            problems.push(
                Diagnostic::error(
                    "unsupported-schema",
                    crate::lower::origin(&lowered.origins, &pointer::join("/components/schemas", name)),
                    format!("typify can't express the schema `{name}` ({})", one_line(&reason)),
                )
                .hint("simplify the schema, or describe the value as any JSON by leaving its type out"),
            );
        }
    }
    for operation in &lowered.operations {
        let needed = graph.needed_by(&operation.pointer);
        let closure = graph.closure(needed.iter().map(String::as_str));
        if closure.iter().any(|needed| bad.contains(needed)) {
            continue;
        }
        if let Err(reason) = run(&only(&lowered.openapi, &closure, Some(&operation.id)))
            .and_then(|tokens| take_apart(tokens, lowered))
        {
            problems.push(
                Diagnostic::error(
                    "unsupported-operation",
                    operation.origin.clone(),
                    format!(
                        "progenitor can't express the operation ({})",
                        one_line(&reason)
                    ),
                )
                .operation(operation.id.clone())
                .hint("look for an unusual schema among its parameters, body and responses"),
            );
        }
    }
    if problems.is_empty() {
        problems.push(
            Diagnostic::error("unsupported-document", "", format!("progenitor can't express the document ({})", one_line(reason)))
                .hint("each schema and operation can be expressed alone: look for names that only collide once they are Rust types"),
        );
    }
    problems
}

fn one_line(reason: &str) -> String {
    let mut line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    // typify prints whole schemas as Rust would debug them.
    for dump in [
        " Object( SchemaObject {",
        "SchemaObject {",
        " type: TypeEntry {",
        " Item(Schema {",
    ] {
        if let Some(start) = line.find(dump) {
            line.truncate(start);
        }
    }
    if let Some((end, _)) = line.char_indices().nth(300) {
        line.truncate(end);
        line.push_str(" ...");
    }
    line
}

/// The document with only some schemas and at most one operation.
fn only(openapi: &OpenAPI, schemas: &BTreeSet<&str>, operation: Option<&str>) -> OpenAPI {
    let mut openapi = openapi.clone();
    if let Some(components) = &mut openapi.components {
        components
            .schemas
            .retain(|name, _| schemas.contains(name.as_str()));
    }
    openapi.paths.paths.retain(|_, item| {
        let ReferenceOr::Item(item) = item else {
            return false;
        };
        let slots = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
            &mut item.trace,
        ];
        let mut kept = false;
        for slot in slots {
            if slot.as_ref().is_some_and(|slot| {
                operation.is_some() && slot.operation_id.as_deref() == operation
            }) {
                kept = true;
            } else {
                *slot = None;
            }
        }
        kept
    });
    openapi
}

/// Which schemas refer to which.
struct SchemaGraph {
    needs: BTreeMap<String, BTreeSet<String>>,
    root: serde_json::Value,
}

impl SchemaGraph {
    fn of(openapi: &OpenAPI) -> Self {
        let root = serde_json::to_value(openapi).unwrap_or_default();
        let schemas = root
            .pointer("/components/schemas")
            .and_then(serde_json::Value::as_object);
        let needs = schemas
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), references(Kind::Schema, schema)))
            .collect();
        Self { needs, root }
    }

    fn needed_by(&self, operation: &str) -> BTreeSet<String> {
        self.root
            .pointer(operation)
            .map(|value| references(Kind::Operation, value))
            .unwrap_or_default()
    }

    fn closure<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut closure = BTreeSet::new();
        let mut pending: Vec<&str> = names
            .into_iter()
            .filter_map(|name| self.needs.get_key_value(name))
            .map(|(name, _)| name.as_str())
            .collect();
        while let Some(name) = pending.pop() {
            if closure.insert(name) {
                pending.extend(
                    self.needs
                        .get(name)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        closure
    }
}

fn references(kind: Kind, value: &serde_json::Value) -> BTreeSet<String> {
    Walk::of(kind, value, "")
        .found
        .into_iter()
        .filter_map(|found| view::schema_name(&found.reference?))
        .collect()
}
