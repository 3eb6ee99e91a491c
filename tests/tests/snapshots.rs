//! Output of the generator for people to read: the model of each fixture, and the code of some fixtures.
//!
//! The code of the other fixtures is compiled and called by the tests of features, and the client of `spec/agents.yaml` is checked
//! in. After a change that is meant, accept the new snapshots with `INSTA_UPDATE=always cargo test --test snapshots` and read
//! their diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use openapi_client_gen::api::Api;
use openapi_client_gen::construct::construct;
use openapi_client_gen::render;
use openapi_document::read::Document;

/// The files of some fixtures that are shown, each for one thing to look at.
const SHOWN: [(&str, &str); 3] = [
    // `#[deprecated]`, `Debug` without private values, and constraints.
    ("deprecated", "types.rs"),
    ("private", "types.rs"),
    // An operation that is two methods.
    ("two_bodies", "client.rs"),
];

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
fn fixtures() -> BTreeMap<String, Document> {
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
            let name = file.strip_suffix(".yaml").expect("a YAML file").to_owned();
            (name, document)
        })
        .collect()
}

fn model(document: &Document) -> Api {
    construct(document).expect("a model")
}

#[test]
fn each_document_has_the_model_that_its_snapshot_shows() {
    let texts = fixtures()
        .into_iter()
        .map(|(name, document)| (name, model(&document).to_string()));
    compare("models", &texts.collect());
}

#[test]
fn the_code_of_some_fixtures_is_as_its_snapshot_shows() {
    let mut fixtures = fixtures();
    let texts = SHOWN.into_iter().map(|(name, file)| {
        let document = fixtures.remove(name).expect("a fixture");
        let files = render::module(&model(&document), None).expect("a module");
        (name.to_owned(), files[file].clone())
    });
    compare("code", &texts.collect());
}
