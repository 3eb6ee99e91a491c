//! The annotations that maintainers wrote and upstream does not have.

use serde_json::{Map, Value, json};

use super::counterparts::Counterparts;
use openapi_document::diagnostic::{Diagnostic, Located};
use openapi_document::pointer;
use openapi_document::read::Document;
use openapi_document::shape::{Kind, Walk};

/// An extension of the old description that the new one lacks.
#[derive(Debug)]
pub struct Lost {
    /// Its name, such as `x-private`.
    pub extension: String,
    /// Its position in the old description, and a hint.
    pub problem: Located,
}

/// Whether a field is an annotation, so that the old one stays where upstream has none.
fn is_kept(kind: Kind, field: &str) -> bool {
    // Their other members are nodes with names of their own.
    let is_map = matches!(kind, Kind::Paths | Kind::Responses | Kind::Callback);
    let annotations = ["description", "summary", "externalDocs", "example"];
    is_extension(field) || !is_map && annotations.contains(&field)
}

fn is_extension(field: &str) -> bool {
    field.starts_with("x-")
}

/// Gives nodes that both documents have the annotations that only the old one has.
pub fn annotations(new: &mut Value, old: &Value) {
    let counterparts = Counterparts::new(old, new);
    let nodes: Vec<(Kind, String, &Map<String, Value>)> = nodes(old)
        .filter(|(kind, _, members)| members.keys().any(|field| is_kept(*kind, field)))
        .filter_map(|(kind, place, members)| Some((kind, counterparts.find(&place)?, members)))
        .collect();
    // Inner nodes first: putting an `allOf` around a reference moves no node that is still to come.
    for (kind, place, old) in nodes.into_iter().rev() {
        let Some(Value::Object(members)) = new.pointer_mut(&place) else {
            continue;
        };
        let missing: Vec<(&String, &Value)> = old
            .iter()
            .filter(|(field, _)| is_kept(kind, field) && !members.contains_key(*field))
            .collect();
        if members.contains_key("$ref") && !missing.is_empty() {
            if kind != Kind::Schema {
                continue;
            }
            // OpenAPI 3.0 ignores the fields beside a reference.
            let reference = std::mem::take(members);
            members.insert("allOf".to_owned(), json!([reference]));
        }
        let missing = missing.into_iter();
        members.extend(missing.map(|(field, value)| (field.clone(), value.clone())));
    }
}

/// The extensions that the old document has and the new one lacks.
pub fn lost(new: &Value, old: &Document) -> Vec<Lost> {
    let counterparts = Counterparts::new(&old.root, new);
    let mut lost = Vec::new();
    for (_, place, members) in nodes(&old.root) {
        let counterpart = || pointer::get(new, &counterparts.find(&place)?);
        for (field, value) in members.iter().filter(|(field, _)| is_extension(field)) {
            let reason = match counterpart() {
                Some(counterpart) if counterpart.get(field).is_some() => continue,
                Some(_) => "a reference is in its place",
                None => "what it is about is no longer there",
            };
            let message = format!("`{field}: {value}` of `{place}` would be lost: {reason}");
            let hint = format!(
                "if it has another name now, mark that by an action in the overlay; then let the old one go with `--drop {field}`"
            );
            let place = pointer::join(&place, field);
            lost.push(Lost {
                extension: field.clone(),
                problem: old.locate(Diagnostic::error("lost-extension", place, message).hint(hint)),
            });
        }
    }
    lost.sort_by_key(|lost| lost.problem.position);
    lost
}

/// The typed nodes of a document that are no references, parents first.
pub fn nodes(root: &Value) -> impl Iterator<Item = (Kind, String, &Map<String, Value>)> {
    let found = Walk::document(root).found.into_iter();
    found.filter_map(|found| {
        let members = found.value(root)?.as_object()?;
        Some((found.kind, found.pointer, members))
    })
}
