//! A change between two documents, and all of them.

use super::effect::{Class, Effect};
use super::kind::Kind;
use super::place::Place;
use openapi_client_gen::skip::Skipped;

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its kind.
    pub kind: Kind,
    /// Its location.
    pub place: Place,
    /// The change in words that follow the place: `is required now`.
    pub what: String,
    /// Its effect on callers.
    pub effect: Effect,
    /// Why it has that effect.
    pub reason: String,
}

impl Change {
    /// Its class, which follows from the effect.
    pub fn class(&self) -> Class {
        self.effect.class()
    }
}

/// The changes between two documents.
#[derive(Debug, Default)]
pub struct Diff {
    /// Breaking ones first; within a class operations before schemas, each by name.
    pub changes: Vec<Change>,
    /// The operations that can't be generated and so not be compared, by the name of their document.
    pub skipped: Vec<(String, Vec<Skipped>)>,
}

impl Diff {
    /// The gravest class among the changes.
    pub fn class(&self) -> Option<Class> {
        self.changes.first().map(Change::class)
    }
}
