//! Notes about names that are not those of the document, because another thing has the name.

use crate::api::{Api, Field, Operation, Shape, TypeDef, Variant};
use crate::names;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::pointer;
use openapi_document::view;

const NOT_SENT: &str = "rename it to choose another name, which does not go over the wire";
const SENT: &str =
    "another one keeps this name; the names in requests and responses are not changed";

/// A note for each name of the document that became another one in Rust.
#[must_use]
pub fn notes(api: &Api) -> Vec<Diagnostic> {
    let types = api.types.iter();
    let types = types.flat_map(|definition| {
        let members = of_members(definition).into_iter();
        of_schema(definition).into_iter().chain(members)
    });
    let operations = api.operations.iter();
    let operations = operations.flat_map(|operation| {
        let inputs = of_inputs(operation).into_iter();
        of_operation(operation).into_iter().chain(inputs)
    });
    types.chain(operations).collect()
}

fn note(place: String, noun: &str, name: &str, rust: &str, wanted: &str) -> Diagnostic {
    let message = format!(
        "the {noun} `{name}` becomes `{rust}`: there is another `{wanted}`, or Rust reserves it"
    );
    Diagnostic::error("name-collision", place, message).note()
}

/// The note of a name that is sent as it is.
fn sent(place: String, noun: &str, key: &str, name: &str) -> Option<Diagnostic> {
    let wanted = names::value_name(key);
    (*name != wanted).then(|| note(place, noun, key, name, &wanted).hint(SENT))
}

fn of_schema(definition: &TypeDef) -> Option<Diagnostic> {
    let (origin, rust) = (&definition.origin, &definition.name);
    let name = view::is_component(origin).then(|| pointer::last(origin))?;
    let wanted = names::type_name(&name);
    // The type for requests, where a schema has two types.
    let of_requests = names::type_name(&format!("{name} request"));
    let is_kept = rust.eq_ignore_ascii_case(&wanted) || rust.eq_ignore_ascii_case(&of_requests);
    let note = note(origin.clone(), "schema", &name, rust, &wanted);
    (!is_kept).then(|| note.hint(NOT_SENT))
}

fn of_members(definition: &TypeDef) -> Vec<Diagnostic> {
    let at = |keyword: &str| pointer::join(&definition.origin, keyword);
    match &definition.shape {
        Shape::Struct(object) => {
            let fields = object.fields.iter().filter_map(|Field { key, name, .. }| {
                let place = pointer::join(&at("properties"), key);
                sent(place, "property", key, name)
            });
            fields.collect()
        }
        Shape::Enum(values) => {
            let variants = values.variants.iter();
            let variants = variants.filter_map(|Variant { value, name }| {
                let wanted = names::type_name(value);
                let number = name.strip_prefix(&wanted)?;
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
                let note = || note(at("enum"), "value", value, name, &wanted);
                (is_number && !number.is_empty()).then(|| note().hint(SENT))
            });
            variants.collect()
        }
        Shape::Union(_) | Shape::Newtype(_) => Vec::new(),
    }
}

fn of_operation(operation: &Operation) -> Option<Diagnostic> {
    let (origin, id, name) = (&operation.origin, &operation.id, &operation.name);
    let wanted = names::operation_value_name(id);
    let stem = wanted.trim_end_matches('_');
    (*name != wanted || names::is_keyword(id))
        .then(|| note(origin.clone(), "operation", id, name, stem).hint(NOT_SENT))
}

fn of_inputs(operation: &Operation) -> Vec<Diagnostic> {
    let parameters = operation.parameters.iter().map(|parameter| {
        let noun = format!("{} parameter", parameter.location.keyword());
        (noun, &parameter.key, &parameter.name)
    });
    let parts = operation.body.iter().flat_map(|body| body.content.parts());
    let parts = parts.map(|part| ("part".to_owned(), &part.key, &part.name));
    let notes = parameters.chain(parts).filter_map(|(noun, key, name)| {
        let note = sent(operation.origin.clone(), &noun, key, name)?;
        Some(note.operation(operation.id.clone()))
    });
    notes.collect()
}
