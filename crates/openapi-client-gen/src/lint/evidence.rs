//! Parts of a document that were concluded rather than read: one warning that counts them.

use crate::check::{Subject, error};
use openapi_document::diagnostic::{Diagnostic, counted};
use openapi_document::shape::Kind;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    let marked = |kind| {
        let nodes = subject.nodes(kind);
        nodes.filter_map(|node| (node.value["x-evidence"] == "inferred").then_some(node.at))
    };
    let is_field = |at: &&str| at.contains("/properties/");
    let (fields, schemas): (Vec<&str>, Vec<&str>) = marked(Kind::Schema).partition(is_field);
    let parameters: Vec<&str> = marked(Kind::Parameter).collect();
    let places = [&*fields, &parameters, &schemas].concat().into_iter();
    let Some(first) = places.min_by_key(|place| subject.document.position(place)) else {
        return;
    };
    let counts = [
        ("field", fields.len()),
        ("parameter", parameters.len()),
        ("schema", schemas.len()),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(noun, count)| counted(count, noun)).collect();
    let counts = counts.join(", ");
    let message = format!("marked `x-evidence: inferred` from here on: {counts}");
    let hint = "confirm them against the API, then drop the marks";
    warnings.push(error("inferred-evidence", first, message, hint));
}
