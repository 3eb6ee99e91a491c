//! Structs and maps.

use serde_json::Value;

use crate::api::{Accessors, Field, Presence, StructType, TypeRef};

use super::constraints::constraints;
use super::directions::Direction;
use super::names::Scope;
use super::schema::Schema;
use super::types::{Types, docs};

/// The name of the field that keeps unknown members, unless the document has it.
const EXTRA: &str = "extra";

/// The type of the members that have no field.
pub fn extra<'d>(types: &mut Types<'d>, schema: &Schema<'d>, name: &str) -> TypeRef {
    match schema.additional_properties(types.root) {
        Some(schema) => types.reference(&schema, &format!("{name} value")),
        None => TypeRef::JSON,
    }
}

/// Constructs a struct. Its inline types are named after it.
pub fn structure<'d>(types: &mut Types<'d>, schema: &Schema<'d>, name: &str) -> StructType {
    let extra = extra(types, schema, name);
    let required = schema.required();
    let mut members = Scope::reserving(&[]);
    let fields = schema.properties().into_iter().filter_map(|key| {
        let property = schema.property(types.root, key);
        // No object has a member whose schema is `false`.
        if property.is_false() {
            return None;
        }
        let is_required = required.contains(key);
        // `readOnly` requires a member of responses alone.
        if is_required && types.direction == Direction::Request && property.is("readOnly") {
            return None;
        }
        let typed = types.typed(&property, &format!("{name} {key}"));
        let is_absent = types.direction == Direction::Response && property.is("writeOnly");
        Some(Field {
            constraints: constraints(types.root, &property, &typed.reference),
            key: key.to_owned(),
            name: members.field(key),
            value: typed.reference,
            presence: match (is_required && !is_absent, typed.is_nullable) {
                (true, false) => Presence::Required,
                (true, true) => Presence::RequiredNullable,
                (false, false) => Presence::Optional,
                (false, true) => Presence::OptionalNullable,
            },
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
        extra_constraints: constraints(types.root, schema, &all),
        closed: schema.is_closed(),
    }
}
