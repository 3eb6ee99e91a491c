//! A value of a document, deserialized from YAML or JSON.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Documents with more values are refused: the largest API descriptions in the wild have half as many.
pub const MAX_VALUES: usize = 500_000;
/// The message of the error of such a document.
pub const TOO_MANY_VALUES: &str = "too many values";

/// A reference is a URL, whose fragment may be percent-encoded; as a pointer it is not.
fn decoded(key: &str, value: Value) -> Value {
    if key == "$ref"
        && let Value::String(target) = &value
        && let Ok(Cow::Owned(decoded)) = percent_decode_str(target).decode_utf8()
    {
        return Value::String(decoded);
    }
    value
}

/// A JSON value read from any serde format. Other than [`Value`] alone, it counts its values, raises a flag for a duplicate key
/// (the first value counts), reads keys that aren't strings (`200:`) as strings, applies merge keys (`<<`), and reads numbers
/// beyond 64 bits as floating point.
#[derive(Clone, Copy)]
pub struct Node<'a>(pub &'a Seen);

/// The findings of reading values.
#[derive(Default)]
pub struct Seen {
    /// Some object has a key twice.
    pub twice: Cell<bool>,
    values: Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let values = self.0.values.get() + 1;
        if values > MAX_VALUES {
            return Err(de::Error::custom(TOO_MANY_VALUES));
        }
        self.0.values.set(values);
        deserializer.deserialize_any(self)
    }
}

/// A member's name, as it is written: asking for a string keeps YAML from reading `200` or `1.10` as numbers.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is a string")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        Ok(key.to_owned())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "JSON has no wider integer; a float is what its readers expect"
)]
impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(format!("`{value}` is not a number that JSON can hold")))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    /// An empty YAML document.
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let value = decoded(&key, entries.next_value_seed(self)?);
            match value {
                Value::Object(base) if key == "<<" => merged.push(base),
                _ if map.contains_key(&key) => self.0.twice.set(true),
                _ => {
                    map.insert(key, value);
                }
            }
        }
        for (key, value) in merged.into_iter().flatten() {
            map.entry(key).or_insert(value);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(de::Error::custom(
            "YAML tags such as `!name` have no meaning in an API description",
        ))
    }
}
