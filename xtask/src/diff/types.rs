//! Schemas: what changed in the types that they become.

use std::collections::BTreeSet;

use super::uses::{self, Uses};
use super::{Change, Effect, Kind, Part, Place, fields, variants};
use crate::surface::{Kind as Content, Signature, Surface, Tag, Type};

/// Adds what changed in the types, of which renamed ones have their new names on both sides.
pub fn compare(old: &Surface, new: &Surface, uses: &Uses, changes: &mut Vec<Change>) {
    for (name, before) in &old.types {
        match new.types.get(name) {
            Some(after) => {
                let mut comparison = Comparison {
                    name,
                    before,
                    after,
                    is_sent: uses.sent(name),
                    changes: Vec::new(),
                };
                comparison.run();
                changes.append(&mut comparison.changes);
            }
            // A type without a name in the document went with the place that it was made for.
            None if before.schema.is_some() => changes.push(whole(
                before,
                name,
                Kind::SchemaRemoved,
                format!("is gone: {}", uses.before(name)),
                Effect::Build,
                "there is no type of that name any more",
            )),
            None => {}
        }
    }
    for (name, after) in &new.types {
        if !old.types.contains_key(name) && after.schema.is_some() {
            changes.push(whole(
                after,
                name,
                Kind::SchemaAdded,
                format!("is new: {}", uses.now(name)),
                Effect::More,
                "there is another type",
            ));
        }
    }
}

fn whole(ty: &Type, name: &str, kind: Kind, what: String, effect: Effect, reason: &str) -> Change {
    Change {
        kind,
        place: Place {
            owner: uses::owner(name, ty),
            part: None,
        },
        what,
        effect,
        reason: reason.to_owned(),
    }
}

/// Two types of one name.
pub struct Comparison<'a> {
    name: &'a str,
    before: &'a Type,
    after: &'a Type,
    /// Whether callers have to make values of it.
    pub is_sent: bool,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    /// Adds a change of the schema as a whole.
    pub fn add(&mut self, kind: Kind, what: impl Into<String>, effect: Effect, reason: &str) {
        self.changes.push(whole(
            self.after,
            self.name,
            kind,
            what.into(),
            effect,
            reason,
        ));
    }

    /// Adds a change of a part of it.
    pub fn part(
        &mut self,
        kind: Kind,
        part: Part,
        what: impl Into<String>,
        effect: Effect,
        reason: impl Into<String>,
    ) {
        let mut change = whole(self.after, self.name, kind, what.into(), effect, "");
        change.place.part = Some(part);
        change.reason = reason.into();
        self.changes.push(change);
    }

    /// What tells the members of a union apart, on either side.
    pub fn tags(&self) -> (Tag, Tag) {
        let tag = |ty: &Type| ty.tag.clone().unwrap_or_default();
        (tag(self.before), tag(self.after))
    }

    /// Whether the type could be made by default and can't be any more.
    pub fn default_is_lost(&self) -> bool {
        let has = |ty: &Type| ty.traits.iter().any(|known| known.is("Default"));
        has(self.before) && !has(self.after)
    }

    fn run(&mut self) {
        match (&self.before.kind, &self.after.kind) {
            (
                Content::Object {
                    fields: before,
                    others: had_others,
                    closed: was_closed,
                },
                Content::Object {
                    fields: after,
                    others: has_others,
                    closed: is_closed,
                },
            ) => {
                fields::others(self, "", had_others.as_ref(), has_others.as_ref());
                fields::closed(self, *was_closed, *is_closed);
                fields::compare(self, "", before, after);
            }
            (
                Content::Newtype { inner: before, .. } | Content::Alias(before),
                Content::Newtype { inner: after, .. } | Content::Alias(after),
            ) => {
                if before == after {
                    self.rules();
                } else {
                    self.add(
                        Kind::SchemaTypeChanged,
                        format!("held `{before}` and holds `{after}`"),
                        Effect::Build,
                        "what is read from it, and made into it, is another type",
                    );
                }
            }
            (
                Content::Values {
                    values: before,
                    default: old_default,
                },
                Content::Values {
                    values: after,
                    default: new_default,
                },
            ) => {
                variants::of_enum(self, before, after);
                variants::default(self, old_default.as_deref(), new_default.as_deref());
            }
            (
                Content::Union {
                    variants: before, ..
                },
                Content::Union {
                    variants: after,
                    open,
                },
            ) => variants::of_union(self, before, after, *open),
            (before, after) => {
                return self.add(
                    Kind::SchemaTypeChanged,
                    format!("was {} and is {}", in_words(before), in_words(after)),
                    Effect::Build,
                    "another kind of type is read and made in another way",
                );
            }
        }
        self.traits();
        self.debug();
    }

    /// What conversions refuse.
    fn rules(&mut self) {
        let (before, after) = (&self.before.rules, &self.after.rules);
        let (mut more, mut fewer) = (Vec::new(), Vec::new());
        for (rule, number) in after {
            let words = said(rule, *number);
            match (before.get(rule), number) {
                (None, _) => more.push(words),
                (Some(Some(old)), Some(new)) if old != new => {
                    // A rule refuses what is longer, or shorter, than its number.
                    let is_tighter = (new < old) == rule.starts_with("longer");
                    let side = if is_tighter { &mut more } else { &mut fewer };
                    side.push(format!("{words} (was {old})"));
                }
                _ => {}
            }
        }
        let gone = before.iter().filter(|(rule, _)| !after.contains_key(*rule));
        fewer.extend(gone.map(|(rule, number)| format!("{} (gone)", said(rule, *number))));
        let (before, after) = (&self.before.taken, &self.after.taken);
        match (before, after) {
            (Some(before), Some(after)) => {
                more.extend(before.difference(after).cloned());
                fewer.extend(after.difference(before).cloned());
            }
            (None, Some(_)) => more.push("all but some".to_owned()),
            (Some(_), None) => fewer.push("all but some (gone)".to_owned()),
            (None, None) => {}
        }
        // Conversions that can fail are other traits than those that can't.
        let other_traits = self.before.is_checked() != self.after.is_checked();
        if !more.is_empty() {
            let (effect, reason) = if other_traits {
                (Effect::Build, "it can't be made without a check any more")
            } else {
                (
                    Effect::Run,
                    "making one of a value that was taken compiles, and is refused",
                )
            };
            let what = format!("refuses more values: {}", more.join(", "));
            self.add(Kind::RuleTightened, what, effect, reason);
        }
        if !fewer.is_empty() {
            let (effect, reason) = if other_traits {
                (
                    Effect::Build,
                    "it can be made without a check, by other traits than before",
                )
            } else {
                (Effect::More, "whatever was taken is taken")
            };
            let what = format!("refuses fewer values: {}", fewer.join(", "));
            self.add(Kind::RuleLoosened, what, effect, reason);
        }
    }

    /// Traits come and go with what a type holds; only what that doesn't explain is told.
    fn traits(&mut self) {
        let (before, after) = (&self.before.traits, &self.after.traits);
        let named = |traits: BTreeSet<&Signature>| {
            let traits = traits.into_iter().map(|named| format!("`{named}`"));
            traits.collect::<Vec<_>>().join(", ")
        };
        let lost = named(before.difference(after).collect());
        let gained = named(after.difference(before).collect());
        let breaks = |change: &Change| change.effect == Effect::Build;
        if self.before.builder && !self.after.builder {
            self.add(
                Kind::SchemaNotSent,
                "is no longer sent",
                Effect::Build,
                "what is only received has no builder",
            );
        } else if !lost.is_empty() && !self.changes.iter().any(breaks) {
            self.add(
                Kind::TraitLost,
                format!("no longer implements {lost}"),
                Effect::Build,
                "callers may rely on it",
            );
        } else if !gained.is_empty() && self.changes.is_empty() {
            self.add(
                Kind::TraitGained,
                format!("implements {gained} now"),
                Effect::More,
                "there is more that can be done with it",
            );
        }
    }

    /// What `Debug` shows of what both sides have: of an object each field by itself.
    fn debug(&mut self) {
        let hides = |ty: &Type, name: &str| {
            let shown = ty.shown.as_ref();
            shown.is_some_and(|shown| !shown.contains(name))
        };
        let (before, after) = (self.before, self.after);
        let mut parts = Vec::new();
        match (&before.kind, &after.kind) {
            (Content::Object { fields: old, .. }, Content::Object { fields: new, .. }) => {
                for (wire, old) in old {
                    if let Some(new) = new.get(wire) {
                        parts.push((
                            wire.as_str(),
                            hides(before, &old.name),
                            hides(after, &new.name),
                        ));
                    }
                }
            }
            _ => parts.push(("", hides(before, ""), hides(after, ""))),
        }
        for (name, hid, hides) in parts {
            let what = match (hid, hides) {
                (false, true) => "is not shown by `Debug` any more",
                (true, false) => "is shown by `Debug` now",
                _ => continue,
            };
            let reason = "what is private stays out of logs; nothing else differs";
            let kind = Kind::SchemaDebugChanged;
            if name.is_empty() {
                self.add(kind, what, Effect::None, reason);
            } else {
                let name = name.to_owned();
                self.part(
                    kind,
                    Part {
                        what: "field",
                        name,
                    },
                    what,
                    Effect::None,
                    reason,
                );
            }
        }
    }
}

fn said(rule: &str, number: Option<u64>) -> String {
    number.map_or_else(
        || rule.to_owned(),
        |number| rule.replace('#', &number.to_string()),
    )
}

fn in_words(content: &Content) -> String {
    match content {
        Content::Object { .. } => "an object".to_owned(),
        Content::Newtype { inner, .. } => format!("a single `{inner}`"),
        Content::Alias(ty) => format!("another name for `{ty}`"),
        Content::Values { .. } => "an enum".to_owned(),
        Content::Union { .. } => "a union".to_owned(),
    }
}
