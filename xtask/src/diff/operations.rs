//! Operations: which is which on the two sides, and what changed in each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Effect, Kind, Owner, Part, Place, setters};
use crate::model::Style;
use crate::surface::{Operation, Setter, Surface, written};

/// Methods that are the same operation: old name and new name.
pub type Pairs = BTreeMap<String, String>;

/// What tells an operation from all others whatever it is called: its method, its path whatever the parameters in it
/// are called, and the kind of body.
fn key(operation: &Operation) -> (String, String, String) {
    let mut path = String::new();
    let mut rest = operation.wire.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path.push_str(rest);
    (operation.wire.method.clone(), path, format(operation))
}

/// The media type of the body; empty if there is none.
fn format(operation: &Operation) -> String {
    match (&operation.wire.parts, &operation.wire.body) {
        (Some(_), _) => "multipart/form-data".to_owned(),
        (None, Some(body)) => body.media_type.clone(),
        (None, None) => String::new(),
    }
}

/// How fields of a form are written that have a style of their own.
fn styles(operation: &Operation) -> BTreeMap<String, Style> {
    let body = operation.wire.body.iter();
    body.flat_map(|body| body.styles.iter().cloned()).collect()
}

/// Finds the operations that both sides have. A name is enough, unless the operation of that name takes another kind
/// of body and the one that takes the old kind is there too: that one lost its name to the other.
pub fn pair(old: &Surface, new: &Surface) -> Pairs {
    let by_key: BTreeMap<_, &String> = new
        .operations
        .iter()
        .map(|(name, operation)| (key(operation), name))
        .collect();
    let mut pairs = Pairs::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (name, before) in &old.operations {
        let Some(after) = new.operations.get(name) else {
            continue;
        };
        let lost_its_name = format(before) != format(after)
            && by_key
                .get(&key(before))
                .is_some_and(|found| !old.operations.contains_key(*found));
        if !lost_its_name {
            pairs.insert(name.clone(), name.clone());
            taken.insert(name);
        }
    }
    for (name, before) in &old.operations {
        if pairs.contains_key(name) {
            continue;
        }
        if let Some(found) = by_key.get(&key(before)).filter(|found| taken.insert(found)) {
            pairs.insert(name.clone(), (*found).clone());
        }
    }
    pairs
}

/// Adds what changed in the operations.
pub fn compare(old: &Surface, new: &Surface, pairs: &Pairs, changes: &mut Vec<Change>) {
    for (name, operation) in &old.operations {
        match pairs.get(name).and_then(|name| new.operations.get(name)) {
            Some(after) => Comparison {
                before: operation,
                after,
                successor: new
                    .operations
                    .get(name)
                    .filter(|_| after.wire.name != *name),
                changes,
            }
            .run(),
            None => changes.push(Change {
                kind: Kind::OperationRemoved,
                place: place(operation),
                what: "is gone".to_owned(),
                effect: Effect::Build,
                reason: format!("`{}` has no method any more", endpoint(operation)),
            }),
        }
    }
    let known: BTreeSet<&String> = pairs.values().collect();
    for (name, operation) in &new.operations {
        if !known.contains(name) {
            changes.push(Change {
                kind: Kind::OperationAdded,
                place: place(operation),
                what: format!("is new: `{}`", endpoint(operation)),
                effect: Effect::More,
                reason: "the client has another method".to_owned(),
            });
        }
    }
}

fn place(operation: &Operation) -> Place {
    Place {
        owner: Owner::Operation(operation.wire.name.clone()),
        part: None,
    }
}

/// Whether all that is written for the one operation compiles with the other.
fn takes_place_of(successor: &Operation, before: &Operation) -> bool {
    let has_setter = |(name, setter): (&String, &Setter)| {
        let known = successor.setters.get(name);
        known.is_some_and(|known| known.takes == setter.takes)
    };
    before.setters.iter().all(has_setter)
        && (&before.answer, &before.error) == (&successor.answer, &successor.error)
}

fn endpoint(operation: &Operation) -> String {
    format!("{} {}", operation.wire.method, operation.wire.path)
}

struct Comparison<'a> {
    before: &'a Operation,
    after: &'a Operation,
    /// What has the name of `before` now.
    successor: Option<&'a Operation>,
    changes: &'a mut Vec<Change>,
}

impl Comparison<'_> {
    fn add(&mut self, kind: Kind, what: String, effect: Effect, reason: impl Into<String>) {
        self.part(kind, None, what, effect, reason);
    }

    fn part(
        &mut self,
        kind: Kind,
        part: Option<(&'static str, &str)>,
        what: String,
        effect: Effect,
        reason: impl Into<String>,
    ) {
        let part = part.map(|(what, name)| Part {
            what,
            name: name.to_owned(),
        });
        self.changes.push(Change {
            kind,
            place: Place {
                part,
                ..place(self.after)
            },
            what,
            effect,
            reason: reason.into(),
        });
    }

    fn run(mut self) {
        self.identity();
        self.bodies();
        self.statuses();
        setters::compare(self.before, self.after, self.changes);
    }

    fn identity(&mut self) {
        let (before, after) = (self.before, self.after);
        if before.wire.name != after.wire.name {
            let mut what = format!("is called `{}` now", after.wire.name);
            let mut effect = Effect::Build;
            let mut reason = format!("the method of `{}` has another name", endpoint(after));
            if let Some(successor) = self.successor {
                let sends = match format(successor).as_str() {
                    "" => "no body".to_owned(),
                    format => format!("`{format}`"),
                };
                let name = &before.wire.name;
                what.push_str(&format!(", and `{name}` sends {sends}"));
                if takes_place_of(successor, before) {
                    effect = Effect::Run;
                    reason = format!("code that isn't changed compiles, and sends {sends}");
                } else {
                    reason.push_str(&format!("; code that still compiles sends {sends}"));
                }
            }
            self.changes.push(Change {
                kind: Kind::OperationRenamed,
                place: place(before),
                what,
                effect,
                reason,
            });
        }
        if endpoint(before) != endpoint(after) {
            self.add(
                Kind::OperationMoved,
                format!(
                    "has moved from `{}` to `{}`",
                    endpoint(before),
                    endpoint(after)
                ),
                Effect::None,
                "the method is called as before and sends the request to the new place",
            );
        }
        match (before.wire.deprecated, after.wire.deprecated) {
            (false, true) => self.add(
                Kind::OperationDeprecated,
                "is deprecated".to_owned(),
                Effect::More,
                "callers are warned; it works as before",
            ),
            (true, false) => self.add(
                Kind::OperationRestored,
                "is no longer deprecated".to_owned(),
                Effect::None,
                "callers are no longer warned",
            ),
            _ => {}
        }
    }

    fn bodies(&mut self) {
        let (before, after) = (self.before, self.after);
        let (old_format, new_format) = (format(before), format(after));
        if old_format != new_format && !old_format.is_empty() && !new_format.is_empty() {
            self.part(
                Kind::BodyFormatChanged,
                Some(("body", "")),
                format!("is sent as `{new_format}` instead of `{old_format}`"),
                Effect::None,
                "what its setters take is compared by itself; what they are given has to be that now",
            );
        }
        let (old_styles, new_styles) = (styles(before), styles(after));
        let fields: BTreeSet<&String> = old_styles.keys().chain(new_styles.keys()).collect();
        for field in fields {
            let said = |styles: &BTreeMap<String, Style>| match styles.get(field) {
                Some(style) => written(*style),
                None => "as usual".to_owned(),
            };
            let (old, new) = (said(&old_styles), said(&new_styles));
            if old != new {
                self.part(
                    Kind::SetterSentOtherwise,
                    Some(("field of the form", field)),
                    format!("was sent {old} and is sent {new}"),
                    Effect::None,
                    "it is set as before",
                );
            }
        }
        if before.answer != after.answer {
            self.part(
                Kind::AnswerChanged,
                Some(("answer", "")),
                format!("was `{}` and is `{}`", before.answer, after.answer),
                Effect::Build,
                "callers get another type",
            );
        }
        if before.error != after.error {
            self.part(
                Kind::ErrorChanged,
                Some(("error", "")),
                format!("was `{}` and is `{}`", before.error, after.error),
                Effect::Build,
                "callers get another type",
            );
        }
    }

    fn statuses(&mut self) {
        let (before, after) = (self.before, self.after);
        for status in after.statuses.difference(&before.statuses) {
            self.part(
                Kind::StatusAdded,
                Some(("status", status)),
                "is described now".to_owned(),
                Effect::None,
                "an answer of any status reaches callers, described or not",
            );
        }
        for status in before.statuses.difference(&after.statuses) {
            self.part(
                Kind::StatusRemoved,
                Some(("status", status)),
                "is no longer described".to_owned(),
                Effect::None,
                "an answer of any status reaches callers, described or not",
            );
        }
    }
}
