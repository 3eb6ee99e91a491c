//! Paths, documents and processes that the tests share.

use std::path::{Path, PathBuf};

use openapi_document::read::Document;
use serde_json::{Value, json};

/// The workspace's root.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder above the package")
        .to_path_buf()
}

/// A document that uses what the generator supports.
pub fn rich() -> PathBuf {
    workspace().join("tests/fixtures/rich.yaml")
}

/// A document of schemas alone.
pub fn document_of(schemas: &Value) -> Document {
    let root = json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": {},
        "components": { "schemas": schemas },
    });
    Document::parse("schemas.json", root.to_string()).expect("JSON")
}
