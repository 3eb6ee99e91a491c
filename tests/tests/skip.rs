//! The operations that `--skip-unsupported` skips, and those that it generates.

use openapi_client_gen::codegen::{self, Generated};
use openapi_client_gen::skip::{self, Skipped};
use openapi_document::diagnostic::Located;
use openapi_document::read::Document;

/// A document with operations that can be generated, and some that can't, each for another reason.
const MIXED: &str = r#"openapi: 3.0.3
info: { title: Mixed, version: "1" }
paths:
  /good: { get: { operationId: good, responses: { '200': { $ref: '#/components/responses/Good' } } } }
  /matrix/{id}:
    get:
      operationId: matrix
      parameters: [{ name: id, in: path, required: true, style: matrix, schema: { type: string } }]
      responses: { '204': { description: Done. } }
    delete:
      operationId: plain
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { '204': { description: Done. } }
  /bad: { get: { operationId: bad, responses: { '200': { $ref: '#/components/responses/Bad' } } } }
  /pattern: { get: { operationId: pattern, responses: { '200': { description: Ok., content: { application/json: { schema: { $ref: '#/components/schemas/Outer' } } } } } } }
components:
  responses:
    Good: { description: Ok., content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } }
    Bad: { description: Ok., content: { json: {} } }
  schemas:
    Thing: { type: object, properties: { name: { type: string } } }
    Outer: { type: object, properties: { inner: { $ref: '#/components/schemas/Inner' } } }
    Inner: { type: text }
    Unused: { type: nothing }
"#;

fn generate(text: &str) -> Result<(Generated, Vec<Skipped>), Vec<Located>> {
    let document = Document::parse("a.yaml", text).expect("YAML");
    skip::supported(&document, |document| codegen::generate(document, None))
}

fn mixed() -> (Generated, Vec<Skipped>) {
    generate(MIXED).expect("a client")
}

#[test]
fn what_can_be_generated_is() {
    let (generated, _) = mixed();
    let client = &generated.files["client.rs"];
    let has = |name: &str| client.contains(&format!("pub fn {name}("));
    assert_eq!(["good", "plain"].map(has), [true; 2]);
    assert_eq!(["matrix", "bad", "pattern"].map(has), [false; 3]);
}

#[test]
fn each_operation_that_is_skipped_is_named_with_place_and_reason() {
    let (_, skipped) = mixed();
    let said: Vec<String> = skipped
        .iter()
        .map(|skipped| {
            let causes: Vec<String> = skipped
                .causes
                .iter()
                .map(|cause| format!("{}:{}", cause.position.line, cause.diagnostic.code))
                .collect();
            let line = skipped.position.line;
            format!("{line} {} {} {causes:?}", skipped.operation, skipped.route)
        })
        .collect();
    assert_eq!(
        said,
        [
            r#"6 matrix GET /matrix/{id} ["8:unsupported-parameter"]"#,
            r#"14 bad GET /bad ["19:unsupported-media-type"]"#,
            r#"15 pattern GET /pattern ["23:unknown-type"]"#,
        ]
    );
}

#[test]
fn a_bad_schema_that_nothing_uses_is_no_obstacle() {
    let (generated, _) = mixed();
    let types = &generated.files["types.rs"];
    assert!(types.contains("pub struct Thing") && !types.contains("Unused"));
}

#[test]
fn a_document_without_problems_is_generated_whole() {
    let text = MIXED
        .replace("type: text", "type: string")
        .replace("nothing", "string");
    let text = text
        .replace("{ json:", "{ text/csv:")
        .replace(", style: matrix", "");
    let (generated, skipped) = generate(&text).expect("a client");
    assert!(skipped.is_empty());
    let document = Document::parse("a.yaml", text).expect("YAML");
    let strict = openapi_client_gen::codegen::generate(&document, None).expect("a client");
    assert_eq!(generated.files, strict.files);
}

#[test]
fn what_is_wrong_with_the_document_as_a_whole_is_an_error_all_the_same() {
    for (text, code) in [
        ("swagger: '2.0'\n".to_owned(), "unsupported-version"),
        (MIXED.replace(", version: \"1\"", ""), "invalid-structure"),
        (
            MIXED.replace("openapi: 3.0.3", "openapi: 3.0.3\nopenapi: 3.0.3"),
            "duplicate-key",
        ),
    ] {
        let problems = generate(&text).expect_err("an error");
        assert_eq!(problems[0].diagnostic.code, code);
    }
}

/// Schemas that no value is valid against, in one operation and in a schema that another needs.
const MIXED_3_1: &str = r#"openapi: 3.1.0
info: { title: Mixed, version: "1" }
paths:
  /good: { get: { operationId: good, responses: { '200': { description: Ok., content: { application/json: { schema: { type: [string, 'null'] } } } } } } }
  /never: { get: { operationId: never, responses: { '200': { description: Ok., content: { application/json: { schema: false } } } } } }
  /typeless: { get: { operationId: typeless, responses: { '200': { description: Ok., content: { application/json: { schema: { $ref: '#/components/schemas/Typeless' } } } } } } }
components:
  schemas:
    Typeless: { type: [] }
"#;

#[test]
fn schemas_without_values_are_skipped_by_operation() {
    let (generated, skipped) = generate(MIXED_3_1).expect("a client");
    assert!(generated.files["client.rs"].contains("pub fn good("));
    let said: Vec<(&str, usize)> = skipped
        .iter()
        .map(|skipped| (skipped.operation.as_str(), skipped.causes[0].position.line))
        .collect();
    assert_eq!(said, [("never", 5), ("typeless", 9)]);
}
