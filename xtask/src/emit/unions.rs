//! Unions of which a member is, or holds, an open enum.
//!
//! typify decodes most unions by trying one member after the other. An open enum takes any string, so it would win over
//! members that come after it, and a `kind` of only one value would no longer tell its member from the others.

use std::collections::{BTreeMap, BTreeSet};

use quote::{ToTokens, quote};
use syn::{Fields, FieldsNamed, ImplItem, Item, ItemEnum, Type, parse_quote};

use super::progenitor::subject;

/// The types of the fields of members of untagged unions. Those of them that are enums of one value must stay closed,
/// for that value is what tells the member from its neighbours.
pub fn tags(items: &[Item]) -> BTreeSet<String> {
    let structs: BTreeMap<String, &FieldsNamed> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => match &item.fields {
                Fields::Named(fields) => Some((item.ident.to_string(), fields)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let mut tags = BTreeSet::new();
    for item in items {
        let Item::Enum(item) = item else { continue };
        if !is_untagged(item) {
            continue;
        }
        for variant in &item.variants {
            let fields = match &variant.fields {
                Fields::Named(fields) => Some(fields),
                Fields::Unnamed(fields) => fields
                    .unnamed
                    .first()
                    .and_then(|field| structs.get(&last_name(&field.ty)?).copied()),
                Fields::Unit => None,
            };
            let types = fields.into_iter().flat_map(|fields| &fields.named);
            tags.extend(types.filter_map(|field| last_name(&field.ty)));
        }
    }
    tags
}

fn is_untagged(item: &ItemEnum) -> bool {
    item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("serde")
            && attribute
                .meta
                .to_token_stream()
                .to_string()
                .contains("untagged")
    })
}

/// The name that the path of a type ends with.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The unions, with variant and type of each member.
pub fn members(items: &[Item]) -> BTreeMap<String, Vec<(String, String)>> {
    let unions = items.iter().filter_map(|item| match item {
        Item::Enum(item) if is_untagged(item) => Some(item),
        _ => None,
    });
    unions
        .map(|item| {
            let members = item.variants.iter().filter_map(|variant| {
                let ty = last_name(&variant.fields.iter().next()?.ty)?;
                Some((variant.ident.to_string(), ty))
            });
            (item.ident.to_string(), members.collect())
        })
        .collect()
}

/// In `FromStr` of a union, tries an open enum after all others, and without asking whether it takes the text.
pub fn parse_open_enums_last(
    item: &mut Item,
    members: &BTreeMap<String, Vec<(String, String)>>,
    is_open: &dyn Fn(&str) -> bool,
) {
    let Some(variants) = subject(item).and_then(|name| members.get(&name)) else {
        return;
    };
    let Item::Impl(implementation) = item else {
        return;
    };
    let is_from_str = implementation
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last())
        .is_some_and(|last| last.ident == "FromStr");
    let Some((last, _)) = variants.iter().find(|(_, ty)| is_open(ty)) else {
        return;
    };
    if !is_from_str {
        return;
    }
    let last = quote::format_ident!("{last}");
    for member in &mut implementation.items {
        let ImplItem::Fn(method) = member else {
            continue;
        };
        let others: Vec<_> = variants
            .iter()
            .filter(|(_, ty)| !is_open(ty))
            .map(|(variant, _)| quote::format_ident!("{variant}"))
            .collect();
        let fallback = quote!(Ok(Self::#last(value.into())));
        method.block = if others.is_empty() {
            parse_quote!({ #fallback })
        } else {
            parse_quote!({
                #(if let Ok(v) = value.parse() { Ok(Self::#others(v)) } else)* { #fallback }
            })
        };
    }
}
