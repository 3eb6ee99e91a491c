//! Operations: which is which on the two sides, and what changed in each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Effect, Kind, Owner, Part, Place, setters};
use crate::model::Style;
use crate::surface::{Operation, Setter, Surface, written};
use crate::view::{shape, template_names};

/// Methods that are the same operation: old name and new name.
pub type Pairs = BTreeMap<String, String>;

/// What tells an operation from all others whatever it is called: where it goes, and the kind of body.
fn key(operation: &Operation) -> (String, String, String) {
    let (method, path) = destination(operation);
    (method, path, format(operation))
}

/// The method, and the path whatever the parameters in it are called.
fn destination(operation: &Operation) -> (String, String) {
    (operation.wire.method.clone(), shape(&operation.wire.path))
}

/// The parameters of a path that has the other's place: old name and new name of those that stand in the same position.
/// None if it is another path.
pub fn in_position<'a>(before: &'a str, after: &'a str) -> BTreeMap<&'a str, &'a str> {
    if shape(before) != shape(after) {
        return BTreeMap::new();
    }
    let names = |path| template_names(path).unwrap_or_default().into_iter();
    names(before).zip(names(after)).collect()
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
/// of body, and the one that takes the old kind got a name, or the one that took the new kind lost its: then the name went
/// from the one to the other.
pub fn pair(old: &Surface, new: &Surface) -> Pairs {
    let by_key = |surface: &'_ Surface| -> BTreeMap<_, String> {
        let operations = surface.operations.iter();
        operations
            .map(|(name, operation)| (key(operation), name.clone()))
            .collect()
    };
    let (old_by_key, by_key) = (by_key(old), by_key(new));
    let mut pairs = Pairs::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (name, before) in &old.operations {
        let Some(after) = new.operations.get(name) else {
            continue;
        };
        let has_new_name = by_key.get(&key(before));
        let has_new_name = has_new_name.is_some_and(|found| !old.operations.contains_key(found));
        let had_other_name = old_by_key.get(&key(after));
        let had_other_name =
            had_other_name.is_some_and(|found| !new.operations.contains_key(found));
        let is_another = format(before) != format(after) && (has_new_name || had_other_name);
        if !is_another {
            pairs.insert(name.clone(), name.clone());
            taken.insert(name);
        }
    }
    for (name, before) in &old.operations {
        if pairs.contains_key(name) {
            continue;
        }
        if let Some(found) = by_key.get(&key(before)).filter(|found| taken.insert(found)) {
            pairs.insert(name.clone(), found.clone());
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
            None => changes.push(removed(operation, new)),
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

fn removed(operation: &Operation, new: &Surface) -> Change {
    let mut others = new.operations.values();
    let is_left = others.any(|other| destination(other) == destination(operation));
    let endpoint = endpoint(operation);
    let mut what = "is gone".to_owned();
    let mut effect = Effect::Build;
    let mut reason = match format(operation).as_str() {
        _ if !is_left => format!("`{endpoint}` has no method any more"),
        "" => format!("`{endpoint}` has no method without a body any more"),
        format => format!("`{endpoint}` takes no `{format}` any more"),
    };
    if let Some(successor) = new.operations.get(&operation.wire.name) {
        let (name, sends) = (&operation.wire.name, sends(successor));
        what.push_str(&format!(", and `{name}` sends {sends}"));
        if takes_place_of(successor, operation) {
            effect = Effect::Run;
            reason.push_str(&format!(
                "; code that isn't changed compiles, and sends {sends}"
            ));
        }
    }
    Change {
        kind: Kind::OperationRemoved,
        place: place(operation),
        what,
        effect,
        reason,
    }
}

fn sends(operation: &Operation) -> String {
    match format(operation).as_str() {
        "" => "no body".to_owned(),
        format => format!("`{format}`"),
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
                let sends = sends(successor);
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
        // What the parameters in the path are called is told of them.
        if destination(before) != destination(after) {
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
