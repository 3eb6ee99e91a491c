//! Unions whose members a property tells apart.
//!
//! typify decodes a union by trying one member after the other, and takes the first that fits: fields that this one does
//! not have are lost. Here the property decides. A value of it that the document doesn't list is kept whole, as open enums
//! keep theirs; what is encoded is the member alone, which has the property among its fields.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use quote::quote;
use syn::{Fields, Item, ItemEnum, parse_quote};

use super::annotations::underive;
use super::progenitor::subject;
use super::{docs, enums};
use crate::model::Discriminator;

/// The discriminated unions among the items of the types module.
pub struct Unions<'a>(BTreeMap<&'a str, &'a Discriminator>);

impl<'a> Unions<'a> {
    /// Finds those for which typify made an enum with one variant for each member.
    pub fn among(items: &[Item], known: &'a BTreeMap<String, Discriminator>) -> Self {
        // What has a text form is no object, and matched where it is formatted.
        let formatted: BTreeSet<String> = items
            .iter()
            .filter(|item| implements(item, "Display"))
            .filter_map(subject)
            .collect();
        let unions = items.iter().filter_map(|item| {
            let Item::Enum(item) = item else { return None };
            let (name, discriminator) = known.get_key_value(&item.ident.to_string())?;
            let holds_one = item.variants.iter().all(
                |variant| matches!(&variant.fields, Fields::Unnamed(held) if held.unnamed.len() == 1),
            );
            let fits = holds_one && item.variants.len() == discriminator.values.len();
            (fits && !formatted.contains(name)).then_some((name.as_str(), discriminator))
        });
        Self(unions.collect())
    }

    /// Adds the variant for other values to such a union, and returns the implementation that takes the place of the
    /// derived one.
    pub fn honour(&self, item: &mut Item) -> Option<Item> {
        let Item::Enum(item) = item else { return None };
        let name = item.ident.clone();
        let discriminator = self.0.get(name.to_string().as_str())?;
        let variants: Vec<Ident> = item
            .variants
            .iter()
            .map(|variant| variant.ident.clone())
            .collect();
        let other = enums::unknown_variant(&|name| variants.iter().any(|known| known == name));
        let property = &discriminator.property;
        add(item, &other, property);

        let arms = variants
            .iter()
            .zip(&discriminator.values)
            .filter(|(_, values)| !values.is_empty())
            .map(|(variant, values)| {
                quote!(#(#values)|* => tagged_union::member(value).map(Self::#variant))
            });
        // What is not there is read as empty.
        let is_claimed = |value: &String| {
            discriminator
                .values
                .iter()
                .flatten()
                .any(|known| known == value)
        };
        let mut untold = discriminator.ambiguous.clone();
        untold.push(String::new());
        untold.retain(|value| !is_claimed(value));
        untold.dedup();
        let try_all = (!untold.is_empty()).then(|| {
            let (first, others) = variants.split_first()?;
            Some(quote! {
                #(#untold)|* => tagged_union::fitting(&value)
                    .map(Self::#first)
                    #(.or_else(|| tagged_union::fitting(&value).map(Self::#others)))*
                    .ok_or_else(|| tagged_union::none_fits(#property)),
            })
        });
        let try_all = try_all.flatten();
        // Names such as `Some` and `Ok` may be those of types here.
        Some(parse_quote! {
            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::std::result::Result<Self, D::Error> {
                    use super::support::tagged_union;
                    let value = tagged_union::value(deserializer)?;
                    match tagged_union::tag(&value, #property) {
                        #(#arms,)*
                        #try_all
                        _ => tagged_union::unknown(value).map(Self::#other),
                    }
                }
            }
        })
    }
}

/// Adds the variant `other` to a union, and takes the derived `Deserialize` off it.
fn add(item: &mut ItemEnum, other: &Ident, property: &str) {
    underive(&mut item.attrs, "Deserialize");
    let property = docs::code(property);
    let open = format!(
        "The field {property} tells the members apart. This enum is open: an object of a kind that it doesn't list is \
         kept and sent back as it came."
    );
    item.attrs.push(parse_quote!(#[doc = ""]));
    item.attrs.extend(docs::attributes(&open));
    item.attrs.push(parse_quote!(#[non_exhaustive]));
    let text = docs::comment("An object of a kind that this version of the crate does not know.");
    item.variants.push(parse_quote! {
        #text
        #other(super::support::UnknownObject)
    });
}

fn implements(item: &Item, name: &str) -> bool {
    let Item::Impl(item) = item else { return false };
    let last = item
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last());
    last.is_some_and(|last| last.ident == name)
}
