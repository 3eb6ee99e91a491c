//! The schemas of a document with errors that none of the errors is about.
//!
//! The model is constructed from documents without errors, and has errors of its own. So that these aren't left for a second
//! run, the types of the schemas without errors are constructed without the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Place};
use crate::pointer;
use crate::read::Document;
use crate::shape::{Kind, Walk};
use crate::view;

const SCHEMAS: &str = "/components/schemas";

/// A document of the schemas in which there is no error and which refer, directly or not, only to such schemas, at the
/// places that they have in `document`. `None` if there are none, or if it isn't a document of a version that is read.
pub fn schemas(document: &Document, errors: &[Diagnostic]) -> Option<Document> {
    let is_foreign =
        |error: &Diagnostic| ["not-openapi", "unsupported-version"].contains(&error.code);
    if errors.iter().any(is_foreign) {
        return None;
    }
    let schemas = pointer::get(&document.root, SCHEMAS)?.as_object()?;
    let mut sound: BTreeMap<&str, BTreeSet<String>> = schemas
        .iter()
        .filter(|(name, _)| !errors.iter().any(|error| is_in(error, name)))
        .filter_map(|(name, schema)| Some((name.as_str(), needs(schema)?)))
        .collect();
    loop {
        let known: BTreeSet<String> = sound.keys().map(|name| (*name).to_owned()).collect();
        sound.retain(|_, needs| needs.is_subset(&known));
        if sound.len() == known.len() {
            break;
        }
    }
    if sound.is_empty() {
        return None;
    }
    let kept: Map<String, Value> = schemas
        .iter()
        .filter(|(name, _)| sound.contains_key(name.as_str()))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let root = json!({
        "openapi": document.root.get("openapi"),
        "info": { "title": "", "version": "" },
        "paths": {},
        "components": { "schemas": kept },
    });
    Document::parse(document.name.clone(), root.to_string()).ok()
}

fn is_in(error: &Diagnostic, name: &str) -> bool {
    let Place::Pointer(place) = &error.place else {
        return false;
    };
    place
        .strip_prefix(&pointer::join(SCHEMAS, name))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The schemas that a schema refers to; `None` if it refers to anything else.
fn needs(schema: &Value) -> Option<BTreeSet<String>> {
    let found = Walk::of(Kind::Schema, schema, "").found;
    let references = found.into_iter().filter_map(|found| found.reference);
    references
        .map(|reference| view::schema_name(reference.as_str()))
        .collect()
}
