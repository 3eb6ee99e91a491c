//! Enums, unions and objects without a name: the type is called after the place where it stands, so it is called something else
//! once that place moves, and the same thing in two places is two types.

use serde_json::Value;

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::pointer;
use crate::shape::Kind;
use crate::view;

pub fn check(subject: &Subject<'_>, warnings: &mut Vec<Diagnostic>) {
    for (found, schema) in subject.nodes() {
        if found.kind != Kind::Schema || is_named(&found.pointer) {
            continue;
        }
        let Some(what) = type_of(schema) else {
            continue;
        };
        warnings.push(
            Diagnostic::error(
                "unnamed-schema",
                found.pointer.clone(),
                format!("this {what} has no name; its type is called after where it stands"),
            )
            .hint("move it to `components/schemas`, under a name, and refer to it"),
        );
    }
}

/// What type a schema becomes, if it becomes one.
fn type_of(schema: &Value) -> Option<&'static str> {
    let members = |keyword: &str| schema[keyword].as_array().map_or(0, Vec::len);
    let has_fields = || {
        let fields = schema["properties"].as_object();
        fields.is_some_and(|fields| !fields.is_empty())
    };
    if members("enum") > 1 {
        Some("enum")
    } else if members("oneOf") > 1 || members("anyOf") > 1 {
        Some("union")
    } else if has_fields() || members("allOf") > 1 {
        Some("object")
    } else {
        None
    }
}

/// Whether a schema at this place has a name, or becomes no type of its own.
fn is_named(place: &str) -> bool {
    let Some(parent) = pointer::parent(place) else {
        return true;
    };
    // What composes an object is merged into it, and the properties of a form are setters.
    let is_merged = parent.ends_with("/allOf");
    let is_form = place.ends_with("/schema")
        && parent
            .rsplit('/')
            .next()
            .is_some_and(|media_type| view::essence(&pointer::unescape(media_type)) == FORM);
    parent == "/components/schemas" || is_merged || is_form
}

const FORM: &str = "multipart/form-data";

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn what_becomes_no_type_needs_no_name() {
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
