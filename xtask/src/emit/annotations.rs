//! What stands at the types: documentation of every public item, the traits that users of ids expect, and a `Debug` that
//! shows nothing private.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, Expr, Fields, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Path, Token,
    Type, parse::Parser, parse_quote, punctuated::Punctuated,
};

use super::types::{argument_of, is_flattened};
use super::{docs, enums};
use crate::lower::schemas::PRIVATE;

/// Documents an item. If any of it is private, returns what takes the place of a derived `Debug`.
pub fn document_item(item: &mut Item) -> Option<Item> {
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
        let fallback = if is_flattened(&field.attrs) && argument_of(&field.ty, "Option").is_some() {
            "The fields of one of the branches, if they are there.".to_owned()
        } else if is_flattened(&field.attrs) {
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
pub fn private_debug(parent: &TokenStream, name: &Ident, shown: &[Ident]) -> Item {
    let fields = (!shown.is_empty()).then(|| quote!(; #(#shown),*));
    parse_quote!(#parent::support::private_debug!(#name #fields);)
}

/// Takes a trait off the list of derived ones, by the last name of its path.
pub fn underive(attributes: &mut [Attribute], name: &str) {
    for attribute in attributes {
        if let Meta::List(list) = &mut attribute.meta
            && list.path.is_ident("derive")
            && let Ok(paths) =
                Punctuated::<Path, Token![,]>::parse_terminated.parse2(list.tokens.clone())
        {
            let is_other =
                |path: &&Path| path.segments.last().is_none_or(|last| last.ident != name);
            let kept = paths.iter().filter(is_other);
            list.tokens = quote!(#(#kept),*);
        }
    }
}

pub fn document_methods(item: &mut ItemImpl) {
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
