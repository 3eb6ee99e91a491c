//! Third stage: a document that was checked becomes the model ([`Api`]).
//!
//! Nothing here rewrites JSON. A schema is looked at as the intersection of all the schema objects that apply to a value
//! ([`Schema`](schema::Schema)), and a constructor for each kind of type (`references`, `objects`, `unions`) reads the keywords that it needs from it.

mod accessors;
mod bodies;
pub mod constraints;
mod defaults;
mod directions;
mod extensions;
mod formats;
mod forms;
mod media;
mod names;
pub mod naming;
mod nulls;
mod objects;
mod operations;
mod parameters;
mod primitives;
mod recursion;
mod references;
mod responses;
mod type_kind;
mod types;
mod unions;

use crate::api::Api;
use openapi_document::diagnostic::Diagnostic;
use openapi_document::read::Document;
use openapi_document::schema;

use types::Types;

/// Constructs the model of a document.
///
/// # Errors
///
/// A diagnostic for each schema that has no type.
pub fn construct(document: &Document) -> Result<Api, Vec<Diagnostic>> {
    let mut types = Types::of(document);
    for (at, _) in schema::components(&document.root) {
        types.component_both_ways(&at);
    }
    let operations = operations::operations(&mut types);
    let mut types = types.finish()?;
    formats::assign(&mut types, &operations);
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
    use crate::api::{Api, Shape};
    use openapi_document::read::Document;

    fn codes(text: &str) -> Vec<&'static str> {
        let Ok(document) = Document::parse("test.json", text) else {
            return vec!["unreadable"];
        };
        let problems = construct(&document).err().unwrap_or_default();
        problems.iter().map(|problem| problem.code).collect()
    }

    fn model(text: &str) -> Option<Api> {
        let document = Document::parse("test.json", text).ok()?;
        construct(&document).ok()
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
    fn a_union_is_resolved_once_wherever_references_lead_to_it() {
        let number = r##"{"$ref":"#/components/schemas/Number"}"##;
        let other = r##"{"$ref":"#/components/schemas/Other"}"##;
        let of = |keyword: &str| format!("{}{keyword}}}", number.trim_end_matches('}'));
        for (field, is_number) in [
            (of(r#","minimum":1"#), false),
            (of(r#","unknown":1"#), true),
            (of(r#","description":"A number.""#), true),
            (format!(r#"{{"allOf":[{number},{{"minimum":1}}]}}"#), false),
            (format!(r#"{{"allOf":[{number},{other}]}}"#), false),
            (
                format!(r#"{{"allOf":[{number},{other}],"minimum":1}}"#),
                false,
            ),
        ] {
            let text = format!(
                r#"{{"openapi":"3.1.0","info":{{"title":"t","version":"1"}},"paths":{{}},"components":{{"schemas":{{
                    "Answer":{{"properties":{{"field":{field}}}}},
                    "Number":{{"allOf":[{{"oneOf":[{{"type":"string"}},{{"type":"integer"}}]}}]}},
                    "Other":{{"allOf":[{{"anyOf":[{{"type":"string"}},{{"type":"integer"}}]}}]}}}}}}}}"#
            );
            let types = model(&text).map(|api| api.types).unwrap_or_default();
            let names: Vec<&str> = types
                .iter()
                .map(|definition| &*definition.name)
                .filter(|name| name.starts_with("Answer"))
                .collect();
            let expected = match is_number {
                true => vec!["Answer"],
                false => vec!["Answer", "AnswerField"],
            };
            assert_eq!(names, expected, "{field}");
            let unions = types
                .iter()
                .filter_map(|definition| match &definition.shape {
                    Shape::Union(union) => Some(union.branches.len()),
                    _ => None,
                });
            assert!(unions.clone().all(|branches| branches == 2), "{field}");
            assert_eq!(unions.count(), if is_number { 2 } else { 3 }, "{field}");
        }
    }

    #[test]
    fn a_description_beside_a_reference_counts_in_place_of_that_of_its_target() {
        let text = r##"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{
                "parameters":[{"$ref":"#/components/parameters/Page","description":"Of all pages."}],
                "post":{"operationId":"a",
                    "parameters":[{"$ref":"#/components/parameters/Alias"},{"$ref":"#/components/parameters/Size"}],
                    "requestBody":{"$ref":"#/components/requestBodies/Text","description":"A letter."},
                    "responses":{"204":{"description":"Done."}}}}},
            "components":{
                "parameters":{
                    "Page":{"name":"page","in":"query","description":"A page.","schema":{"type":"integer"}},
                    "Alias":{"$ref":"#/components/parameters/Color","description":"By another name."},
                    "Color":{"name":"color","in":"query","description":"A color.","schema":{"type":"string"}},
                    "Size":{"name":"size","in":"query","description":"A size.","schema":{"type":"string"}}},
                "requestBodies":{"Text":{"description":"Text.","content":{"text/plain":{}}}}}}"##;
        let operation = model(text).and_then(|api| api.operations.into_iter().next());
        let operation = operation.as_ref();
        let parameters = operation
            .into_iter()
            .flat_map(|operation| &operation.parameters);
        let body = operation.and_then(|operation| operation.body.as_ref());
        let parameters = parameters.map(|parameter| &parameter.docs.description);
        let descriptions: Vec<&str> = parameters
            .chain(body.map(|body| &body.docs.description))
            .filter_map(Option::as_deref)
            .collect();
        let expected = ["Of all pages.", "By another name.", "A size.", "A letter."];
        assert_eq!(descriptions, expected);
    }

    #[test]
    fn an_enum_of_several_types_is_any_json() {
        let text = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{
            "Untyped":{"enum":[1,"a",null,true]}, "Integer":{"type":"integer","enum":[1,"two",3]},
            "Fraction":{"type":"integer","enum":[1,2.5]}, "List":{"type":"string","enum":["a",["b"]]},
            "Typed":{"type":["string","integer"],"enum":[1,"a"]}, "Whole":{"type":"integer","enum":[1.0,2]},
            "Items":{"type":"array","items":{},"enum":["a","b"]}, "Written":{"type":"string","enum":["a",1,true]}
        }}}"#;
        let text = model(text).map(|api| api.to_string()).unwrap_or_default();
        let types: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let expected = [
            "type Fraction = json",
            "type Integer = json",
            "type Items = [json]",
            "type List = json",
            "union Typed = i128 | string",
            "type Untyped = json",
            "type Whole = i128",
            "enum Written = a | 1 | true | ...",
        ];
        assert_eq!(types, expected);
    }

    #[test]
    fn compositions_that_multiply_out_are_refused() {
        let text = include_str!(
            "../../../tests/fixtures/crashes/choices_of_choices_with_more_fields.json"
        );
        assert_eq!(codes(text), ["too-many-types"]);
    }
}
