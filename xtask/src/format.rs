//! Fifth stage: code becomes text, the same on every toolchain and operating system.

use proc_macro2::TokenStream;

/// Formats one source file, of which one section after the other is made: the tokens of a large file take fifty times the
/// memory of its text.
///
/// # Errors
///
/// A section that is not Rust.
pub fn format(sections: impl IntoIterator<Item = TokenStream>) -> syn::Result<String> {
    let mut unspaced = String::new();
    for section in sections {
        unspaced.push_str(&prettyplease::unparse(&syn::parse2(section)?));
    }
    Ok(space(&unspaced))
}

/// Adds to what prettyplease printed the blank lines between items and methods that a reader is used to and it leaves
/// out.
fn space(unspaced: &str) -> String {
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
