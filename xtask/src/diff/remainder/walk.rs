//! Two documents side by side: where they differ, in places that can be named.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ptr;

use serde_json::Value;

use super::Sides;
use super::site::At;
use crate::diff::{Owner, Part};
use crate::view;

/// The words whose members are named by the document.
const MAPS: [&str; 9] = [
    "callbacks",
    "content",
    "encoding",
    "examples",
    "headers",
    "links",
    "mapping",
    "scopes",
    "variables",
];

/// The words whose values are data: what stands in there has no meaning of its own.
const DATA: [&str; 5] = ["callbacks", "default", "example", "examples", "value"];

/// Something that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    pub at: At,
    /// What it was in short, if it was there; empty if that is too much for a line.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// The walk, and what it found.
pub struct Walk<'a> {
    pub old_root: &'a Value,
    pub new_root: &'a Value,
    pub renamed: &'a BTreeMap<String, String>,
    pub found: Vec<Difference>,
    /// What references stood for, by the part of the API that they are in, so that circles end.
    seen: HashSet<(Owner, Option<Part>, usize, usize)>,
}

/// How many references are followed one after the other: more than an honest document has between two names.
const MAX_HOPS: usize = 8;

impl<'a> Walk<'a> {
    pub fn new(sides: &Sides<'a>) -> Self {
        Self {
            old_root: sides.old_root,
            new_root: sides.new_root,
            renamed: sides.renamed,
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Notes that what is here differs.
    pub fn differ(&mut self, at: &At, before: Option<String>, after: Option<String>) {
        self.found.push(Difference {
            at: at.clone(),
            before,
            after,
        });
    }

    /// Compares whatever stands here.
    pub fn values(&mut self, at: &At, old: Option<&'a Value>, new: Option<&'a Value>) {
        let word = at.last_word();
        let is_data = DATA.contains(&word) || word.starts_with("x-");
        // What is written alike may refer to what isn't.
        let is_object = |value: Option<&Value>| value.is_some_and(Value::is_object);
        let may_refer = !is_data && is_object(old) && is_object(new);
        if !may_refer && same(at, old, new) {
            return;
        }
        let Some((at, old, new)) = self.followed(at, old, new) else {
            return;
        };
        let word = at.last_word();
        match (old, new) {
            (Some(Value::Object(_)), Some(Value::Object(_))) if word == "content" => {
                self.contents(&at, old, new);
            }
            (Some(Value::Object(_)), Some(Value::Object(_))) if !is_data => {
                self.members(&at, old, new, &[]);
            }
            (None, Some(only)) | (Some(only), None)
                if !is_data && (MAPS.contains(&word) || has_short_members(only)) =>
            {
                self.members(&at, old, new, &[]);
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) if !is_data => {
                self.items(&at, old, new);
            }
            (Some(old), Some(new)) if is_nothing(&at, old) || is_nothing(&at, new) => {
                let said = |value| (!is_nothing(&at, value)).then(|| short(value));
                self.differ(&at, said(old), said(new));
            }
            (old, new) => self.differ(&at, old.map(short), new.map(short)),
        }
    }

    /// What stands at the end of references; `None` if that was compared before.
    pub fn followed(
        &mut self,
        at: &At,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) -> Option<(At, Option<&'a Value>, Option<&'a Value>)> {
        let is_reference = |value: Option<&Value>| value.and_then(view::reference).is_some();
        let mut at = at.clone();
        if !is_reference(old) && !is_reference(new) {
            return Some((at, old, new));
        }
        at.hops += 1;
        let old = old.map(|value| followed(self.old_root, value));
        let new = new.map(|value| followed(self.new_root, value));
        let address = |value: Option<&Value>| value.map_or(0, |value| ptr::from_ref(value).addr());
        let (owner, part) = (at.site.owner.clone(), at.site.part.clone());
        let pair = (owner, part, address(old), address(new));
        (at.hops <= MAX_HOPS && self.seen.insert(pair)).then_some((at, old, new))
    }

    /// Compares the members of two objects, but for those that somebody else looks at.
    pub fn members(
        &mut self,
        at: &At,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
        but: &[&str],
    ) {
        let named = MAPS.contains(&at.last_word());
        for key in keys(old, new).difference(&but.iter().copied().collect()) {
            let members = (
                old.and_then(|old| old.get(key)),
                new.and_then(|new| new.get(key)),
            );
            match members {
                (Some(old), Some(new)) if !named && *key == "schema" => {
                    self.schema(&at.word(key), old, new);
                }
                (old, new) if named => self.values(&at.name(key), old, new),
                (old, new) => self.values(&at.word(key), old, new),
            }
        }
    }

    /// Compares contents by media type. If the only one has become another it is still the content of the same thing.
    pub fn contents(&mut self, at: &At, old: Option<&'a Value>, new: Option<&'a Value>) {
        for (name, old, new) in self.paired_contents(at, old, new) {
            self.members(&at.name(name), Some(old), Some(new), &[]);
        }
    }

    /// The contents that both sides have, of which the others are noted.
    pub fn paired_contents(
        &mut self,
        at: &At,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) -> Vec<(&'a str, &'a Value, &'a Value)> {
        let of = |content: Option<&'a Value>, name: &str| content.and_then(|map| map.get(name));
        let (mut pairs, mut gone, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for name in keys(old, new) {
            match (of(old, name), of(new, name)) {
                (Some(old), Some(new)) => pairs.push((name, old, new)),
                (Some(old), None) => gone.push((name, old)),
                (None, Some(new)) => added.push((name, new)),
                (None, None) => {}
            }
        }
        if let ([(was, old)], [(is, new)], []) =
            (gone.as_slice(), added.as_slice(), pairs.as_slice())
        {
            self.differ(at, Some((*was).to_owned()), Some((*is).to_owned()));
            pairs.push((is, old, new));
            return pairs;
        }
        for (name, _) in gone {
            self.differ(&at.name(name), Some(String::new()), None);
        }
        for (name, _) in added {
            self.differ(&at.name(name), None, Some(String::new()));
        }
        pairs
    }

    /// Compares two lists, whose order says nothing.
    pub fn items(&mut self, at: &At, old: &[Value], new: &[Value]) {
        let is_plain = |items: &[Value]| {
            let mut items = items.iter();
            items.all(|item| !item.is_object() && !item.is_array())
        };
        if !is_plain(old) || !is_plain(new) {
            return self.differ(at, Some(String::new()), Some(String::new()));
        }
        let texts = |items: &[Value]| items.iter().map(short).collect::<BTreeSet<_>>();
        let (old, new) = (texts(old), texts(new));
        for text in old.difference(&new) {
            self.differ(&at.name(text), Some(String::new()), None);
        }
        for text in new.difference(&old) {
            self.differ(&at.name(text), None, Some(String::new()));
        }
    }
}

/// The keys of two objects.
pub fn keys<'a>(old: Option<&'a Value>, new: Option<&'a Value>) -> BTreeSet<&'a str> {
    let objects = [old, new].into_iter().flatten();
    let keys = objects.filter_map(Value::as_object).flatten();
    keys.map(|(key, _)| key.as_str()).collect()
}

/// What a reference stands for; itself if it stands for nothing.
pub fn followed<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    view::resolve(root, value).map_or(value, |(_, value)| value)
}

/// Whether it is the same to say the one or the other.
fn same(at: &At, old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old == new,
        (None, Some(value)) | (Some(value), None) => is_nothing(at, value),
        (None, None) => true,
    }
}

/// The words that are false where nothing is said.
const FLAGS: [&str; 10] = [
    "allowEmptyValue",
    "allowReserved",
    "deprecated",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "nullable",
    "readOnly",
    "required",
    "uniqueItems",
    "writeOnly",
];

/// Whether this is what holds where nothing is said.
fn is_nothing(at: &At, value: &Value) -> bool {
    match value {
        Value::Bool(said) => !said && FLAGS.contains(&at.last_word()),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether an object that one side alone has is better told by what is in it.
fn has_short_members(value: &Value) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| {
        let mut values = members.values();
        !members.is_empty() && values.all(|value| !value.is_object() && !value.is_array())
    })
}

/// How much of a value is quoted.
const QUOTED: usize = 60;

/// A value on one line; empty if it is more than a scalar.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => String::new(),
        scalar => scalar.to_string(),
    };
    let mut line: String = text
        .chars()
        .take(QUOTED)
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect();
    if text.chars().count() > QUOTED {
        line.push('…');
    }
    line
}
