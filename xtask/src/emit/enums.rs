//! Open enums: a value that the document doesn't list is kept, not refused.
//!
//! typify makes a closed enum of a string enum, so that one new status would break every client that reads it. Every
//! such enum, named or inline, is replaced here; everything that refers to it stays as it is. The exception is an enum
//! of one value that tells the members of a union apart: see [`unions`].

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Fields, Item, ItemEnum, Lit, Meta, Path, visit_mut::VisitMut};

use super::progenitor::subject;
use super::{docs, unions};

/// The string enums among the items of the types module, and what else has to change with them.
pub struct OpenEnums {
    enums: BTreeMap<String, OpenEnum>,
    /// The unions, with variant and type of each member.
    unions: BTreeMap<String, Vec<(String, String)>>,
    renamed: Renamed,
}

impl OpenEnums {
    /// Finds them.
    pub fn among(items: &[Item]) -> Self {
        let tags = unions::tags(items);
        let defaults: BTreeMap<String, Ident> = items.iter().filter_map(default_variant).collect();
        let enums: BTreeMap<String, OpenEnum> = items
            .iter()
            .filter_map(|item| OpenEnum::of(item, &defaults))
            .filter(|open| !(open.variants.len() == 1 && tags.contains(&open.name)))
            .map(|open| (open.name.clone(), open))
            .collect();
        let renamed = enums.values().flat_map(OpenEnum::renamed).collect();
        Self {
            enums,
            unions: unions::members(items),
            renamed: Renamed(renamed),
        }
    }

    /// What takes the place of an item: open enums for closed ones, and nothing for what was implemented for those.
    pub fn open(&self, mut item: Item) -> Vec<Item> {
        let owner = subject(&item).and_then(|name| self.enums.get(&name));
        match (owner, &item) {
            (None, _) => {
                let is_open = |name: &str| self.enums.contains_key(name);
                unions::parse_open_enums_last(&mut item, &self.unions, &is_open);
                self.renamed.apply(&mut item);
                vec![item]
            }
            (Some(open), Item::Enum(_)) => open.items(),
            (Some(_), _) => Vec::new(),
        }
    }
}

/// Variants that typify gives a name which is not in camel case, such as `plus1` for the value `+1`: enum and variant,
/// and what it is called instead.
struct Renamed(BTreeMap<(String, String), Ident>);

impl Renamed {
    fn apply(&self, item: &mut Item) {
        struct Rename<'a>(&'a Renamed);
        impl VisitMut for Rename<'_> {
            fn visit_path_mut(&mut self, path: &mut Path) {
                syn::visit_mut::visit_path_mut(self, path);
                let mut segments = path.segments.iter_mut().rev();
                if let (Some(variant), Some(owner)) = (segments.next(), segments.next()) {
                    let key = (owner.ident.to_string(), variant.ident.to_string());
                    if let Some(name) = self.0.0.get(&key) {
                        variant.ident = name.clone();
                    }
                }
            }
        }
        if !self.0.is_empty() {
            Rename(self).visit_item_mut(item);
        }
    }
}

/// If this is typify's implementation of `Default` for an enum: the enum, and the variant that it returns.
fn default_variant(item: &Item) -> Option<(String, Ident)> {
    let Item::Impl(implementation) = item else {
        return None;
    };
    let (path, _) = implementation.trait_.as_ref()?;
    if path.segments.last()?.ident != "Default" {
        return None;
    }
    let Some(syn::ImplItem::Fn(method)) = implementation.items.first() else {
        return None;
    };
    match method.block.stmts.last()? {
        syn::Stmt::Expr(syn::Expr::Path(value), None) => {
            Some((subject(item)?, value.path.segments.last()?.ident.clone()))
        }
        _ => None,
    }
}

/// A string enum as typify made it.
struct OpenEnum {
    name: String,
    docs: Vec<Attribute>,
    default: Option<Ident>,
    /// Variant and value.
    variants: Vec<(syn::Ident, String)>,
}

impl OpenEnum {
    fn of(item: &Item, defaults: &BTreeMap<String, Ident>) -> Option<Self> {
        let Item::Enum(ItemEnum {
            ident,
            attrs,
            variants,
            ..
        }) = item
        else {
            return None;
        };
        // An enum with a representation of its own is a tagged union, not a list of strings.
        if attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("serde"))
            || variants.is_empty()
        {
            return None;
        }
        let variants = variants
            .iter()
            .map(|variant| {
                let unit = matches!(variant.fields, Fields::Unit);
                let value = rename(&variant.attrs).unwrap_or_else(|| variant.ident.to_string());
                unit.then(|| (variant.ident.clone(), value))
            })
            .collect::<Option<Vec<_>>>()?;
        let docs = attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("doc"))
            .cloned()
            .collect();
        let name = ident.to_string();
        Some(Self {
            default: defaults.get(&name).cloned(),
            name,
            docs,
            variants,
        })
    }

    fn renamed(&self) -> impl Iterator<Item = ((String, String), Ident)> {
        self.variants.iter().filter_map(|(from, _)| {
            let key = (self.name.clone(), from.to_string());
            Some((key, self.camel_case(from)?))
        })
    }

    /// The name that a variant should have, if it is another than it has.
    fn camel_case(&self, variant: &Ident) -> Option<Ident> {
        let name = variant.to_string();
        let mut characters = name.chars();
        let first = characters.next().filter(|first| first.is_lowercase())?;
        let mut camel: String = first.to_uppercase().chain(characters).collect();
        while self.variants.iter().any(|(ident, _)| *ident == camel) {
            camel.push('X');
        }
        Some(format_ident!("{camel}"))
    }

    fn items(&self) -> Vec<Item> {
        let tokens = self.tokens();
        // What is quoted here parses; a mistake in it shows in the first test that generates an enum.
        syn::parse2::<syn::File>(tokens)
            .map(|file| file.items)
            .unwrap_or_default()
    }

    fn tokens(&self) -> TokenStream {
        let Self { docs, .. } = self;
        let name = format_ident!("{}", self.name);
        let taken = |candidate: &str| self.variants.iter().any(|(ident, _)| ident == candidate);
        let unknown = unknown_variant(&taken);
        let idents: Vec<Ident> = self
            .variants
            .iter()
            .map(|(ident, _)| self.camel_case(ident).unwrap_or_else(|| ident.clone()))
            .collect();
        let values: Vec<_> = self.variants.iter().map(|(_, value)| value).collect();
        let variant_docs = self.variants.iter().map(|(ident, value)| {
            let documentation = docs::comment(&format!("The value {}.", docs::code(value)));
            let default = (self.default.as_ref() == Some(ident)).then(|| quote!(#[default]));
            quote!(#documentation #default)
        });
        let derive_default = self.default.is_some().then(|| quote!(Default,));
        quote! {
            #(#docs)*
            ///
            /// This enum is open: a value that it doesn't list is kept and sent back as it came.
            #[derive(Clone, Debug, #derive_default Eq, Hash, Ord, PartialEq, PartialOrd)]
            #[non_exhaustive]
            pub enum #name {
                #(#variant_docs #idents,)*
                /// A value that this version of the crate does not know.
                #unknown(super::support::UnknownValue),
            }
            impl #name {
                /// Every value that this version of the crate knows, in the order of the API description.
                pub const KNOWN: &'static [Self] = &[#(Self::#idents),*];
                /// The value as it is sent.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#idents => #values,)*
                        Self::#unknown(value) => value.as_str(),
                    }
                }
            }
            impl ::std::convert::From<&str> for #name {
                fn from(value: &str) -> Self {
                    match value {
                        #(#values => Self::#idents,)*
                        other => Self::#unknown(super::support::UnknownValue::new(other)),
                    }
                }
            }
            super::support::open_enum!(#name);
        }
    }
}

/// What the variant for a value that isn't listed is called: `Unrecognized`, unless another one is.
pub fn unknown_variant(taken: &dyn Fn(&str) -> bool) -> Ident {
    let name = ["Unrecognized", "UnrecognizedValue"]
        .map(str::to_owned)
        .into_iter()
        .chain((2..).map(|number| format!("UnrecognizedValue{number}")))
        .find(|candidate| !taken(candidate))
        .unwrap_or_default();
    format_ident!("{name}")
}

pub fn rename(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .find_map(|attribute| {
            let Meta::List(list) = &attribute.meta else {
                return None;
            };
            let mut name = None;
            let _ = list.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename")
                    && let Lit::Str(value) = meta.value()?.parse()?
                {
                    name = Some(value.value());
                }
                Ok(())
            });
            name
        })
}
