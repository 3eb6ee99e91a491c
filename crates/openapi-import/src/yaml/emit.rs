//! Writing values anew: block style, two spaces a level, texts of several lines as blocks, nothing quoted that need not
//! be.

use serde_json::Value;

use super::order::{Order, ordered};
use openapi_client_gen::text;
use openapi_document::pointer;

/// Where long texts are wrapped.
const WIDTH: usize = 100;

/// Lists of so many short words are written in one line.
const SHORT_LIST: usize = 6;

/// A value as a YAML document.
pub fn document(value: &Value, order: &Order<'_>) -> String {
    let mut lines = block(value, 0, "", order);
    if lines.is_empty() {
        lines.extend(inline(value, 0));
    }
    lines.join("\n") + "\n"
}

/// The lines of a member of an object, or of an item of a list, which has no name.
pub fn entry(
    name: Option<&str>,
    value: &Value,
    indent: usize,
    at: &str,
    order: &Order<'_>,
) -> Vec<String> {
    let margin = " ".repeat(indent);
    let head = match name {
        Some(name) => format!("{margin}{}:", key(name)),
        None => format!("{margin}-"),
    };
    if let Some(text) = inline(value, head.chars().count() + 1) {
        return vec![format!("{head} {text}")];
    }
    if let Value::String(text) = value {
        let (style, mut lines) = lines_of(text, indent + 2);
        lines.insert(0, format!("{head} {style}"));
        return lines;
    }
    let mut lines = block(value, indent + 2, at, order);
    match name {
        Some(_) => lines.insert(0, head),
        None => with_dash(&mut lines, indent),
    }
    lines
}

/// Puts a dash before the first line of an item.
pub fn with_dash(lines: &mut [String], indent: usize) {
    if let Some(first) = lines.first_mut() {
        *first = format!("{}- {}", " ".repeat(indent), first.trim_start());
    }
}

/// The lines of the members or items of a collection.
fn block(value: &Value, indent: usize, at: &str, order: &Order<'_>) -> Vec<String> {
    let lines = |name: Option<&str>, token: &str, value| {
        entry(name, value, indent, &pointer::join(at, token), order)
    };
    match value {
        Value::Object(members) => {
            let names = ordered(members, at, order).into_iter();
            names
                .flat_map(|name| lines(Some(name), name, &members[name]))
                .collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(index, item)| lines(None, &index.to_string(), item))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A value that fits into the line, from the given column on.
fn inline(value: &Value, column: usize) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) if is_block(text, column) => None,
        Value::String(text) => Some(word(text)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(members) if members.is_empty() => Some("{}".to_owned()),
        Value::Object(_) => None,
        Value::Array(items) => {
            let words: Vec<String> = items.iter().map(short).collect::<Option<_>>()?;
            let list = format!("[{}]", words.join(", "));
            (items.len() <= SHORT_LIST && column + list.len() <= WIDTH).then_some(list)
        }
    }
}

/// A scalar in a list in brackets, if it is short and plain.
fn short(value: &Value) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    match value {
        Value::Number(_) => Some(value.to_string()),
        Value::String(text) if text.chars().all(is_plain) => Some(word(text)),
        _ => None,
    }
}

/// Whether a text is written as a block: it has several lines, or is too long for one.
fn is_block(text: &str, column: usize) -> bool {
    can_be_block(text)
        && (text.contains('\n') || column + text.chars().count() > WIDTH && folds(text))
}

/// Blocks have no escapes: a text with other characters has to be quoted.
fn can_be_block(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || is_printable(c))
        && text.contains(|c: char| c != '\n' && c != ' ')
}

fn is_printable(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// Whether a text of one line stays the same if it is wrapped between its words.
fn folds(text: &str) -> bool {
    !text.contains('\n') && text.trim() == text && text.contains(' ') && !text.contains("  ")
}

/// The header and the lines of a block.
fn lines_of(text: &str, indent: usize) -> (String, Vec<String>) {
    let margin = " ".repeat(indent);
    let indented = |line: &str| match line {
        "" => String::new(),
        line => format!("{margin}{line}"),
    };
    if folds(text) {
        let width = WIDTH.max(indent + 40);
        let lines = text::wrapped(text, width, [&margin, &margin], |_| true);
        return (">-".to_owned(), lines);
    }
    let content = text.trim_end_matches('\n');
    let ends = text.len() - content.len();
    let chomping = match ends {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // The first line tells the indentation, unless it is indented further.
    let first = content.trim_start_matches('\n');
    let indicator = if first.starts_with(' ') { "2" } else { "" };
    let mut lines: Vec<String> = content.split('\n').map(indented).collect();
    lines.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
    (format!("|{indicator}{chomping}"), lines)
}

/// The name of a member. One that begins like a number, as `2XX` does, is quoted like `200`, which has to be.
fn key(name: &str) -> String {
    let word = word(name);
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        format!("'{word}'")
    } else {
        word
    }
}

/// A text in one line: plain, or in quotes where it would read as something else.
fn word(text: &str) -> String {
    let plain = serde_yaml::to_string(text).unwrap_or_default();
    let plain = plain.trim_end_matches('\n');
    if !can_be_block(text) || text.contains('\n') || plain.lines().count() != 1 {
        quoted(text)
    } else if plain == text && reads_as_other(text) {
        format!("'{text}'")
    } else {
        plain.to_owned()
    }
}

/// A text in double quotes: as in JSON, and all characters are escaped that are not printable.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let escaped = json.chars().map(|c| match is_printable(c) {
        true => c.to_string(),
        false => format!("\\u{:04x}", u32::from(c)),
    });
    escaped.collect()
}

/// Whether readers of YAML 1.1, which many still are, take a text for a boolean, a number, a date, a time, or one of
/// the keys of its types `value` and `merge`.
fn reads_as_other(text: &str) -> bool {
    const BOOLEANS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    let is_numeric = |c: char| c.is_ascii_digit() || "+-.:_ TtZz".contains(c);
    // Plain numbers are known to readers of any version, and quoted by now.
    let is_joined = |c: char| "-:_".contains(c);
    matches!(text, "=" | "<<")
        || BOOLEANS.contains(&text.to_ascii_lowercase().as_str())
        || text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
            && text.contains(is_joined)
            && text.chars().all(is_numeric)
}
