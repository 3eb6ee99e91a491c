//! The value of an open enum that the API description doesn't list.

use std::fmt;

/// A value that was received, or made from text, and is not among those that this version of the crate knows.
///
/// It can be read but not made: making one by hand would compare unequal to the same value once it has a variant of
/// its own. Convert from text instead (`"value".into()`), which finds the variant if there is one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnknownValue(String);

impl UnknownValue {
    #[doc(hidden)]
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The value as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
