//! Lists whose paging can't be recognised: nobody can tell from the document whether one answer is the whole list, nor
//! how to ask for the rest.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::check::{Subject, error};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::view::{self, OperationView};

/// Names of fields that hold the items of a list.
const ITEMS: [&str; 8] = [
    "data", "items", "results", "records", "entries", "values", "nodes", "edges",
];

/// The name of a parameter that selects a page has one of these words.
const WHERE: [&str; 7] = [
    "cursor",
    "page",
    "offset",
    "marker",
    "skip",
    "next",
    "continuation",
];

/// Names of such parameters whose words alone are ambiguous: `created_after` is a filter.
const WHOLE: [&str; 10] = [
    "after",
    "before",
    "start",
    "start_at",
    "start_after",
    "start_key",
    "start_index",
    "starting_after",
    "ending_before",
    "exclusive_start_key",
];

/// The name of a field that tells whether there is a next page has one of these words.
const ON: [&str; 10] = [
    "next",
    "more",
    "cursor",
    "total",
    "last",
    "page",
    "pages",
    "count",
    "marker",
    "truncated",
];

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    for operation in &subject.operations {
        let Some(answer) = answer(subject.root, operation) else {
            continue;
        };
        if !is_list(subject.root, operation, answer) {
            continue;
        }
        let parameters = operation.parameters(subject.root);
        let asks = parameters.iter().any(|(_, parameter)| {
            parameter["in"] == "query"
                && parameter["name"].as_str().is_some_and(|name| {
                    has(name, &WHERE) || WHOLE.contains(&&*name.to_snake_case())
                })
        });
        let tells = fields(subject.root, answer).any(|(name, _)| has(name, &ON));
        let missing = match (asks, tells || answer["type"] == "array") {
            (true, true) => continue,
            (true, false) => "its answer doesn't say whether it goes on",
            (false, _) => "no parameter says which page is asked for",
        };
        let message = format!("the operation lists things, and {missing}");
        let hint = "describe the parameter and the field that page; there is nothing to do if the list is always whole";
        let warning = error("unrecognised-paging", operation.pointer(), message, hint);
        warnings.push(warning.operation(operation.effective_id()));
    }
}

/// Whether a name has one of these words.
fn has(name: &str, words: &[&str]) -> bool {
    name.to_snake_case()
        .split('_')
        .any(|word| words.contains(&word))
}

/// The schema of the first success response.
fn answer<'a>(root: &'a Value, operation: &OperationView<'a>) -> Option<&'a Value> {
    let responses = operation.value.get("responses")?.as_object()?;
    let (_, response) = responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))?;
    let (_, response) = view::resolve(root, response)?;
    let content = response.get("content")?.as_object()?;
    let (_, body) = content
        .iter()
        .find(|(media_type, _)| view::is_json(media_type))?;
    Some(view::single(root, body.get("schema")?))
}

/// The fields of an object and of the branches of its `allOf`.
fn fields<'a>(root: &'a Value, schema: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let parts = parts.filter_map(move |part| Some(view::resolve(root, part)?.1));
    std::iter::once(schema)
        .chain(parts)
        .filter_map(|part| part.get("properties")?.as_object())
        .flatten()
        .map(|(name, field)| (name.as_str(), field))
}

fn is_list(root: &Value, operation: &OperationView<'_>, answer: &Value) -> bool {
    // An operation with a body may still be a list if its name says so.
    if operation
        .effective_id()
        .to_snake_case()
        .starts_with("list_")
    {
        return operation.method == "get" || answer["type"] == "object";
    }
    if operation.method != "get" {
        return false;
    }
    let resource = operation.path.rsplit('/').next().unwrap_or_default();
    answer["type"] == "array"
        || fields(root, answer).any(|(name, field)| {
            (ITEMS.contains(&name) || name == resource)
                && view::single(root, field)["type"] == "array"
        })
}
