//! Rust identifiers for the names of a document.
//!
//! The rule is that of progenitor and typify, so that callers of a progenitor client find the same names: drop apostrophes,
//! turn what can't be in an identifier into a word boundary, change the case, and append `_` to a keyword.

use heck::ToPascalCase as _;
use openapi_document::view::{separated, snake_case};

/// The name of a type: `run_agent` becomes `RunAgent`.
pub fn type_name(name: &str) -> String {
    identifier(special(name).unwrap_or_else(|| pascal_case(name)), "X")
}

/// The name of a function, a field or a parameter: `X-Trace` becomes `x_trace`.
pub fn value_name(name: &str) -> String {
    identifier(special(name).unwrap_or_else(|| snake_case(name)), "x")
}

/// The name of an operation's method and parameters. A leading digit has `_` before it, where other names have `x`.
pub fn operation_value_name(name: &str) -> String {
    identifier(special(name).unwrap_or_else(|| snake_case(name)), "_")
}

/// The name of an operation's builder. It is made from the name of the method and not from the operationId, as progenitor does it.
pub fn operation_type_name(name: &str) -> String {
    identifier(pascal_case(&operation_value_name(name)), "_")
}

/// Whether anything of `name` is left in an identifier: `"***"` and `""` have nothing.
pub fn has_identifier(name: &str) -> bool {
    special(name).is_some()
        || name
            .chars()
            .any(|c| c != '_' && unicode_ident::is_xid_continue(c))
}

/// Whether `name` reads as a Rust keyword once it is in snake case.
pub fn is_keyword(name: &str) -> bool {
    let name = snake_case(name);
    KEYWORDS.contains(&&*name) || name == "self"
}

fn special(name: &str) -> Option<String> {
    match name {
        "+1" => Some("plus1".to_owned()),
        "-1" => Some("minus1".to_owned()),
        _ => None,
    }
}

fn pascal_case(name: &str) -> String {
    separated(name).to_pascal_case()
}

/// A name as an identifier: with a prefix where it starts otherwise, and `_` behind a keyword.
fn identifier(name: String, prefix: &str) -> String {
    let name = match name.chars().next() {
        None if prefix == "X" => "X".to_owned(),
        None => "x".to_owned(),
        Some(first) if unicode_ident::is_xid_start(first) => name,
        Some(_) => format!("{prefix}{name}"),
    };
    match KEYWORDS.contains(&&*name) {
        true => format!("{name}_"),
        false => name,
    }
}

const KEYWORDS: &[&str] = &[
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
