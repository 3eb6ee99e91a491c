//! The changes between two documents, and their effects on callers of the generated client.
//!
//! The models of both documents ([`openapi_client_gen::api`]) are compared, because the generated code follows from them. A change is named in
//! the words of the API, which a maintainer knows. Its class is its effect on callers of the Rust API, which a version number
//! promises. Facts that the model does not have are compared in the documents: constraints (`constraints`), and details such as
//! servers, authentication and descriptions (`document`). Each kind of change is a row of one table (`kind`).
//!
//! The promise: code that compiles and works with one version does so with the next, unless the version says otherwise. Not
//! covered are struct literals without `..` and patterns without `..`, which name every field, and `new` of a type that is
//! only received: objects gain fields all the time. The compiler confirms the class of each kind of change, in
//! `tests/changes`.

mod change;
mod changes;
mod checked;
mod constraints;
mod context;
mod details;
mod document;
mod effect;
mod inputs;
mod kind;
mod matching;
mod operations;
mod pairing;
mod place;
mod render;
mod schema_place;
mod schemas;
mod security;
mod types;

use openapi_client_gen::codegen;
use openapi_client_gen::skip;
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;

pub use change::{Change, Diff};
use changes::Changes;
use context::{Context, Side};
pub use effect::{Class, Effect};
pub use kind::Kind;
pub use place::{Owner, Part, Place};
pub use render::{markdown, summary, text, value};

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
    document::compare(&mut changes);
    operations::compare(&mut changes);
    let skipped = [(old, old_left), (new, new_left)];
    Ok(Diff {
        changes: changes.finish(),
        skipped: skipped
            .map(|(document, skipped)| (document.name.clone(), skipped))
            .into(),
    })
}
