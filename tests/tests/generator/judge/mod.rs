//! Progenitor as the judge: its clients and ours send the same requests, but for differences that have a reason.
//!
//! The documents are `spec/agents.yaml`, the fixtures of the workspace and those of `fixtures/judge`, each as it is. `tests/wild/run --judge` does
//! the same with public documents.

pub mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::workspace;
use openapi_document::read::Document;
use trial::rules;

/// The documents that overflow the stack of typify, which ends the process.
const OVERFLOWING: [&str; 3] = ["combined_unions", "inheritance", "shared_fields"];

/// The documents whose client by progenitor does not compile, and the reasons.
const UNCOMPILED: [(&str, &str); 5] = [
    ("compositions", "two types of one name"),
    ("inline_names", "two types of one name"),
    ("odd_names", "a name that it uses itself"),
    ("shadowing_names", "two types of one name"),
    ("unknown_fields", "two fields of one name"),
];

fn paths() -> Vec<PathBuf> {
    let fixtures = workspace().join("tests/fixtures");
    let folders = [
        fixtures.join("features"),
        fixtures.join("values"),
        fixtures.join("judge"),
    ];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .chain([workspace().join("spec/agents.yaml")])
        .collect();
    paths.sort();
    paths
}

#[test]
fn requests_are_those_of_progenitor_but_for_reasons() {
    let mut documents = Vec::new();
    for path in paths() {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let is_uncompiled = UNCOMPILED.iter().any(|(uncompiled, _)| *uncompiled == name);
        if !is_uncompiled && !OVERFLOWING.contains(&&*name) {
            let document = Document::open(&path).expect("a document");
            documents.push((name.into_owned(), document));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    let lock = workspace().join("Cargo.lock");
    let report = trial::run(&documents, folder.path(), &target, &lock);
    println!("{report}");

    assert!(report.faults.is_empty(), "{report}");
    let unused = rules::RULES.iter().map(|rule| rule.reason);
    let unused: Vec<&str> = unused
        .filter(|reason| !report.reasons.contains_key(reason))
        .collect();
    assert_eq!(unused, [""; 0], "reasons without a difference");
    assert!(report.accepted.len() >= 16, "{report}");
    assert!(report.requests >= 140, "{report}");
}
