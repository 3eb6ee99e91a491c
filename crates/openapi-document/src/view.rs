//! Queries of a document that several stages need: its operations, and the targets of its references.

use heck::ToSnakeCase as _;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::pointer;

/// The methods that a path item may have, in the order in which OpenAPI lists them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The location of the schemas that have names.
pub const SCHEMAS: &str = "/components/schemas";

/// The references in a row that are followed, more than any honest document has.
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
    /// All operations that are objects, path by path.
    pub fn all(root: &'a Value) -> Vec<Self> {
        members(root, "paths")
            .filter(|(path, _)| !path.starts_with("x-"))
            .flat_map(|(path, item)| {
                let (target, item) = chain(root, item).last().unwrap_or((None, item));
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

    /// Method and path: `GET /agents`.
    pub fn route(&self) -> String {
        format!("{} {}", self.method.to_ascii_uppercase(), self.path)
    }

    /// The operationId that the document gives it.
    pub fn id(&self) -> Option<&'a str> {
        self.value.get("operationId").and_then(Value::as_str)
    }

    /// The operationId, or the one made of method and path: `get /agents/{agent_id}` becomes `get_agents_agent_id`.
    pub fn effective_id(&self) -> String {
        self.id().map_or_else(
            || snake_case(&format!("{} {}", self.method, self.path)),
            str::to_owned,
        )
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
        let owners = [
            (self.item, self.item_pointer()),
            (self.value, self.pointer()),
        ];
        let parameters = owners.into_iter().flat_map(|(owner, at)| {
            let at = pointer::join(&at, "parameters");
            let list = owner.get("parameters").and_then(Value::as_array);
            let listed = list.into_iter().flatten().enumerate();
            listed.map(move |(index, value)| (pointer::join(&at, &index.to_string()), value))
        });
        parameters.collect()
    }
}

/// A name in snake case, as progenitor and typify write it: without apostrophes, and with a word boundary at each character that an
/// identifier can't have.
pub fn snake_case(name: &str) -> String {
    separated(name).to_snake_case()
}

/// A name without apostrophes, and with `-` in place of each character that an identifier can't have.
pub fn separated(name: &str) -> String {
    name.replace('\'', "")
        .replace(|c| !unicode_ident::is_xid_continue(c), "-")
}

/// The members of the object that is the value of a keyword.
pub fn members<'a>(
    owner: &'a Value,
    keyword: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let members = owner.get(keyword).and_then(Value::as_object);
    members.into_iter().flatten()
}

/// Name and location of a parameter.
pub fn parameter_key(parameter: &Value) -> Option<(&str, &str)> {
    let field = |name: &str| parameter.get(name)?.as_str();
    Some((field("name")?, field("in")?))
}

/// Sets the operation of each problem that is in one.
pub fn name_operations(operations: &[OperationView<'_>], problems: &mut [Diagnostic]) {
    for problem in problems {
        let (None, Some(place)) = (&problem.operation, problem.pointer()) else {
            continue;
        };
        let is_around = |operation: &&OperationView<'_>| {
            let rest = place.strip_prefix(&*operation.pointer());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let operation = operations.iter().find(is_around);
        problem.operation = operation.map(OperationView::effective_id);
    }
}

/// A value and those that references lead to from it, each with its pointer where one does. A chain ends at [`MAX_HOPS`], or at
/// a reference that leads nowhere.
fn chain<'a>(
    root: &'a Value,
    value: &'a Value,
) -> impl Iterator<Item = (Option<&'a str>, &'a Value)> {
    let next = move |&(_, value): &(_, &'a Value)| {
        let target = target(value)?;
        Some((Some(target), pointer::get(root, target)?))
    };
    std::iter::successors(Some((None, value)), next).take(MAX_HOPS)
}

/// The value at the end of the chain of references that starts with `value`, with its pointer if it is not `value` itself.
/// `None` if the chain leaves the document, leads nowhere or never ends.
pub fn resolve<'a>(root: &'a Value, value: &'a Value) -> Option<(Option<String>, &'a Value)> {
    let (target, value) = chain(root, value).last()?;
    reference(value)
        .is_none()
        .then(|| (target.map(str::to_owned), value))
}

/// The first description of a chain of references: one beside a reference is meant in place of that of its target.
pub fn description<'a>(root: &'a Value, value: &'a Value) -> Option<&'a str> {
    chain(root, value).find_map(|(_, value)| value.get("description")?.as_str())
}

/// The schema that constrains a value: references followed, through the `allOf` around a single one that is the usual way to
/// put a description beside it.
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

/// The pointer that a reference within the document leads to.
pub fn target(value: &Value) -> Option<&str> {
    reference(value)?.strip_prefix('#')
}

/// Whether a pointer is that of a component schema.
pub fn is_component(pointer: &str) -> bool {
    pointer::parent(pointer) == Some(SCHEMAS)
}

/// The component name that a reference to a schema ends with.
pub fn schema_name(reference: &str) -> Option<String> {
    reference
        .strip_prefix("#/components/schemas/")
        .map(pointer::unescape)
}

/// Whether it is a token as HTTP defines it (RFC 9110, section 5.6.2).
pub fn is_token(text: &str) -> bool {
    let is_special = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    let mut bytes = text.bytes();
    !text.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || is_special(byte))
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
