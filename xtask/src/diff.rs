//! What changed between two documents, and what that does to callers of the generated client.
//!
//! A change is told in the words of the API, for that is what a maintainer knows, and classed by what callers of the
//! Rust API meet, for that is what a version number promises. Both sides are generated and compared as callers see
//! them ([`crate::surface`]); nothing here knows how a document becomes Rust.
//!
//! The promise: what compiles and works with one version does so with the next, unless the version says otherwise. Not
//! covered are struct literals without `..` and patterns without `..`, which name every field: objects gain fields all
//! the time. What holds for each kind of change is checked by the compiler, in `tests/changes`.

mod fields;
mod operations;
mod remainder;
mod renames;
mod render;
mod setters;
mod types;
mod uses;
mod variants;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Located};
use crate::emit::Options;
use crate::read::Document;
use crate::skip::{self, LeftOut};
use crate::surface::Surface;

use remainder::Sides;
pub use render::{markdown, place, summary, text, value};
use uses::Uses;

/// What a change is to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Something that worked stops working.
    Breaking,
    /// Something is there to use that wasn't.
    Additive,
    /// Callers meet nothing new.
    Neutral,
}

/// When callers meet a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What compiled no longer does.
    Build,
    /// It compiles, and is refused, or does something else, when it runs.
    Run,
    /// There is more to use.
    More,
    /// Never.
    None,
}

impl Effect {
    /// The class that follows.
    pub fn class(self) -> Class {
        match self {
            Self::Build | Self::Run => Class::Breaking,
            Self::More => Class::Additive,
            Self::None => Class::Neutral,
        }
    }
}

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// What happened to what; in JSON as `kebab-case`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $($kind),*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];
        }
    };
}

kinds![
    VersionChanged,
    DocumentDescribed,
    AuthenticationChanged,
    ServersChanged,
    DetailChanged,
    OperationAdded,
    OperationRemoved,
    OperationRenamed,
    OperationMoved,
    OperationDeprecated,
    OperationRestored,
    OperationDescribed,
    StatusAdded,
    StatusRemoved,
    AnswerChanged,
    ErrorChanged,
    BodyFormatChanged,
    SetterAdded,
    SetterRemoved,
    SetterRenamed,
    SetterRequired,
    SetterOptional,
    SetterTypeChanged,
    SetterWidened,
    SetterNarrowed,
    SetterSentOtherwise,
    SetterDefaultChanged,
    SetterDeprecated,
    SetterRestored,
    SchemaAdded,
    SchemaRemoved,
    SchemaRenamed,
    SchemaTypeChanged,
    SchemaDefaultChanged,
    SchemaDescribed,
    SchemaDebugChanged,
    SchemaDeprecated,
    SchemaRestored,
    SchemaOpened,
    SchemaClosed,
    SchemaMapChanged,
    SchemaNotSent,
    TraitLost,
    TraitGained,
    RuleTightened,
    RuleLoosened,
    FieldAdded,
    FieldRemoved,
    FieldRequired,
    FieldOptional,
    FieldTypeChanged,
    FieldDefaultChanged,
    FieldSentOtherwise,
    ValueAdded,
    ValueRemoved,
    ValueSentOtherwise,
    MemberAdded,
    MemberRemoved,
    MemberChanged,
    MembersToldOtherwise,
];

/// What a change is about, in the words of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The operation, the schema or the whole document.
    #[serde(flatten)]
    pub owner: Owner,
    /// A part of that, if it is not about the whole: `query parameter` or `field`, and its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// What has parts that change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The document as a whole, by what it is called here.
    Document(&'static str),
    /// By its method in Rust, which is its operationId for most.
    Operation(String),
    /// By its name in the document.
    Schema(String),
    /// A schema that has no name, by that of its type in Rust.
    Type(String),
}

/// A part of an operation or a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Part {
    /// What it is, in words.
    pub what: &'static str,
    /// Its name on the wire; empty if there can be only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// To what.
    pub place: Place,
    /// The same in words, to be read after the place: `is required now`.
    pub what: String,
    /// When callers meet it.
    pub effect: Effect,
    /// Why it has that effect.
    pub reason: String,
}

impl Change {
    /// What it is to callers.
    pub fn class(&self) -> Class {
        self.effect.class()
    }
}

/// What changed between two documents.
#[derive(Debug, Default)]
pub struct Diff {
    /// What breaks first; within a class operations before schemas, each by name.
    pub changes: Vec<Change>,
    /// What was not compared.
    pub left_out: Vec<LeftOutOf>,
}

/// The operations of a document that can't be generated, and so not be compared.
#[derive(Debug)]
pub struct LeftOutOf {
    /// The document's name.
    pub document: String,
    /// The operations.
    pub left_out: Vec<LeftOut>,
}

impl Diff {
    /// The gravest class among the changes.
    pub fn class(&self) -> Option<Class> {
        self.changes.iter().map(Change::class).min()
    }

    /// How many changes are of a class.
    pub fn count(&self, class: Class) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.class() == class).count()
    }
}

/// Compares two documents. What can't be generated is left out of both, as `--skip-unsupported` does.
///
/// # Errors
///
/// All that is wrong with either as a whole: what can't be generated can't be compared.
pub fn documents(old: &Document, new: &Document) -> Result<Diff, Vec<Located>> {
    let ((mut before, old_left), (after, new_left)) = match (surface(old), surface(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            let problems = [old.err(), new.err()];
            return Err(problems.into_iter().flatten().flatten().collect());
        }
    };
    let mut changes = Vec::new();
    if before.version != after.version {
        changes.push(Change {
            kind: Kind::VersionChanged,
            place: Place {
                owner: Owner::Document("version"),
                part: None,
            },
            what: format!("was `{}` and is `{}`", before.version, after.version),
            effect: Effect::None,
            reason: "what a document calls itself is no version of the crate".to_owned(),
        });
    }
    let pairs = operations::pair(&before, &after);
    let renamed = renames::find(&before, &after, &pairs);
    let schemas = renames::schemas(&before, &after, &renamed);
    let uses = Uses::of(&before, &after);
    renames::apply(&mut before, &after, &renamed, &mut changes);
    operations::compare(&before, &after, &pairs, &mut changes);
    types::compare(&before, &after, &uses, &mut changes);
    let sides = Sides {
        old_root: &old.root,
        new_root: &new.root,
        old: &before,
        new: &after,
        pairs: &pairs,
        renamed: &schemas,
    };
    remainder::compare(&sides, &mut changes);
    changes.sort_by(|left, right| {
        let key = |change: &Change| (change.class(), change.place.clone(), change.kind);
        key(left).cmp(&key(right))
    });
    let left_out = [(old, old_left), (new, new_left)].map(|(document, left_out)| LeftOutOf {
        document: document.name.clone(),
        left_out,
    });
    Ok(Diff {
        changes,
        left_out: left_out.into(),
    })
}

fn surface(document: &Document) -> Result<(Surface, Vec<LeftOut>), Vec<Located>> {
    let (generated, left_out) = skip::lowered(document, &Options::default())?;
    let surface = Surface::read(document, &generated).map_err(|reason| {
        let problem = Diagnostic::error("generator", "", reason)
            .hint("this is a defect of the generator, not of the document");
        vec![document.locate(problem)]
    })?;
    Ok((surface, left_out))
}
