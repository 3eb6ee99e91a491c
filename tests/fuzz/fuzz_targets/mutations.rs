//! Bytes as choices: which document, and what to change in it. A fuzzer that knows nothing of OpenAPI gets past the reader
//! this way, to the stages behind it.

#![no_main]

#[path = "../../tests/generator/mutation.rs"]
mod mutation;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mutation::{Choices, complaint, corpus, mutate};
use serde_json::Value;
use openapi_document::read::Document;

/// More changes leave little to generate.
const CHANGES: usize = 8;

static CORPUS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    corpus(workspace.as_ref())
});

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::led_by(bytes, 0);
    let mut root = choices.pick(&CORPUS).clone();
    let mut changes = Vec::new();
    while choices.is_led() && changes.len() < CHANGES {
        changes.push(mutate(&mut root, &mut choices));
    }
    if let Ok(document) = Document::parse("changed.json", root.to_string()) {
        assert_eq!(complaint(&document), None, "after {changes:#?}\n{root}");
    }
});
