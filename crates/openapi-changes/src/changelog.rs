//! The changelog: entries of the changes that the comparison found, beside those that people wrote.
//!
//! It has the form of Keep a Changelog: a section for each version, in it a list for each sort of change. The text under
//! `Unreleased` was written by hand and is kept word for word; the changes that were found are added to its lists.

use crate::diff::{Change, Class, Diff};
use crate::semver::Version;
use openapi_client_gen::text;

/// The heading under which changes are collected until the next release.
const UNRELEASED: &str = "## Unreleased";

/// The lists of changes, in their order. Of a change of documentation there is none.
const SECTIONS: [&str; 4] = ["Added", "Changed", "Deprecated", "Removed"];

/// The width of the changelog in characters.
const WIDTH: usize = 120;

/// The entry for a version: the text under `Unreleased` in the changelog, and the changes.
pub fn entry(changelog: &str, title: &str, diff: &Diff) -> String {
    let written = unreleased(changelog).map_or("", |(_, body, _)| body);
    let mut sections = sections(written);
    for section in SECTIONS {
        let changes = diff.changes.iter();
        let changes = changes.filter(|change| change.kind.section() == section);
        let lines = changes.map(line).collect::<Vec<_>>().join("\n");
        match sections.iter_mut().find(|(title, _)| title == section) {
            _ if lines.is_empty() => {}
            Some((_, body)) if body.is_empty() => *body = lines,
            Some((_, body)) => *body = format!("{body}\n{lines}"),
            None => sections.push((section.to_owned(), lines)),
        }
    }
    sections.sort_by_key(|(title, _)| {
        let position = SECTIONS.iter().position(|section| section == title);
        (!title.is_empty(), position.unwrap_or(SECTIONS.len()))
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
    headings(changelog).find_map(|(_, line)| title(line)?.parse().ok())
}

/// The changelog with the entry in it, and nothing under `Unreleased`.
///
/// # Errors
///
/// That it has no such heading, or has the entry already.
pub fn insert(changelog: &str, entry: &str) -> Result<String, String> {
    let heading = entry.lines().next().unwrap_or_default();
    if headings(changelog).any(|(_, line)| title(line) == title(heading)) {
        return Err(format!("there is an entry `{heading}` already"));
    }
    let Some((before, _, after)) = unreleased(changelog) else {
        return Err(format!("there is no heading `{UNRELEASED}`"));
    };
    let separator = if after.is_empty() { "" } else { "\n" };
    Ok(format!("{before}{UNRELEASED}\n\n{entry}{separator}{after}"))
}

/// The text before the heading, under it, and from the next heading of its level on.
fn unreleased(changelog: &str) -> Option<(&str, &str, &str)> {
    let mut headings = headings(changelog);
    let (start, _) = headings.find(|(_, line)| *line == UNRELEASED)?;
    let end = headings.next().map_or(changelog.len(), |(next, _)| next);
    let body = start + UNRELEASED.len();
    Some((
        &changelog[..start],
        &changelog[body..end],
        &changelog[end..],
    ))
}

/// The headings of versions, each with its offset.
fn headings(changelog: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    let lines = changelog.split_inclusive('\n').map(move |line| {
        let offset = next;
        next += line.len();
        (offset, line.trim_end())
    });
    lines.filter(|(_, line)| line.starts_with("## "))
}

/// The version in a heading, without its date.
fn title(heading: &str) -> Option<&str> {
    heading.split_whitespace().nth(1)
}

/// The lists in a section, by their titles. The text before the first one has no title.
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

fn line(change: &Change) -> String {
    let place = change.place.in_words(text::code);
    let what = &change.what;
    wrap(&match change.class() {
        Class::Breaking => format!("- **Breaking:** {place} {what}: {}.", change.reason),
        Class::Additive | Class::Neutral => format!("- {place} {what}."),
    })
}

/// An item of a list in lines.
fn wrap(item: &str) -> String {
    let item = text::one_line(item);
    text::wrapped(&item, WIDTH, ["", "  "], |_| true).join("\n")
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
