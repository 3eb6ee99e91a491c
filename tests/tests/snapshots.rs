//! What is generated, for people to read: from each fixture, and for each operation and type of the real document.
//!
//! After a change that is meant, accept the new snapshots with `INSTA_UPDATE=always cargo test --test snapshots` and
//! read their diff.

mod excerpt;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use xtask::codegen::{self, Generated};
use xtask::emit::Options;
use xtask::read::Document;

/// Compares each text with its snapshot, and the names with the files in the folder: one too many is a failure too.
fn compare(group: &str, texts: &BTreeMap<String, String>) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(format!("snapshots/{group}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let differing: Vec<&String> = settings.bind(|| {
        texts
            .iter()
            .filter(|(name, text)| {
                let compare = || insta::assert_snapshot!(name.as_str(), text);
                catch_unwind(AssertUnwindSafe(compare)).is_err()
            })
            .map(|(name, _)| name)
            .collect()
    });
    assert!(differing.is_empty(), "snapshots/{group}: {differing:?}");

    let expected: BTreeSet<String> = texts.keys().map(|name| format!("{name}.snap")).collect();
    let found: BTreeSet<String> = fs::read_dir(Path::new("tests/snapshots").join(group))
        .expect("a folder of snapshots")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name in UTF-8")
        })
        .filter(|name| name.ends_with(".snap"))
        .collect();
    assert_eq!(
        found, expected,
        "snapshots/{group} must hold these and no others"
    );
}

/// The fixtures by name.
fn fixtures() -> BTreeMap<String, (Document, Generated)> {
    fs::read_dir("fixtures/features")
        .expect("the fixtures")
        .map(|entry| {
            let file = entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name in UTF-8");
            let path = format!("fixtures/features/{file}");
            let document = Document::parse(path.as_str(), fs::read(&path).expect("a fixture"))
                .expect("a document");
            let generated = codegen::lowered(&document, &Options::default()).expect("a client");
            let name = file.strip_suffix(".yaml").expect("a YAML file").to_owned();
            (name, (document, generated))
        })
        .collect()
}

fn real() -> Generated {
    let document = Document::open(Path::new("../spec/agents.yaml")).expect("the document");
    let options = Options {
        inner: Some("crate::Context".to_owned()),
    };
    codegen::lowered(&document, &options).expect("a client")
}

#[test]
fn each_fixture_generates_the_code_that_its_snapshot_shows() {
    let texts = fixtures()
        .into_iter()
        .map(|(name, (_, generated))| {
            let text = if name == "two_bodies" {
                excerpt::whole(&generated.files)
            } else {
                excerpt::outline(&generated.files)
            };
            (name, text)
        })
        .collect();
    compare("fixtures", &texts);
}

#[test]
fn each_fixture_is_rewritten_as_its_snapshot_explains() {
    let texts = fixtures()
        .into_iter()
        .map(|(name, (document, generated))| {
            let notes = generated.notes.iter().map(ToString::to_string);
            let lines: Vec<String> = notes.chain(generated.explain(&document)).collect();
            (name, lines.join("\n"))
        })
        .collect();
    compare("explain", &texts);
}

#[test]
fn each_operation_of_the_api_is_as_its_snapshot_shows() {
    compare("operations", &excerpt::operations(&real().files));
}

#[test]
fn each_type_of_the_api_is_as_its_snapshot_shows() {
    compare("types", &excerpt::types(&real().files));
}
