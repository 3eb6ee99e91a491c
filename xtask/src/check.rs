//! Second stage: everything that is wrong with a document, in one run.
//!
//! A rule is a function that reads the document and reports. Rules don't depend on each other and none of them stops
//! the rest; what a rule can't make sense of, because its shape is wrong, was reported by the shape rule and is passed
//! over by the others.

mod bodies;
mod naming;
mod operations;
mod references;
pub(crate) mod schemas;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place};
use crate::read::Document;
use crate::shape::{Found, Kind, Walk, describe};
use crate::view::{self, OperationView};

/// The keywords by which a schema is made of others.
const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// A document and what the rules share.
pub(crate) struct Subject<'a> {
    document: &'a Document,
    root: &'a Value,
    found: Vec<Found>,
    operations: Vec<OperationView<'a>>,
    /// What stands where, once a rule has asked.
    places: OnceCell<HashSet<(Kind, String)>>,
}

impl<'a> Subject<'a> {
    /// Sorts things by where they stand in the document, of which maps know nothing: it is the second of two that is
    /// reported to be one too many.
    fn in_order<T>(&self, things: &mut [T], place: impl Fn(&T) -> String) {
        things.sort_by_key(|thing| self.document.position(&place(thing)));
    }
}

/// Reports all problems, in the order of the rules.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    if let Err(diagnostic) = identity(&document.root) {
        return vec![diagnostic];
    }
    let walk = Walk::document(&document.root);
    let subject = Subject {
        document,
        root: &document.root,
        operations: OperationView::all(&document.root),
        found: walk.found,
        places: OnceCell::new(),
    };
    let mut problems = document.notes();
    problems.extend(walk.misfits.into_iter().map(|misfit| Diagnostic {
        hint: misfit.hint.map(str::to_owned),
        ..Diagnostic::error("invalid-structure", misfit.pointer, misfit.message)
    }));
    for rule in [
        references::check,
        operations::check,
        bodies::check,
        schemas::check,
        naming::check,
    ] {
        rule(&subject, &mut problems);
    }
    view::name_operations(&subject.operations, &mut problems);
    // What operations share, such as a path item's parameters, is looked at once for each of them.
    let mut seen = BTreeSet::new();
    problems.retain(|problem| {
        let Place::Pointer(pointer) = &problem.place else {
            return true;
        };
        seen.insert((problem.code, pointer.clone(), problem.message.clone()))
    });
    problems
}

/// Whether it is an OpenAPI document of a version that can be used; nothing else is worth saying if it isn't.
///
/// # Errors
///
/// What it is instead.
pub fn identify(document: &Document) -> Result<(), Diagnostic> {
    identity(&document.root)
}

fn identity(root: &Value) -> Result<(), Diagnostic> {
    if root.is_null() {
        return Err(
            Diagnostic::error("not-openapi", "", "there is nothing in the file")
                .hint("the document must be an object with `openapi`, `info` and `paths`"),
        );
    }
    let Some(members) = root.as_object() else {
        let found = describe(root);
        return Err(Diagnostic::error(
            "not-openapi",
            "",
            format!("expected an OpenAPI document, found {found}"),
        )
        .hint("the document must be an object with `openapi`, `info` and `paths`"));
    };
    if let Some(version) = members.get("swagger") {
        return Err(Diagnostic::error(
            "unsupported-version",
            "/swagger",
            format!("this is Swagger {}, not OpenAPI 3.0 or 3.1", plain(version)),
        )
        .hint("convert it to OpenAPI 3.0 first, for example with swagger2openapi"));
    }
    let Some(version) = members.get("openapi") else {
        return Err(Diagnostic::error(
            "not-openapi",
            "",
            "this is not an OpenAPI document: it has no `openapi` field",
        )
        .hint("the document must be an object with `openapi`, `info` and `paths`"));
    };
    let text = plain(version);
    let is = |version: &str| {
        let patch = text.strip_prefix(version);
        patch.is_some_and(|patch| patch.is_empty() || patch.starts_with('.'))
    };
    if is("3.0") || is("3.1") {
        return Ok(());
    }
    Err(Diagnostic::error(
        "unsupported-version",
        "/openapi",
        format!("OpenAPI {text} is not supported"),
    )
    .hint("this generator reads OpenAPI 3.0 and 3.1"))
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
