//! The target of an action: a JSONPath (RFC 9535), and the locations that it selects.

use std::collections::BTreeSet;
use std::fmt;

use jsonpath_rfc9535::{Element, Error, JsonPath, NormalizedPath};
use serde_json::Value;

use openapi_document::pointer;

/// The longest JSONPath in bytes: the parser is asked for no more than a person writes.
const MAX_LENGTH: usize = 1024;

/// Each `..` visits all descendants of each node that was selected before, so the work grows with the depth of the
/// document for each of them.
const MAX_DESCENTS: usize = 2;

/// The parser reads the argument of a function several times, so its work doubles with each nested call.
const MAX_PARENTHESES: usize = 8;

/// A JSONPath.
#[derive(Debug)]
pub struct Target {
    text: String,
    query: JsonPath,
}

impl Target {
    /// Parses a JSONPath, or returns the reason why it is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("it has more than {MAX_LENGTH} bytes, the limit"));
        }
        for (symbol, limit) in [("..", MAX_DESCENTS), ("(", MAX_PARENTHESES)] {
            if text.matches(symbol).count() > limit {
                return Err(format!(
                    "it has more than {limit} times `{symbol}`, the limit"
                ));
            }
        }
        let query = JsonPath::parse(text).map_err(|error| reason(text, &error))?;
        Ok(Self {
            text: text.to_owned(),
            query,
        })
    }

    /// The JSON pointers of the selected nodes, each once.
    pub fn select(&self, root: &Value) -> BTreeSet<String> {
        self.query.query(root).paths().map(pointer_of).collect()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn reason(text: &str, error: &Error) -> String {
    match error {
        Error::Syntax { position, .. } => {
            let valid = text.get(..*position).unwrap_or_default();
            let character = valid.chars().count() + 1;
            format!("it makes no sense from character {character} on")
        }
        error => error.to_string(),
    }
}

fn pointer_of(path: &NormalizedPath<'_>) -> String {
    let mut pointer = String::new();
    for element in path.elements() {
        match element {
            Element::Name(name) => pointer::push(&mut pointer, name),
            Element::Index(index) => pointer::push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Target;

    /// The locations that a path selects, one to a line, or why the path is invalid.
    fn select(path: &str) -> Result<String, String> {
        let root = json!({
            "paths": { "/a/{b}": { "get": { "x'y\\": [1, 2] } }, "/c": { "get": {}, "post": {} } },
            "tags": [{ "name": "one" }, { "name": "two" }],
        });
        let places = Target::parse(path)?.select(&root);
        Ok(places.into_iter().collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn locations_are_json_pointers() {
        for (path, places) in [
            ("$", ""),
            ("$.paths['/a/{b}'].get", "/paths/~1a~1{b}/get"),
            ("$.paths['/a/{b}'].get.*[1]", "/paths/~1a~1{b}/get/x'y\\/1"),
            ("$.tags[?@.name == 'two']", "/tags/1"),
            ("$..get", "/paths/~1a~1{b}/get\n/paths/~1c/get"),
        ] {
            assert_eq!(select(path), Ok(places.to_owned()), "{path}");
        }
    }

    #[test]
    fn a_node_that_is_selected_twice_is_one_location() {
        assert_eq!(select("$.tags[0, 0]"), Ok("/tags/0".to_owned()));
    }

    #[test]
    fn a_syntax_error_names_the_first_character_of_what_is_invalid() {
        let reason = select("$['ü'].tags[?@.name = 'two']").err();
        let expected = "it makes no sense from character 12 on";
        assert_eq!(reason.as_deref(), Some(expected));
    }

    #[test]
    fn an_invalid_path_is_explained_in_one_line() {
        let long = "$".repeat(2000);
        let deep = format!("$[?{}", "@[?".repeat(300));
        let calls = format!("$[?{}@{} > 1]", "length(".repeat(50), ")".repeat(50));
        for path in [
            "", "paths", "$.", "$[", "$.a[?", "$....a", &long, &deep, &calls,
        ] {
            let reason = select(path).err().unwrap_or_default();
            let is_line = !reason.is_empty() && !reason.contains('\n');
            assert!(is_line, "{path}: {reason}");
        }
    }
}
