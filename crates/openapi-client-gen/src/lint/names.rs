//! Enums, unions and objects without a name: their types are named after their location, so a type gets another name
//! once the location changes, and equal schemas at two locations become two types.

use serde_json::Value;

use crate::check::{Subject, error};
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::shape::Kind;
use openapi_document::view;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    let unnamed = subject.nodes(Kind::Schema);
    let unnamed = unnamed.filter(|schema| !is_named(schema.at));
    warnings.extend(unnamed.filter_map(|schema| {
        let noun = type_of(schema.value)?;
        let message = format!("this {noun} has no name; its type is called after where it stands");
        let hint = "move it to `components/schemas`, under a name, and refer to it";
        Some(error("unnamed-schema", schema.at, message, hint))
    }));
}

/// The kind of type that a schema becomes, if it becomes one.
fn type_of(schema: &Value) -> Option<&'static str> {
    let count = |keyword: &str| match &schema[keyword] {
        Value::Array(members) => members.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if count("enum") > 1 {
        Some("enum")
    } else if count("oneOf") > 1 || count("anyOf") > 1 {
        Some("union")
    } else if count("properties") > 0 || count("allOf") > 1 {
        Some("object")
    } else {
        None
    }
}

/// Whether a schema at this location has a name, or becomes no type of its own.
fn is_named(place: &str) -> bool {
    let Some(parent) = pointer::parent(place) else {
        return true;
    };
    // The branches of `allOf` are merged into an object, and the properties of a form are setters.
    let is_merged = parent.ends_with("/allOf");
    let media_type = pointer::last(parent);
    let is_form = place.ends_with("/schema") && view::essence(&media_type) == "multipart/form-data";
    view::is_component(place) || is_merged || is_form
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn a_schema_that_becomes_no_type_needs_no_name() {
        assert!(is_named("/components/schemas/Task"));
        assert!(is_named("/components/schemas/Task/allOf/0"));
        assert!(is_named(
            "/paths/~1a/post/requestBody/content/multipart~1form-data/schema"
        ));
        assert!(!is_named("/components/schemas/Task/properties/kind"));
        assert!(!is_named(
            "/paths/~1a/post/requestBody/content/application~1json/schema"
        ));
    }
}
