//! The changes of a comparison.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::{Change, Effect, Kind, Owner, Part, Place};

/// The changes of a comparison. Prose and details are collected, and are one change for each owner or place in the end.
#[derive(Debug)]
pub struct Changes<'d> {
    /// The two sides that are compared.
    pub context: &'d Context<'d>,
    changes: Vec<Change>,
    /// The kinds of changes of each place.
    kinds: BTreeMap<Place, BTreeSet<Kind>>,
    /// The keywords of documentation that differ.
    prose: BTreeMap<Owner, BTreeMap<Option<Part>, BTreeSet<String>>>,
    details: BTreeMap<Place, Vec<String>>,
}

impl<'d> Changes<'d> {
    /// None yet.
    pub fn of(context: &'d Context<'d>) -> Self {
        Self {
            context,
            changes: Vec::new(),
            kinds: BTreeMap::new(),
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
        self.kinds.entry(place.clone()).or_default().insert(kind);
        self.changes.push(Change {
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

    /// Adds that arguments are in another order. If each takes what the one in its position took, code that passes them compiles.
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

    /// Adds what the server assumes for an absent value, if that differs.
    pub fn default_value(
        &mut self,
        kind: Kind,
        place: &Place,
        was: Option<&str>,
        is: Option<&str>,
    ) {
        if was != is {
            let text =
                |json: Option<&str>| json.map_or("nothing".into(), |json| format!("`{json}`"));
            let (was, is) = (text(was), text(is));
            self.add(
                kind,
                place,
                format!("if absent, meant {was} and means {is}"),
            );
        }
    }

    /// Whether a place has a change.
    pub fn has(&self, place: &Place) -> bool {
        self.kinds.contains_key(place)
    }

    /// Whether an owner, or a part of it, has a change.
    pub fn has_any(&self, owner: &Owner) -> bool {
        let from = Place::of(owner.clone());
        let next = self.kinds.range(from..).next();
        next.is_some_and(|(place, _)| place.owner == *owner)
    }

    /// Whether a place has another type, which has constraints of its own.
    pub fn is_replaced(&self, place: &Place) -> bool {
        use Kind::{
            AnswerChanged, ErrorChanged, FieldTypeChanged, InputTypeChanged, SchemaTypeChanged,
        };
        let types = [
            AnswerChanged,
            ErrorChanged,
            FieldTypeChanged,
            InputTypeChanged,
            SchemaTypeChanged,
        ];
        let kinds = self.kinds.get(place);
        kinds.is_some_and(|kinds| types.iter().any(|kind| kinds.contains(kind)))
    }

    /// Adds a keyword of documentation that differs.
    pub fn prose(&mut self, place: &Place, keyword: &str) {
        let parts = self.prose.entry(place.owner.clone()).or_default();
        let keywords = parts.entry(place.part.clone()).or_default();
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
        for (owner, parts) in std::mem::take(&mut self.prose) {
            self.described(owner, &parts);
        }
        for (place, details) in std::mem::take(&mut self.details) {
            self.add(Kind::DetailChanged, &place, details.join("; "));
        }
        let key = |change: &Change| (change.class(), change.place.clone(), change.kind);
        self.changes.sort_by_cached_key(key);
        self.changes
    }

    /// Adds the documentation of an owner, which names the parts that are described otherwise.
    fn described(&mut self, owner: Owner, parts: &BTreeMap<Option<Part>, BTreeSet<String>>) {
        let (kind, words) = match owner {
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
        let mut place = Place::of(owner);
        let what = match parts.iter().collect::<Vec<_>>().as_slice() {
            [(part, keywords)] => {
                place.part.clone_from(part);
                format!("{words}{}", listed(keywords))
            }
            parts => {
                let parts = parts.iter().map(|(part, keywords)| {
                    let part = match part {
                        None => "itself".to_owned(),
                        Some(Part { what, name }) if name.is_empty() => (*what).to_owned(),
                        Some(Part { what, name }) => format!("{what} `{name}`"),
                    };
                    format!("{part}{}", listed(keywords))
                });
                format!("{words}: {}", parts.collect::<Vec<_>>().join(", "))
            }
        };
        self.add(kind, &place, what);
    }
}
