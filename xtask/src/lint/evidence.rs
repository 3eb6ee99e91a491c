//! What was concluded rather than read: told once, with how much there is of it.

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::shape::Kind;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    let (mut parameters, mut fields, mut schemas) = (0, 0, 0);
    let mut marked = Vec::new();
    for (found, node) in subject.nodes() {
        if node["x-evidence"] != "inferred" {
            continue;
        }
        match found.kind {
            Kind::Parameter => parameters += 1,
            Kind::Schema if found.pointer.contains("/properties/") => fields += 1,
            Kind::Schema => schemas += 1,
            _ => continue,
        }
        marked.push(&found.pointer);
    }
    let first = marked
        .into_iter()
        .min_by_key(|place| subject.document.position(place));
    let Some(first) = first else { return };
    let counted = |count: usize, what: &str| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    let all = [
        counted(fields, "field"),
        counted(parameters, "parameter"),
        counted(schemas, "schema"),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    warnings.push(
        Diagnostic::error(
            "inferred-evidence",
            first.clone(),
            format!(
                "marked `x-evidence: inferred` from here on: {}",
                all.join(", ")
            ),
        )
        .hint("confirm them against the API, then drop the marks"),
    );
}
