//! Operations have ids of their own, and parameters that fit their paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::subject::{Subject, error};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::view::{self, OperationView};

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    ids(subject, problems);
    for operation in &subject.operations {
        parameters(subject, operation, problems);
    }
    for (path, item) in view::members(subject.root, "paths") {
        if !path.starts_with("x-") && item.is_object() {
            template(path, problems);
        }
    }
}

fn ids(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut by_id: BTreeMap<&str, Vec<&OperationView<'_>>> = BTreeMap::new();
    for operation in &subject.operations {
        if let Some(id) = operation.id() {
            by_id.entry(id).or_default().push(operation);
        } else if operation.value.get("operationId").is_none() {
            let (route, id) = (operation.route(), operation.effective_id());
            let message = format!("`{route}` has no operationId; `{id}` is used");
            let hint = "an id in the document stays the same when the path changes";
            let at = operation.pointer();
            problems.push(error("missing-operation-id", at, message, hint).note());
        }
    }
    for (id, mut operations) in by_id {
        subject.in_order(&mut operations, |operation| operation.pointer());
        let first = operations[0].route();
        problems.extend(operations[1..].iter().map(|second| {
            let at = pointer::join(&second.pointer(), "operationId");
            let message = format!("the operationId `{id}` is also that of `{first}`");
            let hint = "give each operation an id of its own";
            error("duplicate-operation-id", at, message, hint).note()
        }));
    }
}

/// The problems of a path template.
fn template(path: &str, problems: &mut Vec<Diagnostic>) {
    let mut invalid = |message: String, hint: &str| {
        let at = pointer::join("/paths", path);
        problems.push(error("invalid-path", at, message, hint));
    };
    if !path.starts_with('/') {
        let message = format!("the path `{path}` does not start with `/`");
        invalid(message, "paths are appended to the server's URL");
    }
    match view::template_names(path) {
        None => invalid(
            format!("the braces in `{path}` don't enclose parameter names"),
            "a parameter is written as its name in a pair of braces",
        ),
        Some(names) => {
            let mut seen = BTreeSet::new();
            for name in names.into_iter().filter(|name| !seen.insert(*name)) {
                let message = format!("`{{{name}}}` stands twice in `{path}`");
                invalid(message, "each parameter of a path has a name of its own");
            }
        }
    }
    let before_fragment = path.split('#').next();
    if before_fragment.is_some_and(|sent| sent.contains('?')) {
        let message = format!("`{path}` is more than a path");
        invalid(message, "declare what follows the `?` as query parameters");
    }
}

fn parameters(
    subject: &Subject<'_>,
    operation: &OperationView<'_>,
    problems: &mut Vec<Diagnostic>,
) {
    let (id, path) = (operation.effective_id(), operation.path);
    // A path whose braces don't pair is reported once for all its operations.
    let template = view::template_names(path);
    let (mut declared, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut duplicates = Vec::new();
    for (listed_at, listed) in operation.listed_parameters() {
        let Some((target, parameter)) = view::resolve(subject.root, listed) else {
            continue;
        };
        let Some((name, location)) = view::parameter_key(parameter) else {
            continue;
        };
        // An operation may declare a parameter of its path item again.
        let list = pointer::parent(&listed_at).map(str::to_owned);
        if !seen.insert((list, name, location)) {
            let message = format!("the {location} parameter `{name}` is declared twice");
            let (at, hint) = (&*listed_at, "remove one of them");
            duplicates.push(error("duplicate-parameter", at, message, hint));
        }
        let at = target.unwrap_or(listed_at);
        if location == "path" {
            declared.insert(name);
            if template
                .as_ref()
                .is_some_and(|names| !names.contains(&name))
            {
                let message = format!("the path parameter `{name}` is not in `{path}`");
                let hint = format!("put `{{{name}}}` into the path, or remove the parameter");
                let problem = error("path-parameter", at.clone(), message, hint);
                problems.push(problem.operation(id.clone()));
            }
        }
        if let Some((message, hint)) = unsupported(parameter, name, location) {
            let problem = error("unsupported-parameter", at, message, hint);
            problems.push(problem.operation(id.clone()));
        }
    }
    let names = template.into_iter().flatten();
    problems.extend(names.filter(|name| !declared.contains(name)).map(|name| {
        let message =
            format!("`{{{name}}}` in `{path}` is not declared as a path parameter: it is a string");
        let hint = format!("add a parameter with `name: {name}` and `in: path`");
        let problem = error("path-parameter", operation.pointer(), message, hint);
        problem.note().operation(id.clone())
    }));
    problems.extend(duplicates);
}

/// The reason that a parameter is not supported, and what to do about it.
fn unsupported(parameter: &Value, name: &str, location: &str) -> Option<(String, &'static str)> {
    let has = |keyword: &str| parameter.get(keyword).is_some();
    let styles: &[&str] = match location {
        "path" | "header" => &["simple"],
        "query" => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
        "cookie" => &["form"],
        _ => {
            let locations = "it can be in path, query, header or cookie";
            let message = format!("the parameter `{name}` is `in: {location}`; {locations}");
            return Some((message, "a body is described by `requestBody`"));
        }
    };
    let style = parameter.get("style").and_then(Value::as_str);
    if let Some(style) = style.filter(|style| !styles.contains(style)) {
        let parameter = format!("the {location} parameter `{name}`");
        return Some((
            format!("{parameter} has the style `{style}`, which is not supported"),
            "path and header parameters are `simple`, cookies `form`; query parameters are `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`",
        ));
    }
    match (has("schema"), has("content")) {
        (false, false) => Some((
            format!("the parameter `{name}` has neither `schema` nor `content`"),
            "say of what type the value is",
        )),
        (true, true) => Some((
            format!("the parameter `{name}` has both `schema` and `content`"),
            "keep the one that is meant: `content` is for a value that is written as JSON",
        )),
        _ if matches!(location, "header" | "cookie") && !view::is_token(name) => Some((
            format!("`{name}` can't be the name of a {location}"),
            "such names have neither spaces nor separators",
        )),
        _ => None,
    }
}
