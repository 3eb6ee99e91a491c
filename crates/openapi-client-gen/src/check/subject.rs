//! A document as rules see it, and the errors that they report.

use serde_json::Value;

use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::{Kind, Walk};
use openapi_document::view::{self, OperationView};

/// The keywords by which a schema is composed of others.
pub const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// A rule, which adds the problems that it finds.
pub type Rule = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// A document and what the rules share, those of the lints among them.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The document as read.
    pub document: &'a Document,
    /// Its content.
    pub root: &'a Value,
    /// Its operations, path by path.
    pub operations: Vec<OperationView<'a>>,
    /// The typed nodes of the document, and the values of another type.
    pub walk: Walk,
}

impl<'a> Subject<'a> {
    /// The subject that a document is.
    pub fn of(document: &'a Document) -> Self {
        let root = &document.root;
        Self {
            document,
            root,
            operations: OperationView::all(root),
            walk: Walk::document(root),
        }
    }

    /// The objects of a kind; references are not among them.
    pub fn nodes(&self, kind: Kind) -> impl Iterator<Item = Node<'_>> {
        let found = self.walk.found.iter();
        let found = found.filter(move |found| found.kind == kind);
        found.filter_map(|found| {
            let value = found.value(self.root)?;
            let at = &found.pointer;
            Some(Node { at, value })
        })
    }

    /// Adds the problems that rules find, and names the operations of all.
    pub fn apply(&self, rules: &[Rule], problems: &mut Vec<Diagnostic>) {
        rules.iter().for_each(|rule| rule(self, problems));
        view::name_operations(&self.operations, problems);
    }

    /// Sorts things by their positions, which maps don't keep: of two duplicates, the second is reported.
    pub fn in_order<T>(&self, things: &mut [T], place: impl Fn(&T) -> String) {
        things.sort_by_key(|thing| self.document.position(&place(thing)));
    }
}

/// A value of the document, and its JSON pointer.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// The JSON pointer.
    pub at: &'a str,
    /// The value there.
    pub value: &'a Value,
}

impl<'a> Node<'a> {
    /// The value of a member.
    pub fn get(&self, member: &str) -> Option<&'a Value> {
        self.value.get(member)
    }

    /// An error at a member, with what to do about it.
    pub fn error(
        &self,
        code: &'static str,
        member: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        error(code, pointer::join(self.at, member), message, hint)
    }
}

/// An error that a rule found, with what to do about it.
pub fn error(
    code: &'static str,
    pointer: impl Into<String>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Diagnostic {
    Diagnostic::error(code, pointer, message).hint(hint)
}
