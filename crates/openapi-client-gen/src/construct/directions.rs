//! Requests and responses: `readOnly` members are not sent, and `writeOnly` ones not received.
//!
//! A schema that requires such a member describes two types. It becomes two where both are used, and otherwise the one that
//! is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::graph::closure;
use openapi_document::pointer;
use openapi_document::schema;
use openapi_document::shape::{Found, Kind};
use openapi_document::view::{self, OperationView};

/// The way that a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the server.
    Request,
    /// From the server.
    Response,
}

/// The schemas whose types differ by direction, and the directions in which they are used.
#[derive(Debug, Default)]
pub struct Directions {
    /// The schemas that require a `readOnly` or `writeOnly` member, and the references to components that contain one.
    one_way: BTreeSet<String>,
    requests: BTreeSet<String>,
    responses: BTreeSet<String>,
}

impl Directions {
    /// The directions of the schemas of a document, whose nodes were `found`.
    pub fn of(root: &Value, found: &[Found]) -> Self {
        let schemas = found.iter().filter(|found| found.kind == Kind::Schema);
        let pointers = schemas.map(|found| &*found.pointer);
        let requires_one_way =
            |at: &&str| pointer::get(root, at).is_some_and(|schema| requires_one_way(root, schema));
        let own: Vec<&str> = pointers.filter(requires_one_way).collect();
        let mut directions = Self::default();
        if own.is_empty() {
            return directions;
        }
        let references = found
            .iter()
            .filter_map(|found| Some((&*found.pointer, found.target()?)));
        let references: BTreeMap<&str, &str> = references.collect();
        let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (at, target) in &references {
            if let Some(component) = schema::component(target) {
                users.entry(component).or_default().push(at);
            }
        }
        // A schema that contains one of them differs too.
        let one_way = closure(own, |at| {
            let users = schema::component(at).and_then(|component| users.get(component));
            users.into_iter().flatten().copied()
        });
        directions.one_way = one_way.into_iter().map(str::to_owned).collect();
        for operation in OperationView::all(root) {
            let at = |key: &str| pointer::join(&operation.pointer(), key);
            directions
                .responses
                .extend(reached(&references, &at("responses")));
            for key in ["requestBody", "parameters"] {
                directions.requests.extend(reached(&references, &at(key)));
            }
        }
        directions
    }

    /// Whether a component has two types.
    pub fn is_two(&self, at: &str) -> bool {
        self.differs(at) && self.requests.contains(at) && self.responses.contains(at)
    }

    /// The direction in which a component is used, if it is used in one alone.
    pub fn only(&self, at: &str) -> Option<Direction> {
        match (self.requests.contains(at), self.responses.contains(at)) {
            (true, false) => Some(Direction::Request),
            (false, true) => Some(Direction::Response),
            _ => None,
        }
    }

    /// Whether the type of the schema at a pointer depends on the direction.
    pub fn differs(&self, at: &str) -> bool {
        let below = format!("{at}/");
        let mut inside = self.one_way.range(below.clone()..);
        self.one_way.contains(at) || inside.next().is_some_and(|at| at.starts_with(&below))
    }
}

/// Whether a schema requires a member that goes one way only.
fn requires_one_way(root: &Value, schema: &Value) -> bool {
    let is_one_way = |property: &Value| {
        let target = view::target(property).and_then(|target| pointer::get(root, target));
        let schemas = [Some(property), target];
        schemas.into_iter().flatten().any(|schema| {
            let mut names = ["readOnly", "writeOnly"].iter();
            names.any(|name| schema.get(name) == Some(&Value::Bool(true)))
        })
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|all| all.values().any(is_one_way)) else {
        return false;
    };
    let required = schema.get("required").and_then(Value::as_array);
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    // A member that is required in one branch of a composition may be described in another.
    required.any(|name| properties.get(name).is_none_or(is_one_way))
}

/// The components that the value at a pointer refers to, and those that they refer to.
fn reached<'a>(references: &BTreeMap<&'a str, &'a str>, from: &str) -> BTreeSet<String> {
    let targets = |at: &str| -> Vec<&'a str> {
        let below = format!("{at}/");
        let inside = references.range(&*below..);
        let inside = inside.take_while(|(at, _)| at.starts_with(&below));
        let inside = inside.map(|(_, target)| *target);
        inside.chain(references.get(at).copied()).collect()
    };
    let reached = closure(targets(from), targets).into_iter();
    let components = reached.filter_map(schema::component);
    components.map(str::to_owned).collect()
}
