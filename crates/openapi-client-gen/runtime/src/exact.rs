//! The value of a JSON text without rounding: two texts with the same one mean the same.
//!
//! A [`serde_json::Value`] rounds numbers beyond 64 bits or 17 digits, and keeps the last of several members of one name.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The depth to which values are nested at most, which is that of serde_json.
const MAX_DEPTH: usize = 128;

/// A JSON value. Numbers are equal if they are the same number: `1.0` and `1`, or `1e2` and `100`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exact<'a> {
    /// `null`, `true` or `false`.
    Literal(&'a str),
    /// A number.
    Number(Decimal),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Exact<'a>>),
    /// The members of an object in the order of their names, and those of one name in the order of the text.
    Object(Vec<(String, Exact<'a>)>),
}

impl<'a> Exact<'a> {
    /// The value of a JSON text, if it is not nested too deep, and no exponent in it has more than 18 digits.
    #[must_use]
    pub fn of(json: &'a str) -> Option<Self> {
        Self::at_depth(json.trim_ascii(), 0)
    }

    fn at_depth(json: &'a str, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let within = |raw: &'a RawValue| Self::at_depth(raw.get(), depth + 1);
        match json.as_bytes().first()? {
            b'{' => {
                let mut reader = serde_json::Deserializer::from_str(json);
                let members = reader.deserialize_map(Members).ok()?;
                let members = members.into_iter();
                let members = members.map(|(name, value)| Some((name, within(value)?)));
                let mut members: Vec<_> = members.collect::<Option<_>>()?;
                members.sort_by(|(left, _), (right, _)| left.cmp(right));
                Some(Self::Object(members))
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                let items: Option<_> = items.into_iter().map(within).collect();
                items.map(Self::Array)
            }
            b'"' => serde_json::from_str(json).ok().map(Self::String),
            b'-' | b'0'..=b'9' => Decimal::of(json).map(Self::Number),
            _ => Some(Self::Literal(json)),
        }
    }
}

/// A decimal number: `0.` and the digits, times a power of ten. The order is not that of numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    is_negative: bool,
    /// Without zeros at either end. Those of zero are none.
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(number: &str) -> Option<Self> {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = integer.trim_start_matches('-');
        let all = format!("{unsigned}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                is_negative: false,
                digits,
                exponent: 0,
            });
        }
        let leading_zeros = all.len() - significant.len();
        let point = i64::try_from(unsigned.len()).ok()? - i64::try_from(leading_zeros).ok()?;
        Some(Self {
            is_negative: integer.len() > unsigned.len(),
            digits,
            exponent: exponent.parse::<i64>().ok()?.checked_add(point)?,
        })
    }
}

/// Reads the members of an object, also those of one name.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
