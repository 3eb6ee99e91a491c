//! Unions of what builds on them: a base lists, by `oneOf`, the schemas that have it among the parts of their `allOf`.
//!
//! By the letter such a schema is made of itself. What is meant is two things under one name: the fields that all members
//! have, and the choice between them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Lowering;
use crate::keywords::{described, is_about, says_nothing};
use crate::pointer;
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// How many bases of a document may list what builds on them.
const MAX_BASES: usize = 1_000;

/// The keywords by which a schema is one of several.
const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

/// Gives the fields that the members of a union take from it a schema of their own.
pub fn split(lowering: &mut Lowering) {
    for (name, members) in Derived::of(&lowering.root).unions(&lowering.root) {
        split_one(lowering, &name, &members);
    }
}

fn split_one(lowering: &mut Lowering, name: &str, members: &BTreeSet<String>) {
    let place = pointer::join(SCHEMAS, name);
    let Some(union) = pointer::get(&lowering.root, &place) else {
        return;
    };
    let name_of = |branch| view::reference(described(branch)).and_then(view::schema_name);
    let listed: Vec<Option<String>> = branches(union).map(name_of).collect();
    let all_build_on_it = listed.iter().all(|branch| {
        branch
            .as_ref()
            .is_some_and(|branch| members.contains(branch))
    });
    let is_of_choice =
        |keyword: &String| UNIONS.contains(&keyword.as_str()) || keyword == "discriminator";
    let union = union.as_object().cloned().unwrap_or_default();
    let (mut left, mut base): (Map<String, Value>, Map<String, Value>) = union
        .into_iter()
        .partition(|(keyword, _)| is_of_choice(keyword));
    let union = UNIONS.iter().find(|keyword| left.contains_key(**keyword));
    if let Some(Value::Array(branches)) = union.and_then(|keyword| left.get_mut(*keyword)) {
        let unlisted = members
            .iter()
            .filter(|member| !listed.contains(&Some((*member).clone())));
        branches.extend(unlisted.map(|member| {
            let place = pointer::join(SCHEMAS, member);
            json!({ "$ref": format!("#{place}") })
        }));
    }
    left.extend(
        base.iter()
            .filter(|(keyword, _)| !all_build_on_it || is_about(keyword))
            .map(|(keyword, value)| (keyword.clone(), value.clone())),
    );
    base.remove("nullable");
    let base = Value::Object(base);
    let base = if says_nothing(&base) {
        json!({ "type": "object" })
    } else {
        lowering.hoist(&format!("{name}Base"), base, &place)
    };
    let (aliases, between): (BTreeSet<String>, BTreeSet<String>) =
        between(&lowering.root, members, name)
            .into_iter()
            .partition(|part| is_alias(&lowering.root, part, name));
    for member in between {
        let member = pointer::get_mut(&mut lowering.root, &pointer::join(SCHEMAS, &member));
        if let Some(member) = member {
            replace(member, name, &aliases, &base);
        }
    }
    if let Some(union) = pointer::get_mut(&mut lowering.root, &place) {
        *union = Value::Object(left);
    }
    let message = "the fields that its members build on become a schema of their own";
    lowering.record("split-base", &place, message);
    lowering.moved();
}

/// Which components are made of which by `allOf`.
pub(crate) struct Derived {
    /// Those that have a component among their parts, by its name.
    users: BTreeMap<String, Vec<String>>,
}

impl Derived {
    pub(crate) fn of(root: &Value) -> Self {
        let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let schemas = pointer::get(root, SCHEMAS).and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            for part in parts(schema) {
                users.entry(part).or_default().push(name.clone());
            }
        }
        Self { users }
    }

    /// The members of unions that build on the union, by its name, as far as there are not too many of those.
    pub(crate) fn unions(&self, root: &Value) -> BTreeMap<String, BTreeSet<String>> {
        let schemas = pointer::get(root, SCHEMAS).and_then(Value::as_object);
        let names = schemas.into_iter().flat_map(Map::keys);
        names
            .map(|name| (name.clone(), self.members(root, name)))
            .filter(|(_, members)| !members.is_empty())
            .take(MAX_BASES)
            .collect()
    }

    /// The members of the union that a component is, listed or in the mapping of its discriminator, which are made of it.
    fn members(&self, root: &Value, name: &str) -> BTreeSet<String> {
        let Some(schema) = pointer::get(root, &pointer::join(SCHEMAS, name)) else {
            return BTreeSet::new();
        };
        let branches = branches(schema);
        let mut members: BTreeSet<String> = branches
            .filter_map(|branch| view::schema_name(view::reference(described(branch))?))
            .collect();
        if !members.is_empty() {
            members.extend(mapped(schema));
        }
        members.remove(name);
        if !members.is_empty() {
            let users = |name: &str| self.users.get(name).cloned().unwrap_or_default();
            let built_on_it = reached(users(name), users);
            members.retain(|member| built_on_it.contains(member));
        }
        members
    }
}

fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    let unions = UNIONS.iter();
    unions
        .filter_map(|keyword| schema.get(*keyword)?.as_array())
        .flatten()
}

/// The components to which the mapping of a discriminator leads.
fn mapped(schema: &Value) -> Vec<String> {
    let mapping = schema.get("discriminator");
    let mapping = mapping.and_then(|discriminator| discriminator.get("mapping")?.as_object());
    let targets = mapping.into_iter().flat_map(Map::values);
    targets
        .filter_map(Value::as_str)
        .map(|target| view::schema_name(target).unwrap_or_else(|| target.to_owned()))
        .collect()
}

/// The components that stand among the parts of a schema, and of those parts that have no name.
fn parts(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut pending = vec![schema];
    while let Some(part) = pending.pop() {
        names.extend(view::reference(part).and_then(view::schema_name));
        let own = part.get("allOf").and_then(Value::as_array);
        pending.extend(own.into_iter().flatten());
    }
    names
}

/// The names from which one starts, and all that are reached from them.
fn reached(start: Vec<String>, next: impl Fn(&str) -> Vec<String>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut pending = start;
    while let Some(name) = pending.pop() {
        if reached.insert(name.clone()) {
            pending.extend(next(&name));
        }
    }
    reached
}

/// The members of a union, and what they are made of on the way to it.
fn between(root: &Value, members: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
    let mut between = reached(members.iter().cloned().collect(), |part| {
        let schema = pointer::get(root, &pointer::join(SCHEMAS, part));
        schema
            .filter(|_| part != name)
            .map(parts)
            .unwrap_or_default()
    });
    between.remove(name);
    between
}

/// Whether a component is another one by another name.
fn is_alias(root: &Value, alias: &str, name: &str) -> bool {
    let mut alias = alias.to_owned();
    for _ in 0..view::MAX_HOPS {
        let schema = pointer::get(root, &pointer::join(SCHEMAS, &alias));
        let target = schema.and_then(|schema| view::reference(described(schema)));
        match target.and_then(view::schema_name) {
            Some(target) if target == name => return true,
            Some(target) => alias = target,
            None => return false,
        }
    }
    false
}

/// Puts another schema in the place of a component, and of its aliases, where it is a part of a schema.
fn replace(schema: &mut Value, name: &str, aliases: &BTreeSet<String>, base: &Value) {
    let target = view::reference(schema).and_then(view::schema_name);
    if target.is_some_and(|target| target == name || aliases.contains(&target)) {
        *schema = base.clone();
    }
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        replace(part, name, aliases, base);
    }
}
