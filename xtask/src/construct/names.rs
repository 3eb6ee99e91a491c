//! Rust names: distinct, and as a person would choose them.

use std::collections::{BTreeMap, BTreeSet};

use crate::names;
use crate::pointer;

/// The words of a JSON pointer of a schema, from which its type gets a name: those of the document, without the keywords around
/// them. A schema in `$defs` has a name of its own.
pub fn words(pointer: &str) -> String {
    let mut tokens: Vec<String> = pointer::tokens(pointer).collect();
    let is_definitions = |token: &String| matches!(&**token, "$defs" | "definitions");
    if let Some(index) = tokens.iter().rposition(is_definitions) {
        tokens.drain(..=index);
    }
    let mut tokens = tokens.into_iter();
    let mut words = Vec::new();
    while let Some(token) = tokens.next() {
        match &*token {
            "components" | "paths" | "schema" | "schemas" => {}
            "properties" => words.extend(tokens.next()),
            "items" => words.push("item".to_owned()),
            "additionalProperties" => words.push("value".to_owned()),
            "requestBody" => words.push("body".to_owned()),
            "responses" => {
                tokens.next();
                words.push("response".to_owned());
            }
            // The next token is a position, or a media type.
            "allOf" | "anyOf" | "oneOf" | "prefixItems" | "parameters" | "content" => {
                tokens.next();
            }
            _ => words.push(token),
        }
    }
    words.join(" ")
}

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

/// The names of the inputs of an operation.
///
/// `MaxKeys` and `max-keys` are one name in Rust. The first one in the document keeps it, so that an input that is added later
/// renames none. Another one gets its location behind it, or a number where both have the same location.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The key and the location of each.
    keys: Vec<(&'a str, &'static str)>,
    /// The methods that every builder has.
    methods: BTreeSet<String>,
    taken: BTreeSet<String>,
}

impl<'a> Inputs<'a> {
    /// The inputs with these keys and locations, beside these methods of the builder.
    pub fn of(keys: Vec<(&'a str, &'static str)>, methods: &[&str]) -> Self {
        let methods: BTreeSet<String> = methods.iter().map(|name| (*name).to_owned()).collect();
        let wanted = keys.iter().map(|(key, _)| names::value_name(key));
        let taken = methods.iter().cloned().chain(wanted).collect();
        Self {
            keys,
            methods,
            taken,
        }
    }

    /// The name of each.
    pub fn names(&mut self) -> Vec<String> {
        let mut met: BTreeSet<(String, &str)> = BTreeSet::new();
        let mut names: Vec<String> = Vec::new();
        for (key, location) in &self.keys {
            let name = names::value_name(key);
            let is_first = !names.contains(&name) && !self.methods.contains(&name);
            let is_first_there = met.insert((name.clone(), location));
            if is_first {
                names.push(name);
                continue;
            }
            let stem = name.trim_end_matches('_');
            let located = is_first_there.then(|| format!("{stem}_{location}"));
            let numbered = (2..).map(|number| format!("{stem}_{number}"));
            let mut candidates = located.into_iter().chain(numbered);
            // There are more numbers than names.
            let free = candidates.find(|candidate| self.taken.insert(candidate.clone()));
            names.push(free.unwrap_or(name));
        }
        names
    }

    /// A name for a method that the document does not name, with underscores behind it if an input has the name.
    pub fn own(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}
