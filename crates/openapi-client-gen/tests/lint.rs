//! Constructs that are legal and make a poor client are reported, and nothing else is.

use openapi_client_gen::lint;
use openapi_document::read::Document;
use serde_json::{Value, json};

/// The codes and operations of what is told of a document with these paths and schemas.
fn told(paths: Value, schemas: Value) -> Vec<String> {
    let root = json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    let document = Document::parse("a.json", root.to_string()).expect("a document");
    lint::lint(&document)
        .iter()
        .map(|found| {
            let found = &found.diagnostic;
            let operation = found.operation.as_deref().unwrap_or("-");
            format!("{} {} {operation}", found.severity, found.code)
        })
        .collect()
}

/// An operation that nothing can be said against.
fn operation(answer: Value) -> Value {
    json!({
        "operationId": "get",
        "tags": ["things"],
        "summary": "Gets it",
        "responses": { "200": { "description": "It.", "content": { "application/json": { "schema": answer } } } },
    })
}

fn page() -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": { "type": "array", "items": { "type": "string" } },
            "next_cursor": { "type": "string" },
        },
    })
}

#[test]
fn a_document_without_fault_is_told_nothing() {
    let get = operation(json!({ "$ref": "#/components/schemas/Thing" }));
    let thing = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    assert_eq!(
        told(json!({ "/a": { "get": get } }), json!({ "Thing": thing })),
        [""; 0]
    );
}

#[test]
fn an_enum_in_place_has_no_name() {
    let thing = json!({ "type": "object", "properties": { "a": { "type": "string", "enum": ["b", "c"] } } });
    assert_eq!(
        told(json!({}), json!({ "Thing": thing })),
        ["warning unnamed-schema -"]
    );
}

#[test]
fn an_object_in_place_has_no_name() {
    let object = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    assert_eq!(
        told(json!({ "/a": { "get": operation(object) } }), json!({})),
        ["warning unnamed-schema get"]
    );
}

#[test]
fn a_composition_in_place_has_no_name() {
    let schemas = json!({ "A": { "type": "string" }, "B": { "type": "integer" } });
    for keyword in ["oneOf", "anyOf", "allOf"] {
        let two = json!({ keyword: [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] });
        let one = json!({ keyword: [{ "$ref": "#/components/schemas/A" }], "nullable": true });
        let found = told(json!({ "/a": { "get": operation(two) } }), schemas.clone());
        assert!(
            found.contains(&"warning unnamed-schema get".to_owned()),
            "{keyword}: {found:?}"
        );
        let found = told(json!({ "/a": { "get": operation(one) } }), schemas.clone());
        assert_eq!(found, [""; 0], "{keyword}");
    }
}

#[test]
fn the_tag_of_a_union_needs_no_name() {
    let thing =
        json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": ["b"] } } });
    assert_eq!(told(json!({}), json!({ "Thing": thing })), [""; 0]);
}

#[test]
fn an_operation_without_tag_and_words_is_told_of_twice() {
    let get = json!({ "operationId": "get", "summary": " ", "responses": { "204": { "description": "It." } } });
    assert_eq!(
        told(json!({ "/a": { "get": get } }), json!({})),
        [
            "warning untagged-operation get",
            "warning undescribed-operation get"
        ]
    );
}

#[test]
fn a_list_without_a_parameter_for_the_page_is_not_recognised() {
    let list = operation(json!({ "$ref": "#/components/schemas/Page" }));
    assert_eq!(
        told(json!({ "/a": { "get": list } }), json!({ "Page": page() })),
        ["warning unrecognised-paging get"]
    );
}

#[test]
fn a_list_whose_answer_does_not_tell_of_more_is_not_recognised() {
    let mut list = operation(json!({ "$ref": "#/components/schemas/Page" }));
    list["parameters"] =
        json!([{ "name": "cursor", "in": "query", "schema": { "type": "string" } }]);
    let mut page = page();
    page["properties"] = json!({ "data": page["properties"]["data"] });
    assert_eq!(
        told(json!({ "/a": { "get": list } }), json!({ "Page": page })),
        ["warning unrecognised-paging get"]
    );
}

#[test]
fn a_list_with_a_cursor_is_recognised() {
    let mut list = operation(json!({ "$ref": "#/components/schemas/Page" }));
    list["parameters"] =
        json!([{ "name": "cursor", "in": "query", "schema": { "type": "string" } }]);
    assert_eq!(
        told(json!({ "/a": { "get": list } }), json!({ "Page": page() })),
        [""; 0]
    );
}

/// The findings about the paging of `GET /api/users` with one query parameter and one field beside the items.
fn paging(parameter: &str, items: &str, field: &str, media_type: &str) -> Vec<String> {
    let mut list = operation(json!({ "$ref": "#/components/schemas/Page" }));
    list["parameters"] =
        json!([{ "name": parameter, "in": "query", "schema": { "type": "string" } }]);
    let content = list["responses"]["200"]["content"]["application/json"].take();
    list["responses"]["200"]["content"] = json!({ media_type: content });
    let page = json!({
        "type": "object",
        "properties": {
            items: { "type": "array", "items": { "type": "string" } },
            field: { "type": "string" },
        },
    });
    told(
        json!({ "/api/users": { "get": list } }),
        json!({ "Page": page }),
    )
}

#[test]
fn paging_is_recognised_by_words_not_by_letters() {
    let json = "application/json";
    for parameter in [
        "after",
        "pageToken",
        "starting_after",
        "page[number]",
        "NextToken",
        "$skip",
    ] {
        assert_eq!(
            paging(parameter, "data", "has_more", json),
            [""; 0],
            "{parameter}"
        );
    }
    for parameter in ["created_after", "homepage", "start_date", "limit"] {
        let found = paging(parameter, "data", "has_more", json);
        assert_eq!(found, ["warning unrecognised-paging get"], "{parameter}");
    }
    for field in ["account_id", "discount", "nextdoor"] {
        let found = paging("cursor", "data", field, json);
        assert_eq!(found, ["warning unrecognised-paging get"], "{field}");
    }
}

#[test]
fn a_list_may_be_called_after_what_it_lists_and_be_any_sort_of_json() {
    for media_type in ["application/json", "application/vnd.api+json"] {
        let found = paging("limit", "users", "has_more", media_type);
        assert_eq!(found, ["warning unrecognised-paging get"], "{media_type}");
        assert_eq!(paging("limit", "teams", "has_more", media_type), [""; 0]);
    }
}

#[test]
fn what_was_concluded_is_counted() {
    let thing = json!({
        "type": "object",
        "properties": {
            "a": { "type": "string", "x-evidence": "inferred" },
            "b": { "type": "string", "x-evidence": "inferred" },
        },
    });
    let root = json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": {},
        "components": { "schemas": { "Thing": thing } },
    });
    let document = Document::parse("a.json", root.to_string()).expect("a document");
    let found = lint::lint(&document);
    assert_eq!(
        found.first().map(|found| found.diagnostic.message.as_str()),
        Some("marked `x-evidence: inferred` from here on: 2 fields")
    );
}

#[test]
fn what_codegen_refuses_is_told_with_the_rest() {
    let get = json!({ "operationId": "get", "tags": ["a"], "summary": "b" });
    assert_eq!(
        told(json!({ "/a": { "get": get } }), json!({})),
        ["error invalid-structure get"]
    );
}
