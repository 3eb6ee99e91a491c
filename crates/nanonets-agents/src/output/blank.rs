//! Whether a value has anything in it. A blank value is no answer, wherever it is found.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The content of a JSON value: none, an empty array, or something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `null`, a string without visible characters, `{}`, or an array of such values.
    Blank,
    /// `[]`, which may be the answer: a list without items.
    EmptyList,
    /// Anything else. An object with a key is never blank, for `{"vendor": null}` says that there is no vendor.
    Full,
}

impl Content {
    /// It reads no further than to the first value that is not blank. What can't be read is not blank.
    pub fn of(json: &str) -> Self {
        let mut document = serde_json::Deserializer::from_str(json);
        match BlankValue.deserialize(&mut document) {
            Ok(is_empty_list) if is_empty_list => Self::EmptyList,
            Ok(_) => Self::Blank,
            Err(_) => Self::Full,
        }
    }
}

/// A value that is blank, or else an error. It tells whether the value is `[]`.
struct BlankValue;

fn full<E: Error>() -> Result<bool, E> {
    Err(E::custom("not blank"))
}

impl<'de> DeserializeSeed<'de> for BlankValue {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BlankValue {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a blank value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        full()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        full()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        full()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        full()
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        if text.trim().is_empty() {
            Ok(false)
        } else {
            full()
        }
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut is_empty = true;
        while items.next_element_seed(Self)?.is_some() {
            is_empty = false;
        }
        Ok(is_empty)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<bool, A::Error> {
        match fields.next_key::<IgnoredAny>()? {
            Some(_) => full(),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn blank_values_empty_lists_and_full_ones_differ() {
        for json in [
            "null",
            r#""""#,
            r#"" \n\t\u00a0 ""#,
            "{ }",
            "[null]",
            "[{}, {}]",
            r#"["", "  "]"#,
            "[[]]",
            r#"[[null, [{}]], "", {}]"#,
        ] {
            assert_eq!(Content::of(json), Content::Blank, "{json}");
        }
        for json in ["[]", "[ \n]"] {
            assert_eq!(Content::of(json), Content::EmptyList, "{json}");
        }
        let deep = "[".repeat(200);
        for json in [
            "0",
            "-1",
            "0.0",
            "1E400",
            "340282366920938463463374607431768211456",
            "false",
            r#""-""#,
            r#""\ud83d""#,
            r#"{"vendor":null}"#,
            r#"{"":{}}"#,
            r#"[null, {"a":{}}]"#,
            "[[], 0]",
            &deep,
        ] {
            assert_eq!(Content::of(json), Content::Full, "{json}");
        }
    }
}
