//! When a request is tried again, and after how long: here and nowhere else.

use std::time::Duration;

use crate::error::Error;
use crate::operation::Operation;

/// How often a request is tried and how long the pauses are.
///
/// Whether it is tried again at all follows from what it does. Reads, `update` and `cancel` are, whenever the cause may
/// pass. What costs money or says something (`run`, `create`, `message`, `publish`) is only if it certainly had no
/// effect: no connection came about, or the server answered 429, or 503 with `Retry-After`.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    attempts: u32,
    pauses: Vec<Duration>,
    longest: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts, with pauses of up to 1, 2, 5 and 10 seconds, and at most 30 when the server names the time.
    fn default() -> Self {
        Self {
            attempts: 5,
            pauses: [1, 2, 5, 10, 30].map(Duration::from_secs).to_vec(),
            longest: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// One attempt.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// How often a request is tried at most, from 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest pause before each further attempt. The last one is that of all that follow. Each pause is a random
    /// part of it.
    #[must_use]
    pub fn pauses(mut self, pauses: impl IntoIterator<Item = Duration>) -> Self {
        self.pauses = pauses.into_iter().collect();
        self
    }

    /// The longest `Retry-After` that is waited for. Beyond it, the request fails at once.
    #[must_use]
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// How long to wait before the next attempt, if there is to be one.
    pub(crate) fn pause(
        &self,
        operation: Operation,
        attempt: u32,
        error: &Error,
    ) -> Option<Duration> {
        let harmless = operation.is_idempotent() || error.had_no_effect();
        if attempt >= self.attempts || !error.is_retryable() || !harmless {
            return None;
        }
        if let Some(asked) = error.retry_after() {
            return (asked <= self.longest).then_some(asked);
        }
        let index = usize::try_from(attempt)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let most = self
            .pauses
            .get(index)
            .or(self.pauses.last())
            .copied()
            .unwrap_or_default();
        // Full jitter: clients that failed together do not come back together.
        Some(most.mul_f64(fastrand::f64()))
    }
}
