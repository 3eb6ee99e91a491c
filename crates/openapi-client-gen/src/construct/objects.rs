//! Structs and maps.
//!
//! Servers add members before clients know them, so a struct keeps the members that have no field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Accessors, Field, StructType, TypeRef};
use crate::names;
use openapi_document::pointer;
use openapi_document::schema::Schema;

use super::constraints::constraints;
use super::directions::Direction;
use super::names::Scope;
use super::types::{Types, docs};

/// The name of the field that keeps unknown members, unless the document has it.
const EXTRA: &str = "extra";

impl<'d> Types<'d> {
    /// The type of the members that have no field.
    pub fn extra(&mut self, schema: &Schema<'d>, name: &str) -> TypeRef {
        match schema.additional_properties() {
            Some(schema) => self.reference(&schema, &format!("{name} value")),
            None => TypeRef::JSON,
        }
    }

    /// Constructs a struct. Its inline types are named after it.
    pub fn structure(&mut self, schema: &Schema<'d>, name: &str) -> StructType {
        let extra = self.extra(schema, name);
        let required = schema.required();
        let mut members = Scope::default();
        let names = field_names(self, schema, &mut members);
        let fields = names.into_iter().filter_map(|(key, rust_name)| {
            let property = schema.property(key);
            // No object has a member whose schema is `false`.
            if property.is_false() {
                return None;
            }
            let is_required = required.contains(key);
            // `readOnly` requires a member of responses alone.
            if is_required && self.direction == Direction::Request && property.is("readOnly") {
                return None;
            }
            let value = self.value(&property, &format!("{name} {key}"));
            let is_absent = self.direction == Direction::Response && property.is("writeOnly");
            Some(Field {
                constraints: constraints(&property, &value),
                key: key.to_owned(),
                name: rust_name,
                value,
                required: is_required && !is_absent,
                nullable: property.is_nullable(),
                docs: docs(&property),
                default: property.annotation("default").map(Value::to_string),
                // Its type may not be complete yet.
                default_value: None,
                accessors: Accessors::default(),
            })
        });
        let fields = fields.collect();
        let all = TypeRef::Map(Box::new(extra.clone()));
        StructType {
            fields,
            extra,
            extra_name: members.field(EXTRA),
            extra_constraints: constraints(schema, &all),
            closed: schema.is_closed(),
        }
    }
}

/// The Rust names of the properties. Of those with the same one, that of the schema itself keeps it, or else the first in the
/// document.
fn field_names<'d>(
    types: &Types<'d>,
    schema: &Schema<'d>,
    members: &mut Scope,
) -> Vec<(&'d str, String)> {
    let keys = schema.properties();
    let distinct: BTreeSet<String> = keys.iter().map(|key| names::value_name(key)).collect();
    let mut ordered = keys.clone();
    if distinct.len() < keys.len() {
        let mut objects: Vec<String> = Vec::new();
        ordered.sort_by_cached_key(|key| {
            let property = schema.property(key);
            let at = property.pointer();
            let object = pointer::parent(at).unwrap_or_default();
            if !objects.iter().any(|known| known == object) {
                objects.push(object.to_owned());
            }
            let index = objects.iter().position(|known| known == object);
            (index, types.document.own_position(at))
        });
    }
    let named = ordered.into_iter().map(|key| (key, members.field(key)));
    let mut named: BTreeMap<&str, String> = named.collect();
    let keys = keys.into_iter();
    keys.filter_map(|key| named.remove_entry(key)).collect()
}
