//! The fields of objects.

use std::collections::BTreeMap;

use super::types::Comparison;
use super::{Effect, Kind, Part};
use crate::surface::{Field, Signature};

type Fields = BTreeMap<String, Field>;

/// The map of fields that the document doesn't name.
type Others = (String, Signature);

/// Compares the fields of an object, or of the member of a union that is called `member`.
pub fn compare(owner: &mut Comparison<'_>, member: &str, before: &Fields, after: &Fields) {
    let part = |name: &str| Part {
        what: "field",
        name: match member {
            "" => name.to_owned(),
            _ => format!("{member}.{name}"),
        },
    };
    // A field that is called otherwise on the wire alone is the same field to callers.
    let same_in_rust = |field: &Field, names: &Fields, others: &Fields| {
        let mut names = names.iter().filter(|(name, _)| !others.contains_key(*name));
        let found = names.find(|(_, known)| known.name == field.name);
        found.map(|(name, _)| name.clone())
    };
    for (name, old) in before {
        let renamed = || same_in_rust(old, after, before);
        let known = after.contains_key(name).then(|| name.clone());
        let now = known.or_else(renamed);
        match now.as_ref().and_then(|now| Some((now, after.get(now)?))) {
            Some((now, new)) => {
                if now != name {
                    owner.part(
                        Kind::FieldSentOtherwise,
                        part(now),
                        format!("was `{name}` on the wire and is `{now}`"),
                        Effect::None,
                        format!("it is the field `{}` in Rust as before", new.name),
                    );
                }
                both(owner, &part(now), old, new);
            }
            None => owner.part(
                Kind::FieldRemoved,
                part(name),
                "is gone",
                Effect::Build,
                format!("there is no field `{}` any more", old.name),
            ),
        }
    }
    for (name, new) in after {
        if !before.contains_key(name) && same_in_rust(new, before, after).is_none() {
            added(owner, part(name), new);
        }
    }
}

fn added(owner: &mut Comparison<'_>, part: Part, field: &Field) {
    let ty = &field.ty;
    if !field.required {
        let use_of_it = if owner.is_sent {
            "which need not be set"
        } else {
            "to read"
        };
        let reason = format!("there is a field of type `{ty}` {use_of_it}");
        return owner.part(Kind::FieldAdded, part, "is new", Effect::More, reason);
    }
    let (effect, reason) = required(owner);
    let reason = reason.unwrap_or_else(|| format!("there is a field of type `{ty}` to read"));
    owner.part(
        Kind::FieldAdded,
        part,
        "is new, and required",
        effect,
        reason,
    );
}

/// What it is to callers that a field must be there, and why.
fn required(owner: &Comparison<'_>) -> (Effect, Option<String>) {
    if owner.default_is_lost() {
        let reason = "the type can't be made by default any more";
        (Effect::Build, Some(reason.to_owned()))
    } else if owner.is_sent {
        let reason = "making one without it compiles, and is refused";
        (Effect::Run, Some(reason.to_owned()))
    } else {
        (Effect::More, None)
    }
}

fn both(owner: &mut Comparison<'_>, part: &Part, old: &Field, new: &Field) {
    let types = || format!("its type was `{}` and is `{}`", old.ty, new.ty);
    if old.name != new.name {
        return owner.part(
            Kind::FieldTypeChanged,
            part.clone(),
            format!(
                "is the field `{}` in Rust instead of `{}`",
                new.name, old.name
            ),
            Effect::Build,
            "another field of the schema has its name",
        );
    }
    match (old.required, new.required) {
        (false, true) if old.ty == new.ty => {
            let (effect, reason) = required(owner);
            let effect = if effect == Effect::More {
                Effect::None
            } else {
                effect
            };
            let reason = reason.unwrap_or_else(|| "it is read as before".to_owned());
            owner.part(
                Kind::FieldRequired,
                part.clone(),
                "is required now",
                effect,
                reason,
            );
        }
        (true, false) if old.ty == new.ty => owner.part(
            Kind::FieldOptional,
            part.clone(),
            "need not be there any more",
            Effect::More,
            "its type is the same, and has a value that stands for a missing one",
        ),
        (false, true) if old.ty == new.ty.optional() => {
            let what = "is required now";
            owner.part(
                Kind::FieldRequired,
                part.clone(),
                what,
                Effect::Build,
                types(),
            );
        }
        (true, false) if old.ty.optional() == new.ty => {
            let what = "need not be there any more";
            owner.part(
                Kind::FieldOptional,
                part.clone(),
                what,
                Effect::Build,
                types(),
            );
        }
        _ if old.ty != new.ty => owner.part(
            Kind::FieldTypeChanged,
            part.clone(),
            format!("was `{}` and is `{}`", old.ty, new.ty),
            Effect::Build,
            "it is read, and set, as another type",
        ),
        _ if old.default != new.default => owner.part(
            Kind::FieldDefaultChanged,
            part.clone(),
            "has another value if it is missing",
            Effect::None,
            "its type is the same",
        ),
        _ => {}
    }
}

/// Compares the maps of fields that the document doesn't name, of an object or the member of a union.
pub fn others(
    owner: &mut Comparison<'_>,
    member: &str,
    before: Option<&Others>,
    after: Option<&Others>,
) {
    let (kind, what, effect, reason) = match (before, after) {
        (None, Some((name, ty))) => (
            Kind::SchemaOpened,
            "keeps fields that aren't described".to_owned(),
            Effect::More,
            format!("they are in `{name}`, of type `{ty}`"),
        ),
        (Some((name, _)), None) => (
            Kind::SchemaClosed,
            "keeps no fields that aren't described any more".to_owned(),
            Effect::Build,
            format!("the map `{name}` is gone"),
        ),
        (Some((before, _)), Some((after, _))) if before != after => (
            Kind::SchemaMapChanged,
            format!("keeps fields that aren't described in `{after}` instead of `{before}`"),
            Effect::Build,
            "a field that is described has that name".to_owned(),
        ),
        (Some((_, before)), Some((_, after))) if before != after => (
            Kind::SchemaMapChanged,
            format!("kept fields that aren't described as `{before}` and keeps `{after}`"),
            Effect::Build,
            "they are read, and set, as another type".to_owned(),
        ),
        _ => return,
    };
    if member.is_empty() {
        return owner.add(kind, what, effect, &reason);
    }
    let part = Part {
        what: "member",
        name: member.to_owned(),
    };
    owner.part(kind, part, what, effect, reason);
}

/// Compares whether fields that aren't described are refused.
pub fn closed(owner: &mut Comparison<'_>, before: bool, after: bool) {
    match (before, after) {
        (false, true) => owner.add(
            Kind::SchemaClosed,
            "allows no fields that aren't described any more",
            Effect::Run,
            "decoding one that has others compiles, and fails",
        ),
        (true, false) => owner.add(
            Kind::SchemaOpened,
            "allows fields that aren't described",
            Effect::More,
            "decoding one that has others no longer fails",
        ),
        _ => {}
    }
}
