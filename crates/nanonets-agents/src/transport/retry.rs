//! When a request is repeated, and after which pause: here and nowhere else.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::transport::effect::Effect;
use crate::transport::error::Error;
use crate::transport::operation::Operation;

/// How often a request is repeated, and after which pauses.
///
/// Whether a failed request is repeated at all depends on the operation. Reads, `update` and `cancel` are repeated whenever
/// the failure [may be temporary](Error::is_retryable). `run`, `create`, `message` and `publish` cost money or are visible
/// to others, so they are repeated only if the failure proves that they had no effect: no connection was established, or
/// the API itself refused with its documented error body (429, 503). The same statuses from a gateway prove nothing.
///
/// Refusals that ask for a pause (429, and 503 with `Retry-After`) are not counted as attempts. They are waited for until the
/// deadline of the call, and for [ten minutes](Self::longest_rate_limit) where there is none.
///
/// A client also has a budget against servers that are out of order: each repeated attempt takes one, and success and time
/// give it back. While it is used up, requests fail at their first failure, so that retries do not hold down a server
/// that is about to recover. Refusals that ask for a pause don't take from it.
#[derive(Clone)]
pub struct RetryPolicy {
    attempts: u32,
    pauses: Vec<Duration>,
    longest: Duration,
    rate_limit: Duration,
    budget: u32,
    decide: Option<Decide>,
}

type Decide = Arc<dyn Fn(Attempt<'_>) -> Option<Duration> + Send + Sync>;

/// A failed attempt, as [`RetryPolicy::decide_by`] sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The number of the attempt, from 1.
    pub number: u32,
    /// Why it failed.
    pub error: &'a Error,
    /// Whether repeating the request has no second effect: the operation is idempotent, or this attempt had no effect.
    pub is_safe: bool,
    /// The pause that the policy would make. `None` if it would not repeat the request.
    pub pause: Option<Duration>,
}

/// The attempts of a call so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    /// The number of attempts that were made.
    pub made: u32,
    /// The number of attempts that failed, other than by a request for a pause.
    pub failed: u32,
    /// The number of attempts that were refused with a request for a pause.
    pub refused: u32,
    /// How long the pauses after refusals were.
    pub paused: Duration,
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("pauses", &self.pauses)
            .field("longest_retry_after", &self.longest)
            .field("longest_rate_limit", &self.rate_limit)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// The number of attempts that a client may still repeat.
#[derive(Debug)]
pub(crate) struct Budget {
    most: f64,
    left: Mutex<(f64, Instant)>,
}

impl Budget {
    /// The part that each success gives back.
    const PER_SUCCESS: f64 = 0.1;
    /// The part that each second gives back: a client that was idle for five minutes has all of the budget.
    const PER_SECOND: f64 = 1.0 / 300.0;

    pub fn of(policy: &RetryPolicy) -> Self {
        let most = f64::from(policy.budget);
        Self {
            most,
            left: Mutex::new((most, Instant::now())),
        }
    }

    /// Takes one, if there is one.
    pub fn take(&self) -> bool {
        let mut left = self.refilled(0.0);
        let has_one = left.0 >= 1.0;
        if has_one {
            left.0 -= 1.0;
        }
        has_one
    }

    /// A request has succeeded.
    pub fn give(&self) {
        drop(self.refilled(Self::PER_SUCCESS));
    }

    fn refilled(&self, more: f64) -> MutexGuard<'_, (f64, Instant)> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let by_time = (now - left.1).as_secs_f64() * Self::PER_SECOND * self.most;
        *left = ((left.0 + by_time + more).min(self.most), now);
        left
    }
}

/// The shortest pause after a refusal, whatever the server asks for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

impl Default for RetryPolicy {
    /// Five attempts, with pauses of up to 1, 2, 5 and 10 seconds; pauses of up to five minutes if the server asks for them,
    /// ten minutes in all; a budget of a hundred.
    fn default() -> Self {
        Self {
            attempts: 5,
            pauses: [1, 2, 5, 10, 30].map(Duration::from_secs).to_vec(),
            longest: Duration::from_secs(300),
            rate_limit: Duration::from_secs(600),
            budget: 100,
            decide: None,
        }
    }
}

impl RetryPolicy {
    /// A policy that repeats nothing.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// The largest number of attempts of a request, from 1. With 1, a refusal that asks for a pause is not repeated either.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest pause before each further attempt; the last one is that of all that follow. The pause is a random part
    /// of it.
    #[must_use]
    pub fn pauses(mut self, pauses: impl IntoIterator<Item = Duration>) -> Self {
        self.pauses = pauses.into_iter().collect();
        self
    }

    /// The longest `Retry-After` that is waited for. A request that is asked for a longer pause fails at once.
    #[must_use]
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// How long a call without a deadline waits for rate limits and announced outages, all its pauses together.
    #[must_use]
    pub fn longest_rate_limit(mut self, longest: Duration) -> Self {
        self.rate_limit = longest;
        self
    }

    /// The number of attempts that the requests of the client and its clones may repeat before successes and time give some back:
    /// ten successes give back one, and five minutes all of them.
    #[must_use]
    pub fn budget(mut self, attempts: u32) -> Self {
        self.budget = attempts;
        self
    }

    /// Lets a function decide whether a request is repeated, and after which pause. It is called after every failure, also
    /// where another attempt [is not safe](Attempt::is_safe) and may cost money. It is not called if the answer has the id of
    /// what the request [has created](Error::created).
    #[must_use]
    pub fn decide_by(
        mut self,
        decide: impl Fn(Attempt<'_>) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.decide = Some(Arc::new(decide));
        self
    }

    /// The pause before the next attempt, if there is to be one.
    pub(crate) fn pause(
        &self,
        operation: Operation,
        attempts: &Attempts,
        error: &Error,
    ) -> Option<Duration> {
        // A task that was created is never created twice, also not by `decide_by`.
        if matches!(error.effect_of_attempt(), Effect::Created(_)) {
            return None;
        }
        let is_safe = operation.is_idempotent() || error.effect_of_attempt() == Effect::None;
        let pause = self.default_pause(attempts, error).filter(|_| is_safe);
        match &self.decide {
            Some(decide) => decide(Attempt {
                number: attempts.made,
                error,
                is_safe,
                pause,
            }),
            None => pause,
        }
    }

    fn default_pause(&self, attempts: &Attempts, error: &Error) -> Option<Duration> {
        if self.attempts == 1 || !error.is_retryable() {
            return None;
        }
        if !error.asks_for_a_pause() {
            // Full jitter: clients that failed together do not come back together.
            let most = self.longest_pause(attempts.failed);
            return (attempts.failed < self.attempts).then(|| most.mul_f64(fastrand::f64()));
        }
        let usual = self.longest_pause(attempts.refused);
        let asked = error.retry_after().unwrap_or_default();
        if asked > self.longest {
            return None;
        }
        // Never before the time that the server asks for, and spread out behind it: other clients were told the same.
        let least = asked.max(usual / 2).max(SHORTEST_PAUSE);
        let spread = (usual / 2).max(asked / 2).max(SHORTEST_PAUSE);
        let pause = least.saturating_add(spread.mul_f64(fastrand::f64()));
        (attempts.paused.saturating_add(pause) <= self.rate_limit).then_some(pause)
    }

    /// The longest pause that a server may ask for.
    pub(crate) fn longest_pause_asked_for(&self) -> Duration {
        self.longest
    }

    /// The upper bound of the pause after so many failures.
    fn longest_pause(&self, failures: u32) -> Duration {
        let index = usize::try_from(failures)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let pause = self.pauses.get(index).or(self.pauses.last());
        pause.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::StatusCode;
    use reqwest::header::{DATE, HeaderMap, HeaderValue};

    use super::*;
    use crate::transport::error::ErrorKind;

    /// The API's own 429, with these headers.
    fn refusal(headers: &[(reqwest::header::HeaderName, &str)]) -> Error {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            map.append(name.clone(), value);
        }
        Error::new(ErrorKind::Status, "slow down")
            .with_answer(StatusCode::TOO_MANY_REQUESTS, map, Bytes::new())
            .asking_for_a_pause()
    }

    fn retry_after(value: &str) -> Error {
        refusal(&[(reqwest::header::RETRY_AFTER, value)])
    }

    /// The pauses of a hundred clients that were refused at the same time.
    fn pauses(error: &Error) -> Vec<Duration> {
        let attempts = Attempts {
            made: 1,
            refused: 1,
            ..Attempts::default()
        };
        let policy = RetryPolicy::default();
        let pause = || policy.pause(Operation::RunAgent, &attempts, error);
        let mut pauses: Vec<_> = (0..100).map(|_| pause().expect("a pause")).collect();
        pauses.sort();
        pauses
    }

    #[test]
    fn clients_that_were_told_the_same_do_not_come_back_together_and_none_too_early() {
        for (value, least) in [
            ("0", 0.5),
            ("2", 2.0),
            ("30", 30.0),
            ("1.5", 1.5),
            ("junk", 0.5),
        ] {
            let pauses = pauses(&retry_after(value));
            let least = Duration::from_secs_f64(least);
            assert!(pauses[0] >= least, "{value}: {:?}", pauses[0]);
            let spread = pauses[94] - pauses[5];
            assert!(spread >= Duration::from_millis(300), "{value}: {spread:?}");
        }
    }

    #[test]
    fn a_pause_that_is_too_long_is_not_made() {
        let policy = RetryPolicy::default();
        let pause =
            |error: &Error, attempts: &Attempts| policy.pause(Operation::GetTask, attempts, error);
        let mut attempts = Attempts::default();
        assert_eq!(pause(&retry_after("86400"), &attempts), None);
        assert_eq!(pause(&retry_after("18446744073709551615"), &attempts), None);
        // However often a rate limit refuses, its pauses come to ten minutes at most.
        let mut paused = Duration::ZERO;
        while let Some(next) = pause(&retry_after("100"), &attempts) {
            attempts.refused += 1;
            attempts.paused += next;
            paused = attempts.paused;
        }
        assert!(
            paused <= Duration::from_secs(600) && paused >= Duration::from_secs(450),
            "{paused:?}"
        );
    }

    #[test]
    fn a_date_counts_from_the_clock_of_the_server() {
        // A server whose clock is years behind.
        let date = "Wed, 01 Jan 2020 10:00:00 GMT";
        let later = "Wed, 01 Jan 2020 10:00:20 GMT";
        let error = refusal(&[(DATE, date), (reqwest::header::RETRY_AFTER, later)]);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
        let error = refusal(&[(DATE, later), (reqwest::header::RETRY_AFTER, date)]);
        assert_eq!(error.retry_after(), Some(Duration::ZERO));
        // The two older forms of dates, which recipients must read too.
        for later in [
            "Wednesday, 01-Jan-20 10:00:20 GMT",
            "Wed Jan  1 10:00:20 2020",
        ] {
            let error = refusal(&[(DATE, date), (reqwest::header::RETRY_AFTER, later)]);
            assert_eq!(
                error.retry_after(),
                Some(Duration::from_secs(20)),
                "{later}"
            );
        }
    }

    #[test]
    fn a_pause_that_no_clock_can_show_is_the_longest_and_not_none() {
        let years = Duration::from_secs(86_400 * 365);
        for value in [
            "99999999999999999999999",
            "inf",
            "1e300",
            "18446744073709551616",
        ] {
            let pause = retry_after(value).retry_after();
            assert!(
                pause.is_some_and(|pause| pause > years),
                "{value}: {pause:?}"
            );
        }
        for value in ["-5", "-inf", "0", "0.0"] {
            assert_eq!(
                retry_after(value).retry_after(),
                Some(Duration::ZERO),
                "{value}"
            );
        }
        for value in ["nan", "soon", "", "1,2", "0x10"] {
            assert_eq!(retry_after(value).retry_after(), None, "{value}");
        }
    }

    #[test]
    fn of_two_pauses_the_longer_one_counts() {
        let header = reqwest::header::RETRY_AFTER;
        let error = refusal(&[
            (header.clone(), "2"),
            (header.clone(), "30"),
            (header, "soon"),
        ]);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_refilled_by_success_and_by_time() {
        let budget = Budget::of(&RetryPolicy::default().budget(10));
        let take_all = || (0..100).take_while(|_| budget.take()).count();
        assert_eq!(take_all(), 10);
        for _ in 0..20 {
            budget.give();
        }
        assert_eq!(take_all(), 2);
        tokio::time::advance(Duration::from_secs(150)).await;
        assert_eq!(take_all(), 5);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(take_all(), 10);
    }
}
