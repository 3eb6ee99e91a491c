//! The values of enums and the members of unions.

use std::collections::BTreeMap;

use super::types::Comparison;
use super::{Effect, Kind, Part, fields};
use crate::surface::{Tag, Variant};

/// Compares the values of an enum, each with its variant.
pub fn of_enum(
    owner: &mut Comparison<'_>,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let part = |name: &str| Part {
        what: "value",
        name: name.to_owned(),
    };
    let gone: Vec<_> = before
        .iter()
        .filter(|(value, variant)| after.get(*value) != Some(*variant))
        .collect();
    let mut added: Vec<_> = after
        .iter()
        .filter(|(value, variant)| before.get(*value) != Some(*variant))
        .collect();
    for (value, variant) in gone {
        // A value that is called otherwise on the wire alone is the same value to callers.
        let renamed = added.iter().position(|(_, known)| *known == variant);
        if let Some((now, _)) = renamed.map(|at| added.remove(at)) {
            owner.part(
                Kind::ValueSentOtherwise,
                part(now),
                format!("was `{value}` on the wire and is `{now}`"),
                Effect::None,
                format!(
                    "it is the variant `{variant}` as before; the old value is kept when it comes"
                ),
            );
        } else {
            owner.part(
                Kind::ValueRemoved,
                part(value),
                "is gone",
                Effect::Build,
                format!("there is no variant `{variant}` any more; the value itself is still kept when it comes"),
            );
        }
    }
    for (value, variant) in added {
        owner.part(
            Kind::ValueAdded,
            part(value),
            "is new",
            Effect::More,
            format!("enums are open: whoever matches has an arm for other values; there is a variant `{variant}`"),
        );
    }
}

/// Compares the variant that an enum has by default.
pub fn default(owner: &mut Comparison<'_>, before: Option<&str>, after: Option<&str>) {
    match (before, after) {
        (None, Some(value)) => owner.add(
            Kind::SchemaDefaultChanged,
            format!("has a default now, `{value}`"),
            Effect::More,
            "the type can be made by default",
        ),
        (Some(before), Some(after)) if before != after => owner.add(
            Kind::SchemaDefaultChanged,
            format!("has the default `{after}` instead of `{before}`"),
            Effect::None,
            "the type is made by default as before, of another value",
        ),
        // Without a default, it loses a trait.
        _ => {}
    }
}

/// Compares the members of a union, each with what it holds. Whoever matches an open one has an arm for others.
pub fn of_union(
    owner: &mut Comparison<'_>,
    before: &BTreeMap<String, Variant>,
    after: &BTreeMap<String, Variant>,
    open: bool,
) {
    let part = |name: &str| Part {
        what: "member",
        name: name.to_owned(),
    };
    for (name, old) in before {
        match (old, after.get(name)) {
            (_, None) => owner.part(
                Kind::MemberRemoved,
                part(name),
                "is gone",
                Effect::Build,
                format!("there is no variant `{name}` any more"),
            ),
            (
                Variant::Fields {
                    fields: old,
                    others: had_others,
                },
                Some(Variant::Fields {
                    fields: new,
                    others: has_others,
                }),
            ) => {
                fields::others(owner, name, had_others.as_ref(), has_others.as_ref());
                fields::compare(owner, name, old, new);
            }
            (old, Some(new)) if old != new => owner.part(
                Kind::MemberChanged,
                part(name),
                "is another type",
                Effect::Build,
                format!("the variant `{name}` holds something else"),
            ),
            _ => {}
        }
    }
    tags(owner, before, after);
    let (effect, reason) = if open {
        (Effect::More, "whoever matches has an arm for others")
    } else {
        (
            Effect::Build,
            "whoever matches all members has no arm for it",
        )
    };
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        owner.part(Kind::MemberAdded, part(name), "is new", effect, reason);
    }
}

/// Compares what tells the members apart that both sides have.
fn tags(
    owner: &mut Comparison<'_>,
    before: &BTreeMap<String, Variant>,
    after: &BTreeMap<String, Variant>,
) {
    let (old, new) = owner.tags();
    if old.property != new.property {
        let said = |property: &str| match property {
            "" => "what they hold".to_owned(),
            property => format!("`{property}`"),
        };
        owner.add(
            Kind::MembersToldOtherwise,
            format!(
                "tells its members apart by {} instead of {}",
                said(&new.property),
                said(&old.property)
            ),
            Effect::None,
            "its variants are the same",
        );
    }
    for name in before.keys().filter(|name| after.contains_key(*name)) {
        let said = |tag: &Tag| {
            let values = tag.values.get(name).into_iter().flatten();
            let values: Vec<String> = values.map(|value| format!("`{value}`")).collect();
            values.join(" or ")
        };
        let (old, new) = (said(&old), said(&new));
        if old != new && !old.is_empty() && !new.is_empty() {
            let part = Part {
                what: "member",
                name: name.clone(),
            };
            owner.part(
                Kind::MembersToldOtherwise,
                part,
                format!("was told by {old} and is told by {new}"),
                Effect::None,
                format!("it is the variant `{name}` as before"),
            );
        }
    }
}
