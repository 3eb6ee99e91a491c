//! `cargo xtask release-notes` as it is run.

use std::fs;

use crate::common::repository::Repository;
use crate::common::{Done, run};

const CHANGELOG: &str = "# Changelog

What changed.

## Unreleased

### Added

- A thing made by hand.

### Fixed

- A fault.

## 0.1.0

The first.
";

/// A repository with a release, and a change since then.
fn released() -> Repository {
    let repository = Repository::new();
    fs::write(repository.path("CHANGELOG.md"), CHANGELOG).expect("written");
    repository.commit("first");
    repository.git(&["tag", "v0.1.0"]);
    repository.change("operationId: put_cover", "operationId: store_cover");
    repository.change("enum: [in_stock, ", "enum: [in_stock, ordered, ");
    repository
}

fn dated(repository: &Repository, date: &str) -> Done {
    run(repository.xtask().args(["release-notes", "--date", date]))
}

/// The command on a certain day.
fn notes(repository: &Repository, arguments: &[&str]) -> Done {
    let mut command = repository.xtask();
    command.args(["release-notes", "--date", "2026-01-31"]);
    run(command.args(arguments))
}

#[test]
fn the_entry_joins_what_was_written_and_what_changed() {
    let done = notes(&released(), &[]);
    assert_eq!(
        done.stdout,
        "## 0.2.0 - 2026-01-31\n\n### Added\n\n- A thing made by hand.\n- schema `Status`, value `ordered` is new.\n\n\
         ### Changed\n\n- **Breaking:** operation `put_cover` is called `store_cover` now: the method of `PUT /covers` \
         has another name.\n\n### Fixed\n\n- A fault.\n",
        "{done:?}"
    );
}

#[test]
fn the_step_and_the_version_are_told() {
    let done = notes(&released(), &[]);
    assert_eq!(
        done.stderr,
        "since v0.1.0: 1 breaking, 1 additive: a minor step before 1.0, a major step from there on\n\
         0.1.0 -> 0.2.0: minor at least; changes of the code may ask for more\n"
    );
}

#[test]
fn an_entry_is_written_in_the_place_of_what_was_unreleased() {
    let repository = released();
    let done = notes(&repository, &["--write"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    let text = fs::read_to_string(repository.path("CHANGELOG.md")).expect("the changelog");
    let titles: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    assert_eq!(
        titles,
        ["## Unreleased", "## 0.2.0 - 2026-01-31", "## 0.1.0"]
    );
}

#[test]
fn an_entry_is_written_once() {
    let repository = released();
    notes(&repository, &["--write"]);
    let text = fs::read(repository.path("CHANGELOG.md")).expect("the changelog");
    assert_eq!(notes(&repository, &["--write"]).code, Some(2));
    let again = fs::read(repository.path("CHANGELOG.md")).expect("the changelog");
    assert_eq!(text, again);
}

/// A repository before its first release.
fn unreleased() -> Repository {
    let repository = Repository::new();
    let (text, _) = CHANGELOG.split_once("\n## 0.1.0").expect("a release");
    fs::write(repository.path("CHANGELOG.md"), text).expect("written");
    repository.commit("first");
    repository
}

#[test]
fn the_first_release_is_what_was_written() {
    let repository = unreleased();
    let done = notes(&repository, &["--write"]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    let said = format!("{version} is the first release: there is no tag of another");
    assert!(done.stderr.starts_with(&said), "{done:?}");
    let text = fs::read_to_string(repository.path("CHANGELOG.md")).expect("the changelog");
    let entry = format!(
        "## Unreleased\n\n## {version} - 2026-01-31\n\n### Added\n\n- A thing made by hand.\n\n### Fixed\n\n- A fault.\n"
    );
    assert!(text.ends_with(&entry), "{text}");
}

#[test]
fn a_release_whose_tag_is_missing_is_no_first_one() {
    let repository = unreleased();
    fs::write(repository.path("CHANGELOG.md"), CHANGELOG).expect("written");
    let done = notes(&repository, &[]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.stderr.contains("hint: `git fetch --tags`"), "{done:?}");
}

#[test]
fn without_a_date_it_is_that_of_the_day() {
    let done = run(released().xtask().arg("release-notes"));
    let title = done.stdout.lines().next().unwrap_or_default();
    let date = title.strip_prefix("## 0.2.0 - ").unwrap_or_default();
    let is_shaped = date
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    assert_eq!(is_shaped.collect::<Vec<_>>(), b"0000-00-00", "{done:?}");
}

#[test]
fn any_revision_can_be_the_start() {
    let repository = released();
    repository.commit("second");
    let done = notes(&repository, &["--since", "HEAD"]);
    assert!(
        done.stderr.contains("nothing changed for callers"),
        "{done:?}"
    );
}

#[test]
fn a_version_that_hides_what_breaks_is_refused() {
    let done = notes(&released(), &["--version", "0.1.1"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("it takes 0.2.0 at least"), "{done:?}");
}

#[test]
fn a_version_that_says_more_is_taken() {
    let done = notes(&released(), &["--version", "1.0.0"]);
    assert!(
        done.stdout.starts_with("## 1.0.0 - 2026-01-31\n"),
        "{done:?}"
    );
}

#[test]
fn a_release_of_code_alone_has_a_version_of_its_own() {
    let repository = released();
    // Not that of the workspace which these tests are of.
    let text = CHANGELOG.replace("## 0.1.0", "## 7.1.0");
    fs::write(repository.path("CHANGELOG.md"), text).expect("written");
    repository.commit("second");
    let done = notes(&repository, &["--since", "HEAD"]);
    assert!(
        done.stdout.starts_with("## 7.1.1 - 2026-01-31\n"),
        "{done:?}"
    );
    let done = notes(&repository, &["--since", "HEAD", "--version", "7.1.0"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}

#[test]
fn without_any_change_nothing_is_written() {
    let repository = released();
    notes(&repository, &["--write"]);
    repository.commit("second");
    repository.git(&["tag", "v0.2.0"]);
    let before = fs::read(repository.path("CHANGELOG.md")).expect("the changelog");
    let done = notes(&repository, &["--write"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.stderr.contains("nothing to release"), "{done:?}");
    let after = fs::read(repository.path("CHANGELOG.md")).expect("the changelog");
    assert_eq!(before, after);
}

#[test]
fn a_candidate_is_no_release() {
    let repository = released();
    repository.commit("second");
    repository.git(&["tag", "v0.2.0-rc.1"]);
    let done = notes(&repository, &[]);
    assert!(done.stderr.starts_with("since v0.1.0: "), "{done:?}");
}

#[test]
fn a_day_that_there_is_not_is_refused() {
    let repository = released();
    for date in [
        "2026-13-45",
        "2026-02-29",
        "2026-00-01",
        "2026-1-011",
        "+026-01-01",
    ] {
        let done = dated(&repository, date);
        assert_eq!(done.code, Some(2), "{done:?}");
    }
    assert_eq!(dated(&repository, "2028-02-29").code, Some(0));
}
