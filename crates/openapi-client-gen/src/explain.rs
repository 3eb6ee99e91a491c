//! The lines of `--explain`: the method of each operation, and the type of each schema.

use crate::api::{Api, Content, Discriminator, Operation, Shape, TypeDef};
use openapi_document::diagnostic::{Position, counted};
use openapi_document::read::Document;

/// A line for each operation and each type, with its position, in the order of the document, and one for each reference that is
/// no pointer from the start of the document.
#[must_use]
pub fn explain(document: &Document, api: &Api) -> Vec<String> {
    let operations = api.operations.iter();
    let operations = operations.map(|operation| (&operation.origin, operation_line(operation)));
    let types = api.types.iter();
    let types = types.map(|definition| (&definition.origin, type_line(api, definition)));
    let placed = operations.chain(types);
    let placed = placed.map(|(origin, line)| (document.position(origin), line));
    let references = document.resolved_references().map(|(position, resolved)| {
        let (written, target) = (&resolved.written, &resolved.target);
        let line = format!("reference `{written}`: leads to `{target}`");
        (position, line)
    });
    let mut lines: Vec<_> = references.chain(placed).collect();
    lines.sort();
    lines.dedup();
    let lines = lines.into_iter().map(|(Position { line, column }, text)| {
        format!("{}:{line}:{column}: {text}", document.name)
    });
    lines.collect()
}

fn operation_line(operation: &Operation) -> String {
    let (id, name) = (&operation.id, &operation.name);
    let (method, path) = (&operation.method, operation.path_template());
    let body = operation.body.iter().map(|body| match &body.content {
        Content::Multipart(parts) => {
            let parts = counted(parts.len(), "part");
            format!(" with {} of {parts}", body.media_type)
        }
        _ => format!(" with {}", body.media_type),
    });
    let body: String = body.collect();
    format!("operation `{id}`: method `{name}`, {method} {path}{body}")
}

fn type_line(api: &Api, definition: &TypeDef) -> String {
    let becomes = match &definition.shape {
        Shape::Struct(object) => format!("struct of {}", counted(object.fields.len(), "field")),
        Shape::Enum(values) => format!("open enum of {}", counted(values.variants.len(), "string")),
        Shape::Union(union) => {
            let branches = counted(union.branches.len(), "type");
            match &union.discriminator {
                Some(Discriminator { key, .. }) => {
                    format!("union of {branches}, discriminated by `{key}`")
                }
                None => format!("union of {branches}, decoded as the branch that fits"),
            }
        }
        Shape::Newtype(newtype) => format!("newtype of {}", api.type_text(&newtype.inner)),
    };
    let (origin, name) = (&definition.origin, &definition.name);
    format!("schema `#{origin}`: type `{name}`, {becomes}")
}
