//! Passes over references and components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Lowering, setters};
use crate::model::{Location, Operation, Parameter, TextForm};
use crate::pointer;
use crate::shape::{Kind, Walk};
use crate::view::{self, OperationView};

/// Makes every operation self-contained: it gets an operationId if it has none, its path item's parameters, and what
/// its references to parameters, request bodies, responses and headers stand for. Later passes change operations one
/// by one, which they could not do to something shared. References to schemas stay: they name types.
pub fn inline(lowering: &mut Lowering) {
    lowering.moved();
    let source = std::mem::take(&mut lowering.root);
    let mut paths = Map::new();
    let mut setters = Vec::new();
    for operation in OperationView::all(&source) {
        setters.push(setters_of(&operation, &source));
        let place = operation.pointer();
        let mut value = operation.value.clone();
        let id = operation.effective_id();
        if operation.id().is_none() {
            value["operationId"] = Value::from(id.as_str());
            lowering.record(
                "name-operation",
                &place,
                format!("operationId `{id}` made from method and path"),
            );
        }
        for field in ["callbacks", "servers", "security", "externalDocs", "tags"] {
            value.as_object_mut().map(|value| value.remove(field));
        }

        // An operation's own parameter replaces its path item's of the same name and place.
        let mut parameters: Vec<(String, Value)> = Vec::new();
        for (from, parameter) in operation.parameters(&source) {
            parameters.retain(|(_, known)| {
                known["name"] != parameter["name"] || known["in"] != parameter["in"]
            });
            parameters.push((from, parameter.clone()));
        }
        parameters.sort_by_key(|(_, parameter)| {
            (parameter["in"].to_string(), parameter["name"].to_string())
        });
        for (index, (from, _)) in parameters.iter().enumerate() {
            let to = pointer::join(&pointer::join(&place, "parameters"), &index.to_string());
            lowering.origins.insert(to, from.clone());
        }
        value["parameters"] = parameters
            .into_iter()
            .map(|(_, parameter)| parameter)
            .collect();

        let mut inline = |owner: &mut Value, key: &str, place: &str| {
            if let Some((Some(from), target)) = owner
                .get(key)
                .and_then(|value| view::resolve(&source, value))
            {
                let target = target.clone();
                lowering.origins.insert(pointer::join(place, key), from);
                owner[key] = target;
            }
        };
        inline(&mut value, "requestBody", &place);
        let responses: Vec<String> = value["responses"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect();
        for status in responses {
            inline(
                &mut value["responses"],
                &status,
                &pointer::join(&place, "responses"),
            );
        }
        let item = paths
            .entry(operation.path.to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        item[operation.method] = value;
        lowering
            .operations
            .push(Operation::new(&id, operation.method, operation.path, place));
    }

    let mut root = source;
    root["paths"] = Value::Object(paths);
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        components.retain(|section, _| section == "schemas");
    }
    for index in 0..lowering.operations.len() {
        let operation = &mut lowering.operations[index];
        if let Some(value) = pointer::get(&root, &operation.pointer) {
            describe(operation, value, &root);
            let mut setters = std::mem::take(&mut setters[index]);
            for parameter in &mut operation.parameters {
                let location = parameter.location.keyword();
                parameter.setter = setters.remove(&(location.to_owned(), parameter.name.clone()));
            }
        }
    }
    lowering.root = root;
}

/// What setters of parameters are called that are not called by their names, by location and name.
fn setters_of(operation: &OperationView<'_>, root: &Value) -> BTreeMap<(String, String), String> {
    let parameters = operation.declared_parameters(root);
    let named: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(_, location, name)| (*location, *name))
        .collect();
    setters::of_parameters(&named, operation.has_plain_body(root))
        .into_iter()
        .zip(named)
        .filter_map(|(setter, (location, name))| {
            Some(((location.to_owned(), name.to_owned()), setter?))
        })
        .collect()
}

/// Takes over what later stages need to know of an operation.
fn describe(operation: &mut Operation, value: &Value, root: &Value) {
    let text =
        |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    operation.summary = text(value, "summary").filter(|text| !text.trim().is_empty());
    operation.description = text(value, "description").filter(|text| !text.trim().is_empty());
    operation.deprecated = value.get("deprecated") == Some(&Value::Bool(true));
    operation.parameters = value["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|parameter| {
            let schema = view::single(root, &parameter["schema"]);
            Some(Parameter {
                name: text(parameter, "name")?,
                location: match parameter["in"].as_str()? {
                    "path" => Location::Path,
                    "query" => Location::Query,
                    "cookie" => Location::Cookie,
                    _ => Location::Header,
                },
                required: parameter.get("required") == Some(&Value::Bool(true)),
                description: text(parameter, "description"),
                delimiter: None,
                range: None,
                default: schema.get("default").cloned(),
                deprecated: parameter.get("deprecated") == Some(&Value::Bool(true)),
                text: text_form(schema, std::ptr::eq(schema, &parameter["schema"])),
                setter: None,
            })
        })
        .collect();
}

/// How values of a schema become text; `inline` if no named type stands between.
fn text_form(schema: &Value, inline: bool) -> TextForm {
    let has = |field: &str| schema.get(field).is_some();
    match schema["type"].as_str() {
        Some("string") => match (schema["format"].as_str(), schema["enum"].as_array()) {
            (Some("date-time"), _) => TextForm::Json,
            // One of a single value may be a closed enum.
            (_, Some(values)) if values.len() > 1 => TextForm::AsStr,
            (None, None)
                if inline && !["pattern", "minLength", "maxLength"].into_iter().any(has) =>
            {
                TextForm::Itself
            }
            _ => TextForm::Display,
        },
        Some("boolean" | "integer" | "number") => TextForm::Display,
        _ => TextForm::Json,
    }
}

/// Removes what describes the API but says nothing about a client: examples, links, headers of responses, servers,
/// security. progenitor and typify parse some of it and stumble over what they don't expect.
pub fn drop_unused_by_clients(lowering: &mut Lowering) {
    let root = &mut lowering.root;
    if let Some(root) = root.as_object_mut() {
        root.retain(|field, _| {
            matches!(field.as_str(), "openapi" | "info" | "paths" | "components")
        });
    }
    if let Some(info) = root.get_mut("info").and_then(Value::as_object_mut) {
        info.retain(|field, _| matches!(field.as_str(), "title" | "version" | "description"));
    }
    for (kind, fields) in [
        (Kind::Parameter, &["example", "examples"][..]),
        (Kind::MediaType, &["example", "examples"]),
        (Kind::Response, &["headers", "links"]),
        (
            Kind::Schema,
            &["example", "externalDocs", "xml", "readOnly", "writeOnly"],
        ),
    ] {
        for pointer in lowering.nodes(kind) {
            if let Some(node) =
                pointer::get_mut(&mut lowering.root, &pointer).and_then(Value::as_object_mut)
            {
                node.retain(|field, _| !fields.contains(&field.as_str()));
            }
        }
    }
}

/// Removes the schemas of multipart bodies that nothing else refers to: their parts are setters of a builder, and a
/// struct with file contents as strings would only mislead.
pub fn drop_multipart_bodies(lowering: &mut Lowering) {
    lowering.moved();
    let bodies: Vec<String> = std::mem::take(
        &mut lowering
            .operations
            .iter()
            .filter_map(|operation| operation.multipart_schema.clone())
            .collect(),
    );
    for name in bodies.into_iter().collect::<BTreeSet<_>>() {
        let target = format!(
            "#/components/schemas/{}",
            name.replace('~', "~0").replace('/', "~1")
        );
        let used = Walk::document(&lowering.root)
            .found
            .into_iter()
            .any(|found| found.reference.as_ref() == Some(&target));
        if used {
            continue;
        }
        let schemas = pointer::get_mut(&mut lowering.root, "/components/schemas")
            .and_then(Value::as_object_mut);
        if schemas.and_then(|schemas| schemas.remove(&name)).is_some() {
            let place = pointer::join("/components/schemas", &name);
            lowering.record(
                "drop-multipart-schema",
                &place,
                format!(
                    "`{name}` only describes a multipart body; its parts are setters of the builder"
                ),
            );
        }
    }
}
