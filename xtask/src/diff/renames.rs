//! Schemas that have another name and the same content.
//!
//! Told only where it is certain: wherever the old one was used and that place is still there, the new one is used
//! now; the new one is used nowhere else that the old one could have been; and what they hold is the same, but for
//! names that changed in the same way. Two ids are the same in content and yet not each other, so content alone says
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::operations::Pairs;
use super::uses;
use super::{Change, Effect, Kind, Place};
use crate::surface::{Field, Kind as Content, Signature, Surface, Type, Variant};

/// The types that have another name: old one and new one.
pub type Renamed = BTreeMap<String, String>;

/// Finds them.
pub fn find(old: &Surface, new: &Surface, pairs: &Pairs) -> Renamed {
    let mut found = Renamed::new();
    let mut candidates: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (before, after) in sites(old, new, pairs) {
        if before.text != after.text || before.names.len() != after.names.len() {
            continue;
        }
        for (from, to) in before.names.iter().zip(&after.names) {
            if from != to {
                candidates.entry(from).or_default().insert(to);
            }
        }
    }
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for to in candidates.values().flatten() {
        *taken.entry(to).or_default() += 1;
    }
    for (from, to) in &candidates {
        let (Some(to), 1) = (to.first(), to.len()) else {
            continue;
        };
        if taken.get(to) != Some(&1) {
            continue;
        }
        let mut attempt = found.clone();
        if same(old, new, from, to, &mut attempt) {
            found = attempt;
        }
    }
    found
}

/// The schemas among them, by their names in the documents.
pub fn schemas(old: &Surface, new: &Surface, renamed: &Renamed) -> BTreeMap<String, String> {
    let schema = |surface: &Surface, name: &String| surface.types.get(name)?.schema.clone();
    let pairs = renamed.iter();
    pairs
        .filter_map(|(from, to)| Some((schema(old, from)?, schema(new, to)?)))
        .collect()
}

/// The places that both sides have, and the types that are named there.
fn sites<'a>(
    old: &'a Surface,
    new: &'a Surface,
    pairs: &Pairs,
) -> Vec<(&'a Signature, &'a Signature)> {
    let mut sites = Vec::new();
    for (before, after) in pairs {
        let (Some(before), Some(after)) = (old.operations.get(before), new.operations.get(after))
        else {
            continue;
        };
        sites.push((&before.answer, &after.answer));
        sites.push((&before.error, &after.error));
        for (name, setter) in &before.setters {
            sites.extend(
                after
                    .setters
                    .get(name)
                    .map(|after| (&setter.takes, &after.takes)),
            );
        }
    }
    for (name, before) in &old.types {
        let Some(after) = new.types.get(name) else {
            continue;
        };
        let after = uses::held(after);
        for (place, before) in uses::held(before) {
            sites.extend(after.get(&place).map(|after| (before, *after)));
        }
    }
    sites
}

/// Whether two types are the same but for names that are new on one side and gone on the other.
fn same(old: &Surface, new: &Surface, from: &str, to: &str, renamed: &mut Renamed) -> bool {
    let mut pending = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = pending.pop() {
        match renamed.get(&from) {
            Some(known) if *known == to => continue,
            Some(_) => return false,
            None => {}
        }
        let is_rename = !new.types.contains_key(&from) && !old.types.contains_key(&to);
        if !is_rename {
            if from == to {
                continue;
            }
            return false;
        }
        let (Some(before), Some(after)) = (old.types.get(&from), new.types.get(&to)) else {
            return false;
        };
        let (before_names, after_names) = (names(before), names(after));
        if before_names.len() != after_names.len()
            || blank(before) != blank(after)
            || before.rules != after.rules
            || before.taken != after.taken
        {
            return false;
        }
        renamed.insert(from, to);
        pending.extend(before_names.into_iter().zip(after_names));
    }
    true
}

fn names(ty: &Type) -> Vec<String> {
    let held = uses::held(ty).into_values();
    held.flat_map(|signature| signature.names.clone()).collect()
}

/// What a type holds, without the names of generated types.
fn blank(ty: &Type) -> Content {
    let mut content = ty.kind.clone();
    each_signature(&mut content, &mut |signature| signature.names.clear());
    content
}

fn each_signature(content: &mut Content, change: &mut dyn FnMut(&mut Signature)) {
    let of_fields = |fields: &mut BTreeMap<String, Field>,
                     change: &mut dyn FnMut(&mut Signature)| {
        for field in fields.values_mut() {
            change(&mut field.ty);
        }
    };
    match content {
        Content::Object { fields, others, .. } => {
            of_fields(fields, change);
            if let Some((_, ty)) = others {
                change(ty);
            }
        }
        Content::Newtype { inner, .. } | Content::Alias(inner) => change(inner),
        Content::Values { .. } => {}
        Content::Union { variants, .. } => {
            for variant in variants.values_mut() {
                match variant {
                    Variant::Unit => {}
                    Variant::Holds(types) => types.iter_mut().for_each(&mut *change),
                    Variant::Fields { fields, others } => {
                        of_fields(fields, change);
                        if let Some((_, ty)) = others {
                            change(ty);
                        }
                    }
                }
            }
        }
    }
}

/// Gives the old side the new names, so that nothing else is told of them, and tells of the renames.
pub fn apply(old: &mut Surface, new: &Surface, renamed: &Renamed, changes: &mut Vec<Change>) {
    for operation in old.operations.values_mut() {
        operation.answer.rename(renamed);
        operation.error.rename(renamed);
        for setter in operation.setters.values_mut() {
            setter.takes.rename(renamed);
        }
    }
    for ty in old.types.values_mut() {
        each_signature(&mut ty.kind, &mut |signature| signature.rename(renamed));
        let traits = std::mem::take(&mut ty.traits);
        ty.traits = traits
            .into_iter()
            .map(|mut signature| {
                signature.rename(renamed);
                signature
            })
            .collect();
    }
    for (from, to) in renamed {
        let (Some(mut ty), Some(new)) = (old.types.remove(from), new.types.get(to)) else {
            continue;
        };
        let owner = uses::owner(from, &ty);
        let after = new.schema.as_ref().unwrap_or(to);
        changes.push(Change {
            kind: Kind::SchemaRenamed,
            place: Place { owner, part: None },
            what: format!("is called `{after}` now, with the same content"),
            effect: Effect::Build,
            reason: format!("the type `{from}` is `{to}`"),
        });
        ty.schema.clone_from(&new.schema);
        old.types.insert(to.clone(), ty);
    }
}
