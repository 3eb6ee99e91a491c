//! Distinct Rust names.
//!
//! Two names of a document may be one identifier in Rust. A name that the document has first stays as it is, so that later
//! additions to the document rename nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::names;

/// A name whose first letter is a capital: that of `+1` is `plus1` otherwise.
fn capitalised(name: String) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(letters).collect(),
        _ => name,
    }
}

/// Distinct names within one scope, in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Scope {
    taken: BTreeSet<String>,
    /// The number to try next, for each name that was asked for twice.
    next: BTreeMap<String, u64>,
}

impl Scope {
    /// A scope in which nothing gets one of these names.
    pub fn reserving(names: &[&str]) -> Self {
        Self {
            taken: names.iter().map(|name| (*name).to_owned()).collect(),
            next: BTreeMap::new(),
        }
    }

    /// The name of a field, with underscores behind it if it is taken.
    pub fn field(&mut self, key: &str) -> String {
        self.free(names::value_name(key))
    }

    /// Takes a name, if it is free.
    pub fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_owned())
    }

    /// A name, with underscores behind it if it is taken.
    pub fn free(&mut self, mut name: String) -> String {
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// The name of the variant for unknown values. It leaves `Unrecognized` to a variant of the document.
    pub fn unknown(&mut self) -> String {
        let name = "Unrecognized";
        match self.taken.insert(name.to_owned()) {
            true => name.to_owned(),
            false => self.type_name("UnrecognizedValue"),
        }
    }

    /// The name of a type or a variant, with a number behind it if it is taken.
    pub fn type_name(&mut self, words: &str) -> String {
        let name = match words {
            "" => "Empty".to_owned(),
            words => capitalised(names::type_name(words)),
        };
        self.numbered(name, "")
    }

    /// A name, with a separator and a number behind it if it is taken.
    pub fn numbered(&mut self, name: String, separator: &str) -> String {
        let mut free = name.clone();
        while !self.taken.insert(free.clone()) {
            let number = self.next.entry(name.clone()).or_insert(2);
            free = format!("{name}{separator}{number}");
            *number += 1;
        }
        free
    }
}

/// Names the inputs of an operation, each by its key and its location. Returns the name of a method for other parts, which the
/// document does not name.
///
/// `MaxKeys` and `max-keys` are one name in Rust. The first one in the document keeps it, so that an input that is added later
/// renames none. Another one gets its location behind it, or a number where both have the same location. So does one that has
/// the name of a method of every builder.
pub fn inputs(inputs: Vec<(&str, &'static str, &mut String)>, methods: &[&str]) -> String {
    let mut kept = Scope::reserving(methods);
    let mut taken = Scope::reserving(methods);
    for (key, ..) in &inputs {
        taken.take(&names::value_name(key));
    }
    let mut met = BTreeSet::new();
    for (key, location, input) in inputs {
        let name = names::value_name(key);
        let is_first_there = met.insert((name.clone(), location));
        if !kept.take(&name) {
            let stem = name.trim_end_matches('_');
            let located = is_first_there.then(|| format!("{stem}_{location}"));
            let numbered = (2..).map(|number| format!("{stem}_{number}"));
            let mut candidates = located.into_iter().chain(numbered);
            // There are more numbers than names.
            let free = candidates.find(|candidate| taken.take(candidate));
            *input = free.unwrap_or(name);
        } else {
            *input = name;
        }
    }
    taken.free("extra_part".to_owned())
}
