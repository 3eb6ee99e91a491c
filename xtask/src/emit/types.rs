//! The types module: what typify made, with open enums, documentation, and the traits that users of the types expect.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, Field, Fields, GenericArgument, ImplItem, Item, ItemEnum, ItemImpl,
    ItemStruct, Meta, Path, PathArguments, Token, Type, parse::Parser, parse_quote,
    punctuated::Punctuated,
};

use super::enums::{self, OpenEnums};
use super::progenitor::subject;
use super::{Modules, docs, extra, shorten};
use crate::lower::schemas::PRIVATE;

const TYPES: &str = "types/mod.rs";
const BUILDERS: &str = "types/builder.rs";

/// Emits `types/mod.rs` and the modules below it.
pub fn emit(
    mut types: Vec<Item>,
    mut builders: Vec<Item>,
    others: BTreeMap<String, Vec<Item>>,
    modules: &mut Modules,
) {
    modules.title(TYPES, "The types of parameters, bodies and responses.");
    let declared: BTreeSet<String> = types.iter().filter_map(subject).collect();
    let kept: BTreeSet<String> = builders.iter().filter_map(subject).collect();
    let clashes = extra::clashes(&types);
    for item in types.iter_mut().chain(&mut builders) {
        if let Some(name) = subject(item).and_then(|name| clashes.get(&name)) {
            extra::rename_second(item, name);
        }
    }
    let flattened = flattened_fields(&types);
    if !builders.is_empty() {
        modules.item(
            TYPES,
            parse_quote!(
                pub mod builder;
            ),
        );
        modules.title(
            BUILDERS,
            "Builders of what is sent: set fields one by one, then convert with `try_into`.",
        );
        for mut item in self::builders(builders, &flattened) {
            shorten::item(&mut item, &declared);
            omit_unset_boxes(&mut item);
            modules.item(BUILDERS, item);
        }
    }
    for (name, items) in others {
        let module = format_ident!("{name}");
        let visibility = (name != "defaults").then(|| quote!(pub));
        modules.item(TYPES, parse_quote!(#visibility mod #module;));
        let path = format!("types/{name}.rs");
        modules.title(&path, title(&name));
        for mut item in items {
            shorten::item(&mut item, &declared);
            modules.item(&path, item);
        }
    }
    let enums = OpenEnums::among(&types);
    for item in types {
        for mut item in enums.open(item) {
            if drop_builder_method(&mut item, &kept) {
                continue;
            }
            shorten::item(&mut item, &declared);
            omit_unset_boxes(&mut item);
            let debug = document_item(&mut item);
            modules.item(TYPES, item);
            if let Some(debug) = debug {
                modules.item(TYPES, debug);
            }
        }
    }
}

/// Documents an item. If any of it is private, returns what takes the place of a derived `Debug`.
fn document_item(item: &mut Item) -> Option<Item> {
    match item {
        Item::Struct(item) => {
            let debug = document_struct(item);
            if is_id(item) {
                derive(
                    &mut item.attrs,
                    &["Copy", "Eq", "Hash", "Ord", "PartialOrd"],
                );
            }
            debug
        }
        Item::Enum(item) => document_enum(item),
        Item::Type(item) => {
            let fallback = format!("`{}`", item.ident);
            document(&mut item.attrs, Some(&fallback));
            None
        }
        Item::Impl(item) => {
            document_methods(item);
            None
        }
        _ => None,
    }
}

fn document_enum(item: &mut ItemEnum) -> Option<Item> {
    let fallback = format!("`{}`", item.ident);
    let is_private = document(&mut item.attrs, Some(&fallback));
    for variant in &mut item.variants {
        let fallback = format!("The variant `{}`.", variant.ident);
        document(&mut variant.attrs, Some(&fallback));
        for field in &mut variant.fields {
            let fallback = field
                .ident
                .as_ref()
                .map(|name| format!("The field `{name}`."));
            document(&mut field.attrs, fallback.as_deref());
        }
    }
    is_private.then(|| {
        underive(&mut item.attrs, "Debug");
        private_debug(&quote!(super), &item.ident, &[])
    })
}

fn title(module: &str) -> &'static str {
    match module {
        "defaults" => "Default values of fields.",
        "error" => "The error of conversions between types.",
        _ => "Part of the types.",
    }
}

/// Gives an item its documentation in a form fit for rustdoc, or `fallback` if it has none. Returns whether its values
/// are private.
fn document(attributes: &mut Vec<Attribute>, fallback: Option<&str>) -> bool {
    let mut text = String::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        if let Meta::NameValue(doc) = &attribute.meta
            && let Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(line),
                ..
            }) = &doc.value
        {
            let line = line.value();
            text.push_str(line.strip_prefix(' ').unwrap_or(&line));
            text.push('\n');
        }
    }
    let is_private = text.contains(PRIVATE);
    let markdown = docs::sanitise(text.trim_end());
    let markdown = if markdown.trim().is_empty() {
        fallback.unwrap_or_default().to_owned()
    } else {
        markdown
    };
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    attributes.splice(0..0, docs::attributes(&markdown));
    is_private
}

/// Documents a struct. If any of it is private, returns what takes the place of a derived `Debug`; unknown fields are
/// private, for nobody knows what is in them.
fn document_struct(item: &mut ItemStruct) -> Option<Item> {
    let fallback = format!("`{}`", item.ident);
    let all_private = document(&mut item.attrs, Some(&fallback));
    let mut shown = Vec::new();
    let count = item.fields.len();
    for field in &mut item.fields {
        let Some(name) = &field.ident else { continue };
        let fallback = if is_flattened(&field.attrs) {
            "Fields that the API description does not name, kept as they came.".to_owned()
        } else {
            let wire = enums::rename(&field.attrs).unwrap_or_else(|| name.to_string());
            format!("The field {}.", docs::code(&wire))
        };
        let name = name.clone();
        if !document(&mut field.attrs, Some(&fallback)) && !is_flattened(&field.attrs) {
            shown.push(name);
        }
    }
    let is_named = matches!(item.fields, Fields::Named(_));
    if all_private {
        shown.clear();
    } else if !is_named || shown.len() == count {
        return None;
    }
    underive(&mut item.attrs, "Debug");
    Some(private_debug(&quote!(super), &item.ident, &shown))
}

/// An implementation of `Debug` that shows some fields only; `parent` is the module that has the support code.
fn private_debug(parent: &TokenStream, name: &Ident, shown: &[Ident]) -> Item {
    let fields = (!shown.is_empty()).then(|| quote!(; #(#shown),*));
    parse_quote!(#parent::support::private_debug!(#name #fields);)
}

/// Takes a trait off the list of derived ones.
fn underive(attributes: &mut [Attribute], name: &str) {
    for attribute in attributes {
        if let Meta::List(list) = &mut attribute.meta
            && list.path.is_ident("derive")
            && let Ok(paths) =
                Punctuated::<Path, Token![,]>::parse_terminated.parse2(list.tokens.clone())
        {
            let kept = paths.iter().filter(|path| !path.is_ident(name));
            list.tokens = quote!(#(#kept),*);
        }
    }
}

fn document_methods(item: &mut ItemImpl) {
    if item.trait_.is_some() {
        return;
    }
    for member in &mut item.items {
        if let ImplItem::Fn(method) = member
            && !method
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("doc"))
        {
            let text = if method.sig.ident == "builder" {
                "A builder with no field set.".to_owned()
            } else {
                format!("Sets the field `{}`.", method.sig.ident)
            };
            method.attrs.append(&mut docs::attributes(&text));
        }
    }
}

/// A newtype of a UUID: an identifier, which users compare, copy and put into maps.
fn is_id(item: &ItemStruct) -> bool {
    match &item.fields {
        Fields::Unnamed(fields) => {
            fields.unnamed.len() == 1
                && fields
                    .unnamed
                    .iter()
                    .all(|field| is_path(&field.ty, &["uuid", "Uuid"]))
        }
        _ => false,
    }
}

/// Adds to the list of derived traits.
fn derive(attributes: &mut [Attribute], names: &[&str]) {
    let derive = attributes
        .iter_mut()
        .find(|attribute| attribute.path().is_ident("derive"));
    if let Some(Attribute {
        meta: Meta::List(list),
        ..
    }) = derive
    {
        let known = &list.tokens;
        let names = names.iter().map(|name| format_ident!("{name}"));
        list.tokens = quote!(#known, #(#names),*);
    }
}

fn is_path(ty: &Type, segments: &[&str]) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .eq(segments.iter().copied()),
        _ => false,
    }
}

fn is_flattened(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("serde")
            && attribute
                .meta
                .to_token_stream()
                .to_string()
                .contains("flatten")
    })
}

/// Type and field of every map of unknown fields.
fn flattened_fields(items: &[Item]) -> Vec<(String, String)> {
    let structs = items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    });
    structs
        .flat_map(|item| {
            let owner = item.ident.to_string();
            item.fields
                .iter()
                .filter(|field| is_flattened(&field.attrs))
                .filter_map(move |field| Some((owner.clone(), field.ident.as_ref()?.to_string())))
        })
        .collect()
}

/// Makes `Box<Option<T>>` of an optional field that contains its own type an `Option<Box<T>>`, which is left out when it
/// is not set: typify would send it as null.
fn omit_unset_boxes(item: &mut Item) {
    struct Omit;
    impl VisitMut for Omit {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            visit_mut::visit_type_mut(self, ty);
            if let Some(inner) =
                argument_of(ty, "Box").and_then(|option| argument_of(option, "Option"))
            {
                let inner = inner.clone();
                *ty = parse_quote!(::std::option::Option<::std::boxed::Box<#inner>>);
            }
        }

        fn visit_field_mut(&mut self, field: &mut Field) {
            let is_boxed = argument_of(&field.ty, "Box").is_some();
            visit_mut::visit_field_mut(self, field);
            if !is_boxed || argument_of(&field.ty, "Option").is_none() {
                return;
            }
            for attribute in &mut field.attrs {
                if let Meta::List(list) = &mut attribute.meta
                    && list.path.is_ident("serde")
                    && list.tokens.to_string().contains("default")
                {
                    let known = &list.tokens;
                    list.tokens =
                        quote!(#known, skip_serializing_if = "::std::option::Option::is_none");
                }
            }
        }
    }
    Omit.visit_item_mut(item);
}

/// `T` in `path::to::Name<T>`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Removes `fn builder()` from a type whose builder is not kept. Returns whether nothing is left of the item.
fn drop_builder_method(item: &mut Item, kept: &BTreeSet<String>) -> bool {
    let name = subject(item);
    let Item::Impl(item) = item else { return false };
    if item.trait_.is_some() {
        return false;
    }
    if !name.is_some_and(|name| kept.contains(&name)) {
        item.items.retain(
            |member| !matches!(member, ImplItem::Fn(method) if method.sig.ident == "builder"),
        );
    }
    item.items.is_empty()
}

/// Documents the builders, and lets a map of unknown fields start empty: typify demands that it be set.
fn builders(mut items: Vec<Item>, flattened: &[(String, String)]) -> Vec<Item> {
    let empty: BTreeSet<String> = items
        .iter()
        .filter(|item| matches!(item, Item::Struct(item) if item.fields.is_empty()))
        .filter_map(subject)
        .collect();
    items.retain(|item| {
        !(is_redundant(item) && subject(item).is_some_and(|name| empty.contains(&name)))
    });
    let mut debugs = Vec::new();
    for item in &mut items {
        match item {
            Item::Struct(item) => {
                let name = &item.ident;
                let text = format!("Builder of [`{name}`](super::{name}).");
                if item.fields.is_empty() {
                    item.attrs.push(parse_quote!(#[derive(Default)]));
                }
                item.attrs.splice(0..0, docs::attributes(&text));
                item.attrs
                    .push(parse_quote!(#[must_use = "it becomes a value by `try_into`"]));
                underive(&mut item.attrs, "Debug");
                debugs.push(private_debug(&quote!(super::super), name, &[]));
            }
            Item::Impl(item) if item.trait_.is_none() => document_methods(item),
            Item::Impl(item) => {
                let owner = item.self_ty.to_token_stream().to_string();
                for (_, field) in flattened.iter().filter(|(name, _)| *name == owner) {
                    default_to_empty(item, field);
                }
            }
            _ => {}
        }
    }
    items.append(&mut debugs);
    items
}

/// Whether this is what a builder without fields does not need: an empty `impl`, and a `Default` that can be derived.
fn is_redundant(item: &Item) -> bool {
    match item {
        Item::Impl(item) => match &item.trait_ {
            None => item.items.is_empty(),
            Some((path, _)) => path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Default"),
        },
        _ => false,
    }
}

/// In `fn default() -> Self { Self { field: Err(..), .. } }`, makes the field's value `Ok(Default::default())`.
fn default_to_empty(item: &mut ItemImpl, field: &str) {
    let field = format_ident!("{field}");
    for member in &mut item.items {
        let ImplItem::Fn(method) = member else {
            continue;
        };
        let Some(syn::Stmt::Expr(Expr::Struct(literal), None)) = method.block.stmts.last_mut()
        else {
            continue;
        };
        if method.sig.ident != "default" {
            continue;
        }
        for value in &mut literal.fields {
            if matches!(&value.member, syn::Member::Named(name) if *name == field) {
                value.expr = parse_quote!(Ok(Default::default()));
            }
        }
    }
}
