//! The argument of a setter of an optional value: a value, or an `Option` of one.

use std::borrow::Cow;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};

use super::formatted::Formatted;
use super::json::Json;
use super::timestamp::Timestamp;

/// A value of type `T`, or none: text, a list, a date and time or JSON in any of its types, or an `Option` of these.
pub trait IntoOption<T> {
    /// The value.
    fn into_option(self) -> Option<T>;
}

macro_rules! into_option {
    ($target:ty: $($source:ty),*) => {
        $(
            impl IntoOption<$target> for $source {
                fn into_option(self) -> Option<$target> {
                    Some(self.into())
                }
            }

            impl IntoOption<$target> for Option<$source> {
                fn into_option(self) -> Option<$target> {
                    self.map(Into::into)
                }
            }
        )*
    };
}

into_option!(String: &str, String, &String, Box<str>, Cow<'_, str>);
into_option!(Timestamp: Timestamp, DateTime<Utc>);
into_option!(Json: Json, serde_json::Value);
into_option!(Formatted<uuid::Uuid>: Formatted<uuid::Uuid>, uuid::Uuid);
into_option!(Formatted<NaiveDate>: Formatted<NaiveDate>, NaiveDate);
into_option!(Formatted<IpAddr>: Formatted<IpAddr>, IpAddr);

impl<T, V: Into<T>> IntoOption<Vec<T>> for Vec<V> {
    fn into_option(self) -> Option<Vec<T>> {
        Some(self.into_iter().map(Into::into).collect())
    }
}

impl<T, V: Into<T>, const N: usize> IntoOption<Vec<T>> for [V; N] {
    fn into_option(self) -> Option<Vec<T>> {
        Some(self.into_iter().map(Into::into).collect())
    }
}

impl<T, V: Into<T>> IntoOption<Vec<T>> for Option<Vec<V>> {
    fn into_option(self) -> Option<Vec<T>> {
        self.map(|values| values.into_iter().map(Into::into).collect())
    }
}

macro_rules! bodies {
    ($($body:ty),*) => {
        $(
            impl IntoOption<reqwest::Body> for $body {
                fn into_option(self) -> Option<reqwest::Body> {
                    Some(self.into())
                }
            }

            impl IntoOption<reqwest::Body> for Option<$body> {
                fn into_option(self) -> Option<reqwest::Body> {
                    self.map(Into::into)
                }
            }
        )*
    };
}

bodies!(
    &'static str,
    &'static [u8],
    String,
    Vec<u8>,
    bytes::Bytes,
    tokio::fs::File,
    reqwest::Body
);
