//! Fifth stage: code becomes text, the same on every toolchain and operating system.

use proc_macro2::TokenStream;
use syn::{File, Item};

/// Formats one source file, of which one section after the other is made: the tokens of a large file take fifty times the
/// memory of its text.
///
/// # Errors
///
/// A section that is not Rust.
pub fn format(sections: impl IntoIterator<Item = TokenStream>) -> syn::Result<String> {
    let mut text = String::new();
    let mut follows_declaration = false;
    for section in sections {
        let File { attrs, items, .. } = syn::parse2(section)?;
        if !attrs.is_empty() {
            text.push_str(&print(attrs, Vec::new()));
        }
        for item in items {
            let is_declaration = is_declaration(&item);
            let is_spaced = !(follows_declaration && is_declaration);
            if is_spaced && !text.is_empty() {
                text.push('\n');
            }
            follows_declaration = is_declaration;
            push_spaced(&mut text, &print(Vec::new(), vec![item]));
        }
    }
    Ok(text)
}

fn print(attrs: Vec<syn::Attribute>, items: Vec<Item>) -> String {
    prettyplease::unparse(&File {
        shebang: None,
        frontmatter: None,
        attrs,
        items,
    })
}

/// Whether an item is one line, and stands without a blank line among its like.
fn is_declaration(item: &Item) -> bool {
    match item {
        Item::Use(_) => true,
        Item::Mod(module) => module.content.is_none(),
        _ => false,
    }
}

/// Adds an item with the blank lines between its methods that a reader is used to, and that prettyplease leaves out.
fn push_spaced(text: &mut String, item: &str) {
    let mut lines = item.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let ends_method = matches!(line, "    }" | "    ];");
        if ends_method && lines.peek().is_some_and(|next| *next != "}") {
            text.push('\n');
        }
    }
}
