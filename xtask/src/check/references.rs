//! References must lead to a component of the right kind inside the document, and arrive.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{COMPOSITIONS, Subject};
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::{Found, Kind};
use crate::view;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    for found in &subject.found {
        if let Some(target) = &found.reference {
            problems.extend(target_problem(subject, found, target));
        }
    }
    for cycle in inclusion_cycles(subject) {
        let message = match cycle.as_slice() {
            [one] => format!("the schema `{one}` includes itself"),
            many => format!(
                "the schemas {} include each other without end",
                quoted(many)
            ),
        };
        let place = match cycle[0].strip_prefix('#') {
            Some(place) => place.to_owned(),
            None => pointer::join("/components/schemas", &cycle[0]),
        };
        problems.push(
            Diagnostic::error("cyclic-ref", place, message)
                .hint("a schema may contain itself as a property or an item, not as a part of its own definition"),
        );
    }
}

fn target_problem(subject: &Subject<'_>, found: &Found, target: &str) -> Option<Diagnostic> {
    let root = subject.root;
    let place = pointer::join(&found.pointer, "$ref");
    let kind = found.kind;
    let Some(local) = target.strip_prefix('#') else {
        return Some(
            Diagnostic::error(
                "remote-ref",
                place,
                format!("`{target}` points outside this document"),
            )
            .hint("bundle the document first: everything must be in one file"),
        );
    };
    let section = kind.section()?;
    let tokens: Vec<String> = pointer::tokens(local).collect();
    let components = root
        .get("components")
        .and_then(|components| components.get(section))
        .and_then(Value::as_object);
    match tokens.as_slice() {
        [first, second, name] if first == "components" && second == section => {
            if pointer::get(root, local).is_some() {
                return dead_end(root, found, &place, kind);
            }
            let diagnostic =
                Diagnostic::error("dangling-ref", place, format!("`{target}` does not exist"));
            let known: Vec<&str> = components.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            Some(match similar::get_close_matches(name.as_str(), &known, 1, 0.6).first() {
                Some(close) => diagnostic.hint(format!("did you mean `#/components/{section}/{close}`?")),
                None => diagnostic.hint(format!("define it under `components/{section}`")),
            })
        }
        _ if pointer::get(root, local).is_none() => Some(
            Diagnostic::error("dangling-ref", place, format!("`{target}` does not exist"))
                .hint(format!("a {} is referred to as `#/components/{section}/...`", kind.describe())),
        ),
        _ if stands(subject, kind, local) => None,
        _ => Some(
            Diagnostic::error(
                "misplaced-ref",
                place,
                format!("`{target}` is not a {} under `components/{section}`", kind.describe()),
            )
            .hint(format!("move what it points to under `components/{section}` and refer to it by its name there")),
        ),
    }
}

/// Whether a thing of this kind stands at a place.
fn stands(subject: &Subject<'_>, kind: Kind, place: &str) -> bool {
    let places = subject.places.get_or_init(|| {
        let found = subject.found.iter();
        found
            .map(|found| (found.kind, found.pointer.clone()))
            .collect()
    });
    places.contains(&(kind, place.to_owned()))
}

/// A chain of references that never arrives, reported where it is part of the circle. What is wrong further down the
/// chain is reported there, and circles of schemas are seen as inclusions.
fn dead_end(root: &Value, found: &Found, place: &str, kind: Kind) -> Option<Diagnostic> {
    let mut value = pointer::get(root, &found.pointer)?;
    for _ in 0..view::MAX_HOPS {
        let target = view::target(value)?;
        if target == found.pointer {
            return (kind != Kind::Schema).then(|| {
                Diagnostic::error("cyclic-ref", place, "the reference leads back to itself")
                    .hint("let one of the references in the circle be the thing itself")
            });
        }
        value = pointer::get(root, target)?;
    }
    // It is too long, unless it has led into a circle that it is not part of.
    let marked = value;
    for _ in 0..view::MAX_HOPS {
        let Some(target) = view::target(value) else {
            break;
        };
        value = pointer::get(root, target)?;
        if std::ptr::eq(value, marked) {
            return None;
        }
    }
    Some(
        Diagnostic::error(
            "too-intricate",
            place,
            format!("more than {} references in a row", view::MAX_HOPS),
        )
        .hint("refer to the thing itself"),
    )
}

/// Groups of schemas that are defined by way of each other: through a bare reference or `allOf`.
fn inclusion_cycles(subject: &Subject<'_>) -> Vec<Vec<String>> {
    let schemas = pointer::get(subject.root, "/components/schemas").and_then(Value::as_object);
    let mut edges: Edges<'_> = schemas
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), inclusions(schema)))
        .collect();
    // Schemas without a name go by the reference that leads to them.
    for target in subject
        .found
        .iter()
        .filter_map(|found| found.reference.as_deref())
    {
        if component(target).is_none()
            && let Some(schema) = pointer::get(subject.root, target.trim_start_matches('#'))
        {
            edges.insert(target, inclusions(schema));
        }
    }
    without_extensions(subject.root, &mut edges);
    let known: BTreeSet<String> = edges.keys().map(|name| (*name).to_owned()).collect();
    let mut backwards: Edges<'_> = edges.keys().map(|name| (*name, BTreeSet::new())).collect();
    for (&name, included) in &mut edges {
        included.retain(|included| known.contains(included));
        for included in &*included {
            if let Some(before) = backwards.get_mut(included.as_str()) {
                before.insert(name.to_owned());
            }
        }
    }
    let ahead = without_dead_ends(&edges, &backwards);
    let candidates: BTreeSet<&str> = without_dead_ends(&backwards, &edges)
        .intersection(&ahead)
        .copied()
        .collect();
    let mut cycles = Vec::new();
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for start in edges.keys() {
        if reported.contains(start) || !candidates.contains(start) {
            continue;
        }
        let before = reachable(&backwards, start);
        let mut cycle: Vec<&str> = reachable(&edges, start)
            .intersection(&before)
            .copied()
            .collect();
        if !cycle.is_empty() {
            cycle.sort_by_key(|name| name != start);
            reported.extend(&cycle);
            cycles.push(cycle.into_iter().map(str::to_owned).collect());
        }
    }
    cycles
}

type Edges<'a> = BTreeMap<&'a str, BTreeSet<String>>;

/// The names from which one can go on for ever: all but those from which every way ends.
fn without_dead_ends<'a>(edges: &'a Edges<'_>, backwards: &'a Edges<'_>) -> BTreeSet<&'a str> {
    let mut ways: BTreeMap<&str, usize> = edges
        .iter()
        .map(|(name, next)| (*name, next.len()))
        .collect();
    let ends = edges.iter().filter(|(_, next)| next.is_empty());
    let mut ended: Vec<&str> = ends.map(|(name, _)| *name).collect();
    ways.retain(|_, count| *count > 0);
    while let Some(name) = ended.pop() {
        for before in backwards.get(name).into_iter().flatten() {
            if let Some(count) = ways.get_mut(before.as_str()) {
                *count -= 1;
                if *count == 0 {
                    ways.remove(before.as_str());
                    ended.push(before);
                }
            }
        }
    }
    ways.into_keys().collect()
}

/// All that is reached from `start`; `start` itself only by a circle.
fn reachable<'a>(edges: &'a Edges<'_>, start: &str) -> BTreeSet<&'a str> {
    let mut reachable = BTreeSet::new();
    let mut pending = vec![start];
    while let Some(name) = pending.pop() {
        for next in edges.get(name).into_iter().flatten() {
            if reachable.insert(next.as_str()) {
                pending.push(next);
            }
        }
    }
    reachable
}

/// The schemas that `schema` is made of.
fn inclusions(schema: &Value) -> BTreeSet<String> {
    included_by(schema, &COMPOSITIONS)
}

/// The schemas that `schema` includes by a reference and by these keywords.
fn included_by(schema: &Value, keywords: &[&str]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = view::reference(schema)
        .map(|target| component(target).unwrap_or_else(|| target.to_owned()))
        .into_iter()
        .collect();
    for &keyword in keywords {
        for part in schema
            .get(keyword)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            names.extend(included_by(part, keywords));
        }
    }
    names
}

/// The name of the component that a reference leads to.
fn component(target: &str) -> Option<String> {
    view::schema_name(target).filter(|_| target.matches('/').count() == 3)
}

/// Removes the branches of a union that extend it by their `allOf`: a base that lists the schemas that extend it does not
/// include itself.
fn without_extensions(root: &Value, edges: &mut Edges<'_>) {
    let schemas = pointer::get(root, "/components/schemas").and_then(Value::as_object);
    let extended: Edges<'_> = schemas
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), included_by(schema, &["allOf"])))
        .collect();
    for (name, included) in edges.iter_mut() {
        included.retain(|branch| {
            let own = extended.get(name);
            let is_part = own.is_some_and(|own| own.contains(branch));
            is_part || !reachable(&extended, branch).contains(name)
        });
    }
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
