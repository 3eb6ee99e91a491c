//! Notes about names that are not those of the document, because another thing has the name.

use crate::api::{Api, Content, Operation, Shape, TypeDef};
use crate::diagnostic::Diagnostic;
use crate::names;
use crate::pointer;

/// A note for each name of the document that became another one in Rust.
#[must_use]
pub fn notes(api: &Api) -> Vec<Diagnostic> {
    let types = api.types.iter().flat_map(of_type);
    types
        .chain(api.operations.iter().flat_map(of_operation))
        .collect()
}

fn note(place: String, what: &str, name: &str, rust: &str, wanted: &str) -> Diagnostic {
    let message = format!(
        "the {what} `{name}` becomes `{rust}`: there is another `{wanted}`, or Rust reserves it"
    );
    Diagnostic::error("name-collision", place, message).note()
}

const NOT_SENT: &str = "rename it to choose another name, which does not go over the wire";
const SENT: &str =
    "another one keeps this name; the names in requests and responses are not changed";

fn of_type(definition: &TypeDef) -> Vec<Diagnostic> {
    let origin = &definition.origin;
    let mut notes = Vec::new();
    let component = origin.strip_prefix("/components/schemas/");
    if let Some(name) = component.filter(|name| !name.contains('/')) {
        let name = pointer::unescape(name);
        let wanted = names::type_name(&name);
        // The type for requests, where a schema has two types.
        let of_requests = names::type_name(&format!("{name} request"));
        let is = |wanted: &str| definition.name.eq_ignore_ascii_case(wanted);
        if !is(&wanted) && !is(&of_requests) {
            let note = note(origin.clone(), "schema", &name, &definition.name, &wanted);
            notes.push(note.hint(NOT_SENT));
        }
    }
    let members = |keyword: &str| pointer::join(origin, keyword);
    match &definition.shape {
        Shape::Struct(object) => notes.extend(object.fields.iter().filter_map(|field| {
            let wanted = names::value_name(&field.key);
            let place = pointer::join(&members("properties"), &field.key);
            (field.name != wanted)
                .then(|| note(place, "property", &field.key, &field.name, &wanted).hint(SENT))
        })),
        Shape::Enum(values) => notes.extend(values.variants.iter().filter_map(|variant| {
            let wanted = names::type_name(&variant.value);
            let is_numbered = variant.name.strip_prefix(&wanted).is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            });
            is_numbered.then(|| {
                note(
                    members("enum"),
                    "value",
                    &variant.value,
                    &variant.name,
                    &wanted,
                )
                .hint(SENT)
            })
        })),
        Shape::Union(_) | Shape::Newtype(_) => {}
    }
    notes
}

fn of_operation(operation: &Operation) -> Vec<Diagnostic> {
    let (origin, id) = (&operation.origin, &operation.id);
    let mut notes = Vec::new();
    let wanted = names::operation_value_name(id);
    if operation.name != wanted || names::is_keyword(id) {
        let wanted = wanted.trim_end_matches('_');
        let note = note(origin.clone(), "operation", id, &operation.name, wanted);
        notes.push(note.hint(NOT_SENT));
    }
    let parameters = operation.parameters.iter().map(|parameter| {
        let what = format!("{} parameter", parameter.location.keyword());
        (what, &parameter.key, &parameter.name)
    });
    let parts = match operation.body.as_ref().map(|body| &body.content) {
        Some(Content::Multipart(parts)) => &parts[..],
        _ => &[],
    };
    let parts = parts
        .iter()
        .map(|part| ("part".to_owned(), &part.key, &part.name));
    for (what, key, name) in parameters.chain(parts) {
        let wanted = names::value_name(key);
        if *name != wanted {
            let note = note(origin.clone(), &what, key, name, &wanted);
            notes.push(note.operation(id.clone()).hint(SENT));
        }
    }
    notes
}
