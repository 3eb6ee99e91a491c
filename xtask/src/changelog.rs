//! The changelog: an entry from what changed for callers, beside what people wrote themselves.
//!
//! The form is that of Keep a Changelog: a section for each version, in it a list for each sort of change. What stands
//! under `Unreleased` was written by hand and is kept word for word; what the comparison found is added to it.

use crate::diff::{self, Change, Class, Diff, Kind};
use crate::semver::Version;

/// The heading under which changes are collected until the next release.
const UNRELEASED: &str = "## Unreleased";

/// The sorts of changes, in the order in which they are listed.
const SORTS: [&str; 4] = ["Added", "Changed", "Deprecated", "Removed"];

/// How wide the changelog is.
const WIDTH: usize = 120;

/// The entry for a version: what is under `Unreleased` in the changelog, and what changed.
pub fn entry(changelog: &str, title: &str, diff: &Diff) -> String {
    let written = unreleased(changelog).map_or("", |(_, body, _)| body);
    let mut sections = sections(written);
    for sort in SORTS {
        let lines: Vec<String> = told(diff)
            .filter(|change| sort_of(change) == sort)
            .map(line)
            .collect();
        if lines.is_empty() {
            continue;
        }
        let lines = lines.join("\n");
        match sections.iter_mut().find(|(title, _)| title == sort) {
            Some((_, body)) if body.is_empty() => *body = lines,
            Some((_, body)) => *body = format!("{body}\n{lines}"),
            None => sections.push((sort.to_owned(), lines)),
        }
    }
    let order = |title: &str| SORTS.iter().position(|sort| *sort == title);
    sections.sort_by_key(|(title, _)| match title.as_str() {
        "" => 0,
        title => order(title).map_or(SORTS.len() + 1, |order| order + 1),
    });
    let mut text = format!("## {title}\n");
    for (title, body) in sections {
        if !title.is_empty() {
            text.push_str(&format!("\n### {title}\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("\n{body}\n"));
        }
    }
    text
}

/// Whether anything is written under `Unreleased`.
pub fn is_written(changelog: &str) -> bool {
    unreleased(changelog).is_some_and(|(_, body, _)| !body.trim().is_empty())
}

/// The last version that it has an entry of.
pub fn latest(changelog: &str) -> Option<Version> {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split_whitespace().next())
        .find_map(|title| title.parse().ok())
}

/// The changelog with the entry in it, and nothing under `Unreleased`.
///
/// # Errors
///
/// That it has no such heading, or has the entry already.
pub fn insert(changelog: &str, entry: &str) -> Result<String, String> {
    let title = entry.lines().next().unwrap_or_default();
    let version = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    let mut titles = changelog.lines().filter(|line| line.starts_with("## "));
    if titles.any(|line| version(line) == version(title)) {
        return Err(format!("there is an entry `{title}` already"));
    }
    let Some((before, _, after)) = unreleased(changelog) else {
        return Err(format!("there is no heading `{UNRELEASED}`"));
    };
    let separator = if after.is_empty() { "" } else { "\n" };
    Ok(format!("{before}{UNRELEASED}\n\n{entry}{separator}{after}"))
}

/// What is before the heading, under it, and from the next heading of its level on.
fn unreleased(changelog: &str) -> Option<(&str, &str, &str)> {
    let start = offset(changelog, 0, |line| line == UNRELEASED)?;
    let body = start + UNRELEASED.len();
    let end = offset(changelog, body, |line| line.starts_with("## ")).unwrap_or(changelog.len());
    Some((
        changelog.get(..start)?,
        changelog.get(body..end)?,
        changelog.get(end..)?,
    ))
}

/// Where the first such line begins that does so behind `from`.
fn offset(text: &str, from: usize, wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at >= from && wanted(line.trim_end()) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// The lists in a section, by their titles; what is before the first has none.
fn sections(body: &str) -> Vec<(String, String)> {
    let mut sections = vec![(String::new(), String::new())];
    for line in body.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            sections.push((title.trim().to_owned(), String::new()));
        } else if let Some((_, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    for (_, body) in &mut sections {
        *body = body.trim().to_owned();
    }
    sections.retain(|(title, body)| !(title.is_empty() && body.is_empty()));
    sections
}

/// What users of the crates want to know: not every word that changed in a description.
fn told(diff: &Diff) -> impl Iterator<Item = &Change> {
    let changes = diff.changes.iter();
    changes.filter(|change| {
        !matches!(
            change.kind,
            Kind::VersionChanged
                | Kind::DocumentDescribed
                | Kind::OperationDescribed
                | Kind::SchemaDescribed
        )
    })
}

fn sort_of(change: &Change) -> &'static str {
    match change.kind {
        Kind::OperationDeprecated | Kind::InputDeprecated | Kind::SchemaDeprecated => "Deprecated",
        Kind::OperationAdded
        | Kind::InputAdded
        | Kind::SchemaAdded
        | Kind::FieldAdded
        | Kind::ValueAdded
        | Kind::MemberAdded
        | Kind::AnswerAdded
        | Kind::StatusAdded => "Added",
        Kind::OperationRemoved
        | Kind::InputRemoved
        | Kind::SchemaRemoved
        | Kind::FieldRemoved
        | Kind::ValueRemoved
        | Kind::MemberRemoved
        | Kind::AnswerRemoved
        | Kind::StatusRemoved => "Removed",
        _ => "Changed",
    }
}

fn line(change: &Change) -> String {
    let mark = match change.class() {
        Class::Breaking => "**Breaking:** ",
        Class::Additive | Class::Neutral => "",
    };
    let place = diff::place(&change.place, "`");
    let reason = match change.class() {
        Class::Breaking => format!(": {}", change.reason),
        Class::Additive | Class::Neutral => String::new(),
    };
    wrap(&format!("- {mark}{place} {}{reason}.", change.what))
}

/// Breaks an item of a list into lines, at spaces.
fn wrap(item: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in item.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            text.push_str("\n  ");
            width = 2;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{insert, wrap};

    #[test]
    fn long_items_are_wrapped_as_the_rest_of_the_file() {
        let lines = wrap(&format!("- {}", "word ".repeat(30)));
        assert!(lines.lines().all(|line| line.len() <= super::WIDTH));
        assert!(lines.lines().skip(1).all(|line| line.starts_with("  word")));
    }

    #[test]
    fn the_last_section_can_be_the_unreleased_one() {
        let entry = "## 0.2.0\n\n### Added\n\n- A.\n";
        assert_eq!(
            insert("# C\n\n## Unreleased\n\n- A.\n", entry),
            Ok(format!("# C\n\n## Unreleased\n\n{entry}"))
        );
    }

    #[test]
    fn a_changelog_without_the_heading_is_left_alone() {
        assert!(insert("# C\n", "## 0.2.0\n").is_err());
    }

    #[test]
    fn a_version_is_entered_once_whatever_its_date() {
        let changelog = "## Unreleased\n\n## 0.2.0 - 2026-01-31\n";
        assert!(insert(changelog, "## 0.2.0\n").is_err());
    }
}
