//! A maintainer's edits of the document regenerate the client without a change to the generator.

use std::path::Path;

use serde_json::{Value, json};
use xtask::codegen::{self, Files};
use xtask::emit::Options;
use xtask::output;
use xtask::read::Document;

const SPEC: &str = "../spec/agents.yaml";

fn generate(edit: impl FnOnce(&mut Value)) -> Files {
    let mut document = Document::open(Path::new(SPEC)).expect("the document");
    edit(&mut document.root);
    let options = Options {
        inner: Some("crate::Context".to_owned()),
    };
    codegen::lowered(&document, &options)
        .expect("a client")
        .files
}

/// Compares the unified diff that an edit makes with its snapshot; what it makes must still be Rust.
fn compare(name: &str, edit: impl FnOnce(&mut Value)) {
    let after = generate(edit);
    for (path, text) in &after {
        syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let before = folder.path().join("generated");
    output::write(&before, &generate(|_| {})).expect("the client as it is");
    let stale = output::compare(&before, &after).expect("a comparison");
    let diff: String = stale.iter().map(|file| file.diff.as_str()).collect();

    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("snapshots/edits");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, diff));
}

fn at<'a>(root: &'a mut Value, pointer: &str) -> &'a mut Value {
    root.pointer_mut(pointer).expect("a place in the document")
}

#[test]
fn an_enum_value_added_to_the_document_becomes_a_variant() {
    compare("enum_value", |root| {
        let values = at(root, "/components/schemas/AgentStatus/enum");
        values
            .as_array_mut()
            .expect("a list")
            .push(json!("on-hold"));
    });
}

#[test]
fn a_field_added_to_the_document_becomes_a_field() {
    compare("field", |root| {
        at(root, "/components/schemas/AgentVersion/properties")["labels"] = json!({ "type": "array", "description": "Words to find it by.", "items": { "type": "string" } });
    });
}

#[test]
fn an_operation_added_to_the_document_becomes_a_method() {
    compare("operation", |root| {
        at(root, "/paths")["/api/v1/usage/{user_id}"] = json!({ "get": {
            "operationId": "get_usage",
            "summary": "Get usage",
            "parameters": [{ "name": "user_id", "in": "path", "required": true, "schema": { "$ref": "#/components/schemas/UserId" } }],
            "responses": { "200": { "description": "Usage.", "content": { "application/json": { "schema": { "type": "object" } } } } }
        } });
    });
}

#[test]
fn a_second_multipart_operation_becomes_a_second_builder_of_parts() {
    compare("multipart_operation", |root| {
        at(root, "/paths")["/api/v1/files"] = json!({ "post": {
            "operationId": "upload_file",
            "requestBody": { "content": { "multipart/form-data": { "schema": {
                "type": "object",
                "required": ["file"],
                "properties": { "file": { "type": "string", "format": "binary" }, "note": { "type": "string" } }
            } } } },
            "responses": { "204": { "description": "Stored." } }
        } });
    });
}

/// The edited fixture is compiled with these tests, and called by `features_multipart.rs`.
#[test]
fn the_edited_fixture_is_the_other_one_with_all_four_edits() {
    let open = |name: &str| {
        let path = format!("fixtures/features/{name}.yaml");
        Document::open(Path::new(&path)).expect("a fixture").root
    };
    let (mut root, edited) = (open("two_bodies"), open("two_bodies_edited"));
    for path in ["/jobs/{job_id}", "/jobs/{job_id}/message"] {
        at(&mut root, "/paths")[path] = edited["paths"][path].clone();
    }
    let speeds = at(
        &mut root,
        "/components/schemas/RunOptions/properties/speed/enum",
    );
    speeds.as_array_mut().expect("a list").push(json!("steady"));
    at(&mut root, "/components/schemas/Run/properties")["cost"] =
        json!({ "type": "number", "description": "What it cost." });
    assert_eq!(root, edited);
}
