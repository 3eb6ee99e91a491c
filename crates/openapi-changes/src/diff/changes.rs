//! The changes of a comparison.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::context::Context;
use super::effect::Effect;
use super::kind::Kind;
use super::place::{Owner, Place};
use openapi_client_gen::text::code;

/// The changes of a comparison. Prose and details are collected, and are one change for each owner or place in the end.
#[derive(Debug)]
pub struct Changes<'d> {
    /// The two sides that are compared.
    pub context: &'d Context<'d>,
    changes: BTreeMap<Place, Vec<Change>>,
    /// The keywords of documentation that differ.
    prose: BTreeMap<Place, BTreeSet<String>>,
    details: BTreeMap<Place, Vec<String>>,
}

impl<'d> Changes<'d> {
    /// None yet.
    pub fn of(context: &'d Context<'d>) -> Self {
        Self {
            context,
            changes: BTreeMap::new(),
            prose: BTreeMap::new(),
            details: BTreeMap::new(),
        }
    }

    /// Adds a change with the effect that its kind has.
    pub fn add(&mut self, kind: Kind, place: &Place, what: impl Into<String>) {
        self.with(kind, place, what, kind.effect());
    }

    /// Adds a change with an effect and a reason of its own.
    pub fn with(
        &mut self,
        kind: Kind,
        place: &Place,
        what: impl Into<String>,
        (effect, reason): (Effect, impl Into<String>),
    ) {
        let changes = self.changes.entry(place.clone()).or_default();
        changes.push(Change {
            kind,
            place: place.clone(),
            what: what.into(),
            effect,
            reason: reason.into(),
        });
    }

    /// Adds that something has another name in Rust. If that name is taken, code that uses it compiles.
    pub fn renamed(&mut self, kind: Kind, place: &Place, what: String, is_taken: bool) {
        let effect = match is_taken {
            true => (
                Effect::Run,
                "code that isn't changed compiles, and uses what has the name now",
            ),
            false => kind.effect(),
        };
        self.with(kind, place, what, effect);
    }

    /// Adds that arguments are in another order. If those in the same position have the same type, code that passes them compiles.
    pub fn reordered<'a, T: 'a>(
        &mut self,
        kind: Kind,
        place: &Place,
        what: &str,
        arguments: [impl Iterator<Item = &'a T>; 2],
        is_same: impl Fn(&T, &T) -> bool,
    ) {
        let [old, new] = arguments.map(Iterator::collect::<Vec<_>>);
        let mut pairs = old.iter().zip(&new);
        let compiles = old.len() == new.len() && pairs.all(|(old, new)| is_same(old, new));
        let (build, reason) = kind.effect();
        let effect = if compiles { Effect::Run } else { build };
        self.with(kind, place, what, (effect, reason));
    }

    /// Adds that something is deprecated now, or no longer.
    pub fn deprecation(&mut self, place: &Place, kinds: [Kind; 2], was: bool, is: bool) {
        match (was, is) {
            (false, true) => self.add(kinds[0], place, "is deprecated"),
            (true, false) => self.add(kinds[1], place, "is no longer deprecated"),
            _ => {}
        }
    }

    /// Adds that `Debug` hides a value now, or shows it.
    pub fn debug(&mut self, place: &Place, was_private: bool, is_private: bool) {
        let what = match (was_private, is_private) {
            (false, true) => "is not shown by `Debug` any more",
            (true, false) => "is shown by `Debug` now",
            _ => return,
        };
        self.add(Kind::SchemaDebugChanged, place, what);
    }

    /// Adds that the server assumes another default for an absent value.
    pub fn default_value(
        &mut self,
        kind: Kind,
        place: &Place,
        was: Option<&str>,
        is: Option<&str>,
    ) {
        if was != is {
            let text = |json: &str| format!("`{json}`");
            let [was, is] = [was, is].map(|json| json.map_or("nothing".to_owned(), text));
            let what = format!("if absent, meant {was} and means {is}");
            self.add(kind, place, what);
        }
    }

    /// Whether a place has a change.
    pub fn has(&self, place: &Place) -> bool {
        self.changes.contains_key(place)
    }

    /// Whether an owner, or a part of it, has a change.
    pub fn has_any(&self, owner: &Owner) -> bool {
        let mut places = self.changes.range(Place::of(owner.clone())..);
        places
            .next()
            .is_some_and(|(place, _)| place.owner == *owner)
    }

    /// Whether a place has another type, which has constraints of its own.
    pub fn is_replaced(&self, place: &Place) -> bool {
        let mut changes = self.changes.get(place).into_iter().flatten();
        changes.any(|change| {
            matches!(
                change.kind,
                Kind::AnswerChanged
                    | Kind::ErrorChanged
                    | Kind::FieldTypeChanged
                    | Kind::InputTypeChanged
                    | Kind::SchemaTypeChanged
            )
        })
    }

    /// Adds a keyword of documentation that differs.
    pub fn prose(&mut self, place: &Place, keyword: &str) {
        let keywords = self.prose.entry(place.clone()).or_default();
        keywords.insert(keyword.to_owned());
    }

    /// Adds a detail that differs, in words to be read after the place.
    pub fn detail(&mut self, place: &Place, what: String) {
        let details = self.details.entry(place.clone()).or_default();
        if !details.contains(&what) {
            details.push(what);
        }
    }

    /// The changes in order: by class, place and kind.
    pub fn finish(mut self) -> Vec<Change> {
        let prose: Vec<_> = std::mem::take(&mut self.prose).into_iter().collect();
        for parts in prose.chunk_by(|(place, _), (next, _)| place.owner == next.owner) {
            self.described(parts);
        }
        for (place, details) in std::mem::take(&mut self.details) {
            self.add(Kind::DetailChanged, &place, details.join("; "));
        }
        let mut changes: Vec<Change> = self.changes.into_values().flatten().collect();
        changes.sort_by_cached_key(|change| (change.class(), change.place.clone(), change.kind));
        changes
    }

    /// Adds the documentation of an owner, which names the parts that are described otherwise.
    fn described(&mut self, parts: &[(Place, BTreeSet<String>)]) {
        let Some((first, keywords)) = parts.first() else {
            return;
        };
        let (kind, words) = match first.owner {
            Owner::Document(_) => (Kind::DocumentDescribed, "is in other words"),
            Owner::Operation(_) => (Kind::OperationDescribed, "is described in other words"),
            Owner::Schema(_) | Owner::Type(_) => {
                (Kind::SchemaDescribed, "is described in other words")
            }
        };
        let listed = |keywords: &BTreeSet<String>| {
            let others = keywords.iter().filter(|keyword| *keyword != "description");
            let others: Vec<&str> = others.map(String::as_str).collect();
            match others.is_empty() {
                true => String::new(),
                false => format!(" (`{}`)", others.join("`, `")),
            }
        };
        if parts.len() == 1 {
            return self.add(kind, first, format!("{words}{}", listed(keywords)));
        }
        let parts = parts.iter().map(|(place, keywords)| {
            let part = place.part.as_ref().map(|part| part.in_words(code));
            part.unwrap_or("itself".to_owned()) + &listed(keywords)
        });
        let parts = parts.collect::<Vec<_>>().join(", ");
        let place = Place::of(first.owner.clone());
        self.add(kind, &place, format!("{words}: {parts}"));
    }
}
