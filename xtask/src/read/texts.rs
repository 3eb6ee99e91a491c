//! Text that was written without quotes, and that YAML takes for something else: `version: 1.0`.
//!
//! It is taken as it is written, which only the file tells: the number 1.10 is no longer spelled that way.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Position};
use crate::pointer;
use crate::shape::Walk;
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
    let mut unquoted = Walk::document(root).misfits;
    unquoted.retain(|misfit| misfit.unquoted);
    if unquoted.is_empty() {
        return Vec::new();
    }
    let positions = positions();
    let lines: Vec<&str> = text.lines().collect();
    let mut notes = Vec::new();
    for misfit in unquoted {
        let Some(value) = pointer::get_mut(root, &misfit.pointer) else {
            continue;
        };
        let written = positions
            .get(&misfit.pointer)
            .and_then(|position| scalar_at(&lines, position, &pointer::last(&misfit.pointer)))
            .filter(|written| {
                serde_yaml::from_str(written).is_ok_and(|read: Value| read == *value)
            });
        let written = written.map_or_else(|| value.to_string(), str::to_owned);
        let message =
            format!("`{written}` stands where text belongs: it is taken as it is written");
        notes.push(
            Diagnostic::error("unquoted-text", misfit.pointer, message)
                .hint("put it in quotes")
                .note(),
        );
        *value = Value::from(written);
    }
    notes
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
