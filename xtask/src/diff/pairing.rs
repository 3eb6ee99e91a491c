//! Which operation and which type of one side is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Answer, Api, Content, Operation, Shape, Success, TypeId, TypeRef};
use crate::view;

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

/// Finds the operations that both sides have. A name is enough, unless the operation of that name takes another kind
/// of body, and the one that takes the old kind got a name, or the one that took the new kind lost its: then the name went
/// from the one to the other.
pub fn operations<'a>(old: &'a Api, new: &'a Api) -> Vec<(&'a Operation, &'a Operation)> {
    fn by<'a, K: Ord>(api: &'a Api, key: fn(&'a Operation) -> K) -> BTreeMap<K, &'a Operation> {
        let operations = api.operations.iter();
        operations
            .map(|operation| (key(operation), operation))
            .collect()
    }
    let name = |operation: &'a Operation| operation.name.as_str();
    let (old_names, new_names) = (by(old, name), by(new, name));
    let (old_requests, new_requests) = (by(old, request), by(new, request));
    let mut pairs = Vec::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (name, before) in &old_names {
        let Some(after) = new_names.get(name) else {
            continue;
        };
        let got_name = new_requests.get(&request(before));
        let got_name = got_name.is_some_and(|found| !old_names.contains_key(&*found.name));
        let lost_name = old_requests.get(&request(after));
        let lost_name = lost_name.is_some_and(|found| !new_names.contains_key(&*found.name));
        if media_type(before) == media_type(after) || !(got_name || lost_name) {
            pairs.push((*before, *after));
            taken.insert(name);
        }
    }
    let paired: BTreeSet<&str> = pairs.iter().map(|(before, _)| &*before.name).collect();
    for (name, before) in old_names {
        let found = new_requests.get(&request(before));
        if let Some(after) =
            found.filter(|found| !paired.contains(name) && taken.insert(&found.name))
        {
            pairs.push((before, after));
        }
    }
    pairs
}

/// Finds the types that both sides have: by name, and those that were renamed.
///
/// A rename is found only where it is certain: wherever the old type was used and that place is still there, the new one is
/// used now; the new one is used in no other type's place; and their definitions are the same, but for names that changed
/// in the same way. Two ids have the same definition and are two types, so the definition alone is not enough.
pub fn types(
    old: &Api,
    new: &Api,
    operations: &[(&Operation, &Operation)],
) -> BTreeMap<TypeId, TypeId> {
    let names = by_name(new);
    let old_types = old.types.iter().enumerate();
    let mut pairs: BTreeMap<TypeId, TypeId> = old_types
        .filter_map(|(index, definition)| Some((TypeId(index), *names.get(&*definition.name)?)))
        .collect();
    let mut uses: Vec<(TypeId, TypeId)> = Vec::new();
    for (before, after) in operations {
        uses.extend(common(operation_uses(before), &operation_uses(after)));
    }
    for (before, after) in &pairs {
        let after = shape_uses(&new.definition(*after).shape);
        uses.extend(common(shape_uses(&old.definition(*before).shape), &after));
    }
    let (mut successors, mut takers) = (BTreeMap::new(), BTreeMap::new());
    for (before, after) in uses {
        if pairs.get(&before) != Some(&after) {
            successors
                .entry(before)
                .or_insert_with(BTreeSet::new)
                .insert(after);
            takers
                .entry(after)
                .or_insert_with(BTreeSet::new)
                .insert(before);
        }
    }
    let renames = Renames {
        old,
        new,
        old_names: by_name(old),
        new_names: names,
    };
    for (before, after) in successors {
        let (Some(after), 1) = (after.first(), after.len()) else {
            continue;
        };
        let is_only = takers.get(after).is_some_and(|takers| takers.len() == 1);
        if let Some(renamed) = renames.from(before, *after, &pairs).filter(|_| is_only) {
            pairs = renamed;
        }
    }
    pairs
}

fn by_name(api: &Api) -> BTreeMap<&str, TypeId> {
    let types = api.types.iter().enumerate();
    types
        .map(|(index, definition)| (&*definition.name, TypeId(index)))
        .collect()
}

/// References to types, each with its place.
type Uses<'a> = BTreeMap<String, &'a TypeRef>;

fn operation_uses(operation: &Operation) -> Uses<'_> {
    let mut uses = Uses::new();
    for parameter in &operation.parameters {
        let place = format!("{} {}", parameter.location.keyword(), parameter.key);
        uses.insert(place, &parameter.value);
    }
    match operation.body.as_ref().map(|body| &body.content) {
        Some(Content::Json(value) | Content::Form(value, _)) => {
            uses.insert("body".to_owned(), value);
        }
        Some(Content::Multipart(parts)) => uses.extend(
            parts
                .iter()
                .filter_map(|part| Some((format!("part {}", part.key), part.content.value()?))),
        ),
        Some(Content::Text | Content::Bytes) | None => {}
    }
    let answers = match &operation.success {
        Success::Always(answer) => vec![(String::new(), answer)],
        Success::ByStatus(answers) => answers
            .iter()
            .map(|(status, answer)| (status.clone(), answer))
            .collect(),
    };
    uses.extend(
        answers
            .into_iter()
            .filter_map(|(status, answer)| Some((format!("answer {status}"), answer.value()?))),
    );
    uses.extend(
        operation
            .error
            .iter()
            .map(|error| ("error".to_owned(), error)),
    );
    uses
}

fn shape_uses(shape: &Shape) -> Uses<'_> {
    match shape {
        Shape::Struct(object) => {
            let fields = object.fields.iter();
            let fields = fields.map(|field| (format!("/{}", field.key), &field.value));
            fields.chain([(String::new(), &object.extra)]).collect()
        }
        Shape::Enum(_) => Uses::new(),
        Shape::Union(union) => {
            let branches = union.branches.iter();
            branches
                .map(|branch| (branch.name.clone(), &branch.value))
                .collect()
        }
        Shape::Newtype(newtype) => Uses::from([(String::new(), &newtype.inner)]),
    }
}

/// The generated types at the places that both have, if all else of the references is the same.
fn common(old: Uses<'_>, new: &Uses<'_>) -> Vec<(TypeId, TypeId)> {
    let pairs = old.into_iter();
    pairs
        .filter_map(|(place, before)| aligned(before, new.get(&place)?).ok()?)
        .collect()
}

/// The generated types in two references.
///
/// # Errors
///
/// If the references differ in anything else.
fn aligned(old: &TypeRef, new: &TypeRef) -> Result<Option<(TypeId, TypeId)>, ()> {
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

struct Renames<'a> {
    old: &'a Api,
    new: &'a Api,
    old_names: BTreeMap<&'a str, TypeId>,
    new_names: BTreeMap<&'a str, TypeId>,
}

impl Renames<'_> {
    /// The pairs with a renamed type, and with those that were renamed inside it. None if their definitions differ.
    fn from(
        &self,
        before: TypeId,
        after: TypeId,
        pairs: &BTreeMap<TypeId, TypeId>,
    ) -> Option<BTreeMap<TypeId, TypeId>> {
        let mut pairs = pairs.clone();
        let mut pending = vec![(before, after)];
        while let Some((before, after)) = pending.pop() {
            match pairs.get(&before) {
                Some(known) if *known == after => continue,
                Some(_) => return None,
                None => {}
            }
            let (old, new) = (self.old.definition(before), self.new.definition(after));
            let is_known = self.new_names.contains_key(&*old.name);
            if is_known || self.old_names.contains_key(&*new.name) {
                return None;
            }
            pairs.insert(before, after);
            if !same_members(&old.shape, &new.shape) {
                return None;
            }
            let (old, new) = (shape_uses(&old.shape), shape_uses(&new.shape));
            for (place, before) in old {
                pending.extend(aligned(before, new.get(&place)?).ok()?);
            }
        }
        Some(pairs)
    }
}

/// Whether two definitions are the same, but for the types of their members.
fn same_members(old: &Shape, new: &Shape) -> bool {
    match (old, new) {
        (Shape::Struct(old), Shape::Struct(new)) => {
            let fields = |object: &crate::api::StructType| {
                let fields = object.fields.iter();
                let fields =
                    fields.map(|field| (field.key.clone(), field.name.clone(), field.presence));
                fields.collect::<Vec<_>>()
            };
            fields(old) == fields(new)
        }
        (Shape::Enum(old), Shape::Enum(new)) => {
            let values = old
                .variants
                .iter()
                .map(|variant| (&variant.name, &variant.value));
            values.eq(new
                .variants
                .iter()
                .map(|variant| (&variant.name, &variant.value)))
        }
        (Shape::Union(old), Shape::Union(new)) => {
            let names = old.branches.iter().map(|branch| &branch.name);
            names.eq(new.branches.iter().map(|branch| &branch.name))
        }
        (Shape::Newtype(_), Shape::Newtype(_)) => true,
        _ => false,
    }
}
