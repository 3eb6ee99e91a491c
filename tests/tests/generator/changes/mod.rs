//! The classes of changes, held against the compiler.
//!
//! Each case in `fixtures/changes` is a change of a small document, what is to be told of it, and a caller of the old
//! API; what can be set on a request has the same cases for each place that it can be in ([`inputs`]). Both sides of all
//! cases are generated as two crates. Callers of what is told to break have to fail to compile against the new one, each
//! by itself; all others have to compile, together; and where something is told to break when it runs, the caller is run
//! on both sides.

mod case;
mod compiler;
mod constraints;
mod inputs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use crate::common::rich;
use case::{Case, folder, in_words, merge};
use compiler::{Caller, Side, TOGETHER, build, results};
use openapi_changes::diff::{self, Diff, Effect, Kind};
use openapi_document::read::Document;
use serde_json::Value;

/// The text that is replaced by the number of each case.
const PLACEHOLDER: &str = "42";

/// All cases, by what happens in them, with what is told of each.
fn cases() -> &'static [(String, Case, Diff)] {
    static CASES: LazyLock<Vec<(String, Case, Diff)>> = LazyLock::new(|| {
        let files = ["documents", "operations", "requests", "fields", "schemas"].map(|name| {
            let path = folder().join(format!("{name}.yaml"));
            let text = fs::read_to_string(path).expect("the cases");
            serde_yaml::from_str::<BTreeMap<String, Case>>(&text).expect("cases")
        });
        let cases = files.into_iter().flatten();
        cases
            .chain(inputs::cases())
            .map(|(name, case)| {
                let diff = case.diff();
                (name, case, diff)
            })
            .collect()
    });
    &CASES
}

fn has(diff: &Diff, effect: Effect) -> bool {
    diff.changes.iter().any(|change| change.effect == effect)
}

#[test]
fn each_change_is_told_in_the_words_of_the_api() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|(name, case, diff)| {
            let found: Vec<String> = diff.changes.iter().map(in_words).collect();
            (found != case.changes).then(|| format!("{name}: {found:#?}, not {:#?}", case.changes))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_of_change_has_a_case() {
    let seen: BTreeSet<Kind> = cases()
        .iter()
        .flat_map(|(_, _, diff)| diff.changes.iter().map(|change| change.kind))
        .collect();
    let missing: Vec<&Kind> = Kind::ALL
        .iter()
        .filter(|kind| !seen.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_document_is_no_change_of_itself() {
    let document = Document::open(&rich()).expect("a document");
    let diff = diff::documents(&document, &document).expect("an API");
    assert_eq!(
        diff.changes.iter().map(in_words).collect::<Vec<_>>(),
        [""; 0]
    );
}

#[test]
fn the_compiler_agrees() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (mut old, mut new) = (Side::default(), Side::default());
    let mut breaking = BTreeSet::new();
    for (index, (_, case, diff)) in cases().iter().enumerate() {
        let number = (1000 + index).to_string();
        let numbered = |value: &Value| -> Value {
            let text = value.to_string().replace(PLACEHOLDER, &number);
            serde_json::from_str(&text).expect("JSON")
        };
        let (before, after) = case.documents();
        merge(&mut old.document, &numbered(&before));
        merge(&mut new.document, &numbered(&after));
        let name = format!("case_{number}");
        let caller = Caller {
            code: case.caller.replace(PLACEHOLDER, &number),
            title: name.clone(),
        };
        if has(diff, Effect::Build) {
            breaking.insert(name.clone());
            new.alone.push(caller.clone());
        } else {
            new.together.push(caller.clone());
        }
        if has(diff, Effect::Run) && !has(diff, Effect::Build) {
            old.run.push(name.clone());
            new.run.push(name);
        }
        old.together.push(caller);
    }
    let old = old.write(&scratch.path().join("old"));

    assert_eq!(build(&old), BTreeMap::new(), "callers of the old API");
    assert_eq!(results(&old), "", "none of them is refused");

    // Both have one target folder, in which what was written later is built again.
    let new = new.write(&scratch.path().join("new"));
    let failed = build(&new);
    let names: BTreeSet<String> = failed.keys().cloned().collect();
    assert_eq!(
        names,
        breaking,
        "{}",
        failed.get(TOGETHER).map_or("", String::as_str)
    );
    let refused: Vec<String> = results(&new).lines().map(str::to_owned).collect();
    let expected = fs::read_to_string(new.join("run")).expect("the list");
    assert_eq!(
        refused,
        expected.lines().collect::<Vec<_>>(),
        "all of them are refused"
    );
}
