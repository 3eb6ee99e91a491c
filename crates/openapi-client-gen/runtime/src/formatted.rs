//! Values of a format: UUIDs, dates, IP addresses.
//!
//! Only the sender of an answer can keep to a format. One text that does not is no reason to lose the rest of the answer.

use std::cmp::Ordering;
use std::fmt::{self, Display, Write};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::wire::{Fit, Wire};

/// A value of a format, such as a UUID or a date, or the text that came instead of one. It is written as it was read:
/// `{7F7E...}` stays in capitals and braces, and `2026-02-30` stays what it is.
///
/// [`get`](Self::get) has the value. Two of them are equal if their values are, or else if their texts are.
#[derive(Clone)]
pub struct Formatted<T> {
    value: Option<T>,
    /// The text that it was read from, if the value would be written in another way, or if there is none.
    text: Option<Box<str>>,
}

impl<T: Copy> Formatted<T> {
    /// The value; `None` if the text has another format.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.value
    }
}

impl<T> Formatted<T> {
    /// The text, if the value is not in the format.
    #[must_use]
    pub fn other_text(&self) -> Option<&str> {
        match self.value {
            Some(_) => None,
            None => self.text.as_deref(),
        }
    }

    /// The key of order and equality.
    fn key(&self) -> (Option<&T>, Option<&str>) {
        (self.value.as_ref(), self.other_text())
    }
}

impl<T: FromStr + Display> Formatted<T> {
    /// Reads a text, whether or not it is in the format.
    fn read_text(text: &str) -> Self {
        let value = text.parse().ok();
        let is_canonical = value
            .as_ref()
            .is_some_and(|value| is_displayed_as(value, text));
        Self {
            value,
            text: (!is_canonical).then(|| text.into()),
        }
    }
}

impl<T> From<T> for Formatted<T> {
    fn from(value: T) -> Self {
        Self {
            value: Some(value),
            text: None,
        }
    }
}

impl<T: FromStr + Display> FromStr for Formatted<T> {
    type Err = T::Err;

    /// Text of a caller is in the format.
    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse::<T>().map(|_| Self::read_text(text))
    }
}

impl<T: Display> Display for Formatted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.text, &self.value) {
            (Some(text), _) => f.pad(text),
            (None, Some(value)) => value.fmt(f),
            (None, None) => Ok(()),
        }
    }
}

/// A text of another format may be anything, so it is not shown.
impl<T: Display> fmt::Debug for Formatted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => Display::fmt(value, f),
            None => f.write_str("(a text of another format)"),
        }
    }
}

impl<T: PartialEq> PartialEq for Formatted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T: Eq> Eq for Formatted<T> {}

impl<T: PartialEq> PartialEq<T> for Formatted<T> {
    fn eq(&self, other: &T) -> bool {
        self.value.as_ref() == Some(other)
    }
}

impl<T: Ord> PartialOrd for Formatted<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Texts of another format come before values.
impl<T: Ord> Ord for Formatted<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<T: Hash> Hash for Formatted<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<T: FromStr + Display> Wire for Formatted<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(std::marker::PhantomData<T>);
        impl<T: FromStr + Display> Visitor<'_> for Text<T> {
            type Value = Formatted<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Formatted::read_text(text))
            }
        }
        deserializer.deserialize_str(Text(std::marker::PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }

    /// A string of a known format is described better by it than by `String`, and another one is not.
    fn fit(&self) -> Fit {
        match self.value {
            Some(_) => Fit::KNOWN,
            None => Fit::UNKNOWN,
        }
    }
}

impl<T: FromStr + Display> Serialize for Formatted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer)
    }
}

impl<'de, T: FromStr + Display> Deserialize<'de> for Formatted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)
    }
}

/// Whether a value is displayed as this text. It allocates nothing.
pub(super) fn is_displayed_as<T: Display + ?Sized>(value: &T, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl Write for Rest<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}
