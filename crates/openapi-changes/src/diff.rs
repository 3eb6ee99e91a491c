//! The changes between two documents, and their effects on callers of the generated client.
//!
//! The models of both documents ([`openapi_client_gen::api`]) are compared, because the generated code follows from them. A change is named in
//! the words of the API, which a maintainer knows. Its class is its effect on callers of the Rust API, which a version number
//! promises. Facts that the model does not have are compared in the documents: constraints (`constraints`), and details such as
//! servers, authentication and descriptions (`details`). Each kind of change is a row of one table (`kind`).
//!
//! The promise: code that compiles and works with one version does so with the next, unless the version says otherwise. Not
//! covered are struct literals without `..` and patterns without `..`, which name every field, and `new` of a type that is
//! only received: objects gain fields all the time. The compiler confirms the class of each kind of change, in
//! `tests/changes`.

mod changes;
mod checked;
mod constraints;
mod context;
mod details;
mod inputs;
mod kind;
mod matching;
mod operations;
mod pairing;
mod render;
mod schemas;
mod security;
mod types;

use serde::Serialize;

use openapi_client_gen::codegen;
use openapi_client_gen::skip::{self, Skipped};
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;

use changes::Changes;
use context::{Context, Side};
pub use kind::Kind;
pub use render::{markdown, place, summary, text, value};

/// The class of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Something that worked stops working.
    Breaking,
    /// Something is new.
    Additive,
    /// Callers see no difference.
    Neutral,
}

/// The effect of a change on callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Code no longer compiles.
    Build,
    /// Code compiles, and fails or does something else when it runs.
    Run,
    /// Requests are sent as before, and the server may reject them.
    Server,
    /// Something is new.
    More,
    /// There is none.
    None,
}

impl Effect {
    /// The class that follows.
    pub fn class(self) -> Class {
        match self {
            Self::Build | Self::Run | Self::Server => Class::Breaking,
            Self::More => Class::Additive,
            Self::None => Class::Neutral,
        }
    }
}

/// The location of a change, in the words of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The operation, the schema or the whole document.
    #[serde(flatten)]
    pub owner: Owner,
    /// The part that changed, such as a field; `None` for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// An operation, a schema or a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// An aspect of the document as a whole, such as `servers`.
    Document(&'static str),
    /// By its method in Rust, which is its operationId for most.
    Operation(String),
    /// By its name in the document.
    Schema(String),
    /// A schema that has no name, by that of its type in Rust.
    Type(String),
}

impl Place {
    /// The whole of something.
    pub fn of(owner: Owner) -> Self {
        Self { owner, part: None }
    }

    /// A part of the same owner.
    #[must_use]
    pub fn part(&self, what: &'static str, name: &str) -> Self {
        Self {
            owner: self.owner.clone(),
            part: Some(Part::of(what, name)),
        }
    }
}

/// A part of an operation or a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Part {
    /// Its sort, such as `query parameter`.
    pub what: &'static str,
    /// Its name on the wire; empty if there can be only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Part {
    fn of(what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self { what, name }
    }
}

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

/// Compares two documents. Operations that can't be generated are skipped, as `--skip-unsupported` does.
///
/// # Errors
///
/// The problems of either document as a whole.
pub fn documents(old: &Document, new: &Document) -> Result<Diff, Vec<Located>> {
    let model = |document| {
        skip::supported(document, |document| {
            codegen::model(document).map(|(api, _)| api)
        })
    };
    let ((before, old_left), (after, new_left)) = match (model(old), model(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            let problems = [old.err(), new.err()];
            return Err(problems.into_iter().flatten().flatten().collect());
        }
    };
    let context = Context::of(Side::of(&before, &old.root), Side::of(&after, &new.root));
    let mut changes = Changes::of(&context);
    types::compare(&mut changes);
    schemas::of_types(&mut changes);
    details::compare(&mut changes);
    operations::compare(&mut changes);
    let skipped = [(old, old_left), (new, new_left)];
    Ok(Diff {
        changes: changes.finish(),
        skipped: skipped
            .map(|(document, skipped)| (document.name.clone(), skipped))
            .into(),
    })
}
