//! Documents changed at random are generated or rejected with a code, and never end in a panic.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::common;
use crate::mutation::{Choices, complaint, corpus, garble, mutate};
use openapi_client_gen::codegen;
use openapi_document::read::Document;
use openapi_import as import;
use openapi_import::yaml;
use serde_json::{Value, json};

#[test]
fn no_change_of_a_document_breaks_the_generator() {
    let corpus = corpus(&common::workspace());
    let large = Document::open(&common::rich()).expect("a document").root;
    let mut broken = String::new();
    for seed in 1..=400_u64 {
        let mut choices = Choices::seeded(seed);
        let mut root = match seed % 50 {
            0 => large.clone(),
            _ => choices.pick(&corpus).clone(),
        };
        let changes: Vec<String> = (0..1 + choices.below(3))
            .map(|_| mutate(&mut root, &mut choices))
            .collect();
        let text = root.to_string();
        let document = Document::parse("changed.json", text).expect("JSON");
        if let Some(complaint) = complaint(&document) {
            writeln!(broken, "{seed}: {complaint}, after {changes:#?}").expect("a string");
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

#[test]
fn no_change_of_a_document_breaks_its_import() {
    let corpus = corpus(&common::workspace());
    let mut imported = 0;
    for seed in 1..=400_u64 {
        let mut choices = Choices::seeded(seed);
        let before = choices.pick(&corpus).clone();
        let mut after = before.clone();
        let changes: Vec<String> = (0..1 + choices.below(3))
            .map(|_| mutate(&mut after, &mut choices))
            .collect();
        let before = Document::parse("before.json", before.to_string()).expect("JSON");
        let before = yaml::write(&before.root, &|_| None);
        let before = Document::parse("before.yaml", before).expect("YAML");
        let after = Document::parse("after.json", after.to_string()).expect("JSON");
        let import = AssertUnwindSafe(|| import::import(after, Some(&before), None));
        let Ok(result) = catch_unwind(import) else {
            panic!("a panic at {seed}, after {changes:#?}");
        };
        if let Ok(result) = result {
            let written = Document::parse("written.yaml", result.text).expect("YAML");
            assert!(
                unordered(written.root) == unordered(result.document.root),
                "{seed}: {changes:#?}"
            );
            imported += 1;
        }
    }
    assert!(imported > 40, "{imported} is too few to say anything");
}

/// A value with the lists sorted that an import puts in the order of the old document.
fn unordered(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let mut value = unordered(value);
                if let Value::Array(items) = &mut value
                    && ["enum", "parameters", "required", "tags"].contains(&name.as_str())
                {
                    items.sort_by_key(Value::to_string);
                }
                (name, value)
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(unordered).collect(),
        other => other,
    }
}

fn crashes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/crashes")
}

/// Documents that once broke the generator, found by the runs and fuzz targets that CONTRIBUTING.md describes.
#[test]
fn no_document_that_broke_the_generator_breaks_it_again() {
    let mut tried = 0;
    for entry in std::fs::read_dir(crashes()).expect("a folder") {
        let path = entry.expect("a file").path();
        if let Ok(document) = Document::open(&path) {
            assert_eq!(complaint(&document), None, "{}", path.display());
        }
        tried += 1;
    }
    assert!(tried > 0);
}

#[test]
fn no_garbled_text_breaks_the_reader() {
    let yaml = std::fs::read_to_string(common::rich()).expect("the document");
    let json = Document::open(&common::rich())
        .expect("the document")
        .root
        .to_string();
    for (name, text) in [("a.yaml", yaml), ("a.json", json)] {
        for seed in 0..100 {
            let mut choices = Choices::seeded(seed);
            let mut bytes = text.clone().into_bytes();
            for _ in 0..1 + choices.below(3) {
                garble(&mut bytes, &mut choices);
            }
            if let Ok(document) = Document::parse(name, bytes) {
                assert_eq!(complaint(&document), None, "{name}, seed {seed}");
            }
        }
    }
}

#[test]
fn long_chains_of_schemas_do_not_exhaust_the_stack() {
    let links: [fn(&Value, usize) -> Value; 4] = [
        |next, _| next.clone(),
        |next, _| json!({ "type": "object", "required": ["a"], "properties": { "a": next } }),
        |next, _| json!({ "type": "array", "items": next }),
        |next, index| json!({ "allOf": [next, { "type": "object", "title": index.to_string() }] }),
    ];
    for link in links {
        let mut schemas = json!({ "S0": { "type": "object", "properties": {} } });
        for index in 1..600 {
            let next = json!({ "$ref": format!("#/components/schemas/S{}", index - 1) });
            schemas[format!("S{index}")] = link(&next, index);
        }
        let document = common::document_of(&schemas);
        assert_eq!(complaint(&document), None);
    }
}

#[test]
fn an_operation_id_of_signs_that_have_names_is_generated() {
    let document = Document::open(&crashes().join("signs_as_operation_ids.yaml"));
    let document = document.expect("a document");
    let generated = codegen::generate(&document, None).expect("a good document");
    for method in ["pub fn plus1(", "pub fn minus1("] {
        assert!(generated.files["client.rs"].contains(method), "{method}");
    }
}
