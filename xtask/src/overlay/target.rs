//! What an action is about: a JSONPath (RFC 9535), and the places that it selects.

use std::collections::BTreeSet;
use std::fmt;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use crate::pointer;

/// Longer paths are refused: the parser is asked for no more than a person writes.
const MAX_LENGTH: usize = 1024;

/// Each `..` goes through all that is below each value that was selected before, so that the work grows with the depth
/// of the document for each of them.
const MAX_DESCENTS: usize = 2;

/// A JSONPath.
#[derive(Debug)]
pub struct Target {
    text: String,
    query: JpQuery,
}

impl Target {
    /// Reads a JSONPath; if it isn't one, says why.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("it has more than {MAX_LENGTH} bytes, the limit"));
        }
        if text.matches("..").count() > MAX_DESCENTS {
            return Err(format!(
                "it has more than {MAX_DESCENTS} times `..`, the limit"
            ));
        }
        let query = parse_json_path(text).map_err(|error| one_line(&error.to_string()))?;
        Ok(Self {
            text: text.to_owned(),
            query,
        })
    }

    /// The places that it selects, as JSON pointers, each once.
    pub fn select(&self, root: &Value) -> Result<BTreeSet<String>, String> {
        let found =
            js_path_process(&self.query, root).map_err(|error| one_line(&error.to_string()))?;
        let places = found.into_iter().map(|found| pointer_of(&found.path()));
        places
            .collect::<Option<_>>()
            .ok_or_else(|| "it selects a place that has no name".to_owned())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The parser draws a picture of where it stopped, in terms of its grammar; the place is what helps.
fn one_line(message: &str) -> String {
    let place = message.lines().find_map(|line| {
        let (_, place) = line.split_once("--> 1:")?;
        place.trim().parse::<usize>().ok()
    });
    match place {
        Some(column) => format!("it makes no sense from character {column} on"),
        None => message.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// A normalized path (RFC 9535, section 2.7), `$['a'][0]`, as a JSON pointer.
fn pointer_of(path: &str) -> Option<String> {
    let mut rest = path.strip_prefix('$')?;
    let mut pointer = String::new();
    while let Some(inner) = rest.strip_prefix('[') {
        if let Some(name) = inner.strip_prefix('\'') {
            let (name, after) = quoted(name)?;
            pointer::push(&mut pointer, &name);
            rest = after.strip_prefix(']')?;
        } else {
            let (index, after) = inner.split_once(']')?;
            pointer::push(&mut pointer, index);
            rest = after;
        }
    }
    rest.is_empty().then_some(pointer)
}

/// The text up to the closing quote, unescaped, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((index, c)) = characters.next() {
        match c {
            '\'' => return Some((name, &text[index + 1..])),
            '\\' => match characters.next()?.1 {
                'b' => name.push('\u{8}'),
                't' => name.push('\t'),
                'n' => name.push('\n'),
                'f' => name.push('\u{c}'),
                'r' => name.push('\r'),
                'u' => {
                    let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                    name.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                other => name.push(other),
            },
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Target;

    /// The places that a path selects, one to a line, or why it selects none.
    fn select(path: &str) -> Result<String, String> {
        let root = json!({
            "paths": { "/a/{b}": { "get": { "x'y\\": [1, 2] } }, "/c": { "get": {}, "post": {} } },
            "tags": [{ "name": "one" }, { "name": "two" }],
        });
        let places = Target::parse(path)?.select(&root)?;
        Ok(places.into_iter().collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn places_are_json_pointers() {
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
    fn what_is_selected_twice_is_one_place() {
        assert_eq!(select("$.tags[0, 0]"), Ok("/tags/0".to_owned()));
    }

    #[test]
    fn what_is_no_path_is_said_in_one_line() {
        let long = "$".repeat(2000);
        let deep = format!("$[?{}", "(".repeat(900));
        for path in ["", "paths", "$.", "$[", "$.a[?", "$....a", &long, &deep] {
            let reason = select(path).err().unwrap_or_default();
            let is_line = !reason.is_empty() && !reason.contains('\n');
            assert!(is_line, "{path}: {reason}");
        }
    }
}
