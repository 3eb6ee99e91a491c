//! Fifth stage: tokens become text, the same on every toolchain and operating system.

use proc_macro2::TokenStream;
use syn::{File, Item};

/// Formats one source file: each item by prettyplease, with the blank lines between items and methods that a reader is
/// used to and prettyplease leaves out.
///
/// # Errors
///
/// The parser's message, if the tokens are not Rust.
pub fn format(tokens: TokenStream) -> Result<String, String> {
    let File {
        shebang,
        attrs,
        items,
        ..
    } = syn::parse2(tokens).map_err(|error| error.to_string())?;
    let mut text = if attrs.is_empty() {
        String::new()
    } else {
        unparse(shebang, attrs, Vec::new())
    };
    let mut previous = None;
    for item in items {
        let kind = std::mem::discriminant(&item);
        let together = matches!(item, Item::Use(_) | Item::Mod(_)) && previous == Some(kind);
        if !(together || text.is_empty()) {
            text.push('\n');
        }
        previous = Some(kind);
        let members = matches!(item, Item::Impl(_) | Item::Trait(_));
        text.push_str(&space_out(&unparse(None, Vec::new(), vec![item]), members));
    }
    Ok(text)
}

fn unparse(shebang: Option<String>, attrs: Vec<syn::Attribute>, items: Vec<Item>) -> String {
    prettyplease::unparse(&File {
        shebang,
        frontmatter: None,
        attrs,
        items,
    })
}

/// Puts a blank line between methods, and, if the item has members, after those of other kinds.
fn space_out(item: &str, members: bool) -> String {
    let mut text = String::with_capacity(item.len());
    let mut lines = item.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let at_member = |line: &str| {
            line.strip_prefix("    ")
                .is_some_and(|rest| !rest.starts_with([' ', '/', '}', ']', ')']))
        };
        let ends_member = line == "    }"
            || members && line.ends_with(';') && (at_member(line) || line == "    ];");
        if ends_member && lines.peek().is_some_and(|next| *next != "}") {
            text.push('\n');
        }
    }
    text
}
