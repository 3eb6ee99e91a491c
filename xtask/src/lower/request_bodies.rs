//! Passes over request bodies.

use serde_json::{Map, Value, json};

use super::{Lowering, parts};
use crate::model::Operation;
use crate::pointer;
use crate::view;

/// Tells the two operations apart that one of the document becomes. No path contains a `#`, so it can't collide, and
/// no code contains it: the path that is generated is [`Operation::path`].
const MULTIPART_SUFFIX: &str = "#multipart";

/// Gives JSON bodies without a schema the schema of any JSON, and takes `encoding` off bodies that have no parts:
/// progenitor panics over both.
pub fn json_without_schema(lowering: &mut Lowering) {
    for index in 0..lowering.operations.len() {
        let id = lowering.operations[index].id.clone();
        let place = pointer::join(
            &pointer::join(&lowering.operations[index].pointer, "requestBody"),
            "content",
        );
        let Some(content) =
            pointer::get_mut(&mut lowering.root, &place).and_then(Value::as_object_mut)
        else {
            continue;
        };
        let mut messages = Vec::new();
        for (media_type, body) in content.iter_mut() {
            if view::essence(media_type) == "multipart/form-data" {
                continue;
            }
            if body
                .as_object_mut()
                .and_then(|body| body.remove("encoding"))
                .is_some()
            {
                messages.push(format!("{id}: `encoding` has no meaning for {media_type}"));
            }
            if body.get("schema").is_none() {
                body["schema"] = json!({});
                messages.push(format!("{id}: {media_type} without a schema is any JSON"));
            }
        }
        for message in messages {
            lowering.record("plain-body", &place, message);
        }
    }
}

/// Splits what progenitor can't take: an operation with a multipart body becomes one without a body, whose builder
/// gets a setter for each part. If it has another body as well, that one stays under the operation's name and the
/// multipart one is called `..._multipart`.
pub fn split_multipart(lowering: &mut Lowering) {
    lowering.moved();
    let operations = std::mem::take(&mut lowering.operations);
    for mut operation in operations {
        let Some(value) = pointer::get_mut(&mut lowering.root, &operation.pointer) else {
            continue;
        };
        let body = value["requestBody"].clone();
        let Some((media_type, multipart)) = body["content"].as_object().and_then(|content| {
            content
                .iter()
                .find(|(name, _)| view::essence(name) == "multipart/form-data")
        }) else {
            lowering.operations.push(operation);
            continue;
        };
        let place = pointer::join(
            &pointer::join(&pointer::join(&operation.pointer, "requestBody"), "content"),
            media_type,
        );
        let mut bodiless = value.clone();
        if let Some(bodiless) = bodiless.as_object_mut() {
            bodiless.remove("requestBody");
        }

        if operation.body.is_none() {
            *value = bodiless;
            lowering.record(
                "split-multipart",
                &place,
                format!(
                    "{}: the multipart body is written by the generated builder itself",
                    operation.id
                ),
            );
            parts::describe(lowering, &mut operation, multipart, &place);
            lowering.operations.push(operation);
            continue;
        }

        let content = value["requestBody"]["content"].as_object_mut();
        content.map(|content| content.remove(media_type));
        let id = format!("{}_multipart", operation.id);
        let path = format!("{}{MULTIPART_SUFFIX}", operation.path);
        let method = operation.method.to_ascii_lowercase();
        bodiless["operationId"] = Value::from(id.as_str());
        let mut split = Operation {
            parameters: operation.parameters.clone(),
            summary: operation.summary.clone(),
            description: operation.description.clone(),
            deprecated: operation.deprecated,
            error: operation.error.clone(),
            ..Operation::new(
                &id,
                &method,
                &operation.path,
                pointer::join(&pointer::join("/paths", &path), &method),
            )
        };
        lowering
            .origins
            .insert(split.pointer.clone(), operation.pointer.clone());
        if let Some(paths) = lowering
            .root
            .get_mut("paths")
            .and_then(Value::as_object_mut)
        {
            let item = paths
                .entry(path)
                .or_insert_with(|| Value::Object(Map::new()));
            item[&method] = bodiless;
        }
        lowering.record(
            "split-multipart",
            &place,
            format!("{}: multipart/form-data becomes `{id}`", operation.id),
        );
        parts::describe(lowering, &mut split, multipart, &place);
        lowering.operations.push(operation);
        lowering.operations.push(split);
    }
}
