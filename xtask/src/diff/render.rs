//! A comparison as text for a terminal, as Markdown for a review, and as JSON for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Change, Class, Diff, Effect, Kind, Owner, Part, Place};
use crate::semver::Step;

const CLASSES: [Class; 3] = [Class::Breaking, Class::Additive, Class::Neutral];

impl Class {
    /// The class as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Additive => "additive",
            Self::Neutral => "neutral",
        }
    }
}

/// What a change is about, with names of the API between the quotes that are given.
pub fn place(place: &Place, quote: &str) -> String {
    let (what, name) = match &place.owner {
        Owner::Document(part) => return format!("the document's {part}"),
        Owner::Operation(name) => ("operation", name),
        Owner::Schema(name) => ("schema", name),
        Owner::Type(name) => ("type", name),
    };
    let mut text = format!("{what} {}", quoted(name, quote));
    if let Some(Part { what, name }) = &place.part {
        text.push_str(&format!(", {what}"));
        if !name.is_empty() {
            text.push_str(&format!(" {}", quoted(name, quote)));
        }
    }
    text
}

/// A name between quotes, which are longer than any in it, as Markdown has it for code.
fn quoted(name: &str, quote: &str) -> String {
    if quote.is_empty() || !name.contains(quote) {
        return format!("{quote}{name}{quote}");
    }
    let mut fence = quote.repeat(2);
    while name.contains(&fence) {
        fence.push_str(quote);
    }
    format!("{fence} {name} {fence}")
}

/// `2 breaking, 1 additive` and the step that follows, or that nothing changed.
pub fn summary(diff: &Diff) -> String {
    let counts: Vec<String> = CLASSES
        .into_iter()
        .filter(|class| diff.count(*class) > 0)
        .map(|class| format!("{} {}", diff.count(class), class.word()))
        .collect();
    if counts.is_empty() {
        return "nothing changed for callers of the client".to_owned();
    }
    let (early, late) = Step::both(diff.class());
    let step = if early == late {
        format!("a {early} step")
    } else {
        format!("a {early} step before 1.0, a {late} step from there on")
    };
    let counts = counts.join(", ");
    // The client is the same, and may be of no use.
    let refuses = |change: &Change| {
        change.kind == Kind::AuthenticationChanged && change.effect == Effect::Server
    };
    if diff.changes.iter().any(refuses) {
        return format!(
            "{counts}: {step}; authentication changed: what callers send may be refused"
        );
    }
    format!("{counts}: {step}")
}

/// As text: each class with its changes, each change with its reason.
pub fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for class in CLASSES {
        let mut changes = of(diff, class).peekable();
        if changes.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "{}", class.word());
        for change in changes {
            let Change { what, reason, .. } = change;
            let when = when(change);
            let _ = writeln!(text, "  {} {what}", place(&change.place, ""));
            let _ = writeln!(text, "      {reason}{when}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", summary(diff));
    text
}

fn of(diff: &Diff, class: Class) -> impl Iterator<Item = &Change> {
    let changes = diff.changes.iter();
    changes.filter(move |change| change.class() == class)
}

/// What the compiler does not tell callers has to be told them.
fn when(change: &Change) -> &'static str {
    match change.effect {
        Effect::Run | Effect::Server => " (the compiler doesn't say so)",
        _ => "",
    }
}

/// As Markdown: a section for each class, a table row for each change.
pub fn markdown(diff: &Diff) -> String {
    let mut text = format!("**{}**\n", summary(diff));
    for class in CLASSES {
        let mut changes = of(diff, class).peekable();
        if changes.peek().is_none() {
            continue;
        }
        let mut title = class.word().to_owned();
        title[..1].make_ascii_uppercase();
        let _ = write!(
            text,
            "\n### {title}\n\n| What | Change | Why |\n|---|---|---|\n"
        );
        for change in changes {
            let cells = [
                place(&change.place, "`"),
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

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_with_quotes_in_it_stays_one_piece_of_code() {
        assert_eq!(quoted("a", "`"), "`a`");
        assert_eq!(quoted("a`b", "`"), "`` a`b ``");
        assert_eq!(quoted("a``b", "`"), "``` a``b ```");
        assert_eq!(quoted("a`b", ""), "a`b");
    }
}
