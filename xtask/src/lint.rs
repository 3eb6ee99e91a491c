//! The errors and notes of the generator, and warnings about legal documents whose generated client is harder to use or
//! to maintain than necessary.

mod evidence;
mod names;
mod operations;
mod paging;

use serde_json::Value;

use crate::codegen;
use crate::diagnostic::{Diagnostic, Located};
use crate::pointer;
use crate::read::Document;
use crate::shape::{Found, Walk};
use crate::view::{self, OperationView};

/// The document of all rules.
struct Subject<'a> {
    document: &'a Document,
    root: &'a Value,
    operations: Vec<OperationView<'a>>,
    found: Vec<Found>,
}

impl<'a> Subject<'a> {
    /// The typed nodes that are no references, each with its value.
    fn nodes(&self) -> impl Iterator<Item = (&Found, &'a Value)> {
        let nodes = self.found.iter().filter(|found| found.reference.is_none());
        nodes.filter_map(|found| Some((found, pointer::get(self.root, &found.pointer)?)))
    }
}

/// All findings about a document, in its order.
pub fn lint(document: &Document) -> Vec<Located> {
    let mut findings =
        codegen::model(document).map_or_else(|problems| problems, |(_, notes)| notes);
    let root = &document.root;
    let subject = Subject {
        document,
        root,
        operations: OperationView::all(root),
        found: Walk::document(root).found,
    };
    let mut warnings: Vec<Diagnostic> = Vec::new();
    for rule in [
        names::check,
        operations::check,
        paging::check,
        evidence::check,
    ] {
        rule(&subject, &mut warnings);
    }
    view::name_operations(&subject.operations, &mut warnings);
    let warnings = warnings.into_iter();
    findings.extend(warnings.map(|warning| document.locate(warning.warning())));
    findings.sort_by_key(|finding| finding.position);
    findings
}
