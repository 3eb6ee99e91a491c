//! Rust names for types: unique, and as a person would choose them.

use std::collections::BTreeSet;

use crate::names;

/// The names that are taken.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// The type name for some words, with a number behind it if it is taken.
    pub fn claim(&mut self, words: &str) -> String {
        let name = capitalised(names::type_name(words));
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        // There are more numbers than names.
        let free = candidates.find(|candidate| self.0.insert(candidate.clone()));
        free.unwrap_or(name)
    }
}

/// A name whose first letter is a capital: that of `+1` is `plus1` otherwise.
fn capitalised(name: String) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(letters).collect(),
        _ => name,
    }
}

/// Distinct names within one type, in the order in which they are asked for.
#[derive(Debug)]
pub struct Members(BTreeSet<String>);

impl Members {
    /// No members yet. None gets one of these names.
    pub fn reserving(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

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
            words => capitalised(names::type_name(words)),
        };
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        let free = candidates.find(|candidate| self.0.insert(candidate.clone()));
        free.unwrap_or(name)
    }
}
