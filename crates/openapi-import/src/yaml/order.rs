//! The order in which the members of an object are written.

use serde_json::{Map, Value};

use openapi_document::diagnostic::Position;
use openapi_document::pointer;

/// The order of the members of an object: by the position of the value at a pointer in another text. Values without a
/// position come last.
pub type Order<'a> = dyn Fn(&str) -> Option<Position> + 'a;

/// The fields that maintainers put first, in this order, where no text says how they are ordered.
const USUAL: [&str; 32] = [
    "openapi",
    "info",
    "title",
    "version",
    "operationId",
    "tags",
    "summary",
    "name",
    "in",
    "$ref",
    "type",
    "format",
    "enum",
    "nullable",
    "allOf",
    "oneOf",
    "anyOf",
    "items",
    "additionalProperties",
    "description",
    "externalDocs",
    "servers",
    "security",
    "parameters",
    "requestBody",
    "required",
    "content",
    "schema",
    "responses",
    "paths",
    "components",
    "properties",
];

/// The names of an object's members as they are written.
pub fn ordered<'a>(
    members: &'a Map<String, Value>,
    pointer: &str,
    order: &Order<'_>,
) -> Vec<&'a String> {
    let usual = |name: &str| USUAL.iter().position(|usual| *usual == name);
    let mut names: Vec<&String> = members.keys().collect();
    names.sort_by_cached_key(|&name| {
        let position = order(&pointer::join(pointer, name));
        let usual = usual(name).unwrap_or(USUAL.len());
        (position.is_none(), position, usual, name)
    });
    names
}
