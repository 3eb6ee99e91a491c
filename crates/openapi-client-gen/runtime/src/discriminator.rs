//! Discriminators: the member of an object that names the branch of its union.
//!
//! It is a fact of the branch and not of the value in it. So a branch is written with its own discriminator, whatever the
//! caller set the member to.

use std::fmt::{self, Display};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::formatted::is_displayed_as;
use super::json::Json;

/// A schema may be named by the reference to it.
const SCHEMAS: &str = "#/components/schemas/";

/// The discriminator value of an object: the string member of this name. That of a reference to a schema is its name.
#[must_use]
pub fn read(json: &Json, key: &'static str) -> Option<String> {
    let mut document = serde_json::Deserializer::from_str(json.as_json_text());
    let value: String = Member(key).deserialize(&mut document).ok()??;
    match value.strip_prefix(SCHEMAS) {
        Some(name) => Some(name.to_owned()),
        None => Some(value),
    }
}

struct Member(&'static str);

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            match name == self.0 {
                true => found = map.next_value::<Option<String>>()?,
                false => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The discriminator of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// The name of the member.
    pub key: &'static str,
    /// The values that name the branch, of which the first one is written if the member has none of them.
    pub values: &'static [&'static str],
    /// Whether the member is written if it is absent or `null`.
    pub is_added: bool,
}

impl Own {
    /// The value to write instead of a member.
    fn instead_of(&self, value: &Value) -> Option<&'static str> {
        let first = *self.values.first()?;
        match value {
            Value::String(text) => {
                let name = text.strip_prefix(SCHEMAS).unwrap_or(text);
                (!self.values.contains(&name)).then_some(first)
            }
            Value::Null => self.is_added.then_some(first),
            _ => None,
        }
    }
}

/// A serializer that writes an object with the discriminator of a branch, and other values as they are.
#[derive(Debug)]
pub struct Branch<S> {
    /// The serializer of the object.
    pub serializer: S,
    /// The discriminator.
    pub own: Own,
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $name(self, $($argument: $type),*) -> Result<S::Ok, S::Error> {
            self.serializer.$name($($argument),*)
        })*
    };
}

impl<S: Serializer> Serializer for Branch<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = Members<S::SerializeMap>;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = S::SerializeStructVariant;

    forward! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_f32(value: f32);
        serialize_f64(value: f64);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.serializer
            .serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<S::SerializeSeq, S::Error> {
        self.serializer.serialize_seq(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<S::SerializeTuple, S::Error> {
        self.serializer.serialize_tuple(length)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<S::SerializeTupleStruct, S::Error> {
        self.serializer.serialize_tuple_struct(name, length)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<S::SerializeTupleVariant, S::Error> {
        self.serializer
            .serialize_tuple_variant(name, index, variant, length)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        // The number of members is not known: the discriminator may be one more.
        Ok(Members {
            map: self.serializer.serialize_map(None)?,
            own: self.own,
            is_next: false,
            is_written: false,
        })
    }

    /// JSON that is written as it came is passed as a struct.
    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<S::SerializeStruct, S::Error> {
        self.serializer.serialize_struct(name, length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<S::SerializeStructVariant, S::Error> {
        self.serializer
            .serialize_struct_variant(name, index, variant, length)
    }
}

/// The members of an object with a discriminator.
#[derive(Debug)]
pub struct Members<M> {
    map: M,
    own: Own,
    /// Whether the next value is that of the discriminator.
    is_next: bool,
    is_written: bool,
}

impl<M: SerializeMap> SerializeMap for Members<M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        self.is_next = is_text(key, self.own.key);
        self.map.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        if !std::mem::take(&mut self.is_next) {
            return self.map.serialize_value(value);
        }
        self.is_written = true;
        // A value without JSON is an error of the serializer, too.
        let json = serde_json::to_value(value).unwrap_or_default();
        match self.own.instead_of(&json) {
            Some(own) => self.map.serialize_value(own),
            None => self.map.serialize_value(value),
        }
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        if self.own.is_added
            && !self.is_written
            && let Some(first) = self.own.values.first()
        {
            self.map.serialize_entry(self.own.key, first)?;
        }
        self.map.end()
    }
}

/// Whether a value is written as this text.
fn is_text<T: Serialize + ?Sized>(value: &T, text: &str) -> bool {
    struct Text<'a, T: ?Sized>(&'a T);
    impl<T: Serialize + ?Sized> Display for Text<'_, T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }
    is_displayed_as(&Text(value), text)
}
