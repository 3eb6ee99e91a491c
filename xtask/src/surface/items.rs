//! What callers see of a generated type: what it holds, what it implements, and what its conversions refuse.

use std::collections::{BTreeMap, BTreeSet};

use super::signature::Signature;

/// A generated type.
#[derive(Clone, Debug)]
pub struct Type {
    /// The component schema that it was made from, if it has a name in the document.
    pub schema: Option<String>,
    /// What it holds.
    pub kind: Kind,
    /// What it implements, however that came about.
    pub traits: BTreeSet<Signature>,
    /// What its conversions refuse: a rule in words and, where it is one, its number.
    pub rules: BTreeMap<String, Option<u64>>,
    /// What tells the members of a union apart.
    pub tag: Option<Tag>,
    /// The only values that its conversions take, if they are listed.
    pub taken: Option<BTreeSet<String>>,
    /// Whether it can be made with a builder.
    pub builder: bool,
    /// The fields that `Debug` shows, if not all of it.
    pub shown: Option<BTreeSet<String>>,
}

impl Type {
    /// Whether its conversions look at what they are given.
    pub fn is_checked(&self) -> bool {
        self.taken.is_some() || !self.rules.is_empty()
    }

    /// Whether it is an object that can't be empty.
    pub fn has_required_fields(&self) -> bool {
        match &self.kind {
            Kind::Object { fields, .. } => fields.values().any(|field| field.required),
            _ => false,
        }
    }
}

/// A property that tells the members of a union apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tag {
    /// Its name on the wire.
    pub property: String,
    /// Its values, by variant.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// What a type holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Object {
        /// By the name that goes over the wire.
        fields: BTreeMap<String, Field>,
        /// The map of fields that the document doesn't name: its name and type.
        others: Option<(String, Signature)>,
        /// Whether an object with a field that isn't listed is refused.
        closed: bool,
    },
    /// Another type under a name of its own.
    Newtype { inner: Signature, public: bool },
    /// Strings, and any other string.
    Values {
        /// Value and variant.
        values: BTreeMap<String, String>,
        default: Option<String>,
    },
    /// One of several types, by variant.
    Union {
        variants: BTreeMap<String, Variant>,
        /// Whether whoever matches has an arm for others.
        open: bool,
    },
    /// Another name for a type.
    Alias(Signature),
}

/// A variant of a union.
#[derive(Clone, Debug, PartialEq)]
pub enum Variant {
    Unit,
    Holds(Vec<Signature>),
    Fields {
        /// By the name that goes over the wire.
        fields: BTreeMap<String, Field>,
        /// The map of fields that the document doesn't name: its name and type.
        others: Option<(String, Signature)>,
    },
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in Rust.
    pub name: String,
    /// Its type.
    pub ty: Signature,
    /// Whether an object without it is refused.
    pub required: bool,
    /// Where its value comes from if it is missing and the type doesn't say.
    pub default: Option<String>,
}
