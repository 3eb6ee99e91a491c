//! The types module: what typify made, with open enums and unions, and builders for what is sent.

use std::collections::{BTreeMap, BTreeSet};

use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, Field, GenericArgument, ImplItem, Item, ItemImpl, Meta, PathArguments, Type,
    parse_quote,
};

use super::annotations::{document_item, document_methods, private_debug, underive};
use super::discriminators::Unions;
use super::enums::OpenEnums;
use super::progenitor::subject;
use super::{Modules, dates, defaults, docs, extra, shorten};
use crate::model::Discriminator;

const TYPES: &str = "types/mod.rs";
const BUILDERS: &str = "types/builder.rs";

/// Emits `types/mod.rs` and the modules below it.
pub fn emit(
    mut types: Vec<Item>,
    mut builders: Vec<Item>,
    mut others: BTreeMap<String, Vec<Item>>,
    discriminators: &BTreeMap<String, Discriminator>,
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
    if let Some(functions) = others.get_mut(defaults::MODULE) {
        defaults::keep_called(functions, types.iter().chain(&builders));
    }
    others.retain(|_, items| !items.is_empty());
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
        let visibility = (name != defaults::MODULE).then(|| quote!(pub));
        modules.item(TYPES, parse_quote!(#visibility mod #module;));
        let path = format!("types/{name}.rs");
        modules.title(&path, title(&name));
        for mut item in items {
            shorten::item(&mut item, &declared);
            modules.item(&path, item);
        }
    }
    let enums = OpenEnums::among(&types);
    let unions = Unions::among(&types, discriminators);
    for item in types {
        for mut item in enums.open(item) {
            if drop_builder_method(&mut item, &kept) {
                continue;
            }
            let decoding = unions.honour(&mut item);
            shorten::item(&mut item, &declared);
            omit_unset_boxes(&mut item);
            dates::read_leniently(&mut item);
            let debug = document_item(&mut item);
            modules.item(TYPES, item);
            for mut beside in debug.into_iter().chain(decoding) {
                shorten::item(&mut beside, &declared);
                modules.item(TYPES, beside);
            }
        }
    }
}

fn title(module: &str) -> &'static str {
    match module {
        defaults::MODULE => "Default values of fields.",
        "error" => "The error of conversions between types.",
        _ => "Part of the types.",
    }
}

pub fn is_flattened(attributes: &[Attribute]) -> bool {
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
pub fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
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
