//! Parts of a document that were concluded rather than read: one warning that counts them.

use super::Subject;
use crate::diagnostic::{Diagnostic, counted};
use crate::shape::Kind;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    let noun = |kind, place: &str| match kind {
        Kind::Parameter => Some("parameter"),
        Kind::Schema if place.contains("/properties/") => Some("field"),
        Kind::Schema => Some("schema"),
        _ => None,
    };
    let marked = subject
        .nodes()
        .filter(|(_, node)| node["x-evidence"] == "inferred");
    let marked: Vec<(&str, &String)> = marked
        .filter_map(|(found, _)| Some((noun(found.kind, &found.pointer)?, &found.pointer)))
        .collect();
    let places = marked.iter().map(|(_, place)| *place);
    let Some(first) = places.min_by_key(|place| subject.document.position(place)) else {
        return;
    };
    let counts = ["field", "parameter", "schema"].map(|noun| {
        let count = marked.iter().filter(|(marked, _)| *marked == noun).count();
        (count > 0).then(|| counted(count, noun))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = counts.join(", ");
    let message = format!("marked `x-evidence: inferred` from here on: {counts}");
    warnings.push(
        Diagnostic::error("inferred-evidence", first, message)
            .hint("confirm them against the API, then drop the marks"),
    );
}
