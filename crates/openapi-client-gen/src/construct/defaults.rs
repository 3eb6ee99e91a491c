//! Defaults as values of the types of their fields.
//!
//! A default that can't be written in Rust as a constant, such as an object, stays documentation. So does one that is no value
//! of the type.

use serde_json::Value;

use crate::api::{DefaultValue, Primitive, Shape, TypeDef, TypeRef};

/// Gives each optional field the value of its default.
pub fn assign(types: &mut [TypeDef]) {
    for index in 0..types.len() {
        let Shape::Struct(object) = &types[index].shape else {
            continue;
        };
        let values = object.fields.iter().map(|field| {
            let default = field.default.as_deref().filter(|_| !field.required)?;
            typed(types, &field.value, &serde_json::from_str(default).ok()?)
        });
        let values: Vec<_> = values.collect();
        if let Shape::Struct(object) = &mut types[index].shape {
            for (field, value) in object.fields.iter_mut().zip(values) {
                field.default_value = value;
            }
        }
    }
}

fn typed(types: &[TypeDef], reference: &TypeRef, value: &Value) -> Option<DefaultValue> {
    match reference {
        TypeRef::Primitive(primitive) => scalar(*primitive, value),
        TypeRef::List(_) => {
            let items = value.as_array()?;
            items.is_empty().then_some(DefaultValue::EmptyList)
        }
        TypeRef::Named(id) => match &types[id.0].shape {
            Shape::Enum(values) => {
                let mut variants = values.variants.iter();
                let index = variants.position(|variant| value == &*variant.value)?;
                Some(DefaultValue::Variant(*id, index))
            }
            Shape::Newtype(newtype) => match typed(types, &newtype.inner, value)? {
                // A getter borrows the newtype from a constant, which neither of these can be.
                DefaultValue::Text(_) | DefaultValue::EmptyList => None,
                inner => Some(DefaultValue::Newtype(*id, Box::new(inner))),
            },
            Shape::Struct(_) | Shape::Union(_) => None,
        },
        TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::Map(_) => None,
    }
}

fn scalar(primitive: Primitive, value: &Value) -> Option<DefaultValue> {
    match primitive {
        Primitive::Bool => value.as_bool().map(DefaultValue::Bool),
        Primitive::Integer(integer) => {
            let number = value.as_number()?.as_i128();
            let number = number.filter(|number| integer.holds(*number));
            number.map(DefaultValue::Integer)
        }
        Primitive::Float => value.as_f64().map(DefaultValue::Number),
        Primitive::Float32 => {
            let number = value.as_f64()?;
            // Of a number with more digits, Rust would drop some.
            let is_exact =
                number.to_string().parse::<f32>().ok()?.to_string() == number.to_string();
            is_exact.then_some(DefaultValue::Number(number))
        }
        Primitive::String => value
            .as_str()
            .map(|text| DefaultValue::Text(text.to_owned())),
        Primitive::Timestamp
        | Primitive::Date
        | Primitive::Uuid
        | Primitive::Ip
        | Primitive::Json => None,
    }
}
