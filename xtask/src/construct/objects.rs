//! Structs and maps.

use serde_json::Value;

use crate::api::{Field, Presence, StructType, TypeRef};

use super::directions::Direction;
use super::names::Members;
use super::schema::Schema;
use super::types::{Types, docs};

/// The name of the field that keeps unknown members.
const EXTRA: &str = "extra";

/// The type of an object.
pub enum Object {
    /// A struct: some of its members have names.
    Struct(StructType),
    /// A map: none has.
    Map(TypeRef),
}

/// Constructs the type of an object; `name` is what types inside of it are named by.
pub fn object<'d>(types: &mut Types<'d>, schema: &Schema<'d>, name: &str) -> Object {
    let extra = match schema.additional_properties(types.root) {
        Some(schema) => types.reference(&schema, &format!("{name} value")),
        None => TypeRef::JSON,
    };
    let properties = schema.properties();
    if properties.is_empty() {
        return Object::Map(extra);
    }
    let required = schema.required();
    let mut members = Members::default().reserve(EXTRA);
    let fields = properties.into_iter().filter_map(|key| {
        let property = schema.property(types.root, key);
        let is_required = required.contains(key);
        // Required of the server alone, and not sent to it.
        if is_required && types.direction == Direction::Request && property.is("readOnly") {
            return None;
        }
        let typed = types.typed(&property, &format!("{name} {key}"));
        let is_sent = types.direction == Direction::Response && property.is("writeOnly");
        Some(Field {
            key: key.to_owned(),
            name: members.field(key),
            value: typed.reference,
            presence: match (is_required && !is_sent, typed.is_nullable) {
                (true, false) => Presence::Required,
                (true, true) => Presence::RequiredNullable,
                (false, false) => Presence::Optional,
                (false, true) => Presence::OptionalNullable,
            },
            docs: docs(&property),
            default: property.annotation("default").map(Value::to_string),
        })
    });
    Object::Struct(StructType {
        fields: fields.collect(),
        extra,
    })
}
