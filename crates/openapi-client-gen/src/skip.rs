//! The operations to remove from a document so that the rest of it can be generated: `--skip-unsupported`.
//!
//! The reader of a document that somebody else wrote can't correct it. So each error is charged to the operations that
//! have to do with its place, directly or by way of what they refer to; those are removed, and what they alone needed may
//! stay invalid. An error that no operation can answer for stops the generator all the same.

use std::collections::BTreeMap;

use crate::sound::{Parts, part};
use openapi_document::diagnostic::{Located, Position, Severity};
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::view::OperationView;

/// An operation that was skipped.
#[derive(Debug)]
pub struct Skipped {
    /// Its operationId, or the id made for it.
    pub operation: String,
    /// Method and path.
    pub route: String,
    /// Its position.
    pub position: Position,
    /// The errors, in the order of the document.
    pub causes: Vec<Located>,
}

/// Makes of a document what `attempt` makes, without the operations that have errors. Returns these too, in the order of the
/// document.
///
/// Some problems show only once others are gone, so this goes on until there are none, or none can be charged to anything.
///
/// # Errors
///
/// The problems of the document as a whole.
pub fn supported<T>(
    document: &Document,
    attempt: impl Fn(&Document) -> Result<T, Vec<Located>>,
) -> Result<(T, Vec<Skipped>), Vec<Located>> {
    let mut skipped: Vec<Skipped> = Vec::new();
    let mut rest = document.without([]);
    loop {
        let problems = match attempt(&rest) {
            Ok(made) => {
                skipped.sort_by_key(|skipped| skipped.position);
                return Ok((made, skipped));
            }
            Err(problems) => problems,
        };
        let mut by_part: BTreeMap<&str, Vec<&Located>> = BTreeMap::new();
        let mut foreign = Vec::new();
        for problem in &problems {
            let part = problem.diagnostic.pointer().and_then(part);
            match part.filter(|part| pointer::get(&rest.root, part).is_some()) {
                _ if problem.diagnostic.severity != Severity::Error => {}
                Some(part) => by_part.entry(part).or_default().push(problem),
                None => foreign.push(problem.clone()),
            }
        }
        if !foreign.is_empty() {
            return Err(foreign);
        }
        let parts = Parts::of(&rest);
        let affected = parts.affected(by_part.keys().copied());
        if affected.is_empty() {
            return Err(problems);
        }
        for operation in OperationView::all(&rest.root) {
            // An operation of a path item that several paths refer to is skipped with the path.
            let (pointer, path) = (operation.pointer(), pointer::join("/paths", operation.path));
            let mut own = part(&pointer).into_iter().chain([&*path]);
            let Some(part) = own.find(|part| affected.contains(*part)) else {
                continue;
            };
            let needed = parts.needed(part).into_iter();
            let causes = needed.filter_map(|part| by_part.get(part)).flatten();
            let mut causes: Vec<Located> = causes.map(|&cause| cause.clone()).collect();
            causes.sort_by_key(|cause| cause.position);
            skipped.push(Skipped {
                operation: operation.effective_id(),
                route: operation.route(),
                position: document.position(&pointer),
                causes,
            });
        }
        rest = rest.without(affected.iter().map(String::as_str));
    }
}
