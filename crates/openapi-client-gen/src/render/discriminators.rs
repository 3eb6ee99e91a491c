//! The discriminators of the branches of unions, as the support code's `union!` and `object!` take them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::{Api, Discriminator, Primitive, Shape, TypeId, TypeRef, UnionBranch, UnionType};
use openapi_document::pointer;

/// A type whose values are objects that may have a discriminator.
#[derive(Clone, Copy, Debug)]
enum Holder {
    /// Objects whose discriminator is a text, or no member that they know.
    Objects,
    /// A union of such objects, with this definition.
    Union(TypeId),
}

/// Prints the discriminator that a branch of a union is written with, in brackets, if it is written with one of its own.
pub fn bracketed(api: &Api, id: TypeId, union: &UnionType, index: usize) -> Option<TokenStream> {
    let discriminator = union.discriminator.as_ref()?;
    let branch = union.branches.get(index)?;
    let key = &discriminator.key;
    let values = discriminator.values.iter();
    let values = values.filter(|(_, branch)| *branch == index);
    let values: Vec<&str> = values.map(|(value, _)| &**value).collect();
    let mut known = BTreeMap::from([(id, None)]);
    let is_written = match holder(api, &branch.value, key, &mut known)? {
        Holder::Objects => !values.is_empty(),
        // Without its name, its values are those of its own branches, of which none can be chosen here.
        Holder::Union(nested) => {
            let nested = api.definition(nested);
            let inner = discriminator_of(&nested.shape);
            let has_own_key = inner.is_some_and(|(inner, _)| inner.key == *key);
            values.contains(&&*pointer::last(&nested.origin)) && !has_own_key
        }
    };
    let presence = match discriminator.is_declared {
        true => quote!(added),
        false => quote!(kept),
    };
    is_written.then(|| quote!([#presence #key: #(#values),*]))
}

/// The discriminator of a union that has one, and its branches.
fn discriminator_of(shape: &Shape) -> Option<(&Discriminator, &[UnionBranch])> {
    match shape {
        Shape::Union(union) => Some((union.discriminator.as_ref()?, &union.branches)),
        _ => None,
    }
}

/// The holder of a discriminator in the values of a type. `known` has those of definitions, each of which is searched once.
fn holder(
    api: &Api,
    value: &TypeRef,
    key: &str,
    known: &mut BTreeMap<TypeId, Option<Holder>>,
) -> Option<Holder> {
    let id = match value {
        TypeRef::Named(id) => *id,
        TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => return holder(api, inner, key, known),
        TypeRef::Map(value) => return is_text(api, value).then_some(Holder::Objects),
        TypeRef::List(_) | TypeRef::Primitive(_) => return None,
    };
    if let Some(holder) = known.get(&id) {
        return *holder;
    }
    // The serializer of a union in itself would be in itself, too.
    known.insert(id, None);
    let holder = match &api.definition(id).shape {
        Shape::Struct(object) => {
            let mut fields = object.fields.iter();
            let member = fields.find(|field| field.key == *key);
            let value = member.map_or(&object.extra, |field| &field.value);
            is_text(api, value).then_some(Holder::Objects)
        }
        Shape::Newtype(newtype) => holder(api, &newtype.inner, key, known),
        Shape::Union(union) => {
            let mut branches = union.branches.iter();
            let all = branches.all(|branch| holder(api, &branch.value, key, known).is_some());
            all.then_some(Holder::Union(id))
        }
        Shape::Enum(_) => None,
    };
    known.insert(id, holder);
    holder
}

/// Whether a text is among the values of a type.
fn is_text(api: &Api, value: &TypeRef) -> bool {
    match value {
        TypeRef::Primitive(primitive) => {
            matches!(primitive, Primitive::String | Primitive::Json)
        }
        TypeRef::Named(id) => match &api.definition(*id).shape {
            Shape::Enum(_) => true,
            Shape::Newtype(newtype) => is_text(api, &newtype.inner),
            Shape::Struct(_) | Shape::Union(_) => false,
        },
        TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => is_text(api, inner),
        TypeRef::List(_) | TypeRef::Map(_) => false,
    }
}

/// The discriminators that a struct may have without a field, by its definition: those of the unions that it is a branch of.
pub fn without_field(api: &Api) -> BTreeMap<TypeId, BTreeSet<&str>> {
    let mut keys: BTreeMap<TypeId, BTreeSet<&str>> = BTreeMap::new();
    let unions = api.types.iter();
    let unions = unions.filter_map(|definition| discriminator_of(&definition.shape));
    for (Discriminator { key, .. }, branches) in unions {
        for id in branches.iter().filter_map(|branch| branch.value.named()) {
            if let Shape::Struct(object) = &api.definition(id).shape
                && object.fields.iter().all(|field| field.key != *key)
            {
                keys.entry(id).or_default().insert(key);
            }
        }
    }
    keys
}
