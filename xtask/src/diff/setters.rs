//! What can be set on a request: parameters, parts, the body.

use std::collections::BTreeSet;

use super::operations::in_position;
use super::{Change, Effect, Kind, Owner, Part, Place};
use crate::model::Location;
use crate::surface::{Member, Named, Operation, Setter, Signature};

/// Adds what changed in the setters of an operation.
pub fn compare(before: &Operation, after: &Operation, changes: &mut Vec<Change>) {
    let mut found = Vec::new();
    let in_position = in_position(&before.wire.path, &after.wire.path);
    let partner = |name: &str, old: &Setter| match in_path(old).and_then(|old| in_position.get(old))
    {
        Some(new) => {
            let mut setters = after.setters.iter();
            setters.find(|(_, setter)| in_path(setter) == Some(new))
        }
        None => after.setters.get_key_value(name),
    };
    let mut known = BTreeSet::new();
    for (name, old) in &before.setters {
        let Some((new_name, new)) = partner(name, old) else {
            found.push(finding(
                old,
                Kind::SetterRemoved,
                "is gone",
                Effect::Build,
                format!("there is no setter `{name}` any more"),
            ));
            continue;
        };
        known.insert(new_name);
        found.extend(renamed((name, old), (new_name, new), after));
        both(old, new, &mut found);
    }
    for (name, new) in &after.setters {
        if known.contains(name) {
            continue;
        }
        found.push(if new.required {
            finding(
                new,
                Kind::SetterAdded,
                "is new, and required",
                Effect::Run,
                "a request without it compiles, and is refused before it is sent",
            )
        } else {
            finding(
                new,
                Kind::SetterAdded,
                "is new",
                Effect::More,
                format!("it need not be set; `{name}` sets it"),
            )
        });
    }
    // The two setters of a body change together, and those of a form come with one for other parts.
    let body = found
        .iter()
        .any(|(member, ..)| matches!(member, Member::Body { .. }));
    found.retain(|(member, change)| match member {
        Member::BodyFields => !body,
        Member::OtherParts => change.effect == Effect::Build,
        _ => true,
    });
    changes.extend(found.into_iter().map(|(_, mut change)| {
        change.place.owner = Owner::Operation(after.wire.name.clone());
        change
    }));
}

type Finding = (Member, Change);

/// The name of a parameter that stands in the path.
fn in_path(setter: &Setter) -> Option<&str> {
    let named = setter.member.named()?;
    (named.place == Location::Path.describe()).then_some(&named.name)
}

/// What it means that a parameter in the same position of the path is called otherwise: nothing to the server.
fn renamed(old: (&str, &Setter), new: (&str, &Setter), after: &Operation) -> Option<Finding> {
    let (old_name, new_name) = (in_path(old.1)?, in_path(new.1)?);
    if old_name == new_name {
        return None;
    }
    let (effect, reason) = if old.0 == new.0 {
        let reason = "its setter is called as before, and the request is the same".to_owned();
        (Effect::None, reason)
    } else if after.setters.contains_key(old.0) {
        let reason = format!(
            "`{}` sets something else now, and `{}` sets it",
            old.0, new.0
        );
        (Effect::Run, reason)
    } else {
        let reason = format!("its setter is `{}` instead of `{}`", new.0, old.0);
        (Effect::Build, reason)
    };
    let what = format!("is called `{new_name}` now");
    Some(finding(old.1, Kind::SetterRenamed, what, effect, reason))
}

fn finding(
    setter: &Setter,
    kind: Kind,
    what: impl Into<String>,
    effect: Effect,
    reason: impl Into<String>,
) -> Finding {
    let (part, name) = setter.member.words();
    let name = name.to_owned();
    let change = Change {
        kind,
        place: Place {
            owner: Owner::Operation(String::new()),
            part: Some(Part { what: part, name }),
        },
        what: what.into(),
        effect,
        reason: reason.into(),
    };
    (setter.member.clone(), change)
}

/// Compares two setters of one name.
fn both(old: &Setter, new: &Setter, found: &mut Vec<Finding>) {
    // A body that has to be there may be empty or not by its schema, of which the changes are told by themselves.
    let is_up_to_schema = match (&old.member, &new.member) {
        (Member::Body { required: before }, Member::Body { required: after }) => before == after,
        _ => false,
    };
    match (old.required, new.required) {
        _ if is_up_to_schema => {}
        (false, true) => found.push(finding(
            new,
            Kind::SetterRequired,
            "is required now",
            Effect::Run,
            "a request without it compiles, and is refused before it is sent",
        )),
        (true, false) => found.push(finding(
            new,
            Kind::SetterOptional,
            "need not be set any more",
            Effect::More,
            "its setter takes what it took",
        )),
        _ => {}
    }
    if old.takes != new.takes {
        found.push(type_changed(old, new));
    }
    if let (Some(before), Some(after)) = (old.member.named(), new.member.named()) {
        named(new, before, after, old.takes == new.takes, found);
    }
}

/// Compares two parameters or parts that one setter sets.
fn named(
    setter: &Setter,
    before: &Named,
    after: &Named,
    same_type: bool,
    found: &mut Vec<Finding>,
) {
    // What is written in another way because it is another type needs no saying, and the name of what stands in the path
    // is not sent.
    let name =
        |named: &Named| (named.place != Location::Path.describe()).then(|| named.name.clone());
    let moved = (before.place, name(before)) != (after.place, name(after));
    if moved || (same_type && before.form != after.form) {
        let sent = |named: &Named| format!("the {} `{}`{}", named.place, named.name, named.form);
        found.push(finding(
            setter,
            Kind::SetterSentOtherwise,
            format!(
                "was sent as {} and is sent as {}",
                sent(before),
                sent(after)
            ),
            Effect::None,
            "its setter is called as before",
        ));
    }
    range(setter, before.range, after.range, found);
    if before.default != after.default {
        let said = |default: &Option<serde_json::Value>| {
            let default = default.as_ref();
            default.map_or("nothing".to_owned(), |default| format!("`{default}`"))
        };
        found.push(finding(
            setter,
            Kind::SetterDefaultChanged,
            format!(
                "if not set, meant {} and means {}",
                said(&before.default),
                said(&after.default)
            ),
            Effect::None,
            "the server decides what it takes a missing one for",
        ));
    }
    match (before.deprecated, after.deprecated) {
        (false, true) => found.push(finding(
            setter,
            Kind::SetterDeprecated,
            "is deprecated",
            Effect::More,
            "callers are warned; it works as before",
        )),
        (true, false) => found.push(finding(
            setter,
            Kind::SetterRestored,
            "is no longer deprecated",
            Effect::None,
            "callers are no longer warned",
        )),
        _ => {}
    }
}

fn type_changed(old: &Setter, new: &Setter) -> Finding {
    let (before, after) = (in_words(&old.takes), in_words(&new.takes));
    let numbers = (whole_number(&old.takes), whole_number(&new.takes));
    if let (Some(old_range), Some(new_range)) = numbers {
        // Whole numbers convert to each other as long as they fit.
        let fits = new_range.0 <= old_range.0 && old_range.1 <= new_range.1;
        return if fits {
            finding(
                new,
                Kind::SetterWidened,
                format!("took {before} and takes {after}"),
                Effect::More,
                "whatever fitted before fits now",
            )
        } else {
            finding(
                new,
                Kind::SetterNarrowed,
                format!("took {before} and takes {after}"),
                Effect::Run,
                "a number that does not fit compiles, and is refused before it is sent",
            )
        };
    }
    finding(
        new,
        Kind::SetterTypeChanged,
        format!("took {before} and takes {after}"),
        Effect::Build,
        "what was converted to the one does not convert to the other",
    )
}

/// `I: IntoIterator, I::Item: TryInto<Status>` is ``any number of `Status` ``.
fn in_words(takes: &Signature) -> String {
    let text = takes.to_string();
    let target = text
        .split_once("TryInto<")
        .and_then(|(_, target)| target.strip_suffix('>'));
    match target {
        Some(target) if text.starts_with("I:") => format!("any number of `{target}`"),
        Some(target) => format!("`{target}`"),
        None => format!("`{text}`"),
    }
}

/// The range of a whole number that a setter takes.
fn whole_number(takes: &Signature) -> Option<(i128, i128)> {
    let name = takes.text.strip_prefix("V:TryInto<")?.strip_suffix('>')?;
    Some(match name {
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" => (i64::MIN.into(), i64::MAX.into()),
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" => (0, u64::MAX.into()),
        _ => return None,
    })
}

type Range = Option<(Option<i64>, Option<i64>)>;

fn range(setter: &Setter, before: Range, after: Range, found: &mut Vec<Finding>) {
    if before == after {
        return;
    }
    let bounds = |range: Range| {
        let (low, high) = range.unwrap_or_default();
        (low.unwrap_or(i64::MIN), high.unwrap_or(i64::MAX))
    };
    let (old, new) = (bounds(before), bounds(after));
    let said = |range: Range| {
        let (low, high) = range.unwrap_or_default();
        match (low, high) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("{low} and more"),
            (None, Some(high)) => format!("{high} and less"),
            (None, None) => "any number".to_owned(),
        }
    };
    let what = format!("took {} and takes {}", said(before), said(after));
    found.push(if new.0 <= old.0 && old.1 <= new.1 {
        finding(
            setter,
            Kind::SetterWidened,
            what,
            Effect::More,
            "whatever was in range is in range",
        )
    } else {
        finding(
            setter,
            Kind::SetterNarrowed,
            what,
            Effect::Run,
            "a number out of range compiles, and is refused before it is sent",
        )
    });
}
