//! The lines of `--explain`: the method of each operation, and the type of each schema.

use crate::api::{Api, Content, Operation, Shape, TypeDef};
use crate::read::Document;

/// A line for each operation and each type, with its place, in the order of the document, and one for each reference that is
/// no pointer from the start of the document.
#[must_use]
pub fn explain(document: &Document, api: &Api) -> Vec<String> {
    let operations = api.operations.iter().map(|operation| {
        let position = document.position(&operation.origin);
        (position, operation_line(operation))
    });
    let types = api.types.iter().map(|definition| {
        let position = document.position(&definition.origin);
        (position, type_line(api, definition))
    });
    let read = document.resolved_references().map(|(position, resolved)| {
        let (written, target) = (&resolved.written, &resolved.target);
        (
            position,
            format!("reference `{written}`: leads to `{target}`"),
        )
    });
    let mut lines: Vec<_> = read.chain(operations).chain(types).collect();
    lines.sort();
    lines.dedup();
    let placed = lines.into_iter().map(|(position, line)| {
        format!(
            "{}:{}:{}: {line}",
            document.name, position.line, position.column
        )
    });
    placed.collect()
}

fn operation_line(operation: &Operation) -> String {
    let Operation {
        id, name, method, ..
    } = operation;
    let path = operation.path_template();
    let body = match &operation.body {
        None => String::new(),
        Some(body) => format!(" with {}", body.media_type),
    };
    let parts = match operation.body.as_ref().map(|body| &body.content) {
        Some(Content::Multipart(parts)) => format!(" of {}", counted(parts.len(), "part")),
        _ => String::new(),
    };
    format!("operation `{id}`: method `{name}`, {method} {path}{body}{parts}")
}

fn type_line(api: &Api, definition: &TypeDef) -> String {
    let becomes = match &definition.shape {
        Shape::Struct(object) => {
            format!("struct of {}", counted(object.fields.len(), "field"))
        }
        Shape::Enum(values) => format!("open enum of {}", counted(values.variants.len(), "string")),
        Shape::Union(union) => {
            let told = match &union.discriminator {
                Some(discriminator) => format!(", told apart by `{}`", discriminator.key),
                None => ", told apart by what fits".to_owned(),
            };
            format!("union of {}{told}", counted(union.branches.len(), "type"))
        }
        Shape::Newtype(newtype) => format!("newtype of {}", api.type_text(&newtype.inner)),
    };
    let (origin, name) = (&definition.origin, &definition.name);
    format!("schema `#{origin}`: type `{name}`, {becomes}")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
