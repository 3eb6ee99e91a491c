//! Values of the documents that the model does not have: a difference is documentation or a detail.

use std::collections::BTreeSet;

use serde_json::Value;

use super::changes::Changes;
use super::place::Place;
use openapi_document::view;

/// Keywords that people read.
const PROSE: &[&str] = &[
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "tags",
    "title",
    "xml",
];

/// Keywords whose members are named by the document.
const MAPS: &[&str] = &[
    "encoding",
    "headers",
    "links",
    "mapping",
    "properties",
    "variables",
];

/// Keywords that are `false` where they are absent.
const FLAGS: &[&str] = &[
    "allowReserved",
    "deprecated",
    "nullable",
    "required",
    "writeOnly",
];

/// How deep values are compared.
const MAX_DEPTH: usize = 32;

/// The member of an object.
pub fn member<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    value.and_then(|value| value.get(name))
}

/// The keys of two objects, each once and in order.
pub fn keys<'v>(old: Option<&'v Value>, new: Option<&'v Value>) -> Vec<&'v str> {
    let objects = [old, new].into_iter().flatten();
    let keys = objects.filter_map(Value::as_object).flatten();
    let keys: BTreeSet<&str> = keys.map(|(key, _)| key.as_str()).collect();
    keys.into_iter().collect()
}

/// The keys of two objects, each with the members that have it.
pub fn members<'v>(
    old: Option<&'v Value>,
    new: Option<&'v Value>,
) -> impl Iterator<Item = (&'v str, Option<&'v Value>, Option<&'v Value>)> {
    let keys = keys(old, new).into_iter();
    keys.map(move |key| (key, member(old, key), member(new, key)))
}

/// A comparison of values that the model does not have, at one place.
pub struct Details<'c, 'd> {
    place: Place,
    /// The owner of the details in words, such as `` of `image/png` ``.
    pub of: String,
    changes: &'c mut Changes<'d>,
}

impl<'c, 'd> Details<'c, 'd> {
    /// A comparison at a place.
    pub fn of(place: Place, changes: &'c mut Changes<'d>) -> Self {
        Self {
            place,
            of: String::new(),
            changes,
        }
    }

    /// Compares the members of two objects, but for some that are compared elsewhere.
    pub fn members(&mut self, compared: &[&str], old: Option<&Value>, new: Option<&Value>) {
        for (key, old, new) in members(old, new) {
            if !compared.contains(&key) {
                self.compare(key, old, new);
            }
        }
    }

    /// Compares the values of a keyword, which may have a path before it.
    pub fn compare(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let keyword = path.rsplit('/').next().unwrap_or_default();
        self.values(&[path], keyword, old, new);
    }

    /// Compares the values at a path. `keyword` is its end, unless that is a name of the document.
    fn values(&mut self, path: &[&str], keyword: &str, old: Option<&Value>, new: Option<&Value>) {
        let old = old.map(|value| self.changes.context.old.followed(value));
        let new = new.map(|value| self.changes.context.new.followed(value));
        let target = |value: Option<&Value>| Some(view::target(value?)?.to_owned());
        let is_object = |value: Option<&Value>| value.is_some_and(Value::is_object);
        let is_renamed = match (target(old), target(new)) {
            (Some(old), Some(new)) => self.changes.context.same_schema(&old, &new),
            _ => false,
        };
        if is_renamed || is_same(keyword, old, new) {
        } else if PROSE.contains(&keyword) || (keyword.starts_with("x-") && keyword != "x-private")
        {
            self.changes.prose(&self.place, &path.join("/"));
        } else if path.len() < MAX_DEPTH
            && keyword != "default"
            && (is_object(old) && is_object(new)
                || MAPS.contains(&keyword) && (is_object(old) || is_object(new)))
        {
            for (key, old, new) in members(old, new) {
                let inner = if MAPS.contains(&keyword) { "" } else { key };
                let path: Vec<&str> = path.iter().copied().chain([key]).collect();
                self.values(&path, inner, old, new);
            }
        } else {
            let label = format!("{}{}", label(path), self.of);
            self.changes.detail(&self.place, differs(&label, old, new));
        }
    }
}

/// A path in words, in which properties are fields.
fn label(path: &[&str]) -> String {
    let mut rest = path.iter().copied();
    let (mut fields, mut keywords): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    while let Some(key) = rest.next() {
        match key {
            "properties" => {
                keywords.clear();
                fields.extend(rest.next());
            }
            "schema" if path.len() > 1 => {}
            key => keywords.push(key),
        }
    }
    let (fields, keywords) = (fields.join("."), keywords.join("/"));
    match (fields.is_empty(), keywords.is_empty()) {
        (true, _) => format!("`{keywords}`"),
        (false, true) => format!("field `{fields}`"),
        (false, false) => format!("`{keywords}` of the field `{fields}`"),
    }
}

/// That something has another value, in words to be read after its place.
pub fn differs(label: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let [was, is] = [old, new].map(|value| value.map(short).unwrap_or_default());
    match (old, new) {
        (Some(_), Some(_)) if was.is_empty() || is.is_empty() => format!("has another {label}"),
        (Some(_), Some(_)) => format!("has another {label}: `{is}` instead of `{was}`"),
        (_, None) => format!("has no {label} any more"),
        (None, _) if is.is_empty() || is == "true" => format!("has {label} now"),
        (None, _) => format!("has {label} now, `{is}`"),
    }
}

/// Whether two values mean the same. An empty list is none.
fn is_same(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(Value::Array(old)), Some(Value::Array(new))) if keyword != "default" => {
            old.len() == new.len() && old.iter().all(|item| new.contains(item))
        }
        (None, Some(value)) | (Some(value), None) => match value {
            Value::Bool(value) => !value && FLAGS.contains(&keyword),
            Value::Array(items) => items.is_empty(),
            _ => false,
        },
        (old, new) => old == new,
    }
}

/// The number of characters of a value that are quoted.
const QUOTED: usize = 60;

/// A value on one line; empty if it is more than a scalar.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => return String::new(),
        scalar => scalar.to_string(),
    };
    let text = text.replace(|c: char| c.is_control() || c == '`', " ");
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
