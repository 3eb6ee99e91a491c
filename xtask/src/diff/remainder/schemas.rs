//! Schemas side by side, whatever they are put together of: what stands in an `allOf`, or behind a reference on one side
//! alone, is the same as if it stood there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Sides;
use super::site::{At, Site};
use super::walk::{Walk, short};
use crate::diff::Owner;
use crate::names;
use crate::pointer;
use crate::view;

/// Compares the schemas that have a type on both sides.
pub fn compare<'a>(walk: &mut Walk<'a>, sides: &Sides<'a>) {
    const SCHEMAS: &str = "/components/schemas";
    let old = pointer::get(walk.old_root, SCHEMAS).and_then(Value::as_object);
    let new = pointer::get(walk.new_root, SCHEMAS).and_then(Value::as_object);
    let types = sides.new.types.values();
    let typed: BTreeSet<&str> = types.filter_map(|ty| ty.schema.as_deref()).collect();
    for (name, old) in old.into_iter().flatten() {
        let name = walk.renamed.get(name).unwrap_or(name);
        if let Some(new) = new
            .and_then(|schemas| schemas.get(name))
            .filter(|_| typed.contains(name.as_str()))
        {
            let at = At::new(Site::of(Owner::Schema(name.clone())));
            walk.schema(&at, old, new);
        }
    }
}

/// A schema with all that its `allOf` adds.
#[derive(Default)]
struct Flat<'a> {
    words: BTreeMap<&'a str, &'a Value>,
    properties: BTreeMap<&'a str, &'a Value>,
    required: BTreeSet<&'a str>,
    /// Its unions: each part may have one of its own.
    unions: Vec<(&'a str, &'a Value)>,
    /// The schemas that it refers to.
    bases: BTreeSet<&'a str>,
}

impl<'a> Flat<'a> {
    fn of(schema: &'a Value) -> Self {
        let mut flat = Self::default();
        flat.add(schema);
        flat
    }

    fn add(&mut self, schema: &'a Value) {
        if let Some(target) = view::reference(schema) {
            self.bases.insert(target);
            return;
        }
        for (word, value) in schema.as_object().into_iter().flatten() {
            match (word.as_str(), value) {
                ("allOf", Value::Array(parts)) => parts.iter().for_each(|part| self.add(part)),
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        self.properties.entry(name).or_insert(property);
                    }
                }
                ("required", Value::Array(names)) => {
                    self.required.extend(names.iter().filter_map(Value::as_str));
                }
                ("oneOf" | "anyOf", value) => self.unions.push((word, value)),
                (word, value) => {
                    self.words.entry(word).or_insert(value);
                }
            }
        }
    }

    /// Takes over what is behind the references that the other side doesn't have.
    fn include(&mut self, root: &'a Value, shared: &BTreeSet<&'a str>) {
        let mut known = shared.clone();
        loop {
            let bases = std::mem::take(&mut self.bases);
            let fresh: Vec<&str> = bases
                .into_iter()
                .filter(|base| known.insert(base))
                .collect();
            if fresh.is_empty() {
                return;
            }
            for base in fresh {
                let target = base.strip_prefix('#');
                if let Some(schema) = target.and_then(|target| pointer::get(root, target)) {
                    self.add(schema);
                }
            }
        }
    }
}

impl<'a> Walk<'a> {
    /// Compares two schemas.
    pub fn schema(&mut self, at: &At, old: &'a Value, new: &'a Value) {
        if old == new {
            return;
        }
        match (view::reference(old), view::reference(new)) {
            // What it refers to has its own comparison.
            (Some(old), Some(new)) if self.same_target(old, new) => return,
            (Some(old), Some(new)) => {
                let name = |target: &str| view::schema_name(target).unwrap_or_default();
                return self.differ(&at.word("$ref"), Some(name(old)), Some(name(new)));
            }
            _ => {}
        }
        let Some((at, Some(old), Some(new))) = self.followed(at, Some(old), Some(new)) else {
            return;
        };
        if !old.is_object() || !new.is_object() {
            return self.differ(&at, Some(short(old)), Some(short(new)));
        }
        let (mut before, mut after) = (Flat::of(old), Flat::of(new));
        let (mut of_old, mut of_new) = (BTreeSet::new(), BTreeSet::new());
        for old in &before.bases {
            for new in after.bases.iter().filter(|new| self.same_target(old, new)) {
                of_old.insert(*old);
                of_new.insert(*new);
            }
        }
        before.include(self.old_root, &of_old);
        after.include(self.new_root, &of_new);
        self.flat(&at, &before, &after);
    }

    fn flat(&mut self, at: &At, old: &Flat<'a>, new: &Flat<'a>) {
        let mut added = new.properties.clone();
        for (name, before) in &old.properties {
            // One that is called otherwise on the wire alone is the same field to callers.
            let same = |known: &&&str| {
                !old.properties.contains_key(**known)
                    && names::value_name(known) == names::value_name(name)
            };
            let now = match new.properties.contains_key(name) {
                true => Some(*name),
                false => new.properties.keys().find(same).copied(),
            };
            let Some((now, after)) = now.and_then(|now| added.remove_entry(now)) else {
                self.differ(&at.field(name), Some(String::new()), None);
                continue;
            };
            self.schema(&at.field(now), before, after);
            let said = |names: &BTreeSet<&str>, name: &str| {
                names.contains(name).then(|| "true".to_owned())
            };
            let (before, after) = (said(&old.required, name), said(&new.required, now));
            if before != after {
                self.differ(&at.field(now).word("required"), before, after);
            }
        }
        for name in added.into_keys() {
            self.differ(&at.field(name), None, Some(String::new()));
        }
        // Fields may be required of which no more is said.
        let listed =
            |name: &&str| old.properties.contains_key(*name) || new.properties.contains_key(*name);
        let unlisted = |flat: &Flat<'a>| -> BTreeSet<&'a str> {
            let names = flat.required.iter().copied();
            names.filter(|name| !listed(name)).collect()
        };
        let (before, after) = (unlisted(old), unlisted(new));
        for name in before.difference(&after) {
            self.differ(&at.word("required").name(name), Some(String::new()), None);
        }
        for name in after.difference(&before) {
            self.differ(&at.word("required").name(name), None, Some(String::new()));
        }
        let words: BTreeSet<&str> = old.words.keys().chain(new.words.keys()).copied().collect();
        for word in words {
            let (old, new) = (old.words.get(word).copied(), new.words.get(word).copied());
            self.keyword(&at.word(word), word, old, new);
        }
        for index in 0..old.unions.len().max(new.unions.len()) {
            let pair = [old, new].map(|flat| flat.unions.get(index).copied());
            let words: BTreeSet<&str> = pair.iter().flatten().map(|(word, _)| *word).collect();
            for word in words {
                let said = |union: Option<(&str, &'a Value)>| {
                    let said = union.filter(|(known, _)| *known == word);
                    said.map(|(_, branches)| branches)
                };
                let [old, new] = pair.map(said);
                self.keyword(&at.word(word), word, old, new);
            }
        }
    }

    fn keyword(&mut self, at: &At, word: &str, old: Option<&'a Value>, new: Option<&'a Value>) {
        match (word, old, new) {
            ("items" | "not" | "additionalProperties", Some(old), Some(new))
                if old.is_object() && new.is_object() =>
            {
                self.schema(at, old, new);
            }
            ("oneOf" | "anyOf", Some(Value::Array(old)), Some(Value::Array(new))) => {
                self.alternatives(at, old, new);
            }
            // Any value is allowed either way.
            ("additionalProperties", Some(old), Some(new))
                if [old, new].map(is_anything) == [true, true] => {}
            _ => self.values(at, old, new),
        }
    }

    /// Compares the alternatives of a union, in whatever order they stand.
    fn alternatives(&mut self, at: &At, old: &'a [Value], new: &'a [Value]) {
        let same = |old: &Value, new: &Value| match (view::reference(old), view::reference(new)) {
            (Some(old), Some(new)) => self.same_target(old, new),
            _ => old == new,
        };
        let gone: Vec<&Value> = old
            .iter()
            .filter(|old| !new.iter().any(|new| same(old, new)))
            .collect();
        let added: Vec<&Value> = new
            .iter()
            .filter(|new| !old.iter().any(|old| same(old, new)))
            .collect();
        if let ([old], [new]) = (gone.as_slice(), added.as_slice()) {
            return self.schema(at, old, new);
        }
        let label = |schema: &Value| {
            let name = view::reference(schema).and_then(view::schema_name);
            name.unwrap_or_else(|| schema.get("type").map(short).unwrap_or_default())
        };
        for schema in gone {
            self.differ(&at.name(&label(schema)), Some(String::new()), None);
        }
        for schema in added {
            self.differ(&at.name(&label(schema)), None, Some(String::new()));
        }
    }

    /// Whether two references lead to the same schema, whatever it is called now.
    fn same_target(&self, old: &str, new: &str) -> bool {
        let name = |target: &str| view::schema_name(target).filter(|name| !name.contains('/'));
        match (name(old), name(new)) {
            (Some(old), Some(new)) => *self.renamed.get(&old).unwrap_or(&old) == new,
            _ => old == new,
        }
    }
}

fn is_anything(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(serde_json::Map::is_empty)
}
