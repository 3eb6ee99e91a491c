//! Requests and responses: `readOnly` members are not sent, and `writeOnly` ones not received.
//!
//! A schema that requires such a member describes two types. It becomes two where both are used, and otherwise the one that
//! is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::pointer;
use crate::schema;
use crate::view::OperationView;

/// The way that a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the server.
    Request,
    /// From the server.
    Response,
}

/// The schemas whose types differ by direction, and where they are used.
#[derive(Debug, Default)]
pub struct Directions {
    /// The component schemas that require a `readOnly` or `writeOnly` member, or contain one that does.
    one_way: BTreeSet<String>,
    requests: BTreeSet<String>,
    responses: BTreeSet<String>,
}

impl Directions {
    /// Those of a document.
    pub fn of(root: &Value) -> Self {
        let mut references: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut one_way = BTreeSet::new();
        for (at, schema) in schema::components(root) {
            if requires_one_way(root, schema) {
                one_way.insert(at.clone());
            }
            references.insert(at, targets(schema));
        }
        // Whatever contains one of them differs too.
        loop {
            let differs = |targets: &BTreeSet<String>| !targets.is_disjoint(&one_way);
            let more: Vec<String> = references
                .iter()
                .filter(|(at, targets)| !one_way.contains(*at) && differs(targets))
                .map(|(at, _)| at.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            one_way.extend(more);
        }
        if one_way.is_empty() {
            return Self::default();
        }
        let (mut requests, mut responses) = (BTreeSet::new(), BTreeSet::new());
        for operation in OperationView::all(root) {
            for (key, value) in operation.value.as_object().into_iter().flatten() {
                match &**key {
                    "responses" => reach(root, value, &mut responses),
                    "requestBody" | "parameters" => reach(root, value, &mut requests),
                    _ => {}
                }
            }
        }
        Self {
            one_way,
            requests,
            responses,
        }
    }

    /// Whether a component has two types.
    pub fn is_two(&self, at: &str) -> bool {
        self.one_way.contains(at) && self.requests.contains(at) && self.responses.contains(at)
    }

    /// The direction in which a component is used, if it is used in one alone.
    pub fn only(&self, at: &str) -> Option<Direction> {
        match (self.requests.contains(at), self.responses.contains(at)) {
            (true, false) => Some(Direction::Request),
            (false, true) => Some(Direction::Response),
            _ => None,
        }
    }

    /// Whether the type of a schema depends on the direction.
    pub fn differs(&self, root: &Value, schema: &Value) -> bool {
        !self.one_way.is_empty()
            && (requires_one_way(root, schema) || !targets(schema).is_disjoint(&self.one_way))
    }
}

/// Whether an object somewhere in a schema requires a member that goes one way only. References are not followed.
fn requires_one_way(root: &Value, schema: &Value) -> bool {
    let is_one_way = |property: &Value| {
        let target = target(property).and_then(|target| pointer::get(root, &target));
        let is = |schema: &Value| {
            ["readOnly", "writeOnly"]
                .iter()
                .any(|name| schema.get(name) == Some(&Value::Bool(true)))
        };
        is(property) || target.is_some_and(is)
    };
    let required = schema.get("required").and_then(Value::as_array);
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    let property = |name: &str| schema.get("properties")?.get(name);
    // What is required in one part of a composition may be described in another.
    let is_anywhere = |name: &str| property(name).is_none_or(is_one_way);
    let mut properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let has_one_way = properties.any(|(_, property)| is_one_way(property));
    (has_one_way && required.any(is_anywhere))
        || children(schema).any(|child| requires_one_way(root, child))
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(members) => {
            let members = members.iter();
            Box::new(
                members
                    .filter(|(key, _)| {
                        !matches!(
                            &***key,
                            "example" | "examples" | "default" | "enum" | "const"
                        )
                    })
                    .map(|(_, value)| value),
            )
        }
        Value::Array(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn target(value: &Value) -> Option<String> {
    let target = value.get("$ref")?.as_str()?.strip_prefix('#')?;
    Some(target.to_owned())
}

/// The component schemas that a value refers to, or whose parts it refers to.
fn targets(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    let components = found.iter().filter_map(|target| schema::component(target));
    components.map(str::to_owned).collect()
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    found.extend(target(value));
    for child in children(value) {
        collect(child, found);
    }
}

/// Adds the components that a value refers to, and those that they refer to.
fn reach(root: &Value, value: &Value, reached: &mut BTreeSet<String>) {
    let mut next = BTreeSet::new();
    collect(value, &mut next);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(target) = next.pop_first() {
        if !seen.insert(target.clone()) {
            continue;
        }
        reached.extend(schema::component(&target).map(str::to_owned));
        if let Some(value) = pointer::get(root, &target) {
            collect(value, &mut next);
        }
    }
}
