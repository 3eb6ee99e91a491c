//! Rust names for types: unique, and as a person would choose them.

use std::collections::BTreeSet;

use crate::names;

/// The names that are taken.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// The type name for some words, with a number behind it if it is taken.
    pub fn claim(&mut self, words: &str) -> String {
        let name = names::type_name(words);
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        // There are more numbers than names.
        let free = candidates.find(|candidate| self.0.insert(candidate.clone()));
        free.unwrap_or(name)
    }
}

/// Distinct names within one type, in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Members(BTreeSet<String>);

impl Members {
    /// The name of a field, with underscores behind it if it is taken.
    pub fn field(&mut self, key: &str) -> String {
        let mut name = names::value_name(key);
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// The name of a variant, with a number behind it if it is taken.
    pub fn variant(&mut self, words: &str) -> String {
        let name = match words {
            "" => "Empty".to_owned(),
            words => names::type_name(words),
        };
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        let free = candidates.find(|candidate| self.0.insert(candidate.clone()));
        free.unwrap_or(name)
    }

    /// Takes a name, so that no member gets it.
    pub fn reserve(mut self, name: &str) -> Self {
        self.0.insert(name.to_owned());
        self
    }
}
