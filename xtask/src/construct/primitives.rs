//! Types without a definition: text, numbers, booleans.

use crate::api::{Integer, Primitive};
use crate::schema::Schema;

/// The type of a string.
pub fn string(schema: &Schema<'_>) -> Primitive {
    match schema.text("format") {
        Some("date-time") => Primitive::Timestamp,
        Some("date") => Primitive::Date,
        Some("uuid") => Primitive::Uuid,
        Some("ip") => Primitive::Ip,
        _ => Primitive::String,
    }
}

/// The type of a number.
pub fn number(schema: &Schema<'_>) -> Primitive {
    match schema.text("format") {
        Some("float") => Primitive::Float32,
        _ => Primitive::Float,
    }
}

/// The type of an integer. Without a format, JSON Schema does not limit it; bounds that are documented do.
pub fn integer(schema: &Schema<'_>) -> Primitive {
    Primitive::Integer(match schema.text("format") {
        Some("int8") => Integer::I8,
        Some("int16") => Integer::I16,
        Some("int32") => Integer::I32,
        Some("int64") => Integer::I64,
        Some("uint8") => Integer::U8,
        Some("uint16") => Integer::U16,
        Some("uint32") => Integer::U32,
        Some("uint64") => Integer::U64,
        _ => {
            let is_small = |name, exclusive| {
                let mut bounds = schema.bounds(name, exclusive).into_iter();
                bounds.any(|(bound, _)| bound.as_f64().is_some_and(|bound| bound.abs() < 9.2e18))
            };
            let has_bounds =
                is_small("minimum", "exclusiveMinimum") && is_small("maximum", "exclusiveMaximum");
            if has_bounds {
                Integer::I64
            } else {
                Integer::I128
            }
        }
    })
}
