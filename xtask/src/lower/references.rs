//! References to schemas that have no name.

use std::collections::{BTreeMap, BTreeSet};

use super::Lowering;
use crate::names;
use crate::pointer;
use crate::shape::{Found, Kind, Walk};
use crate::view;

/// Moves schemas that are referred to where they stand, in a property or in a response, to the components: typify knows
/// references to those alone.
pub fn name_targets(lowering: &mut Lowering) {
    let found = Walk::document(&lowering.root).found;
    let is_schema = |found: &&Found| found.kind == Kind::Schema;
    let targets = found.iter().filter(is_schema);
    let targets: BTreeSet<&str> = targets
        .filter_map(|found| found.reference.as_deref())
        .filter(|target| !is_component(target))
        .collect();
    if targets.is_empty() {
        return;
    }
    // What stands in another target is moved first.
    let mut targets: Vec<&str> = targets.into_iter().collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.len()));
    let mut names = BTreeMap::new();
    for target in targets {
        let place = target.trim_start_matches('#');
        let Some(schema) = pointer::get(&lowering.root, place).cloned() else {
            continue;
        };
        if view::reference(&schema).is_some() {
            names.insert(target, schema);
            continue;
        }
        let reference = lowering.hoist(&name(place), schema, place);
        lowering.record(
            "name-target",
            place,
            "the schema gets a name to be referred to by",
        );
        if let Some(value) = pointer::get_mut(&mut lowering.root, place) {
            value.clone_from(&reference);
        }
        names.insert(target, reference);
    }
    for found in Walk::document(&lowering.root)
        .found
        .iter()
        .filter(is_schema)
    {
        let mut named = found
            .reference
            .as_deref()
            .and_then(|target| names.get(target));
        for _ in 0..view::MAX_HOPS {
            let next = named.and_then(view::reference);
            named = next.and_then(|target| names.get(target)).or(named);
        }
        let value = pointer::get_mut(&mut lowering.root, &found.pointer);
        if let (Some(reference), Some(value)) = (named, value) {
            value.clone_from(reference);
        }
    }
}

/// Whether a reference is one to a component by its name.
pub(crate) fn is_component(target: &str) -> bool {
    let name = target.strip_prefix("#/components/schemas/");
    name.is_none_or(|name| !name.contains('/')) && !target.starts_with("#/paths/")
}

/// What a place is called: its names without the words that stand between them.
fn name(place: &str) -> String {
    let words = pointer::tokens(place).filter(|token| {
        !matches!(
            token.as_str(),
            "components"
                | "schemas"
                | "properties"
                | "paths"
                | "responses"
                | "content"
                | "schema"
                | "allOf"
                | "oneOf"
                | "anyOf"
        ) && !token.contains("json")
            && names::has_identifier(token)
    });
    words.collect::<Vec<_>>().join("_")
}
