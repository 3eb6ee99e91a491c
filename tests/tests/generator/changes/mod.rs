//! The classes of changes, held against the compiler.
//!
//! Each case in `fixtures/changes` is a change of a small document, what is to be told of it, and a caller of the old
//! API; what can be set on a request has the same cases for each place that it can be in ([`inputs`]). Both sides of all
//! cases are generated as two crates. Callers of what is told to break have to fail to compile against the new one, each
//! by itself; all others have to compile, together; and where something is told to break when it runs, the caller is run
//! on both sides.

mod compiler;
mod constraints;
mod inputs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::common::rich;
use compiler::{Caller, Side, TOGETHER, build, results};
use openapi_changes::diff::{self, Change, Diff, Effect, Kind};
use openapi_document::read::Document;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The text that is replaced by the number of each case.
const PLACEHOLDER: &str = "42";

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    old: Value,
    new: Value,
    /// Every change, as [`in_words`] writes it.
    changes: Vec<String>,
    /// The body of a function that gets a client of the old API.
    caller: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/changes")
}

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

/// The document that every case starts from.
fn base() -> Value {
    let text = fs::read_to_string(folder().join("base.yaml")).expect("the base");
    serde_yaml::from_str(&text).expect("a document")
}

impl Case {
    /// The document before and after the change.
    fn documents(&self) -> (Value, Value) {
        let mut old = base();
        merge(&mut old, &self.old);
        let mut new = old.clone();
        merge(&mut new, &self.new);
        (old, new)
    }

    fn diff(&self) -> Diff {
        let (old, new) = self.documents();
        let document = |name, root: &Value| Document::parse(name, root.to_string());
        diff::documents(
            &document("old.json", &old).expect("a document"),
            &document("new.json", &new).expect("a document"),
        )
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
    }
}

/// Applies a JSON merge patch (RFC 7396), except that no patch changes nothing.
fn merge(target: &mut Value, patch: &Value) {
    match patch {
        Value::Null => {}
        Value::Object(members) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            for (name, patch) in members {
                if patch.is_null() {
                    target
                        .as_object_mut()
                        .and_then(|target| target.remove(name));
                } else {
                    merge(&mut target[name], patch);
                }
            }
        }
        value => *target = value.clone(),
    }
}

/// `breaking: schema Thing, field id is gone`.
fn in_words(change: &Change) -> String {
    let class = match change.effect {
        Effect::Build => "breaking",
        Effect::Run => "breaking when run",
        Effect::Server => "breaking at the server",
        Effect::More => "additive",
        Effect::None => "neutral",
    };
    format!(
        "{class}: {} {}",
        change.place.in_words(str::to_owned),
        change.what
    )
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
