//! Pairs of the operations and types of the two sides.

use std::collections::{BTreeMap, BTreeSet};

use super::matching::{Matching, Rule, matching};
use openapi_client_gen::api::{Answer, Api, Operation, Shape, Success, TypeId, TypeRef, Variant};
use openapi_document::view;

/// The request of an operation, whatever it is called: the method, the path without the names of its parameters, the media
/// type of the body, and whether it asks for events.
fn request(operation: &Operation) -> (&str, String, &str, bool) {
    let path = view::shape(&operation.path_template());
    let is_events = matches!(operation.success, Success::Always(Answer::Events(_)));
    (&operation.method, path, media_type(operation), is_events)
}

/// The media type of the body; empty if there is none.
pub fn media_type(operation: &Operation) -> &str {
    let body = operation.body.as_ref();
    body.map_or("", |body| body.media_type.as_str())
}

/// Matches the operations. A name is enough, unless the operation of that name takes another kind of body, and the one that
/// takes the old kind got a name, or the one that took the new kind lost its: then the name went from the one to the other.
pub fn operations<'a>(old: &'a Api, new: &'a Api) -> Matching<'a, Operation> {
    let by_request = |api: &'a Api| -> BTreeMap<_, &'a str> {
        let operations = api.operations.iter();
        operations
            .map(|operation| (request(operation), &*operation.name))
            .collect()
    };
    let (old_requests, new_requests) = (by_request(old), by_request(new));
    let has = |api: &Api, name: &str| api.operations.iter().any(|other| other.name == name);
    let is_moved = |before: &Operation, after: &Operation| {
        let got_name = new_requests.get(&request(before));
        let lost_name = old_requests.get(&request(after));
        media_type(before) != media_type(after)
            && (got_name.is_some_and(|name| !has(old, name))
                || lost_name.is_some_and(|name| !has(new, name)))
    };
    let rules: [&Rule<'_, Operation>; 2] = [
        &|old, new| old.name == new.name && !is_moved(old, new),
        &|old, new| request(old) == request(new),
    ];
    matching(&old.operations, &new.operations, &rules)
}

/// Types of the old side, each with the type that it is on the new side.
pub type Types = BTreeMap<TypeId, TypeId>;

/// Finds the types that both sides have: by name, and those that were renamed.
///
/// A rename is found only where it is certain: wherever the old type was used and that place is still there, the new one is
/// used now; the new one is used in no other type's place; and their definitions are the same, but for names that changed
/// in the same way. Two ids have the same definition and are two types, so the definition alone is not enough.
pub fn types(old: &Api, new: &Api, operations: &[(&Operation, &Operation, usize)]) -> Types {
    let new_names = names(new);
    let old_names = names(old).into_iter();
    let mut types: Types = old_names
        .filter_map(|(name, before)| Some((before, *new_names.get(name)?)))
        .collect();
    let mut successors: BTreeMap<TypeId, BTreeSet<TypeId>> = BTreeMap::new();
    let mut successor = |before: &TypeRef, after: &TypeRef| {
        if let Ok(Some((before, after))) = aligned(before, after) {
            successors.entry(before).or_default().insert(after);
        }
    };
    for (before, after, _) in operations {
        let (before, after) = (references(before), references(after));
        if before.len() == after.len() {
            let pairs = before.iter().zip(after);
            pairs.for_each(|(before, after)| successor(before, after));
        }
    }
    for (before, after) in &types {
        let after = members(&new.definition(*after).shape);
        for (key, before) in members(&old.definition(*before).shape) {
            if let Some(after) = after.get(&key) {
                successor(before, after);
            }
        }
    }
    for (before, candidates) in &successors {
        let mut others = successors.iter().filter(|(other, _)| *other != before);
        if let Some(after) = candidates.first()
            && candidates.len() == 1
            && !others.any(|(_, successors)| successors.contains(after))
            && let Some(renamed) = renamed(old, new, (*before, *after), &types)
        {
            types = renamed;
        }
    }
    types
}

/// The types of requests and responses.
fn references(operation: &Operation) -> Vec<&TypeRef> {
    let requests = operation.request_types();
    requests.chain(operation.response_types()).collect()
}

fn names(api: &Api) -> BTreeMap<&str, TypeId> {
    let names = api.types.iter().map(|definition| &*definition.name);
    names.zip((0..).map(TypeId)).collect()
}

/// The generated types in two references.
///
/// # Errors
///
/// If the references differ in anything else.
pub fn aligned(old: &TypeRef, new: &TypeRef) -> Result<Option<(TypeId, TypeId)>, ()> {
    match (old, new) {
        (TypeRef::Named(old), TypeRef::Named(new)) => Ok(Some((*old, *new))),
        (TypeRef::Boxed(old), TypeRef::Boxed(new))
        | (TypeRef::Nullable(old), TypeRef::Nullable(new))
        | (TypeRef::List(old), TypeRef::List(new))
        | (TypeRef::Map(old), TypeRef::Map(new)) => aligned(old, new),
        (TypeRef::Primitive(old), TypeRef::Primitive(new)) if old == new => Ok(None),
        _ => Err(()),
    }
}

/// The types with a renamed one, and with those that were renamed inside it. None if their definitions differ.
fn renamed(old: &Api, new: &Api, pair: (TypeId, TypeId), types: &Types) -> Option<Types> {
    let (old_names, new_names) = (names(old), names(new));
    let mut types = types.clone();
    let mut pending = vec![pair];
    while let Some((before, after)) = pending.pop() {
        match types.get(&before) {
            Some(known) if *known == after => continue,
            Some(_) => return None,
            None => types.insert(before, after),
        };
        let (before, after) = (old.definition(before), new.definition(after));
        if new_names.contains_key(&*before.name) || old_names.contains_key(&*after.name) {
            return None;
        }
        let (before, after) = (members(&before.shape), members(&after.shape));
        if !before.keys().eq(after.keys()) {
            return None;
        }
        for (before, after) in before.values().zip(after.values()) {
            pending.extend(aligned(before, after).ok()?);
        }
    }
    Some(types)
}

/// The members of a definition: all that it has, with the types of those that have one.
fn members(shape: &Shape) -> BTreeMap<String, &TypeRef> {
    const NONE: TypeRef = TypeRef::JSON;
    match shape {
        Shape::Struct(object) => {
            let fields = object.fields.iter().map(|field| {
                let (key, name) = (&field.key, &field.name);
                let (required, nullable) = (field.required, field.nullable);
                let identity = format!("field {key} {name} {required} {nullable}");
                (identity, &field.value)
            });
            let extra = ("extra".to_owned(), &object.extra);
            fields.chain([extra]).collect()
        }
        Shape::Enum(values) => {
            let variants = values.variants.iter().map(|Variant { name, value }| {
                let identity = format!("value {value} {name}");
                (identity, &NONE)
            });
            variants.collect()
        }
        Shape::Union(union) => {
            let branches = union.branches.iter();
            let branches =
                branches.map(|branch| (format!("member {}", branch.name), &branch.value));
            branches.collect()
        }
        Shape::Newtype(newtype) => BTreeMap::from([("inside".to_owned(), &newtype.inner)]),
    }
}
