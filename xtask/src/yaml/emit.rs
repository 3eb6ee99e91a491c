//! Writing values anew: block style, two spaces a level, texts of several lines as blocks, nothing quoted that need not
//! be.

use serde_json::Value;

use super::{Order, ordered};
use crate::pointer;

/// Where long texts are wrapped.
const WIDTH: usize = 100;

/// Lists of so many short words are written in one line.
const SHORT_LIST: usize = 6;

pub fn document(value: &Value, order: &Order<'_>) -> String {
    let mut lines = Vec::new();
    match value {
        Value::Object(members) if !members.is_empty() => {
            block(value, 0, "", order, &mut lines);
        }
        Value::Array(items) if !items.is_empty() => block(value, 0, "", order, &mut lines),
        scalar => lines.push(inline(scalar, 0).unwrap_or_default()),
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The lines of one member of an object.
pub fn member(
    name: &str,
    value: &Value,
    indent: usize,
    at: &str,
    order: &Order<'_>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let head = format!("{}{}:", " ".repeat(indent), key(name));
    after(head, value, indent, at, order, &mut lines);
    lines
}

/// The lines of one item of a list; `indent` is the column of its dash.
pub fn item(value: &Value, indent: usize, at: &str, order: &Order<'_>) -> Vec<String> {
    let dash = format!("{}-", " ".repeat(indent));
    let mut lines = Vec::new();
    match value {
        // The first member, or item, stands in the line of the dash.
        Value::Object(members) if !members.is_empty() => {
            block(value, indent + 2, at, order, &mut lines);
            with_dash(&mut lines, indent);
        }
        Value::Array(items) if !items.is_empty() && inline(value, indent + 2).is_none() => {
            block(value, indent + 2, at, order, &mut lines);
            with_dash(&mut lines, indent);
        }
        value => after(dash, value, indent, at, order, &mut lines),
    }
    lines
}

/// Puts a dash before the first of the lines of an item.
pub fn with_dash(lines: &mut [String], indent: usize) {
    if let Some(first) = lines.first_mut() {
        *first = format!("{}- {}", " ".repeat(indent), first.trim_start());
    }
}

/// The members or items of a collection that is not empty, a line or more for each.
fn block(value: &Value, indent: usize, at: &str, order: &Order<'_>, lines: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for name in ordered(members, at, order) {
                let at = pointer::join(at, name);
                lines.extend(member(name, &members[name], indent, &at, order));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let at = pointer::join(at, &index.to_string());
                lines.extend(item(value, indent, &at, order));
            }
        }
        _ => {}
    }
}

/// A value after what introduces it, a key or a dash.
fn after(
    head: String,
    value: &Value,
    indent: usize,
    at: &str,
    order: &Order<'_>,
    lines: &mut Vec<String>,
) {
    if let Some(text) = inline(value, head.chars().count() + 1) {
        lines.push(format!("{head} {text}"));
    } else if let Value::String(text) = value {
        let (style, content) = lines_of(text, indent + 2);
        lines.push(format!("{head} {style}"));
        lines.extend(content);
    } else {
        lines.push(head);
        block(value, indent + 2, at, order, lines);
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

/// A scalar that may stand in a list in brackets.
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

/// Blocks have no escapes: what can't be written as it is has to be quoted.
fn can_be_block(text: &str) -> bool {
    let is_printable = |c: char| {
        c == '\n' || !(c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) || c == '\u{feff}')
    };
    text.chars().all(is_printable) && text.contains(|c: char| c != '\n' && c != ' ')
}

/// Whether a text of one line stays the same if it is wrapped between its words.
fn folds(text: &str) -> bool {
    !text.contains('\n') && text.trim() == text && text.contains(' ') && !text.contains("  ")
}

/// The header and the lines of a block.
fn lines_of(text: &str, indent: usize) -> (String, Vec<String>) {
    let margin = " ".repeat(indent);
    let line = |line: &str| match line {
        "" => String::new(),
        line => format!("{margin}{line}"),
    };
    if folds(text) {
        return (
            ">-".to_owned(),
            wrap(text, indent).iter().map(|text| line(text)).collect(),
        );
    }
    let content = text.trim_end_matches('\n');
    let chomping = match text.len() - content.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // The first line tells the indentation, unless it is indented further.
    let first = content.trim_start_matches('\n');
    let indicator = if first.starts_with(' ') { "2" } else { "" };
    let ends = text.len() - content.len();
    let mut lines: Vec<String> = content.split('\n').map(line).collect();
    lines.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
    (format!("|{indicator}{chomping}"), lines)
}

fn wrap(text: &str, indent: usize) -> Vec<String> {
    let width = WIDTH.saturating_sub(indent).max(40);
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in text.split(' ') {
        let size = word.chars().count();
        match lines.last_mut() {
            Some(line) if length + 1 + size <= width => {
                line.push(' ');
                line.push_str(word);
                length += 1 + size;
            }
            _ => {
                lines.push(word.to_owned());
                length = size;
            }
        }
    }
    lines
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

/// A text in one line: as it is, or in quotes where it would read as something else.
pub fn word(text: &str) -> String {
    let quoted = || {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\t' => quoted.push_str("\\t"),
                c if c.is_control()
                    || ('\u{2028}'..='\u{2029}').contains(&c)
                    || c == '\u{feff}' =>
                {
                    quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    };
    if !can_be_block(text) || text.contains('\n') {
        return quoted();
    }
    match serde_yaml::to_string(text) {
        Ok(word) if word.trim_end_matches('\n').lines().count() == 1 => {
            let word = word.trim_end_matches('\n');
            if word == text && reads_as_other(text) {
                format!("'{text}'")
            } else {
                word.to_owned()
            }
        }
        _ => quoted(),
    }
}

/// Whether readers of YAML 1.1, which many still are, take a text for a boolean, a number, a date, a time, or one of the
/// keys of its types `value` and `merge`.
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
