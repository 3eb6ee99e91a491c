//! The names that markers can have.

use std::str::FromStr;

use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::record::Marker;

impl Marker {
    /// A marker with a name of your own, such as the number of an order. The name must be unique among your runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] unless the name has 4 to 64 characters, all of them ASCII letters, digits, `-`, `_` or
    /// `.`.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if (4..=64).contains(&name.len()) && name.bytes().all(is_allowed) {
            return Ok(Self(name));
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "a marker has 4 to 64 ASCII letters, digits, `-`, `_` or `.`",
        ))
    }
}

impl FromStr for Marker {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<String> for Marker {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(name)
    }
}
