//! The public API of generated code, read back from the code itself.
//!
//! What a change of a document does to callers is decided by many rules: of lowering, of progenitor, of typify, and of
//! what is emitted beside them. To repeat those rules would be to get one of them wrong some day; so the code is
//! generated, and this reads off it what callers see: the methods, what their setters take, what `send` returns, and
//! the types with their fields, values and traits. What goes over the wire, which signatures don't show, comes from the
//! operations as they were lowered.

mod bodies;
mod builders;
mod declarations;
mod items;
mod members;
mod signature;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::codegen::Generated;
use crate::lower::type_names;
use crate::model;
use crate::names;
use crate::pointer;
use crate::read::Document;

pub use builders::Setter;
pub use items::{Field, Kind, Tag, Type, Variant};
pub use members::{Member, Named, written};
pub use signature::Signature;

/// What callers of generated code see of it.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    /// The version that the document gives itself.
    pub version: String,
    /// By the name of the method.
    pub operations: BTreeMap<String, Operation>,
    /// By the name of the type in Rust.
    pub types: BTreeMap<String, Type>,
}

/// A method of the client and the builder that it returns.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What is known of it beside its signatures.
    pub wire: model::Operation,
    /// The setters of its builder, by name.
    pub setters: BTreeMap<String, Setter>,
    /// What `send` returns if all goes well.
    pub answer: Signature,
    /// What `send` returns otherwise.
    pub error: Signature,
    /// The statuses that the document lists.
    pub statuses: BTreeSet<String>,
}

impl Surface {
    /// Reads the API of what was generated from a document.
    ///
    /// # Errors
    ///
    /// That generated code is not what this module takes it for, which would be a defect here.
    pub fn read(document: &Document, generated: &Generated) -> Result<Self, String> {
        let file = |path: &str| {
            let text = generated.files.get(path).map_or("", String::as_str);
            syn::parse_file(text).map_err(|error| format!("`{path}` does not parse: {error}"))
        };
        let schemas = schema_names(document);
        let mut types = declarations::read(
            &file("types/mod.rs")?,
            &file("types/builder.rs")?,
            &file("types/defaults.rs")?,
            &schemas,
        );
        let mut operations = BTreeMap::new();
        for wire in &generated.operations {
            let path = format!("builder/{}.rs", wire.name);
            let builder = file(&path)?;
            let (mut setters, answer, error) = builders::read(&builder, wire)
                .ok_or_else(|| format!("`{path}` holds no builder with a `send`"))?;
            types.extend(declarations::answers(&builder));
            require_bodies(&mut setters, &types);
            operations.insert(
                wire.name.clone(),
                Operation {
                    statuses: statuses(&document.root, &wire.origin),
                    wire: wire.clone(),
                    setters,
                    answer,
                    error,
                },
            );
        }
        let version = pointer::get(&document.root, "/info/version").and_then(Value::as_str);
        Ok(Self {
            version: version.unwrap_or_default().to_owned(),
            operations,
            types,
        })
    }
}

/// A body that is made field by field starts with none set; if it has to be there, whether that will do is up to its type.
fn require_bodies(setters: &mut BTreeMap<String, Setter>, types: &BTreeMap<String, Type>) {
    for setter in setters.values_mut() {
        let mut types = setter.takes.names.iter().filter_map(|name| types.get(name));
        let is_sent = matches!(setter.member, Member::Body { required: true });
        if is_sent && types.any(Type::has_required_fields) {
            setter.required = true;
        }
    }
}

/// The component schemas of a document: the name of the type in Rust, and the schema's.
fn schema_names(document: &Document) -> BTreeMap<String, String> {
    let schemas = type_names::in_order(document);
    let settled = type_names::settled(&schemas);
    let names = schemas.into_iter().map(|name| {
        let known = settled.get(name).map_or(name, String::as_str);
        (names::type_name(known), name.to_owned())
    });
    names.collect()
}

fn statuses(root: &Value, operation: &str) -> BTreeSet<String> {
    let responses = pointer::get(root, &pointer::join(operation, "responses"));
    let responses = responses.and_then(Value::as_object);
    let statuses = responses.into_iter().flatten().map(|(status, _)| status);
    statuses
        .filter(|status| !status.starts_with("x-"))
        .cloned()
        .collect()
}
