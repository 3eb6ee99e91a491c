//! A comparison as text for a terminal, as Markdown for a review, and as JSON for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::change::{Change, Diff};
use super::effect::{Class, Effect};
use super::kind::Kind;
use crate::semver::Step;
use openapi_client_gen::text::code;

const CLASSES: [Class; 3] = [Class::Breaking, Class::Additive, Class::Neutral];

/// The classes that have changes, each with its changes.
fn sections(diff: &Diff) -> impl Iterator<Item = (Class, Vec<&Change>)> {
    let sections = CLASSES.into_iter().map(|class| {
        let changes = diff.changes.iter();
        let changes: Vec<&Change> = changes.filter(|change| change.class() == class).collect();
        (class, changes)
    });
    sections.filter(|(_, changes)| !changes.is_empty())
}

/// `2 breaking, 1 additive` and the step that follows, or that nothing changed.
pub fn summary(diff: &Diff) -> String {
    let counts =
        sections(diff).map(|(class, changes)| format!("{} {}", changes.len(), class.word()));
    let counts = counts.collect::<Vec<_>>().join(", ");
    if counts.is_empty() {
        return "nothing changed for callers of the client".to_owned();
    }
    let step = match Step::both(diff.class()) {
        (early, late) if early == late => format!("a {early} step"),
        (early, late) => format!("a {early} step before 1.0, a {late} step from there on"),
    };
    // The client is the same, and may be of no use.
    let refuses = |change: &Change| {
        change.kind == Kind::AuthenticationChanged && change.effect == Effect::Server
    };
    let note = match diff.changes.iter().any(refuses) {
        true => "; authentication changed: what callers send may be refused",
        false => "",
    };
    format!("{counts}: {step}{note}")
}

/// As text: each class with its changes, each change with its reason.
pub fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for (class, changes) in sections(diff) {
        let _ = writeln!(text, "{}", class.word());
        for change in changes {
            let at = change.place.in_words(str::to_owned);
            let _ = writeln!(text, "  {at} {}", change.what);
            let _ = writeln!(text, "      {}{}", change.reason, when(change));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", summary(diff));
    text
}

/// The compiler does not report some of the changes that break.
fn when(change: &Change) -> &'static str {
    match change.effect {
        Effect::Run | Effect::Server => " (the compiler doesn't say so)",
        _ => "",
    }
}

/// As Markdown: a section for each class, a table row for each change.
pub fn markdown(diff: &Diff) -> String {
    let mut text = format!("**{}**\n", summary(diff));
    for (class, changes) in sections(diff) {
        let mut title = class.word().to_owned();
        title[..1].make_ascii_uppercase();
        let _ = write!(
            text,
            "\n### {title}\n\n| What | Change | Why |\n|---|---|---|\n"
        );
        for change in changes {
            let cells = [
                change.place.in_words(code),
                change.what.clone(),
                format!("{}{}", change.reason, when(change)),
            ];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace(['\n', '\r'], " "));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

/// As JSON.
pub fn value(diff: &Diff) -> Value {
    let changes = diff.changes.iter().map(|change| {
        json!({
            "kind": change.kind,
            "class": change.class(),
            "place": change.place,
            "what": change.what,
            "reason": change.reason,
            "seen_by_compiler": change.effect == Effect::Build,
        })
    });
    let (early, late) = Step::both(diff.class());
    json!({
        "class": diff.class(),
        "step": { "before_1_0": early.to_string(), "from_1_0": late.to_string() },
        "changes": changes.collect::<Vec<_>>(),
    })
}
