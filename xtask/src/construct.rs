//! Constructs the model ([`Api`]) from a document that was checked.
//!
//! Nothing here rewrites JSON. A schema is looked at as the intersection of all the schema objects that apply to a value
//! ([`schema::Schema`]), and a constructor for each kind of type (`types`) reads the keywords that it needs from it.

mod accessors;
mod bodies;
mod constraints;
mod defaults;
mod directions;
mod forms;
mod names;
pub mod naming;
mod nulls;
mod objects;
mod operations;
mod parameters;
mod primitives;
mod recursion;
mod responses;
pub mod schema;
mod types;
mod unions;

use serde_json::Value;

use crate::api::Api;
use crate::diagnostic::Diagnostic;
use crate::read::Document;

use types::Types;

/// Constructs the model of a document.
///
/// # Errors
///
/// A diagnostic for each schema that has no type.
pub fn construct(document: &Document) -> Result<Api, Vec<Diagnostic>> {
    let mut types = Types::of(&document.root);
    let schemas = document.root.pointer("/components/schemas");
    for name in schemas
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(serde_json::Map::keys)
    {
        types.component_both_ways(name);
    }
    let operations = operations::operations(&mut types);
    let mut types = types.finish()?;
    defaults::assign(&mut types);
    accessors::assign(&mut types, &operations);
    let text = |name: &str| {
        let info = document.root.get("info")?;
        info.get(name)?.as_str().map(str::to_owned)
    };
    Ok(Api {
        title: text("title").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        description: text("description"),
        types,
        operations,
    })
}

#[cfg(test)]
mod tests {
    use super::construct;
    use crate::read::Document;

    fn codes(text: &str) -> Vec<&'static str> {
        let Ok(document) = Document::parse("test.json", text) else {
            return vec!["unreadable"];
        };
        let problems = construct(&document).err().unwrap_or_default();
        problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn an_unnamed_schema_that_contains_itself_is_refused() {
        let codes = codes(
            r##"{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{
                "A":{"type":"array","items":{"type":"array","items":{"$ref":"#/components/schemas/A/items"}}}}}}"##,
        );
        assert_eq!(codes, ["endless-schema"]);
    }

    #[test]
    fn compositions_that_multiply_out_are_refused() {
        let text =
            include_str!("../tests/fixtures/crashes/choices_of_choices_with_more_fields.json");
        assert_eq!(codes(text), ["too-many-types"]);
    }
}
