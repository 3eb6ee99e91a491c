//! A deserializer that rejects objects of which the type knows no key.
//!
//! serde ignores the keys that a struct does not have, so a struct of optional fields decodes from any object. This wraps
//! another deserializer and watches each struct at any depth. An object that has keys needs one that is a field: its name
//! is one that the struct lists, or its value is decoded rather than ignored. An empty object is left to the type, and so is
//! everything that is not decoded as a struct: maps, flattened structs, and enums that buffer their content.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Why an object was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It has keys, and none is a field of its type.
    NoKnownField,
    /// It is an array. serde takes the fields of a struct from an array by position, but JSON has no such structs.
    Array,
}

/// The rejection of the whole document, beside the error that ends the decoding.
#[derive(Debug, Default)]
pub struct Verdict(Cell<Option<Rejection>>);

impl Verdict {
    pub fn rejection(&self) -> Option<Rejection> {
        self.0.get()
    }

    fn reject<E: Error>(&self, rejection: Rejection) -> E {
        self.0.set(Some(rejection));
        E::custom("an object without a known field")
    }
}

type Fields = &'static [&'static str];

/// The deserializer of a value or a key.
pub struct KnownFields<'w, D> {
    inner: D,
    verdict: &'w Verdict,
    /// The object that this is in, if its type is a struct.
    object: Option<&'w Object>,
    /// Whether this is a key of it.
    is_key: bool,
}

/// An object that is decoded as a struct.
struct Object {
    fields: Fields,
    has_keys: Cell<bool>,
    has_field: Cell<bool>,
}

impl<'w, D> KnownFields<'w, D> {
    pub fn new(inner: D, verdict: &'w Verdict) -> Self {
        Self {
            inner,
            verdict,
            object: None,
            is_key: false,
        }
    }

    /// A value that something asks for is that of a field.
    fn visitor<V>(&self, visitor: V) -> Watched<'w, V> {
        if let Some(object) = self.object.filter(|_| !self.is_key) {
            object.has_field.set(true);
        }
        Watched {
            visitor,
            verdict: self.verdict,
            fields: &[],
            key_of: self.object.filter(|_| self.is_key),
        }
    }
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
                let visitor = self.visitor(visitor);
                self.inner.$method($($argument,)* visitor)
            }
        )*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for KnownFields<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_char()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_identifier()
        deserialize_option() deserialize_unit() deserialize_seq() deserialize_map()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize) deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_enum(name: &'static str, variants: Fields)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: Fields,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.visitor(visitor).of_struct(fields);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The visitor of a value or a key.
struct Watched<'w, V> {
    visitor: V,
    verdict: &'w Verdict,
    /// The fields of the struct that it wants; none if it wants something else.
    fields: Fields,
    key_of: Option<&'w Object>,
}

impl<V> Watched<'_, V> {
    fn of_struct(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    fn note_key(&self, key: &str) {
        if let Some(object) = self.key_of
            && object.fields.contains(&key)
        {
            object.has_field.set(true);
        }
    }
}

macro_rules! pass_on {
    ($($method:ident: $type:ty),* $(,)?) => {
        $(
            fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
                self.visitor.$method(value)
            }
        )*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    pass_on! {
        visit_bool: bool, visit_char: char, visit_f32: f32, visit_f64: f64,
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128,
        visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.note_key(text);
        self.visitor.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.note_key(text);
        self.visitor.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.note_key(&text);
        self.visitor.visit_string(text)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor
            .visit_some(KnownFields::new(inner, self.verdict))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor
            .visit_newtype_struct(KnownFields::new(inner, self.verdict))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        if !self.fields.is_empty() {
            return Err(self.verdict.reject(Rejection::Array));
        }
        self.visitor.visit_seq(Access {
            inner: items,
            verdict: self.verdict,
            object: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let object = Object {
            fields: self.fields,
            has_keys: Cell::new(false),
            has_field: Cell::new(false),
        };
        let is_struct = !self.fields.is_empty();
        let value = self.visitor.visit_map(Access {
            inner: entries,
            verdict: self.verdict,
            object: is_struct.then_some(&object),
        })?;
        if is_struct && object.has_keys.get() && !object.has_field.get() {
            return Err(self.verdict.reject(Rejection::NoKnownField));
        }
        Ok(value)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Access {
            inner,
            verdict: self.verdict,
            object: None,
        })
    }
}

/// The access to the content of an array, an object, or an enum.
struct Access<'w, A> {
    inner: A,
    verdict: &'w Verdict,
    /// The object, if it is decoded as a struct.
    object: Option<&'w Object>,
}

impl<'w, A> Access<'w, A> {
    fn seed<S>(&self, seed: S, is_key: bool) -> Seed<'w, S> {
        Seed {
            seed,
            verdict: self.verdict,
            // Once a field is known, nothing else needs to be.
            object: self.object.filter(|object| !object.has_field.get()),
            is_key,
        }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.seed(seed, false);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.seed(seed, true);
        let key = self.inner.next_key_seed(seed)?;
        if let (Some(_), Some(object)) = (&key, self.object) {
            object.has_keys.set(true);
        }
        Ok(key)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.seed(seed, false);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'w, A: EnumAccess<'de>> EnumAccess<'de> for Access<'w, A> {
    type Error = A::Error;
    type Variant = Access<'w, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, inner) = self.inner.variant_seed(seed)?;
        let variant = Access {
            inner,
            verdict: self.verdict,
            object: None,
        };
        Ok((name, variant))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.seed(seed, false);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = KnownFields::new((), self.verdict).visitor(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: Fields,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = KnownFields::new((), self.verdict).visitor(visitor);
        self.inner.struct_variant(fields, visitor.of_struct(fields))
    }
}

/// The seed of a value or a key.
struct Seed<'w, S> {
    seed: S,
    verdict: &'w Verdict,
    object: Option<&'w Object>,
    is_key: bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(KnownFields {
            inner,
            verdict: self.verdict,
            object: self.object,
            is_key: self.is_key,
        })
    }
}
