//! The settings of a wait: its longest duration, its pauses, and the functions that it calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nanonets_agents_api::types::Task;

use crate::transport::error::Error;

/// The growth of the pause from one poll to the next.
const GROWTH: f64 = 1.5;
/// The longest pause that can be set.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest pause that pauses grow from.
const LEAST: Duration = Duration::from_millis(10);
/// How long one poll may take.
pub(crate) const POLL_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type OnStatus = Arc<dyn Fn(&Task) + Send + Sync>;
pub(crate) type OnFailure = Arc<dyn Fn(&Error) + Send + Sync>;

/// The settings of a wait.
#[derive(Clone)]
pub(crate) struct Patience {
    pub limit: Limit,
    pub on_status: Option<OnStatus>,
    pub on_failure: Option<OnFailure>,
    pub first_pause: Duration,
    pub longest_pause: Duration,
    pub poll_timeout: Duration,
}

/// How long a wait may last.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// As nothing else was said: a day.
    Default,
    /// As was asked for. Until then, failed polls are tolerated.
    Timeout(Duration),
    Endless,
}

impl Limit {
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Default => Some(DAY),
            Self::Timeout(timeout) => Some(timeout),
            Self::Endless => None,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            limit: Limit::Default,
            on_status: None,
            on_failure: None,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(10),
            poll_timeout: POLL_TIMEOUT,
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("limit", &self.limit)
            .field("first_pause", &self.first_pause)
            .field("longest_pause", &self.longest_pause)
            .finish_non_exhaustive()
    }
}

impl Patience {
    pub fn timeout(&mut self, timeout: Duration) {
        self.limit = Limit::Timeout(timeout);
    }

    pub fn pauses(&mut self, first: Duration, longest: Duration) {
        (self.first_pause, self.longest_pause) = (first.min(DAY), longest.max(first).min(DAY));
    }

    /// The pause after one.
    pub fn next(&self, pause: Duration) -> Duration {
        pause.max(LEAST).mul_f64(GROWTH).min(self.longest_pause)
    }
}
