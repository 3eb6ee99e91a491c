//! Text that was written without quotes, and that YAML takes for something else: `version: 1.0`.
//!
//! It is taken as it is written, which only the file tells: the number 1.10 is no longer spelled that way. A field that was left
//! empty, such as `description:`, is as if it were not there.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Position};
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::source_map::SourceMap;

/// Makes text of every number and boolean where OpenAPI has text, and returns a note for each. `positions` is asked only
/// if there is one.
pub fn correct<'a>(
    root: &mut Value,
    text: &str,
    positions: impl FnOnce() -> &'a SourceMap,
) -> Vec<Diagnostic> {
    if root.get("openapi").is_none() {
        return Vec::new();
    }
    let walk = Walk::document(root);
    let misfits = || walk.misfits.iter();
    let of_fields = misfits().filter(|misfit| misfit.unquoted);
    let mut unquoted: Vec<String> = of_fields.map(|misfit| misfit.pointer.clone()).collect();
    let schemas = walk.found.iter().filter(|found| found.kind == Kind::Schema);
    unquoted.extend(schemas.flat_map(|found| unquoted_values(root, &found.pointer)));
    let empty = misfits().filter(|misfit| misfit.is_empty);
    let empty: Vec<&str> = empty.map(|misfit| &*misfit.pointer).collect();
    if unquoted.is_empty() && empty.is_empty() {
        return Vec::new();
    }
    let positions = positions();
    let lines: Vec<&str> = text.lines().collect();
    let mut notes = Vec::new();
    let mut problem = |code, at: &str, message: String, hint| {
        let note = Diagnostic::at(code, positions.nearest(at), message);
        notes.push(note.hint(hint).note());
    };
    for at in unquoted {
        let Some(value) = root.pointer_mut(&at) else {
            continue;
        };
        let position = positions.get(&at);
        let written = position
            .and_then(|position| scalar_at(&lines, position, &pointer::last(&at)))
            .filter(|written| serde_yaml::from_str(written).is_ok_and(|read: Value| read == *value))
            .map_or_else(|| value.to_string(), str::to_owned);
        let message =
            format!("`{written}` stands where text belongs: it is taken as it is written");
        problem("unquoted-text", &at, message, "put it in quotes");
        *value = Value::from(written);
    }
    for at in empty {
        let (parent, name) = (pointer::parent(at).unwrap_or_default(), pointer::last(at));
        if let Some(Value::Object(members)) = root.pointer_mut(parent) {
            members.remove(&name);
            let message = format!("`{name}` is empty: it is as if it were not there");
            problem("empty-field", at, message, "remove it, or give it a value");
        }
    }
    notes
}

/// The listed values of a schema of strings that are a number or a boolean.
fn unquoted_values(root: &Value, schema: &str) -> Vec<String> {
    let object = pointer::get(root, schema).unwrap_or(&Value::Null);
    let is_text = |name: &Value| matches!(name.as_str(), Some("string" | "null"));
    let is_string = match &object["type"] {
        Value::Array(names) => names.iter().all(is_text),
        name => name == "string",
    };
    if !is_string {
        return Vec::new();
    }
    let is_unquoted = |value: &Value| value.is_number() || value.is_boolean();
    let at = pointer::join(schema, "enum");
    let listed = object["enum"].as_array().into_iter().flatten().enumerate();
    let listed = listed.filter(|(_, value)| is_unquoted(value));
    let listed = listed.map(|(index, _)| pointer::join(&at, &index.to_string()));
    let constant = is_unquoted(&object["const"]).then(|| pointer::join(schema, "const"));
    listed.chain(constant).collect()
}

/// The number or boolean that is written at a place, which is that of its key if it has one.
fn scalar_at<'a>(lines: &[&'a str], position: Position, key: &str) -> Option<&'a str> {
    let line = lines.get(position.line.checked_sub(1)?)?;
    let (start, _) = line.char_indices().nth(position.column.checked_sub(1)?)?;
    let quotes = ['"', '\''];
    let after_key = |rest: &'a str| {
        let rest = rest.trim_start_matches(quotes).strip_prefix(key)?;
        rest.trim_start_matches(quotes)
            .trim_start()
            .strip_prefix(':')
    };
    let rest = after_key(&line[start..])
        .unwrap_or(&line[start..])
        .trim_start();
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']');
    Some(&rest[..rest.find(ends).unwrap_or(rest.len())])
}
