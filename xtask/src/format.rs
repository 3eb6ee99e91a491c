//! Fifth stage: code becomes text, the same on every toolchain and operating system.

use syn::File;

/// Formats one source file.
pub fn format(file: &File) -> String {
    space(&prettyplease::unparse(file))
}

/// Adds to what prettyplease printed the blank lines between items and methods that a reader is used to and it leaves
/// out.
pub fn space(unspaced: &str) -> String {
    let mut text = String::with_capacity(unspaced.len() + unspaced.len() / 16);
    let mut lines = unspaced.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        if lines.peek().is_some_and(|next| ends_item(line, next)) {
            text.push('\n');
        }
    }
    text
}

/// Whether an item or a method ends with `line` and something else begins with `next`.
fn ends_item(line: &str, next: &str) -> bool {
    let is_declaration = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.starts_with("use ") || line.starts_with("mod ")
    };
    match line {
        "}" => true,
        "    }" | "    ];" => next != "}",
        "};" => !is_declaration(next),
        _ if line.starts_with("//!") => !next.starts_with("//!"),
        _ if line.starts_with([' ', '/']) || !line.ends_with(';') => false,
        _ => !(is_declaration(line) && (is_declaration(next) || next.starts_with("#["))),
    }
}
