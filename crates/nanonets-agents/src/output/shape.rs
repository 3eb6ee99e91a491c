//! The shape of JSON for errors: types and the names of fields, and none of the values, which are private.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

const MAX_DEPTH: usize = 4;
/// The number of fields of an object that are shown. An object with many more is a map, whose keys are data.
const MAX_FIELDS: usize = 16;
const MAX_LENGTH: usize = 400;

/// The shape of a JSON text, such as `{vendor: string, line_items: [{sku: string, qty: number}]}`.
pub fn of(json: &str) -> String {
    let mut out = String::new();
    let mut document = serde_json::Deserializer::from_str(json);
    let shape = Shape {
        out: &mut out,
        depth: 0,
    };
    // A value that can't be read ends the shape.
    if shape.deserialize(&mut document).is_err() {
        out.push_str("...");
    }
    out
}

/// A key, if it looks like the name of a field. Another one may be somebody's name.
pub fn name(key: &str) -> &str {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-$".contains(character);
    let is_name = key.len() <= 64
        && key.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && key.chars().all(is_part);
    if is_name { key } else { "(a key)" }
}

struct Shape<'o> {
    out: &'o mut String,
    depth: usize,
}

impl Shape<'_> {
    fn inner(&mut self) -> Shape<'_> {
        Shape {
            out: self.out,
            depth: self.depth + 1,
        }
    }

    fn has_room(&self) -> bool {
        self.depth < MAX_DEPTH && self.out.len() < MAX_LENGTH
    }

    fn scalar<E>(self, name: &str) -> Result<(), E> {
        self.out.push_str(name);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar("boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar("number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar("number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar("number")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar("string")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar("null")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push('[');
        if self.has_room() {
            items.next_element_seed(self.inner())?;
        }
        let mut is_cut = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            is_cut = true;
        }
        self.out.push_str(if is_cut { ", ...]" } else { "]" });
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.out.push('{');
        let (start, mut shown, mut hidden) = (self.out.len(), 0_usize, 0_usize);
        while let Some(key) = fields.next_key::<String>()? {
            if shown == MAX_FIELDS || !self.has_room() {
                fields.next_value::<IgnoredAny>()?;
                hidden += 1;
                continue;
            }
            let separator = if shown == 0 { "" } else { ", " };
            self.out.push_str(separator);
            self.out.push_str(name(&key));
            self.out.push_str(": ");
            fields.next_value_seed(self.inner())?;
            shown += 1;
        }
        if hidden > MAX_FIELDS {
            self.out.truncate(start);
            self.out.push_str(&format!("{} keys", shown + hidden));
        } else if hidden > 0 {
            self.out.push_str(", ...");
        }
        self.out.push('}');
        Ok(())
    }
}
