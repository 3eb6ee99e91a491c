//! `cargo xtask spec` as it is run: what it prints where, and how it ends.

use std::fs;
use std::path::PathBuf;

use crate::common::repository::Repository;
use crate::common::{Done, rich, run, xtask};
use serde_json::Value;

/// The rich document, and the same with something changed in it, in a folder of their own.
struct Documents {
    folder: tempfile::TempDir,
}

impl Documents {
    fn new(change: (&str, &str)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let old = fs::read_to_string(rich()).expect("a document");
        let new = old.replace(change.0, change.1);
        assert_ne!(old, new);
        fs::write(folder.path().join("old.yaml"), old).expect("written");
        fs::write(folder.path().join("new.yaml"), new).expect("written");
        Self { folder }
    }

    fn diff(&self, arguments: &[&str]) -> Done {
        let path = |name: &str| -> PathBuf { self.folder.path().join(name) };
        let mut command = xtask();
        command.args(["spec", "diff"]);
        command.arg(path("old.yaml")).arg(path("new.yaml"));
        run(command.args(arguments))
    }
}

fn additive() -> Documents {
    Documents::new(("enum: [in_stock, ", "enum: [in_stock, ordered, "))
}

fn breaking() -> Documents {
    Documents::new(("operationId: put_cover", "operationId: store_cover"))
}

#[test]
fn a_comparison_is_text_unless_asked_otherwise() {
    let done = additive().diff(&[]);
    assert_eq!(
        done.stdout,
        "additive\n  schema Status, value ordered is new\n      enums are open: a `match` has an arm for \
         other values; there is a variant `Ordered`\n\n1 additive: a patch step before 1.0, a minor step from there on\n"
    );
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_comparison_in_markdown_is_a_table() {
    let done = breaking().diff(&["--format", "markdown"]);
    assert_eq!(
        done.stdout,
        "**1 breaking: a minor step before 1.0, a major step from there on**\n\n### Breaking\n\n\
         | What | Change | Why |\n|---|---|---|\n\
         | operation `put_cover` | is called `store_cover` now | the method of `PUT /covers` has another name |\n"
    );
}

#[test]
fn a_comparison_in_json_names_kind_and_place() {
    let done = breaking().diff(&["--format", "json"]);
    let found: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(found["class"], "breaking");
    assert_eq!(found["step"]["before_1_0"], "minor");
    assert_eq!(found["changes"][0]["kind"], "operation-renamed");
    assert_eq!(found["changes"][0]["place"]["operation"], "put_cover");
}

#[test]
fn what_breaks_fails_if_that_is_asked_for() {
    assert_eq!(breaking().diff(&["--fail-on", "breaking"]).code, Some(1));
}

#[test]
fn what_does_not_break_does_not_fail() {
    assert_eq!(additive().diff(&["--fail-on", "breaking"]).code, Some(0));
}

#[test]
fn a_document_that_cannot_be_generated_is_not_compared() {
    let documents = Documents::new(("openapi: 3.0.3", "openapi: 2.9.0"));
    let done = documents.diff(&[]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.contains("unsupported-version"), "{done:?}");
}

#[test]
fn an_operation_that_cannot_be_generated_is_skipped_and_the_rest_compared() {
    let done = Documents::new((
        "'match': { type: boolean }",
        "'match': { type: array, items: { type: array, items: { type: boolean } } }",
    ))
    .diff(&[]);
    assert_eq!(
        done.stdout,
        "breaking\n  operation scan_cover is gone\n      `POST /covers` has no method any more\n\n\
         1 breaking: a minor step before 1.0, a major step from there on\n"
    );
    assert!(
        done.stderr
            .contains("skipped: `POST /covers` (operation `scan_cover`), because of"),
        "{done:?}"
    );
    assert!(
        done.stderr
            .ends_with("new.yaml: 1 operation not compared\n"),
        "{done:?}"
    );
    assert_eq!(done.code, Some(0));
}

#[test]
fn authentication_that_the_server_may_reject_is_part_of_the_summary() {
    let documents = Documents::new(("scheme: bearer", "scheme: basic"));
    let done = documents.diff(&["--fail-on", "breaking"]);
    let summary = done.stdout.lines().last().unwrap_or_default();
    assert_eq!(
        summary,
        "1 breaking: a minor step before 1.0, a major step from there on; authentication changed: what callers send may be \
         refused"
    );
    assert_eq!(done.code, Some(1));
}

#[test]
fn a_revision_is_compared_with_what_is_there() {
    let repository = Repository::new();
    repository.commit("first");
    repository.change("operationId: put_cover", "operationId: store_cover");
    let mut command = repository.xtask();
    let done = run(command.args(["spec", "diff", "git:HEAD", "spec/agents.yaml"]));
    assert!(
        done.stdout.contains("is called `store_cover` now"),
        "{done:?}"
    );
}

#[test]
fn another_file_of_a_revision_can_be_named() {
    let repository = Repository::new();
    repository.commit("first");
    let mut command = repository.xtask();
    let names = ["git:HEAD:spec/agents.yaml", "git:HEAD"];
    let done = run(command.args(["spec", "diff"]).args(names));
    assert_eq!(
        done.stdout, "nothing changed for callers of the client\n",
        "{done:?}"
    );
}

#[test]
fn a_revision_that_is_none_is_refused() {
    let repository = Repository::new();
    repository.commit("first");
    for name in ["git:nope", "git:", "git:--output=a", "git:HEAD:nope.yaml"] {
        let done = run(repository.xtask().args(["spec", "diff", name, "git:HEAD"]));
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(
            done.stderr.contains(&format!("`{name}` can't be read")),
            "{done:?}"
        );
    }
}

#[test]
fn our_own_document_is_linted_without_errors() {
    let done = run(xtask().args(["spec", "lint"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.starts_with("0 errors, "), "{done:?}");
}

#[test]
fn warnings_fail_if_that_is_asked_for() {
    let mut command = xtask();
    let done = run(command
        .args(["spec", "lint", "--fail-on", "warnings"])
        .arg(rich()));
    assert_eq!(done.code, Some(1), "{done:?}");
}

#[test]
fn findings_in_json_are_a_list() {
    let done = run(xtask()
        .args(["spec", "lint", "--format", "json"])
        .arg(rich()));
    let found: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let found = found.as_array().expect("a list");
    assert!(
        found
            .iter()
            .any(|found| found["code"] == "unnamed-schema" && found["line"] == 26)
    );
}

#[test]
fn what_codegen_refuses_lint_ends_as_codegen_does() {
    let done = run(xtask().args(["spec", "lint", "nowhere.yaml"]));
    assert_eq!(done.code, Some(2));
    assert!(
        done.stdout
            .starts_with("nowhere.yaml:1:1: error[unreadable-file]"),
        "{done:?}"
    );
}
