//! The keywords of schemas, and what a generated client does with each.

use serde_json::Value;

/// The role of a keyword in a generated client.
#[derive(Clone, Copy, Debug)]
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
    Partly(fn(&Value) -> bool),
}

/// Each keyword of JSON Schema 2020-12, of the drafts that OpenAPI 3.0 is based on, and of OpenAPI.
pub const KEYWORDS: &[(&str, Role)] = &[
    ("$anchor", Role::Type),
    ("$comment", Role::Annotation),
    ("$defs", Role::Type),
    ("$dynamicAnchor", Role::Type),
    ("$dynamicRef", Role::Unchecked),
    ("$id", Role::Type),
    ("$ref", Role::Type),
    ("$schema", Role::Annotation),
    ("$vocabulary", Role::Annotation),
    // `false` is checked, and a schema is the type of further members.
    ("additionalProperties", Role::Checked),
    ("allOf", Role::Type),
    ("anyOf", Role::Type),
    ("const", Role::Checked),
    ("contains", Role::Unchecked),
    ("contentEncoding", Role::Annotation),
    ("contentMediaType", Role::Annotation),
    ("contentSchema", Role::Annotation),
    ("default", Role::Annotation),
    ("definitions", Role::Type),
    ("dependencies", Role::Unchecked),
    ("dependentRequired", Role::Unchecked),
    ("dependentSchemas", Role::Unchecked),
    ("deprecated", Role::Annotation),
    ("description", Role::Annotation),
    ("discriminator", Role::Type),
    ("else", Role::Unchecked),
    // Enums are open.
    ("enum", Role::Type),
    ("example", Role::Annotation),
    ("examples", Role::Annotation),
    ("exclusiveMaximum", Role::Checked),
    ("exclusiveMinimum", Role::Checked),
    ("externalDocs", Role::Annotation),
    ("format", Role::Type),
    ("if", Role::Unchecked),
    ("items", Role::Type),
    ("maxContains", Role::Unchecked),
    ("maxItems", Role::Checked),
    ("maxLength", Role::Checked),
    ("maxProperties", Role::Checked),
    ("maximum", Role::Checked),
    ("minContains", Role::Unchecked),
    ("minItems", Role::Checked),
    ("minLength", Role::Checked),
    ("minProperties", Role::Checked),
    ("minimum", Role::Checked),
    ("multipleOf", Role::Checked),
    ("not", Role::Unchecked),
    ("nullable", Role::Type),
    ("oneOf", Role::Type),
    ("pattern", Role::Checked),
    ("patternProperties", Role::Partly(is_only_pattern)),
    ("prefixItems", Role::Unchecked),
    ("properties", Role::Type),
    ("propertyNames", Role::Partly(constrains_text)),
    ("readOnly", Role::Type),
    ("required", Role::Type),
    ("then", Role::Unchecked),
    ("title", Role::Annotation),
    ("type", Role::Type),
    ("unevaluatedItems", Role::Unchecked),
    ("unevaluatedProperties", Role::Unchecked),
    ("uniqueItems", Role::Checked),
    ("writeOnly", Role::Type),
    ("xml", Role::Annotation),
];

/// Whether a keyword has a meaning for values. One that neither JSON Schema nor OpenAPI has is documentation at most.
pub fn is_assertion(keyword: &str) -> bool {
    let known = KEYWORDS.binary_search_by_key(&keyword, |(known, _)| known);
    known.is_ok_and(|index| !matches!(KEYWORDS[index].1, Role::Annotation))
}

/// The keywords of a schema that forbid values which are sent.
pub fn unchecked(schema: &Value) -> impl Iterator<Item = &'static str> {
    let unchecked = KEYWORDS
        .iter()
        .filter(|(keyword, role)| match (schema.get(keyword), role) {
            (Some(_), Role::Unchecked) => true,
            (Some(_), Role::Partly(is_checked)) => !is_checked(schema),
            _ => false,
        });
    unchecked.map(|(keyword, _)| *keyword)
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
            let mut known = KEYWORDS.iter();
            let is_annotation =
                known.any(|(name, role)| name == keyword && matches!(role, Role::Annotation));
            is_annotation || keyword.starts_with("x-") || TEXT.contains(&&**keyword)
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{KEYWORDS, Role, unchecked};
    use crate::shape::{Kind, Version, fields_in};

    #[test]
    fn each_keyword_of_a_schema_has_a_role_and_one_only() {
        for (name, ..) in fields_in(Kind::Schema, Version::V31) {
            let roles = KEYWORDS.iter().filter(|(keyword, _)| *keyword == name);
            assert_eq!(roles.count(), 1, "{name}");
        }
        assert!(KEYWORDS.is_sorted_by_key(|(keyword, _)| *keyword));
    }

    #[test]
    fn a_keyword_that_is_not_checked_is_reported() {
        for (keyword, role) in KEYWORDS {
            let schema = json!({ *keyword: {} });
            let is_reported = unchecked(&schema).any(|unchecked| unchecked == *keyword);
            let may_be = matches!(role, Role::Unchecked | Role::Partly(_));
            assert!(!is_reported || may_be, "{keyword}");
            assert!(is_reported || !matches!(role, Role::Unchecked), "{keyword}");
        }
        let names = |schema| json!({ "propertyNames": schema });
        for (schema, is_reported) in [
            (
                names(json!({ "maxLength": 8, "description": "A name." })),
                false,
            ),
            (names(json!({ "$ref": "#/components/schemas/Name" })), true),
            (names(json!({ "enum": ["a"] })), true),
            (names(json!(false)), true),
            (json!({ "patternProperties": { "^x-": {} } }), true),
            (json!({ "patternProperties": { ".*": {} } }), false),
            (
                json!({ "patternProperties": { "^x-": {} }, "additionalProperties": false }),
                false,
            ),
        ] {
            assert_eq!(unchecked(&schema).next().is_some(), is_reported, "{schema}");
        }
    }
}
