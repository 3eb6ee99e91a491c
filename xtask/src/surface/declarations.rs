//! Reads the types off the code that declares and implements them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;
use syn::{
    Attribute, Fields, File, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Lit, Meta,
    Type as RustType, Visibility,
};

use super::bodies::{default_values, listed, rule, tag, texts};
use super::items::{Field, Kind, Type, Variant};
use super::signature::{Reader, Signature};

/// Reads the types module, with the modules of their builders and of the default values of fields.
pub fn read(
    types: &File,
    builders: &File,
    defaults: &File,
    schemas: &BTreeMap<String, String>,
) -> BTreeMap<String, Type> {
    let defaults = default_values(defaults);
    let declared: BTreeSet<String> = types.items.iter().filter_map(declared).collect();
    let with_builder: BTreeSet<String> = builders.items.iter().filter_map(self::declared).collect();
    let reader = Reader {
        declared: &declared,
    };
    let mut found: BTreeMap<String, Type> = BTreeMap::new();
    for item in &types.items {
        let (name, kind, attributes) = match item {
            Item::Struct(item) => (&item.ident, structure(item, &reader), &item.attrs),
            Item::Enum(item) => (&item.ident, union(item, &reader), &item.attrs),
            Item::Type(item) => (
                &item.ident,
                Kind::Alias(reader.of_type(&item.ty)),
                &item.attrs,
            ),
            _ => continue,
        };
        let kind = with_defaults(kind, &defaults);
        let name = name.to_string();
        found.insert(
            name.clone(),
            Type {
                schema: schemas.get(&name).cloned(),
                kind,
                traits: derived(attributes, &reader),
                rules: BTreeMap::new(),
                tag: None,
                taken: None,
                builder: with_builder.contains(&name),
                shown: None,
            },
        );
    }
    for item in &types.items {
        if let Some((name, fields)) = private_debug(item)
            && let Some(ty) = found.get_mut(&name)
        {
            ty.shown = Some(fields);
        }
        let Item::Impl(item) = item else { continue };
        let RustType::Path(subject) = &*item.self_ty else {
            continue;
        };
        let subject = reader.of_path(&subject.path);
        if let Some(ty) = subject.names.first().and_then(|name| found.get_mut(name)) {
            implemented(item, ty, &reader);
        }
    }
    found
}

/// Reads the enums that stand beside a builder: of an operation whose successes differ in their bodies, by status.
pub fn answers(builder: &File) -> BTreeMap<String, Type> {
    let declared = builder.items.iter().filter_map(declared).collect();
    let reader = Reader {
        declared: &declared,
    };
    let enums = builder.items.iter().filter_map(|item| match item {
        Item::Enum(answer) => Some(answer),
        _ => None,
    });
    enums
        .map(|answer| {
            let ty = Type {
                schema: None,
                kind: Kind::Union {
                    variants: variants(answer, &reader),
                    open: true,
                },
                traits: derived(&answer.attrs, &reader),
                rules: BTreeMap::new(),
                tag: None,
                taken: None,
                builder: false,
                shown: None,
            };
            (answer.ident.to_string(), ty)
        })
        .collect()
}

/// The type in `private_debug!(Type; a, b);` and the fields that are shown.
fn private_debug(item: &Item) -> Option<(String, BTreeSet<String>)> {
    let Item::Macro(item) = item else { return None };
    if item.mac.path.segments.last()?.ident != "private_debug" {
        return None;
    }
    let mut names = item
        .mac
        .tokens
        .clone()
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        });
    Some((names.next()?, names.collect()))
}

fn declared(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// Puts values in the place of functions that return them.
fn with_defaults(mut kind: Kind, values: &BTreeMap<String, String>) -> Kind {
    if let Kind::Object { fields, .. } = &mut kind {
        for default in fields
            .values_mut()
            .filter_map(|field| field.default.as_mut())
        {
            let function = default.rsplit("::").next().unwrap_or_default();
            if let Some(value) = values.get(function) {
                default.clone_from(value);
            }
        }
    }
    kind
}

fn structure(item: &ItemStruct, reader: &Reader<'_>) -> Kind {
    match &item.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
            let inner = fields.unnamed.first();
            Kind::Newtype {
                public: inner.is_some_and(|field| public(&field.vis)),
                inner: inner
                    .map(|field| reader.of_type(&field.ty))
                    .unwrap_or_default(),
            }
        }
        fields => {
            let mut others = None;
            let fields = members(fields, reader, &mut others);
            Kind::Object {
                fields,
                others,
                closed: serde(&item.attrs).contains_key("deny_unknown_fields"),
            }
        }
    }
}

fn members(
    fields: &Fields,
    reader: &Reader<'_>,
    others: &mut Option<(String, Signature)>,
) -> BTreeMap<String, Field> {
    let mut members = BTreeMap::new();
    for field in fields {
        let Some(name) = field.ident.as_ref().map(ToString::to_string) else {
            continue;
        };
        let serde = serde(&field.attrs);
        if serde.contains_key("flatten") {
            *others = Some((name, reader.of_type(&field.ty)));
            continue;
        }
        let said = |key: &str| serde.get(key).cloned().flatten();
        let optional = ["default", "skip_serializing_if"];
        let wire = said("rename").unwrap_or_else(|| name.clone());
        members.insert(
            wire,
            Field {
                name,
                ty: reader.of_type(&field.ty),
                required: !optional.into_iter().any(|key| serde.contains_key(key)),
                default: said("default"),
            },
        );
    }
    members
}

/// What serde attributes say: keys, and the values of those that have a string for one.
fn serde(attributes: &[Attribute]) -> BTreeMap<String, Option<String>> {
    let mut said = BTreeMap::new();
    for attribute in attributes {
        let Meta::List(list) = &attribute.meta else {
            continue;
        };
        if !list.path.is_ident("serde") {
            continue;
        }
        let _ = list.parse_nested_meta(|meta| {
            let value = match meta.value() {
                Ok(value) => match value.parse::<Lit>()? {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                Err(_) => None,
            };
            if let Some(key) = meta.path.get_ident() {
                said.insert(key.to_string(), value);
            }
            Ok(())
        });
    }
    said
}

fn union(item: &ItemEnum, reader: &Reader<'_>) -> Kind {
    let is_open = item
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"));
    // All but the one for other values.
    let units = item
        .variants
        .iter()
        .filter(|variant| variant.fields.is_empty());
    if is_open && units.count() + 1 >= item.variants.len() {
        // The values are filled in from the code that writes them.
        let default = item.variants.iter().find(|variant| {
            let mut attributes = variant.attrs.iter();
            attributes.any(|attribute| attribute.path().is_ident("default"))
        });
        return Kind::Values {
            values: BTreeMap::new(),
            default: default.map(|variant| variant.ident.to_string()),
        };
    }
    Kind::Union {
        variants: variants(item, reader),
        open: is_open,
    }
}

fn variants(item: &ItemEnum, reader: &Reader<'_>) -> BTreeMap<String, Variant> {
    let variants = item.variants.iter().map(|variant| {
        let held = match &variant.fields {
            Fields::Unit => Variant::Unit,
            Fields::Unnamed(fields) => {
                let types = fields.unnamed.iter();
                Variant::Holds(types.map(|field| reader.of_type(&field.ty)).collect())
            }
            fields => {
                let mut others = None;
                let fields = members(fields, reader, &mut others);
                Variant::Fields { fields, others }
            }
        };
        (variant.ident.to_string(), held)
    });
    variants.collect()
}

fn derived(attributes: &[Attribute], reader: &Reader<'_>) -> BTreeSet<Signature> {
    let mut traits = BTreeSet::new();
    for attribute in attributes {
        if attribute.path().is_ident("derive") {
            let _ = attribute.parse_nested_meta(|meta| {
                traits.extend(of_interest(reader.of_path(&meta.path)));
                Ok(())
            });
        }
    }
    traits
}

/// A trait under the one name that it is compared by, unless every type has it.
fn of_interest(mut implemented: Signature) -> Option<Signature> {
    if implemented.text.starts_with("Deserialize<") {
        implemented.text.truncate("Deserialize".len());
    }
    (implemented.text != "Debug").then_some(implemented)
}

/// Takes over what an `impl` adds to a type.
fn implemented(item: &ItemImpl, ty: &mut Type, reader: &Reader<'_>) {
    let methods = item.items.iter().filter_map(|member| match member {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    let Some((path, _)) = &item.trait_ else {
        for method in methods {
            if let (Kind::Values { values, .. }, "as_str") =
                (&mut ty.kind, method.sig.ident.to_string().as_str())
            {
                *values = texts(&method.block.stmts);
            }
        }
        return;
    };
    ty.traits.extend(of_interest(reader.of_path(path)));
    for method in methods {
        if method.sig.ident == "deserialize" {
            ty.tag = tag(&method.block.stmts);
        }
        if matches!(
            method.sig.ident.to_string().as_str(),
            "from_str" | "try_from"
        ) {
            for statement in &method.block.stmts {
                match listed(statement) {
                    Some((true, values)) => ty.taken = Some(values.into_iter().collect()),
                    Some((false, values)) => {
                        ty.rules
                            .extend(values.into_iter().map(|value| (value, None)));
                    }
                    None => ty.rules.extend(rule(statement)),
                }
            }
        }
    }
}
