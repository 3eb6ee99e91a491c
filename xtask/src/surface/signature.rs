//! Rust types as text that can be compared: written the same way wherever they stand, with the generated types among
//! them told apart from those that come from elsewhere.
//!
//! How a path is written in generated code depends on what else is declared there: `::std::string::String` beside a
//! schema called `String`, and `String` everywhere else. That is no difference to callers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Ident, Path, PredicateType, Token, Type, WhereClause, WherePredicate, punctuated::Punctuated,
};

/// Stands for a generated type in [`Signature::text`].
const HOLE: &str = "__generated__";

/// A type, or several, as text with holes for the generated types.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The text, with a hole where a generated type is named.
    pub text: String,
    /// What the holes hold, in their order.
    pub names: Vec<String>,
}

impl Signature {
    /// Whether it names no generated type and reads so.
    pub fn is(&self, text: &str) -> bool {
        self.names.is_empty() && self.text == text
    }

    /// The same in an `Option`.
    #[must_use]
    pub fn optional(&self) -> Self {
        Self {
            text: format!("Option<{}>", self.text),
            names: self.names.clone(),
        }
    }

    /// Calls generated types by other names.
    pub fn rename(&mut self, renamed: &BTreeMap<String, String>) {
        for name in &mut self.names {
            if let Some(new) = renamed.get(name) {
                name.clone_from(new);
            }
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.names.iter();
        for (index, piece) in self.text.split(HOLE).enumerate() {
            if index > 0 {
                f.write_str(names.next().map_or("", String::as_str))?;
            }
            f.write_str(&spaced(piece))?;
        }
        Ok(())
    }
}

/// Text without spaces as rustfmt would write it.
fn spaced(text: &str) -> String {
    let mut spaced = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek();
        match char {
            ',' if next != Some(&')') => spaced.push_str(", "),
            ':' if next != Some(&':') && !spaced.ends_with(':') => spaced.push_str(": "),
            '+' | '=' => spaced.extend([' ', char, ' ']),
            char => spaced.push(char),
        }
    }
    spaced
}

/// How generated types are written in a file.
pub struct Reader<'a> {
    /// Those that are written without a path.
    pub declared: &'a BTreeSet<String>,
}

impl Reader<'_> {
    /// Reads a type.
    pub fn of_type(&self, ty: &Type) -> Signature {
        let mut ty = ty.clone();
        let mut names = self.names();
        names.visit_type_mut(&mut ty);
        names.finish(&ty)
    }

    /// Reads the path of a trait.
    pub fn of_path(&self, path: &Path) -> Signature {
        let mut path = path.clone();
        let mut names = self.names();
        names.visit_path_mut(&mut path);
        names.finish(&path)
    }

    /// Reads what a setter's argument has to be. What the error of its conversion has to be is left out: every error
    /// is that.
    pub fn of_bounds(&self, bounds: &WhereClause) -> Signature {
        let is_of_argument = |predicate: &&WherePredicate| match predicate {
            WherePredicate::Type(PredicateType {
                bounded_ty: Type::Path(path),
                ..
            }) => path.qself.is_none(),
            _ => false,
        };
        let mut bounds: Punctuated<WherePredicate, Token![,]> = bounds
            .predicates
            .iter()
            .filter(is_of_argument)
            .cloned()
            .collect();
        let mut names = self.names();
        for bound in &mut bounds {
            names.visit_where_predicate_mut(bound);
        }
        names.finish(&bounds)
    }

    fn names(&self) -> Names<'_> {
        Names {
            declared: self.declared,
            found: Vec::new(),
        }
    }
}

struct Names<'a> {
    declared: &'a BTreeSet<String>,
    found: Vec<String>,
}

impl Names<'_> {
    fn finish(self, tokens: &impl ToTokens) -> Signature {
        let text = tokens.to_token_stream().to_string();
        Signature {
            text: joined(&text),
            names: self.found,
        }
    }

    fn is_generated(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter();
        match (segments.next(), segments.next(), segments.next()) {
            (Some(only), None, _) => {
                path.leading_colon.is_none() && self.declared.contains(&only.ident.to_string())
            }
            (Some(module), Some(_), None) => module.ident == "types" || module.ident == "super",
            (Some(module), Some(builder), Some(_)) => {
                module.ident == "types" && builder.ident == "builder"
            }
            _ => false,
        }
    }
}

/// Tokens without what lies between them, and without a comma after the last argument, which depends on the length of
/// the line.
fn joined(tokens: &str) -> String {
    let is_of_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut text = String::new();
    for token in tokens.split_whitespace() {
        if token.starts_with('>') && text.ends_with(',') {
            text.pop();
        }
        if text.ends_with(is_of_word) && token.starts_with(is_of_word) {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

impl VisitMut for Names<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let is_generated = self.is_generated(path);
        let Some(mut last) = path.segments.pop() else {
            return;
        };
        if is_generated {
            self.found.push(last.ident.to_string());
            last.ident = Ident::new(HOLE, last.ident.span());
        }
        // `I::Item` and `Self::Error` say nothing without what is before them.
        let of_a_parameter = path.leading_colon.is_none()
            && path.segments.len() == 1
            && path.segments.iter().all(|segment| {
                let name = segment.ident.to_string();
                name == "Self" || name.len() == 1
            });
        if !of_a_parameter {
            path.segments.clear();
            path.leading_colon = None;
        }
        path.segments.push(last);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reader;

    #[test]
    fn reads_types_alike_however_they_are_written() {
        let declared = BTreeSet::from(["Task".to_owned()]);
        let reader = Reader {
            declared: &declared,
        };
        let read = |text: &str| syn::parse_str(text).map(|ty| reader.of_type(&ty).to_string());
        for (written, expected) in [
            ("::std::option::Option<Task>", "Option<Task>"),
            ("Option<super::Task>", "Option<Task>"),
            ("Vec<types::Task>", "Vec<Task>"),
            ("types::builder::Task", "Task"),
            ("::chrono::DateTime<::chrono::offset::Utc>", "DateTime<Utc>"),
            ("::std::string::String", "String"),
            ("BTreeMap<String, Task,>", "BTreeMap<String, Task>"),
            (
                "Box<dyn Iterator<Item = Task> + Send>",
                "Box<dyn Iterator<Item = Task> + Send>",
            ),
            ("(Task,)", "(Task,)"),
        ] {
            assert_eq!(read(written).ok().as_deref(), Some(expected));
        }
    }

    #[test]
    fn tells_generated_types_from_others_of_their_name() {
        let declared = BTreeSet::from(["Uuid".to_owned()]);
        let reader = Reader {
            declared: &declared,
        };
        let read = |text: &str| syn::parse_str(text).map(|ty| reader.of_type(&ty)).ok();
        assert_ne!(read("Uuid"), read("::uuid::Uuid"));
    }
}
