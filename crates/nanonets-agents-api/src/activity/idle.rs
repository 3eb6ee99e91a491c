//! The reasons for which an attempt counts as idle.

use std::fmt;
use std::time::Duration;

/// The lowest average rate of a response body, in bytes per second, counted from one idle limit after the head.
///
/// A body that comes one byte at a time is never idle. With a minimum of 1 KiB per second, which is the default, and an
/// idle limit of 60 seconds, a body of 1 MiB has 60 + 1024 seconds. 0 is no minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumRate(pub u32);

impl Default for MinimumRate {
    fn default() -> Self {
        Self(1024)
    }
}

/// Why an attempt counts as idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Idle {
    /// Nothing was sent or received for the idle limit.
    Still(Duration),
    /// The body of the response was slower than the minimum rate.
    Slow(MinimumRate),
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Still(limit) => write!(f, "nothing was sent or received for {limit:?}"),
            Self::Slow(MinimumRate(rate)) => write!(
                f,
                "the response was slower than {rate} bytes per second on average"
            ),
        }
    }
}
