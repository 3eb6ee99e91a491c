//! Fifth stage: code becomes text, the same on every toolchain and operating system.

use proc_macro2::TokenStream;
use syn::{File, Item};

/// Formatted code: a source file, or a part of one.
#[derive(Debug, Default)]
pub struct Code {
    /// The text.
    pub text: String,
    starts_with_declaration: bool,
    ends_with_declaration: bool,
}

impl Code {
    /// Adds code that follows in the same file.
    pub fn append(&mut self, next: &Code) {
        if next.text.is_empty() {
            return;
        }
        let are_declarations = self.ends_with_declaration && next.starts_with_declaration;
        if self.text.is_empty() {
            self.starts_with_declaration = next.starts_with_declaration;
        } else if !are_declarations {
            self.text.push('\n');
        }
        self.text.push_str(&next.text);
        self.ends_with_declaration = next.ends_with_declaration;
    }

    fn of_item(item: Item) -> Self {
        let is_declaration = is_declaration(&item);
        Self {
            text: spaced(&print(Vec::new(), vec![item])),
            starts_with_declaration: is_declaration,
            ends_with_declaration: is_declaration,
        }
    }
}

/// Formats sections of a source file, of which one after the other is made: the tokens of a large file take fifty times the
/// memory of its text.
///
/// # Errors
///
/// A section that is not Rust.
pub fn format(sections: impl IntoIterator<Item = TokenStream>) -> syn::Result<Code> {
    let mut code = Code::default();
    for section in sections {
        let File { attrs, items, .. } = syn::parse2(section)?;
        if !attrs.is_empty() {
            code.append(&Code {
                text: print(attrs, Vec::new()),
                ..Code::default()
            });
        }
        for item in items {
            code.append(&Code::of_item(item));
        }
    }
    Ok(code)
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

/// The item with the blank lines between its methods that a reader is used to, and that prettyplease leaves out.
fn spaced(item: &str) -> String {
    let mut text = String::with_capacity(item.len() + item.len() / 32);
    let mut lines = item.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let ends_method = matches!(line, "    }" | "    ];");
        if ends_method && lines.peek().is_some_and(|next| *next != "}") {
            text.push('\n');
        }
    }
    text
}
