//! JSON of any shape, kept as it came.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::exact::Exact;
use super::repair::repaired;

/// A JSON value of any shape. It keeps the text that it was read from: every digit of its numbers, and the order of its keys.
/// Only halves of characters in its strings become U+FFFD.
///
/// Two of them are equal if they are the same JSON value, and so are a [`Json`] and a [`Value`]: the order of keys, whitespace
/// and escapes make no difference, and numbers are compared digit by digit (`1e2` is `100`, and `1e400` is not `2e400`).
/// Values that are nested more than 128 deep are equal if their texts are.
///
/// `Debug` does not show it, for it may hold what was in a document.
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON text, as it came: that of a string has its quotes and escapes. For the string itself, use `get::<String>()`.
    #[must_use]
    pub fn as_json_text(&self) -> &str {
        self.0.get()
    }

    /// Decodes the value. As a [`Value`], it may be rounded: [`to_value`](Self::to_value) says so.
    ///
    /// # Errors
    ///
    /// The error of the decoder, if the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.as_json_text())
    }

    /// The same value as a [`Value`].
    ///
    /// # Errors
    ///
    /// If a [`Value`] can't hold it as it is: an integer of more than 64 bits, a number with more digits than an `f64` has or
    /// beyond its range, several members of one name, or nesting of more than 128 levels. [`get`](Self::get) rounds such a
    /// number, and takes the last of such members.
    pub fn to_value(&self) -> serde_json::Result<Value> {
        let value: Value = self.get()?;
        match *self == value {
            true => Ok(value),
            false => Err(serde_json::Error::custom(
                "a `serde_json::Value` would round a number of this value or lose a member",
            )),
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_json_text() == RawValue::NULL.get()
    }

    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// The error of the encoder, for example for a map whose keys are not strings.
    pub fn of<T: Serialize>(value: &T) -> serde_json::Result<Self> {
        to_raw_value(value).map(Self)
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        // A `Value` is JSON already, so this does not fail.
        Self(to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

/// Whether two texts are the same JSON value.
fn is_same(left: &str, right: &str) -> bool {
    let exact = || Some(Exact::of(left)? == Exact::of(right)?);
    left == right || exact().unwrap_or_default()
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        is_same(self.as_json_text(), other.as_json_text())
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        is_same(self.as_json_text(), &other.to_string())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json")
            .field("length", &self.as_json_text().len())
            .finish_non_exhaustive()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json: Box<RawValue> = Box::deserialize(AnyFormat(deserializer))?;
        // The text was not decoded, so its strings may have halves of characters, which nothing would decode.
        let is_escaped = json.get().contains("\\u");
        match is_escaped
            .then(|| repaired(json.get().as_bytes()))
            .flatten()
        {
            Some(repaired) => serde_json::from_slice(&repaired)
                .map(Self)
                .map_err(D::Error::custom),
            None => Ok(Self(json)),
        }
    }
}

/// Reads a [`RawValue`] from any deserializer. By itself, it can be read from those of serde_json alone, and not from the
/// buffer of an enum or of a flattened struct.
struct AnyFormat<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AnyFormat<D> {
    type Error = D::Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_newtype_struct(name, AnyVisitor { name, visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct AnyVisitor<V> {
    name: &'static str,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for AnyVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    /// serde_json passes the text of the value by a map.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(map)
    }

    /// Others pass the value itself.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        let value = Value::deserialize(deserializer)?;
        value
            .deserialize_newtype_struct(self.name, self.visitor)
            .map_err(D::Error::custom)
    }
}
