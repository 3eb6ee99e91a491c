//! Schemas of multipart bodies. Their parts are setters of a builder, so a type of their own would only mislead.

use std::collections::BTreeSet;

use openapi_document::schema;
use openapi_document::shape::Found;

/// The JSON pointers of the component schemas that multipart bodies refer to, and nothing else.
pub fn only_forms(found: &[Found]) -> BTreeSet<String> {
    let (mut forms, mut others) = (BTreeSet::new(), BTreeSet::new());
    for found in found {
        let users = match is_form(&found.pointer) {
            true => &mut forms,
            false => &mut others,
        };
        users.extend(
            found
                .target()
                .and_then(schema::component)
                .map(str::to_owned),
        );
    }
    &forms - &others
}

/// Whether this is the schema of a multipart body.
fn is_form(pointer: &str) -> bool {
    let mut tokens = pointer.rsplit('/');
    tokens.next() == Some("schema")
        && tokens
            .next()
            .is_some_and(|media_type| media_type.starts_with("multipart~1form-data"))
        && tokens.next() == Some("content")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::only_forms;
    use openapi_document::shape::Walk;

    #[test]
    fn a_schema_that_anything_else_refers_to_has_a_type() {
        let body = |media_type: &str, name: &str| {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
            json!({ "requestBody": { "content": { media_type: { "schema": schema } } } })
        };
        let form = "multipart/form-data; charset=utf-8";
        let root = json!({
            "paths": {
                "/a": { "post": body(form, "Upload"), "put": body(form, "Shared") },
                "/b": { "post": body("application/json", "Shared"), "put": body(form, "Nested") },
            },
            "components": { "schemas": {
                "Upload": { "properties": { "part": { "$ref": "#/components/schemas/Part" } } },
                "Shared": {}, "Part": {}, "Unused": {},
                "Nested": { "properties": { "again": { "$ref": "#/components/schemas/Nested" } } },
            } },
        });
        let names: Vec<String> = only_forms(&Walk::document(&root).found)
            .into_iter()
            .collect();
        assert_eq!(names, ["/components/schemas/Upload"]);
    }
}
