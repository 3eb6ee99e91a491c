//! Second stage: everything that is wrong with a document, in one run.
//!
//! A rule is a function that reads the document and reports. Rules don't depend on each other, and none of them stops the
//! rest. The shape rule reports a value of the wrong type; the other rules pass over it.

mod bodies;
mod naming;
mod operations;
mod references;
mod schemas;
mod subject;

use std::collections::BTreeSet;

use serde_json::Value;

use openapi_document::diagnostic::Diagnostic;
use openapi_document::read::Document;
use openapi_document::shape::describe;

pub use subject::{Node, Rule, Subject, error};

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
