//! Any bytes as the text of a document: whatever they are, they are read or refused.

#![no_main]

#[path = "../../tests/generator/mutation.rs"]
mod mutation;

use libfuzzer_sys::fuzz_target;
use openapi_document::read::Document;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.yaml", "a.json"] {
        if let Ok(document) = Document::parse(name, bytes) {
            assert_eq!(mutation::complaint(&document), None);
        }
    }
});
