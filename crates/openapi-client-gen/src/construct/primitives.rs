//! Types without a definition: text and numbers.
//!
//! A format decides the Rust type of a scalar. One that is unknown decides nothing: OpenAPI leaves formats open.

use crate::api::{Integer, Primitive};
use openapi_document::schema::Schema;

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
    let is_small = |name, exclusive| {
        let mut bounds = schema.bounds(name, exclusive).into_iter();
        bounds.any(|(bound, _)| bound.as_f64().is_some_and(|bound| bound.abs() < 9.2e18))
    };
    let of_format = schema.text("format").and_then(Integer::of_format);
    Primitive::Integer(match of_format {
        Some(integer) => integer,
        None if !is_small("minimum", "exclusiveMinimum") => Integer::I128,
        None if !is_small("maximum", "exclusiveMaximum") => Integer::I128,
        None => Integer::I64,
    })
}
