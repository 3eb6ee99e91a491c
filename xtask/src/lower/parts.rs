//! What the parts of a multipart body are, from its schema and encodings (OpenAPI 3.0.3, "Special Considerations for
//! multipart Content").

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Lowering, schemas, setters};
use crate::model::{Operation, Parameter, Part, PartKind, PartType};
use crate::pointer;
use crate::view;

/// Fills in the parts of `operation` from its multipart media type object.
pub fn describe(
    lowering: &mut Lowering,
    operation: &mut Operation,
    multipart: &Value,
    place: &str,
) {
    operation.multipart_schema = view::reference(&multipart["schema"]).and_then(view::schema_name);
    // The parts that are not described can still be sent.
    operation.parts = Some(Vec::new());
    let Some((target, schema)) = view::resolve(&lowering.root, &multipart["schema"])
        .map(|(target, schema)| (target, schema.clone()))
    else {
        return;
    };
    let schema_place = target.unwrap_or_else(|| pointer::join(place, "schema"));
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();

    let own = operation.own_parameters.iter().map(|own| own.value.ident());
    let taken = operation.parameters.iter().map(Parameter::ident);
    let taken: BTreeSet<String> = taken.chain(own).collect();
    let mut parts = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = pointer::join(&pointer::join(&schema_place, "properties"), name);
        let content_type = multipart["encoding"][name]["contentType"].as_str();
        let list = view::resolve(&lowering.root, property)
            .map(|(_, schema)| schema.clone())
            .filter(|schema| schema["type"] == "array");
        let (value, value_place) = match &list {
            Some(list) => (
                list.get("items")
                    .cloned()
                    .unwrap_or_else(|| serde_json::json!({})),
                pointer::join(&place, "items"),
            ),
            None => (property.clone(), place.clone()),
        };
        let description = property["description"]
            .as_str()
            .or_else(|| list.as_ref()?["description"].as_str());
        let part = Part {
            name: name.clone(),
            kind: kind(lowering, operation, name, value, content_type, &value_place),
            required: required.contains(&name.as_str()),
            repeated: list.is_some(),
            deprecated: property["deprecated"] == true,
            // The setter has an attribute that says so.
            description: description.map(|text| schemas::without_deprecation(text).to_owned()),
            setter: setters::of_part(name, &taken),
        };
        let what = match &part.kind {
            PartKind::File(_) => "a file",
            PartKind::Text(_) => "text",
            PartKind::Json(..) => "JSON",
        };
        let times = if part.repeated { ", repeated" } else { "" };
        lowering.record(
            "describe-part",
            &place,
            format!("{}: the part `{name}` is {what}{times}", operation.id),
        );
        parts.push(part);
    }
    // Fields before files, as servers that read a body in one pass want them; by name within each.
    parts.sort_by(|left, right| {
        let key = |part: &Part| (matches!(part.kind, PartKind::File(_)), part.name.clone());
        key(left).cmp(&key(right))
    });
    operation.parts = Some(parts);
}

fn kind(
    lowering: &mut Lowering,
    operation: &Operation,
    name: &str,
    schema: Value,
    content_type: Option<&str>,
    place: &str,
) -> PartKind {
    // `allOf` around one reference is the usual way to put a description beside it.
    let schema = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) if only.get("$ref").is_some() => only.clone(),
        _ => schema,
    };
    let resolved =
        view::resolve(&lowering.root, &schema).map_or(Value::Null, |(_, schema)| schema.clone());
    let declared = resolved["type"].as_str();
    if declared == Some("string") && resolved["format"] == "binary" {
        return PartKind::File(content_type.and_then(only_type));
    }
    let json = match content_type.map(view::essence) {
        Some(essence) if essence.ends_with("/json") || essence.ends_with("+json") => Some(essence),
        // Only scalars have a text form; everything else defaults to JSON.
        _ if matches!(declared, Some("string" | "number" | "integer" | "boolean")) => None,
        _ => Some("application/json".to_owned()),
    };
    let part_type = part_type(
        lowering,
        &format!("{}_{name}", operation.id),
        &schema,
        place,
    );
    match json {
        Some(media_type) => PartKind::Json(part_type, media_type),
        None => PartKind::Text(part_type),
    }
}

/// The media type that an encoding asks for, if it is one, and not several or a range of them.
fn only_type(content_type: &str) -> Option<String> {
    let is_one = content_type.contains('/') && !content_type.contains(['*', ',']);
    let is_printable = content_type
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte));
    (is_one && is_printable).then(|| content_type.trim().to_owned())
}

/// The Rust type of a schema, which gets the name `name` if it has none and needs one.
pub fn part_type(lowering: &mut Lowering, name: &str, schema: &Value, place: &str) -> PartType {
    let component = |schema: &Value| view::reference(schema).and_then(view::schema_name);
    if let Some(name) = component(schema) {
        return PartType::Named(name);
    }
    if let Some(path) = plain(schema) {
        return PartType::Plain(path);
    }
    let hoisted = lowering.hoist(name, schema.clone(), place);
    let name = component(&hoisted).unwrap_or_default();
    lowering.record(
        "name-type",
        place,
        format!("the type gets the name `{name}`"),
    );
    PartType::Named(name)
}

/// The Rust type of a schema that says no more than its type and format.
fn plain(schema: &Value) -> Option<&'static str> {
    let members = schema.as_object()?;
    let documenting = [
        "type",
        "format",
        "description",
        "default",
        "nullable",
        "deprecated",
    ];
    if members
        .keys()
        .any(|key| !documenting.contains(&key.as_str()) && !key.starts_with("x-"))
    {
        return None;
    }
    Some(match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), None) => "::std::string::String",
        (Some("string"), Some("uuid")) => "::uuid::Uuid",
        (Some("string"), Some("date-time")) => "::chrono::DateTime<::chrono::offset::Utc>",
        (Some("integer"), None | Some("int64")) => "i64",
        (Some("integer"), Some("int32")) => "i32",
        (Some("number"), None | Some("double")) => "f64",
        (Some("number"), Some("float")) => "f32",
        (Some("boolean"), None) => "bool",
        (None, None) => "::serde_json::Value",
        _ => return None,
    })
}
