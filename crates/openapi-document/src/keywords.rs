//! The keywords of schemas, and what a generated client does with each.

use serde_json::Value;

/// The role of a keyword in a generated client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Documentation, or nothing.
    Annotation,
    /// The keyword decides which type a value has.
    Type,
    /// Values are checked before they are sent.
    Checked,
    /// Values that it forbids are sent: a note says so.
    Unchecked,
    /// It is checked in its common form, and a note says so of others.
    Partly,
}

/// The role of a keyword of JSON Schema 2020-12, of the drafts that OpenAPI 3.0 is based on, or of OpenAPI. One that none of
/// them has is documentation at most.
pub fn role(keyword: &str) -> Option<Role> {
    Some(match keyword {
        "$comment" | "$schema" | "$vocabulary" | "contentEncoding" | "contentMediaType"
        | "contentSchema" | "default" | "deprecated" | "description" | "example" | "examples"
        | "externalDocs" | "title" | "xml" => Role::Annotation,
        // Enums are open.
        "$anchor" | "$defs" | "$dynamicAnchor" | "$id" | "$ref" | "allOf" | "anyOf"
        | "definitions" | "discriminator" | "enum" | "format" | "items" | "nullable" | "oneOf"
        | "properties" | "readOnly" | "required" | "type" | "writeOnly" => Role::Type,
        // `additionalProperties: false` is checked, and a schema is the type of further members.
        "additionalProperties" => Role::Checked,
        "const" | "exclusiveMaximum" | "exclusiveMinimum" | "maxItems" | "maxLength"
        | "maxProperties" | "maximum" | "minItems" | "minLength" | "minProperties" | "minimum"
        | "multipleOf" | "pattern" | "uniqueItems" => Role::Checked,
        "$dynamicRef"
        | "contains"
        | "dependencies"
        | "dependentRequired"
        | "dependentSchemas"
        | "else"
        | "if"
        | "maxContains"
        | "minContains"
        | "not"
        | "prefixItems"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Role::Unchecked,
        "patternProperties" | "propertyNames" => Role::Partly,
        _ => return None,
    })
}

/// The keywords of a schema that forbid values which are sent.
pub fn unchecked(schema: &Value) -> impl Iterator<Item = &str> {
    let keywords = schema.as_object().into_iter().flatten();
    let keywords = keywords.map(|(keyword, _)| keyword.as_str());
    keywords.filter(|keyword| match role(keyword) {
        Some(Role::Unchecked) => true,
        Some(Role::Partly) if *keyword == "propertyNames" => !constrains_text(schema),
        Some(Role::Partly) => !is_only_pattern(schema),
        _ => false,
    })
}

/// Whether the properties that match one pattern are the only ones without a name.
fn is_only_pattern(schema: &Value) -> bool {
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    patterns.is_some_and(|patterns| {
        let mut names = patterns.keys();
        match (names.next(), names.next()) {
            (Some(name), None) => is_closed || matches!(&**name, "" | ".*" | "^.*$"),
            _ => false,
        }
    })
}

/// Whether `propertyNames` has no other keywords than those that are checked of a text.
fn constrains_text(schema: &Value) -> bool {
    const TEXT: [&str; 5] = ["type", "format", "pattern", "minLength", "maxLength"];
    let names = schema.get("propertyNames").and_then(Value::as_object);
    names.is_some_and(|names| {
        let mut keywords = names.keys();
        keywords.all(|keyword| {
            let is_annotation = role(keyword) == Some(Role::Annotation);
            is_annotation || keyword.starts_with("x-") || TEXT.contains(&&**keyword)
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Role, role, unchecked};
    use crate::shape::{Kind, Version, fields_in};

    #[test]
    fn each_field_of_a_schema_has_a_role() {
        for (name, ..) in fields_in(Kind::Schema, Version::V31) {
            assert!(role(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_keyword_that_is_not_checked_is_reported() {
        for (keyword, ..) in fields_in(Kind::Schema, Version::V31) {
            let schema = json!({ keyword: {} });
            let is_reported = unchecked(&schema).eq([keyword]);
            match role(keyword) {
                Some(Role::Partly) => {}
                role => assert_eq!(is_reported, role == Some(Role::Unchecked), "{keyword}"),
            }
        }
    }

    #[test]
    fn a_keyword_that_is_checked_in_its_common_form_is_reported_in_others() {
        let checked = [
            json!({ "propertyNames": { "maxLength": 8, "description": "A name." } }),
            json!({ "patternProperties": { ".*": {} } }),
            json!({ "patternProperties": { "^x-": {} }, "additionalProperties": false }),
        ];
        let others = [
            json!({ "propertyNames": { "$ref": "#/components/schemas/Name" } }),
            json!({ "propertyNames": { "enum": ["a"] } }),
            json!({ "propertyNames": false }),
            json!({ "patternProperties": { "^x-": {} } }),
        ];
        let is_reported = |schema: &Value| unchecked(schema).next().is_some();
        assert_eq!(checked.each_ref().map(is_reported), [false; 3]);
        assert_eq!(others.each_ref().map(is_reported), [true; 4]);
    }
}
