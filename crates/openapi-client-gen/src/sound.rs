//! The parts of a document that an error doesn't affect.
//!
//! An error affects the operation, path item or component that it is in, and each one that needs it.

use std::collections::BTreeSet;

use crate::check;
use crate::graph::{self, Graph};
use openapi_document::diagnostic::{Diagnostic, Severity};
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::Walk;
use openapi_document::view::{METHODS, is_component};

/// The parts of a document that can be removed: operations, path items and components, each by its pointer, and the parts
/// that each of them needs.
#[derive(Debug)]
pub struct Parts {
    needs: Graph,
}

impl Parts {
    /// The parts of a document.
    pub fn of(document: &Document) -> Self {
        let mut needs = Graph::new();
        for found in Walk::document(&document.root).found {
            let Some(part) = part(&found.pointer) else {
                continue;
            };
            let target = found.target().and_then(self::part);
            // An operation needs the parameters of its path item.
            let item = pointer::parent(part).filter(|item| self::part(item).is_some());
            let others = target
                .filter(|target| *target != part)
                .into_iter()
                .chain(item);
            let needed = needs.entry(part.to_owned()).or_default();
            needed.extend(others.map(str::to_owned));
        }
        Self { needs }
    }

    /// These parts and those that need them.
    pub fn affected<'a>(&self, parts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
        let needed_by = graph::reversed(&self.needs);
        let parts = Vec::from_iter(parts);
        let affected = graph::closure(parts, |part| graph::next(&needed_by, part));
        affected.into_iter().map(str::to_owned).collect()
    }

    /// A part and those that it needs.
    pub fn needed<'a>(&'a self, part: &'a str) -> BTreeSet<&'a str> {
        graph::closure([part], |part| graph::next(&self.needs, part))
    }
}

/// The part that a place belongs to.
pub fn part(pointer: &str) -> Option<&str> {
    let ends = pointer.match_indices('/').map(|(at, _)| at).skip(1);
    let ends: Vec<usize> = ends.chain([pointer.len()]).take(3).collect();
    let upto = |level: usize| ends.get(level).map(|end| &pointer[..*end]);
    match upto(0)? {
        "/components" => upto(2),
        "/paths" => upto(2)
            .filter(|operation| METHODS.contains(&&*pointer::last(operation)))
            .or(upto(1)),
        _ => None,
    }
}

/// The document with nothing but the schemas that no error affects; `None` if it is not of a version that is read.
///
/// The model is constructed from documents without errors, and has errors of its own. So that these aren't left for a second
/// run, the types of such schemas are constructed without the rest.
pub fn schemas(document: &Document, problems: &[Diagnostic]) -> Option<Document> {
    check::identify(document).ok()?;
    let parts = Parts::of(document);
    let is_schema = |part: &&str| is_component(part);
    let others = parts.needs.keys().map(String::as_str);
    let others = others.filter(|part| !is_schema(part)).chain(["/paths"]);
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    let errors = errors.filter_map(|error| part(error.pointer()?));
    let affected = parts.affected(errors.chain(others));
    Some(document.without(affected.iter().map(String::as_str)))
}
