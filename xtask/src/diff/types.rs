//! Schemas: what changed in the types that they become.

use std::collections::BTreeSet;

use super::uses::{self, Uses};
use super::{Change, Effect, Kind, Part, Place, fields, variants};
use crate::surface::{Kind as Content, Signature, Surface, Type};

/// The map of fields that the document doesn't name.
type Others = (String, Signature);

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
                format!("is gone ({})", uses.describe(name)),
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
                format!("is new ({})", uses.describe(name)),
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
                self.others(had_others.as_ref(), has_others.as_ref());
                self.closed(*was_closed, *is_closed);
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
        self.documentation();
    }

    fn others(&mut self, before: Option<&Others>, after: Option<&Others>) {
        match (before, after) {
            (None, Some((name, ty))) => self.add(
                Kind::SchemaOpened,
                "keeps fields that aren't described",
                Effect::More,
                &format!("they are in `{name}`, of type `{ty}`"),
            ),
            (Some((name, _)), None) => self.add(
                Kind::SchemaClosed,
                "keeps no fields that aren't described any more",
                Effect::Build,
                &format!("the map `{name}` is gone"),
            ),
            (Some((before, _)), Some((after, _))) if before != after => self.add(
                Kind::SchemaMapChanged,
                format!("keeps fields that aren't described in `{after}` instead of `{before}`"),
                Effect::Build,
                "a field that is described has that name",
            ),
            (Some((_, before)), Some((_, after))) if before != after => self.add(
                Kind::SchemaMapChanged,
                format!("kept fields that aren't described as `{before}` and keeps `{after}`"),
                Effect::Build,
                "they are read, and set, as another type",
            ),
            _ => {}
        }
    }

    fn closed(&mut self, before: bool, after: bool) {
        match (before, after) {
            (false, true) => self.add(
                Kind::SchemaClosed,
                "allows no fields that aren't described any more",
                Effect::Run,
                "decoding one that has others compiles, and fails",
            ),
            (true, false) => self.add(
                Kind::SchemaOpened,
                "allows fields that aren't described",
                Effect::More,
                "decoding one that has others no longer fails",
            ),
            _ => {}
        }
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

    /// What `Debug` shows of what both sides have.
    fn debug(&mut self) {
        let hides = |ty: &Type, name: &str| {
            let shown = ty.shown.as_ref();
            shown.is_some_and(|shown| !shown.contains(name))
        };
        let parts = self.before.documentation.keys();
        // Of an object, each field by itself.
        let is_object = |ty: &Type| matches!(ty.kind, Content::Object { .. });
        let is_object = is_object(self.before) && is_object(self.after);
        let parts = parts.filter(|part| self.after.documentation.contains_key(*part));
        let parts = parts.filter(|part| !(is_object && part.is_empty()));
        let (mut more, mut less) = (false, false);
        for part in parts {
            let (hid, hides) = (hides(self.before, part), hides(self.after, part));
            more |= hides && !hid;
            less |= hid && !hides;
        }
        for (happened, what) in [(more, "shows less"), (less, "shows more")] {
            if happened {
                self.add(
                    Kind::SchemaDebugChanged,
                    format!("{what} of itself in `Debug`"),
                    Effect::None,
                    "what is private stays out of logs; nothing else differs",
                );
            }
        }
    }

    fn documentation(&mut self) {
        let after = &self.after.documentation;
        let differs =
            |(part, text): (&String, &String)| after.get(part).is_some_and(|new| new != text);
        if self.before.documentation.iter().any(differs) {
            self.add(
                Kind::SchemaDescribed,
                "is described in other words",
                Effect::None,
                "only documentation differs",
            );
        }
    }
}

fn said(rule: &str, number: Option<u64>) -> String {
    number.map_or_else(
        || rule.to_owned(),
        |number| rule.replace('#', &number.to_string()),
    )
}

fn in_words(content: &Content) -> &'static str {
    match content {
        Content::Object { .. } => "an object",
        Content::Newtype { .. } | Content::Alias(_) => "a value",
        Content::Values { .. } => "an enum",
        Content::Union { .. } => "a union",
    }
}
