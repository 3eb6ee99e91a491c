//! What remains, in words: one change for each place, and one for all the prose of an operation or a schema.

use std::collections::BTreeMap;

use super::documents::AUTHENTICATION_REASON;
use super::site::{Key, Site};
use super::walk::Difference;
use crate::diff::{Change, Effect, Kind, Owner, Part, Place};

/// OpenAPI's words for what people read.
const PROSE: [&str; 9] = [
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "tags",
    "info",
    "xml",
];

impl Difference {
    /// Whether it is about what people read, and nothing else.
    pub fn is_documentation(&self) -> bool {
        let mut keys = self.at.keys.iter();
        keys.any(|key| matches!(key, Key::Word(word) if PROSE.contains(&word.as_str())))
    }

    fn is_extension(&self) -> bool {
        let mut keys = self.at.keys.iter();
        keys.any(|key| matches!(key, Key::Word(word) if word.starts_with("x-")))
    }

    /// The words that lead to it. That a parameter says of its schema what it says goes without saying.
    fn key(&self) -> String {
        let keys = self.at.keys.iter();
        let keys = keys.filter(|key| !matches!(key, Key::Word(word) if word == "schema"));
        let keys: Vec<&str> = keys.map(Key::text).collect();
        keys.join("/")
    }

    /// What people read that differs; not every word of it.
    fn prose(&self) -> String {
        let keys = &self.at.keys;
        let ends = |key: &Key| PROSE.contains(&key.text()) && key.text() != "info";
        let end = keys.iter().position(ends).map_or(keys.len(), |end| end + 1);
        let keys: Vec<&str> = keys[..end].iter().map(Key::text).collect();
        keys.join("/")
    }

    /// That a list of values has another one, or lacks one.
    fn listed(&self) -> Option<String> {
        let (value, path) = self.at.keys.split_last()?;
        let (list, path) = path.split_last()?;
        if list.text() != "enum" {
            return None;
        }
        let path = path.iter().map(Key::text).filter(|word| *word != "schema");
        let path: Vec<&str> = path.collect();
        let of = match path.as_slice() {
            [] => String::new(),
            path => format!(" in `{}`", path.join("/")),
        };
        let (value, when) = match (&self.before, &self.after) {
            (None, Some(_)) => (value.text(), "now"),
            (Some(_), None) => (value.text(), "no more"),
            _ => return None,
        };
        Some(format!("lists the value `{value}`{of} {when}"))
    }

    /// As it is read after its place.
    fn words(&self) -> String {
        if let Some(listed) = self.listed() {
            return listed;
        }
        let key = self.key();
        match (&self.before, &self.after) {
            (None, _) if key.is_empty() => "is described now".to_owned(),
            (_, None) if key.is_empty() => "is no longer described".to_owned(),
            (None, None) => format!("says otherwise of `{key}`"),
            (None, Some(value)) if value.is_empty() || value == "true" => {
                format!("has `{key}` now")
            }
            (None, Some(value)) => format!("has `{key}` now, `{value}`"),
            (Some(_), None) => format!("has no `{key}` any more"),
            (Some(before), Some(after)) if before.is_empty() || after.is_empty() => {
                format!("has another `{key}`")
            }
            (Some(before), Some(after)) => {
                format!("has another `{key}`: `{after}` instead of `{before}`")
            }
        }
    }
}

/// Adds what remains to the changes.
pub fn tell(rest: Vec<Difference>, changes: &mut Vec<Change>) {
    let (mut prose, mut details) = (BTreeMap::new(), BTreeMap::new());
    for found in rest {
        let site = found.at.site.clone();
        if found.is_documentation() || found.is_extension() {
            let sites: &mut BTreeMap<Site, Vec<Difference>> =
                prose.entry(site.owner.clone()).or_default();
            sites.entry(site).or_default().push(found);
        } else if found.key() == "deprecated" {
            changes.push(deprecated(&found));
        } else {
            details.entry(site).or_insert_with(Vec::new).push(found);
        }
    }
    changes.extend(prose.iter().map(|(owner, sites)| described(owner, sites)));
    changes.extend(details.iter().map(|(site, found)| detail(site, found)));
}

fn deprecated(found: &Difference) -> Change {
    let is_deprecated = found.after.is_some();
    let (kind, what, effect, reason) = if is_deprecated {
        (
            Kind::SchemaDeprecated,
            "is deprecated",
            Effect::More,
            "its documentation says so; it works as before",
        )
    } else {
        (
            Kind::SchemaRestored,
            "is no longer deprecated",
            Effect::None,
            "its documentation doesn't say so any more",
        )
    };
    Change {
        kind,
        place: found.at.site.place(),
        what: what.to_owned(),
        effect,
        reason: reason.to_owned(),
    }
}

/// All that is read of an operation or a schema as one change, which names the parts that are described otherwise.
fn described(owner: &Owner, sites: &BTreeMap<Site, Vec<Difference>>) -> Change {
    let kind = match owner {
        Owner::Document(_) => Kind::DocumentDescribed,
        Owner::Operation(_) => Kind::OperationDescribed,
        Owner::Schema(_) | Owner::Type(_) => Kind::SchemaDescribed,
    };
    let keys = |found: &[Difference]| {
        let mut keys: Vec<String> = found.iter().map(Difference::prose).collect();
        keys.retain(|key| key != "description");
        keys.sort();
        keys.dedup();
        match keys.as_slice() {
            [] => String::new(),
            keys => format!(" (`{}`)", keys.join("`, `")),
        }
    };
    let words = match owner {
        Owner::Document(_) => "is in other words",
        _ => "is described in other words",
    };
    let (place, what) = match sites.iter().collect::<Vec<_>>().as_slice() {
        [(site, found)] => (site.place(), format!("{words}{}", keys(found))),
        sites => {
            let parts = sites.iter().map(|(site, found)| {
                let part = match site.place().part {
                    Some(Part { what, name }) if name.is_empty() => what.to_owned(),
                    Some(Part { what, name }) => format!("{what} `{name}`"),
                    None => "itself".to_owned(),
                };
                format!("{part}{}", keys(found))
            });
            let parts: Vec<String> = parts.collect();
            let owner = owner.clone();
            let place = Place { owner, part: None };
            (place, format!("{words}: {}", parts.join(", ")))
        }
    };
    Change {
        kind,
        place,
        what,
        effect: Effect::None,
        reason: "only documentation differs".to_owned(),
    }
}

fn detail(site: &Site, found: &[Difference]) -> Change {
    let (kind, reason) = if matches!(site.owner, Owner::Document("authentication")) {
        (Kind::AuthenticationChanged, AUTHENTICATION_REASON)
    } else {
        (
            Kind::DetailChanged,
            "the generated code doesn't depend on it; what the server takes, or sends, may differ",
        )
    };
    let words: Vec<String> = found.iter().map(Difference::words).collect();
    Change {
        kind,
        place: site.place(),
        what: words.join("; "),
        effect: Effect::None,
        reason: reason.to_owned(),
    }
}
