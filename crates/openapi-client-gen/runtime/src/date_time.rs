//! Dates and times as servers write them.
//!
//! RFC 3339 is what API descriptions promise, and what is sent. What comes may lack the zone, have a blank for the `T`, or
//! an offset without a colon; that is no reason to lose the rest of an answer.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Decodes a field that is, or holds, a date and time.
///
/// # Errors
///
/// The error of the decoder, if a text is not a date and time in any of the forms of [`parse`]. It does not quote the text.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Lenient,
{
    T::lenient(deserializer)
}

/// Reads a date and time: as RFC 3339 has it, or
///
/// - without a zone, which is UTC then; with `UTC` or `GMT`, or an offset such as `+0000` or `+00`;
/// - with a blank for the `T`, in lower case, or with blanks around it;
/// - with any number of digits behind the second, or without a second;
/// - without a time, which is midnight then;
/// - as RFC 2822 has it.
#[must_use]
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let rfc2822 = || DateTime::parse_from_rfc2822(text).map(|time| time.to_utc());
    // The form of chrono for years with five digits is read by chrono alone.
    let others = || rfc2822().or_else(|_| text.parse());
    in_parts(text).or_else(|| others().ok())
}

fn in_parts(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = text.trim().split_at_checked("YYYY-MM-DD".len())?;
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let (time, offset) = match rest.strip_prefix(['T', 't', ' ']) {
        Some(rest) => zone(rest)?,
        None if rest.is_empty() => ("00:00", FixedOffset::east_opt(0)?),
        None => return None,
    };
    let time = time.trim().replace(',', ".");
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(&time, form).ok())?;
    let local = offset.from_local_datetime(&date.and_time(time)).single()?;
    Some(local.to_utc())
}

/// A time of day without its zone, and the offset of that.
fn zone(text: &str) -> Option<(&str, FixedOffset)> {
    let utc = ["Z", "z", "UTC", "GMT"];
    if let Some(time) = utc.iter().find_map(|name| text.strip_suffix(name)) {
        return Some((time, FixedOffset::east_opt(0)?));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, FixedOffset::east_opt(0)?));
    };
    let (time, offset) = text.split_at_checked(at)?;
    let digits = offset.get(1..)?.replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| {
        digits
            .get(from..from + 2)
            .and_then(|part| part.parse().ok())
    };
    let seconds: i32 = part(0)? * 3600 + part(2).unwrap_or(0) * 60;
    let seconds = if offset.starts_with('-') {
        -seconds
    } else {
        seconds
    };
    Some((time, FixedOffset::east_opt(seconds)?))
}

/// A type of fields that hold a date and time.
pub trait Lenient: Sized {
    /// Decodes it.
    ///
    /// # Errors
    ///
    /// As [`deserialize`].
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Lenient for DateTime<Utc> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = DateTime<Utc>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                parse(text).ok_or_else(|| E::custom("not a date and time"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A value that is decoded leniently wherever it is.
struct Inside<T>(T);

impl<'de, T: Lenient> Deserialize<'de> for Inside<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::lenient(deserializer).map(Self)
    }
}

impl<T: Lenient> Lenient for Option<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<Inside<T>>::deserialize(deserializer)?;
        Ok(value.map(|Inside(value)| value))
    }
}

impl<T: Lenient> Lenient for Box<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::lenient(deserializer).map(Self::new)
    }
}

impl<T: Lenient> Lenient for Vec<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<Inside<T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Inside(value)| value).collect())
    }
}

impl<K, T, S> Lenient for HashMap<K, T, S>
where
    K: for<'de> Deserialize<'de> + Eq + Hash,
    T: Lenient,
    S: BuildHasher + Default,
{
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = HashMap::<K, Inside<T>, S>::deserialize(deserializer)?;
        let values = values.into_iter();
        Ok(values.map(|(key, Inside(value))| (key, value)).collect())
    }
}
