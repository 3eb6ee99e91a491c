//! A maintainer's edits of the document change the model of the client without a change to the generator.

use std::path::Path;

use openapi_client_gen::construct::construct;
use openapi_client_gen::render;
use openapi_document::read::Document;
use serde_json::{Value, json};
use similar::TextDiff;

const SPEC: &str = "../spec/agents.yaml";

/// The model of the document after an edit; what is rendered from it must be Rust.
fn model(edit: impl FnOnce(&mut Value)) -> String {
    let mut document = Document::open(Path::new(SPEC)).expect("the document");
    edit(&mut document.root);
    let api = construct(&document).expect("a model");
    render::module(&api, Some("crate::Context")).expect("a module");
    api.to_string()
}

/// The lines of the model that an edit removes and adds.
fn changes(edit: impl FnOnce(&mut Value)) -> String {
    let (before, after) = (model(|_| {}), model(edit));
    let diff = TextDiff::from_lines(&before, &after);
    let mut diff = diff.unified_diff();
    let lines = diff.context_radius(0).to_string();
    let changes = lines.lines().filter(|line| !line.starts_with("@@"));
    changes.map(|line| format!("{line}\n")).collect()
}

fn at<'a>(root: &'a mut Value, pointer: &str) -> &'a mut Value {
    root.pointer_mut(pointer).expect("a place in the document")
}

#[test]
fn an_enum_value_added_to_the_document_becomes_a_variant() {
    let changes = changes(|root| {
        let values = at(root, "/components/schemas/AgentStatus/enum");
        values
            .as_array_mut()
            .expect("a list")
            .push(json!("on-hold"));
    });
    // The other values are not quoted: a value that the document gains later changes nothing here.
    let (before, after) = changes.split_once('\n').expect("two lines");
    let values = before.strip_prefix("-enum AgentStatus = ");
    let values = values.and_then(|values| values.strip_suffix(" | ..."));
    let values = values.expect("an enum with unknown values");
    assert_eq!(
        after,
        format!("+enum AgentStatus = {values} | on-hold | ...\n")
    );
}

#[test]
fn a_field_added_to_the_document_becomes_a_field() {
    let changes = changes(|root| {
        at(root, "/components/schemas/AgentVersion/properties")["labels"] = json!({ "type": "array", "description": "Words to find it by.", "items": { "type": "string" } });
    });
    assert_eq!(changes, "+  labels?: [string]\n");
}

#[test]
fn an_operation_added_to_the_document_becomes_a_method() {
    let changes = changes(|root| {
        at(root, "/paths")["/api/v1/usage/{user_id}"] = json!({ "get": {
            "operationId": "get_usage",
            "summary": "Get usage",
            "parameters": [{ "name": "user_id", "in": "path", "required": true, "schema": { "$ref": "#/components/schemas/UserId" } }],
            "responses": { "200": { "description": "Usage.", "content": { "application/json": { "schema": { "type": "object" } } } } }
        } });
    });
    assert_eq!(
        changes,
        "+get_usage (idempotent): GET /api/v1/usage/{user_id}\n+  path user_id: UserId\n+  -> {json}\n+\n"
    );
}

#[test]
fn a_second_multipart_operation_becomes_a_second_builder_of_parts() {
    let changes = changes(|root| {
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
    assert_eq!(
        changes,
        "+upload_file: POST /api/v1/files\n+  body? multipart/form-data\n+    file: file\n+    note?: string\n\
         +  -> nothing\n+\n"
    );
}

/// The edited fixture is compiled with these tests, and called by `multipart.rs`.
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
