//! Read-only questions that several stages ask of a document: its operations, and what a reference stands for.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place};
use crate::names;
use crate::pointer;

/// The methods that a path item may have, in the order in which OpenAPI lists them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// How many references in a row are followed: more than any honest document has.
pub const MAX_HOPS: usize = 64;

/// One operation of a document.
#[derive(Clone, Copy, Debug)]
pub struct OperationView<'a> {
    /// The path template.
    pub path: &'a str,
    /// The method, in lower case as in the document.
    pub method: &'a str,
    /// The path item that it belongs to.
    pub item: &'a Value,
    /// The pointer of that path item, if the path refers to it.
    target: Option<&'a str>,
    /// The operation itself.
    pub value: &'a Value,
}

impl<'a> OperationView<'a> {
    /// All operations that have the shape of one, path by path.
    pub fn all(root: &'a Value) -> Vec<Self> {
        let paths = root.get("paths").and_then(Value::as_object);
        paths
            .into_iter()
            .flatten()
            .filter(|(path, _)| !path.starts_with("x-"))
            .flat_map(|(path, item)| {
                let (target, item) = path_item(root, item);
                METHODS.iter().filter_map(move |&method| {
                    let value = item.get(method).filter(|value| value.is_object())?;
                    Some(Self {
                        path,
                        method,
                        item,
                        target,
                        value,
                    })
                })
            })
            .collect()
    }

    /// Its JSON pointer.
    pub fn pointer(&self) -> String {
        pointer::join(&self.item_pointer(), self.method)
    }

    /// The JSON pointer of its path item.
    pub fn item_pointer(&self) -> String {
        match self.target {
            Some(target) => target.to_owned(),
            None => pointer::join("/paths", self.path),
        }
    }

    /// The operationId that the document gives it.
    pub fn id(&self) -> Option<&'a str> {
        self.value.get("operationId").and_then(Value::as_str)
    }

    /// The operationId, or the one made from method and path where the document has none.
    pub fn effective_id(&self) -> String {
        self.id()
            .map_or_else(|| synthesised_id(self.method, self.path), str::to_owned)
    }

    /// Location and name of its parameters, each with its place: those of the path item that the operation doesn't declare
    /// itself, then its own.
    pub fn declared_parameters(&self, root: &'a Value) -> Vec<(String, &'a str, &'a str)> {
        let mut declared: Vec<(String, &str, &str)> = Vec::new();
        for (place, parameter) in self.parameters(root) {
            let field = |name: &str| parameter.get(name).and_then(Value::as_str);
            if let (Some(name), Some(location)) = (field("name"), field("in")) {
                declared.retain(|(_, known, other)| (*known, *other) != (location, name));
                declared.push((place, location, name));
            }
        }
        declared
    }

    /// Its parameters with the pointer of each: the path item's, then its own, references followed.
    pub fn parameters(&self, root: &'a Value) -> Vec<(String, &'a Value)> {
        let listed = self.listed_parameters().into_iter();
        let resolved = listed.filter_map(|(pointer, value)| {
            let (target, value) = resolve(root, value)?;
            Some((target.unwrap_or(pointer), value))
        });
        resolved.collect()
    }

    /// The same as they are listed: some are references.
    pub fn listed_parameters(&self) -> Vec<(String, &'a Value)> {
        let item_pointer = self.item_pointer();
        let list = |owner: &'a Value, pointer: &str| {
            let pointer = pointer::join(pointer, "parameters");
            let items = owner.get("parameters").and_then(Value::as_array);
            items
                .into_iter()
                .flatten()
                .enumerate()
                .map(move |(index, value)| (pointer::join(&pointer, &index.to_string()), value))
                .collect::<Vec<_>>()
        };
        let mut parameters = list(self.item, &item_pointer);
        parameters.extend(list(self.value, &self.pointer()));
        parameters
    }
}

/// A path item, with its pointer if `item` refers to it.
fn path_item<'a>(root: &'a Value, item: &'a Value) -> (Option<&'a str>, &'a Value) {
    let (mut pointer, mut item) = (None, item);
    for _ in 0..MAX_HOPS {
        let Some(next) = target(item) else { break };
        let Some(value) = pointer::get(root, next) else {
            break;
        };
        (pointer, item) = (Some(next), value);
    }
    (pointer, item)
}

/// Says of each problem that stands in an operation which one that is.
pub fn name_operations(operations: &[OperationView<'_>], problems: &mut [Diagnostic]) {
    for problem in problems {
        let (None, Place::Pointer(place)) = (&problem.operation, &problem.place) else {
            continue;
        };
        let found = operations.iter().find(|operation| {
            place
                .strip_prefix(operation.pointer().as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        problem.operation = found.map(OperationView::effective_id);
    }
}

/// `get /agents/{agent_id}` becomes `get_agents_agent_id`.
pub fn synthesised_id(method: &str, path: &str) -> String {
    names::operation_value_name(&format!("{method} {path}"))
}

/// What `value` stands for: itself, or the end of the chain of references that starts with it, with its pointer.
/// `None` if the chain leaves the document, leads nowhere or never ends.
pub fn resolve<'a>(root: &'a Value, value: &'a Value) -> Option<(Option<String>, &'a Value)> {
    let mut value = value;
    let mut pointer = None;
    for _ in 0..MAX_HOPS {
        match reference(value) {
            None => return Some((pointer, value)),
            Some(target) => {
                let target = target.strip_prefix('#')?;
                value = pointer::get(root, target)?;
                pointer = Some(target.to_owned());
            }
        }
    }
    None
}

/// The description of what `value` stands for: the first one of the chain of references, for one beside a reference is meant in
/// place of that of its target.
pub fn description<'a>(root: &'a Value, value: &'a Value) -> Option<&'a str> {
    let mut value = value;
    for _ in 0..MAX_HOPS {
        let own = value.get("description").and_then(Value::as_str);
        if own.is_some() {
            return own;
        }
        value = pointer::get(root, target(value)?)?;
    }
    None
}

/// The schema that says what a value is: references followed, through the `allOf` around a single one that is the
/// usual way to put a description beside it.
pub fn single<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_HOPS {
        let Some((_, target)) = resolve(root, schema) else {
            break;
        };
        schema = target;
        match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([only]) if schema.get("type").is_none() => schema = only,
            _ => break,
        }
    }
    schema
}

/// The target of a reference.
pub fn reference(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)
}

/// The pointer of what a reference within the document leads to.
pub fn target(value: &Value) -> Option<&str> {
    reference(value)?.strip_prefix('#')
}

/// The component name that a reference to a schema ends with.
pub fn schema_name(reference: &str) -> Option<String> {
    reference
        .strip_prefix("#/components/schemas/")
        .map(pointer::unescape)
}

/// The media type without its parameters, in lower case.
pub fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Whether a media type is JSON: `application/json`, `application/problem+json`.
pub fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// A path without the names of its parameters: `/tasks/{id}` and `/tasks/{task_id}` are the same.
pub fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        shape.push_str(before);
        shape.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    shape.push_str(rest);
    shape
}

/// The names in the braces of a path template, in order; `None` if the braces don't pair.
pub fn template_names(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(open) = rest.find(['{', '}']) {
        let inner = rest[open..].strip_prefix('{')?;
        let close = inner.find('}')?;
        let name = &inner[..close];
        if name.is_empty() || name.contains(['{', '/']) {
            return None;
        }
        names.push(name);
        rest = &inner[close + 1..];
    }
    Some(names)
}
