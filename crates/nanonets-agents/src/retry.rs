//! When a request is tried again, and after how long: here and nowhere else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::operation::Operation;

/// How often a request is tried and how long the pauses are.
///
/// Whether it is tried again at all follows from what it does. Reads, `update` and `cancel` are, whenever the cause may
/// pass. What costs money or says something (`run`, `create`, `message`, `publish`) is only if it certainly had no
/// effect: no connection came about, or the server answered 429, or 503 with `Retry-After`.
///
/// A client also has a budget: each further attempt takes one from it, and ten requests that succeed give one back. While
/// it is used up, requests fail at their first error: a server that is down is not held down by those who wait for it.
#[derive(Clone)]
pub struct RetryPolicy {
    attempts: u32,
    pauses: Vec<Duration>,
    longest: Duration,
    budget: u32,
    decide: Option<Decide>,
}

type Decide = Arc<dyn Fn(Attempt<'_>) -> Option<Duration> + Send + Sync>;

/// An attempt that has failed, for a function that decides what follows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// Which one it was, from 1.
    pub number: u32,
    /// Why it failed.
    pub error: &'a Error,
    /// Whether trying again can't do the thing twice.
    pub is_safe: bool,
    /// The pause that the policy would make, if it would try again.
    pub pause: Option<Duration>,
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("pauses", &self.pauses)
            .field("longest_retry_after", &self.longest)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// What is left of a client's budget, in tenths of an attempt.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU32,
    most: u32,
}

impl Budget {
    pub fn of(policy: &RetryPolicy) -> Self {
        let most = policy.budget.saturating_mul(10);
        Self {
            left: AtomicU32::new(most),
            most,
        }
    }

    /// Takes an attempt, if there is one.
    pub fn take(&self) -> bool {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(10)
            });
        taken.is_ok()
    }

    /// A request has succeeded.
    pub fn give(&self) {
        let more = |left: u32| (left < self.most).then(|| left + 1);
        // A full budget stays full.
        let _ = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

impl Default for RetryPolicy {
    /// Five attempts, with pauses of up to 1, 2, 5 and 10 seconds, and of up to five minutes if the server asks for it; a
    /// budget of a hundred.
    fn default() -> Self {
        Self {
            attempts: 5,
            pauses: [1, 2, 5, 10, 30].map(Duration::from_secs).to_vec(),
            longest: Duration::from_secs(300),
            budget: 100,
            decide: None,
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

    /// How many further attempts the client's requests may take together before some succeed.
    #[must_use]
    pub fn budget(mut self, attempts: u32) -> Self {
        self.budget = attempts;
        self
    }

    /// Leaves it to a function whether there is another attempt, and after what pause. It is asked after every failure,
    /// also where another attempt [is not safe](Attempt::is_safe) and could cost money.
    #[must_use]
    pub fn decide_by(
        mut self,
        decide: impl Fn(Attempt<'_>) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.decide = Some(Arc::new(decide));
        self
    }

    /// How long to wait before the next attempt, if there is to be one.
    pub(crate) fn pause(
        &self,
        operation: Operation,
        attempt: u32,
        error: &Error,
    ) -> Option<Duration> {
        let pause = self.usual_pause(operation, attempt, error);
        match &self.decide {
            Some(decide) => decide(Attempt {
                number: attempt,
                error,
                is_safe: operation.is_idempotent() || error.had_no_effect(),
                pause,
            }),
            None => pause,
        }
    }

    fn usual_pause(&self, operation: Operation, attempt: u32, error: &Error) -> Option<Duration> {
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
