//! Lists whose paging can't be recognised: nobody can tell from the document whether one answer is the whole list, nor
//! how to ask for the rest.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::view::{self, OperationView};

/// What fields that hold the items of a list are called.
const ITEMS: [&str; 8] = [
    "data", "items", "results", "records", "entries", "values", "nodes", "edges",
];

/// Words of which one is in the name of a parameter that says where a page begins.
const WHERE: [&str; 6] = ["cursor", "page", "offset", "after", "start", "marker"];

/// Words of which one is in the name of a field that says whether, or where, it goes on.
const ON: [&str; 8] = [
    "next", "more", "cursor", "total", "last", "pages", "count", "marker",
];

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    for operation in subject
        .operations
        .iter()
        .filter(|operation| operation.method == "get")
    {
        let Some(answer) = answer(subject.root, operation) else {
            continue;
        };
        if !is_list(subject.root, operation, answer) {
            continue;
        }
        let parameters = operation.parameters(subject.root);
        let asks = parameters.iter().any(|(_, parameter)| {
            parameter["in"] == "query"
                && parameter["name"]
                    .as_str()
                    .is_some_and(|name| has(name, &WHERE))
        });
        let tells = fields(subject.root, answer).any(|(name, _)| has(name, &ON));
        let missing = match (asks, tells || answer["type"] == "array") {
            (true, true) => continue,
            (true, false) => "its answer doesn't say whether it goes on",
            (false, _) => "no parameter says which page is asked for",
        };
        warnings.push(
            Diagnostic::error(
                "unrecognised-paging",
                operation.pointer(),
                format!("the operation lists things, and {missing}"),
            )
            .operation(operation.effective_id())
            .hint("describe the parameter and the field that page; there is nothing to do if the list is always whole"),
        );
    }
}

fn has(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    words.iter().any(|word| name.contains(word))
}

/// The schema of the answer if all goes well.
fn answer<'a>(root: &'a Value, operation: &OperationView<'a>) -> Option<&'a Value> {
    let responses = operation.value.get("responses")?.as_object()?;
    let (_, response) = responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))?;
    let (_, response) = view::resolve(root, response)?;
    let content = response.get("content")?.as_object()?;
    let (_, body) = content
        .iter()
        .find(|(media_type, _)| view::essence(media_type) == "application/json")?;
    Some(view::single(root, body.get("schema")?))
}

/// The fields of an object and of what it is composed of.
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
    answer["type"] == "array"
        || operation
            .effective_id()
            .to_ascii_lowercase()
            .starts_with("list")
        || fields(root, answer).any(|(name, field)| {
            ITEMS.contains(&name) && view::single(root, field)["type"] == "array"
        })
}
