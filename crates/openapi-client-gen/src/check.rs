//! Second stage: everything that is wrong with a document, in one run.
//!
//! A rule is a function that reads the document and reports. Rules don't depend on each other, and none of them stops the
//! rest. The shape rule reports a value of the wrong type; the other rules pass over it.

mod bodies;
mod naming;
mod operations;
mod references;
mod schemas;

use std::collections::BTreeSet;

use serde_json::Value;

use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::{Kind, Walk, describe};
use openapi_document::view::{self, OperationView};

/// The keywords by which a schema is composed of others.
const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// A rule, which adds the problems that it finds.
pub type Rule = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// A document and what the rules share, those of [`lint`](crate::lint) among them.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The document as read.
    pub document: &'a Document,
    /// Its content.
    pub root: &'a Value,
    /// Its operations, path by path.
    pub operations: Vec<OperationView<'a>>,
    walk: Walk,
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
    fn in_order<T>(&self, things: &mut [T], place: impl Fn(&T) -> String) {
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
    fn get(&self, member: &str) -> Option<&'a Value> {
        self.value.get(member)
    }

    /// An error at a member, with what to do about it.
    fn error(
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

/// Reports all problems: duplicate keys, then those of the rules in their order.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    let mut problems = document.duplicate_keys();
    if let Err(diagnostic) = identify(document) {
        problems.push(diagnostic);
        return problems;
    }
    let subject = Subject::of(document);
    problems.extend(document.notes());
    let misfits = subject.walk.misfits.iter();
    problems.extend(misfits.map(|misfit| Diagnostic {
        hint: misfit.hint.map(str::to_owned),
        ..Diagnostic::error("invalid-structure", &misfit.pointer, &misfit.message)
    }));
    let rules: [Rule; 5] = [
        references::check,
        operations::check,
        bodies::check,
        schemas::check,
        naming::check,
    ];
    subject.apply(&rules, &mut problems);
    // The rules visit the parameters of a path item once for each of its operations.
    let mut seen = BTreeSet::new();
    problems.retain(|problem| {
        let pointer = problem.pointer();
        pointer.is_none_or(|pointer| {
            seen.insert((problem.code, pointer.to_owned(), problem.message.clone()))
        })
    });
    problems
}

/// Whether it is an OpenAPI document of a supported version; no rule applies to another one.
///
/// # Errors
///
/// The reason that it is none.
pub fn identify(document: &Document) -> Result<(), Diagnostic> {
    let root = &document.root;
    let foreign = |message: String| {
        let hint = "the document must be an object with `openapi`, `info` and `paths`";
        Err(error("not-openapi", "", message, hint))
    };
    let unsupported =
        |place, message, hint| Err(error("unsupported-version", place, message, hint));
    match (root, root.get("swagger"), root.get("openapi")) {
        (Value::Null, ..) => foreign("there is nothing in the file".to_owned()),
        (Value::Object(_), Some(version), _) => {
            let message = format!("this is Swagger {}, not OpenAPI 3.0 or 3.1", plain(version));
            let hint = "convert it to OpenAPI 3.0 first, for example with swagger2openapi";
            unsupported("/swagger", message, hint)
        }
        (Value::Object(_), None, Some(version)) => {
            let version = plain(version);
            let numbers: Vec<&str> = version.split('.').collect();
            if matches!(numbers[..], ["3", "0" | "1", ..]) {
                return Ok(());
            }
            let message = format!("OpenAPI {version} is not supported");
            unsupported(
                "/openapi",
                message,
                "this generator reads OpenAPI 3.0 and 3.1",
            )
        }
        (Value::Object(_), None, None) => {
            foreign("this is not an OpenAPI document: it has no `openapi` field".to_owned())
        }
        _ => foreign(format!(
            "expected an OpenAPI document, found {}",
            describe(root)
        )),
    }
}

fn plain(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}
