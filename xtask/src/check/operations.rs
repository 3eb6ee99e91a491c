//! Operations have ids of their own, and parameters that fit their paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::view::{self, OperationView};

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Diagnostic>) {
    let mut by_id: BTreeMap<&str, Vec<&OperationView<'_>>> = BTreeMap::new();
    for operation in &subject.operations {
        match operation.id() {
            Some(id) => by_id.entry(id).or_default().push(operation),
            None if operation.value.get("operationId").is_none() => {
                let id = operation.effective_id();
                problems.push(
                    Diagnostic::error(
                        "missing-operation-id",
                        operation.pointer(),
                        format!(
                            "`{} {}` has no operationId; `{id}` is used",
                            operation.method.to_ascii_uppercase(),
                            operation.path
                        ),
                    )
                    .hint("an id in the document stays the same when the path changes")
                    .note(),
                );
            }
            None => {}
        }
        parameters(subject, operation, problems);
    }
    for (id, mut operations) in by_id
        .into_iter()
        .filter(|(_, operations)| operations.len() > 1)
    {
        subject.in_order(&mut operations, |operation| operation.pointer());
        let first = operations[0];
        for second in &operations[1..] {
            problems.push(
                Diagnostic::error(
                    "duplicate-operation-id",
                    pointer::join(&second.pointer(), "operationId"),
                    format!(
                        "the operationId `{id}` is also that of `{} {}`",
                        first.method.to_ascii_uppercase(),
                        first.path
                    ),
                )
                .hint("give each operation an id of its own")
                .note(),
            );
        }
    }
    for (path, item) in subject
        .root
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if path.starts_with("x-") || !item.is_object() {
            continue;
        }
        let mut invalid = |message: String, hint: &str| {
            let place = pointer::join("/paths", path);
            problems.push(Diagnostic::error("invalid-path", place, message).hint(hint));
        };
        if !path.starts_with('/') {
            invalid(
                format!("the path `{path}` does not start with `/`"),
                "paths are appended to the server's URL",
            );
        }
        match view::template_names(path) {
            None => invalid(
                format!("the braces in `{path}` don't enclose parameter names"),
                "a parameter is written as its name in a pair of braces",
            ),
            Some(names) => {
                let mut seen = BTreeSet::new();
                for name in names.into_iter().filter(|name| !seen.insert(*name)) {
                    invalid(
                        format!("`{{{name}}}` stands twice in `{path}`"),
                        "each parameter of a path has a name of its own",
                    );
                }
            }
        }
        if path
            .split('#')
            .next()
            .is_some_and(|sent| sent.contains('?'))
        {
            invalid(
                format!("`{path}` is more than a path"),
                "declare what follows the `?` as query parameters",
            );
        }
    }
}

fn parameters(
    subject: &Subject<'_>,
    operation: &OperationView<'_>,
    problems: &mut Vec<Diagnostic>,
) {
    // A path whose braces don't pair is reported once for all its operations.
    let template = view::template_names(operation.path);
    let mut declared = BTreeSet::new();
    let parameters = operation.parameters(subject.root);
    for (place, parameter) in &parameters {
        let field = |name: &str| parameter.get(name).and_then(Value::as_str);
        let (Some(name), Some(location)) = (field("name"), field("in")) else {
            continue;
        };
        let problem = |code, message: String| {
            Diagnostic::error(code, place.clone(), message).operation(operation.effective_id())
        };
        if location == "path" {
            declared.insert(name);
            if template
                .as_ref()
                .is_some_and(|template| !template.contains(&name))
            {
                problems.push(
                    problem(
                        "path-parameter",
                        format!("the path parameter `{name}` is not in `{}`", operation.path),
                    )
                    .hint(format!(
                        "put `{{{name}}}` into the path, or remove the parameter"
                    )),
                );
            }
        }
        problems.extend(unsupported(parameter, name, location, &problem));
    }
    for name in template.into_iter().flatten() {
        if !declared.contains(name) {
            problems.push(
                Diagnostic::error(
                    "path-parameter",
                    operation.pointer(),
                    format!(
                        "`{{{name}}}` in `{}` is not declared as a path parameter: it is a string",
                        operation.path
                    ),
                )
                .operation(operation.effective_id())
                .hint(format!(
                    "add a parameter with `name: {name}` and `in: path`"
                ))
                .note(),
            );
        }
    }
    for (owner, owner_pointer) in [
        (operation.item, operation.item_pointer()),
        (operation.value, operation.pointer()),
    ] {
        twice_declared(subject, owner, &owner_pointer, problems);
    }
}

fn unsupported(
    parameter: &Value,
    name: &str,
    location: &str,
    problem: &dyn Fn(&'static str, String) -> Diagnostic,
) -> Option<Diagnostic> {
    let style = parameter.get("style").and_then(Value::as_str);
    match (location, style) {
        ("path" | "header", None | Some("simple"))
        | ("query", None | Some("form" | "spaceDelimited" | "pipeDelimited" | "deepObject"))
        | ("cookie", None | Some("form")) => {}
        ("path" | "query" | "header" | "cookie", Some(style)) => {
            return Some(
                problem(
                    "unsupported-parameter",
                    format!("the {location} parameter `{name}` has the style `{style}`, which is not supported"),
                )
                .hint("path and header parameters are `simple`, cookies `form`; query parameters are `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`"),
            );
        }
        (other, _) => {
            return Some(problem(
                "unsupported-parameter",
                format!(
                    "the parameter `{name}` is `in: {other}`; it can be in path, query, header or cookie"
                ),
            )
            .hint("a body is described by `requestBody`"));
        }
    }
    if parameter.get("schema").is_none() && parameter.get("content").is_none() {
        return Some(
            problem(
                "unsupported-parameter",
                format!("the parameter `{name}` has neither `schema` nor `content`"),
            )
            .hint("say of what type the value is"),
        );
    }
    if parameter.get("schema").is_some() && parameter.get("content").is_some() {
        return Some(
            problem(
                "unsupported-parameter",
                format!("the parameter `{name}` has both `schema` and `content`"),
            )
            .hint("keep the one that is meant: `content` is for a value that is written as JSON"),
        );
    }
    if matches!(location, "header" | "cookie") && !is_token(name) {
        return Some(
            problem(
                "unsupported-parameter",
                format!("`{name}` can't be the name of a {location}"),
            )
            .hint("such names have neither spaces nor separators"),
        );
    }
    None
}

/// Whether `name` is a token as HTTP defines it (RFC 9110, section 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn twice_declared(
    subject: &Subject<'_>,
    owner: &Value,
    owner_pointer: &str,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    let list = owner.get("parameters").and_then(Value::as_array);
    for (index, parameter) in list.into_iter().flatten().enumerate() {
        let Some((_, parameter)) = view::resolve(subject.root, parameter) else {
            continue;
        };
        let key = (
            parameter.get("name").and_then(Value::as_str),
            parameter.get("in").and_then(Value::as_str),
        );
        if let (Some(name), Some(location)) = key
            && !seen.insert(key)
        {
            let place = pointer::join(
                &pointer::join(owner_pointer, "parameters"),
                &index.to_string(),
            );
            let problem = Diagnostic::error(
                "duplicate-parameter",
                place,
                format!("the {location} parameter `{name}` is declared twice"),
            )
            .hint("remove one of them");
            // The path item's list is seen once for each of its operations.
            if !problems
                .iter()
                .any(|known| known.code == problem.code && known.place == problem.place)
            {
                problems.push(problem);
            }
        }
    }
}
