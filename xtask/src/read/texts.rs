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
pub fn mend<'a>(
    root: &mut Value,
    text: &str,
    positions: impl FnOnce() -> &'a SourceMap,
) -> Vec<Diagnostic> {
    if root.get("openapi").is_none() {
        return Vec::new();
    }
    let walk = Walk::document(root);
    let misfits = walk.misfits.iter();
    let of_fields = misfits.clone().filter(|misfit| misfit.unquoted);
    let mut unquoted: Vec<String> = of_fields.map(|misfit| misfit.pointer.clone()).collect();
    let of_schemas = walk.found.iter().filter(|found| found.kind == Kind::Schema);
    unquoted.extend(of_schemas.flat_map(|found| unquoted_values(root, &found.pointer)));
    let empty: Vec<String> = misfits
        .filter(|misfit| misfit.is_empty)
        .map(|misfit| misfit.pointer.clone())
        .collect();
    if unquoted.is_empty() && empty.is_empty() {
        return Vec::new();
    }
    let positions = positions();
    let lines: Vec<&str> = text.lines().collect();
    let mut notes = Vec::new();
    for at in unquoted {
        let Some(value) = pointer::get_mut(root, &at) else {
            continue;
        };
        let written = positions
            .get(&at)
            .and_then(|position| scalar_at(&lines, position, &pointer::last(&at)))
            .filter(|written| {
                serde_yaml::from_str(written).is_ok_and(|read: Value| read == *value)
            });
        let written = written.map_or_else(|| value.to_string(), str::to_owned);
        let message =
            format!("`{written}` stands where text belongs: it is taken as it is written");
        notes.push(
            Diagnostic::error("unquoted-text", at, message)
                .hint("put it in quotes")
                .note(),
        );
        *value = Value::from(written);
    }
    for at in empty {
        let (parent, name) = (pointer::parent(&at).unwrap_or_default(), pointer::last(&at));
        if let Some(Value::Object(members)) = pointer::get_mut(root, parent) {
            members.remove(&name);
            let message = format!("`{name}` is empty: it is as if it were not there");
            let note = Diagnostic::error("empty-field", at, message);
            notes.push(note.hint("remove it, or give it a value").note());
        }
    }
    notes
}

/// The listed values of a schema of strings that are a number or a boolean.
fn unquoted_values(root: &Value, schema: &str) -> Vec<String> {
    let Some(object) = pointer::get(root, schema) else {
        return Vec::new();
    };
    let is_string = match object.get("type") {
        Some(Value::Array(names)) => names
            .iter()
            .all(|name| matches!(name.as_str(), Some("string" | "null"))),
        name => name.is_some_and(|name| name == "string"),
    };
    if !is_string {
        return Vec::new();
    }
    let listed = object.get("enum").and_then(Value::as_array);
    let listed = listed
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, value)| {
            let at = pointer::join(&pointer::join(schema, "enum"), &index.to_string());
            (at, value)
        });
    let constant = object
        .get("const")
        .map(|value| (pointer::join(schema, "const"), value));
    listed
        .chain(constant)
        .filter(|(_, value)| value.is_number() || value.is_boolean())
        .map(|(at, _)| at)
        .collect()
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
