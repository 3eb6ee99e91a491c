//! A limit on the rate of runs, as the API has one that it does not document: a token bucket on tokio's clock.

use std::time::Duration;

use tokio::time::Instant;

/// The limit that is set, if there is one, and the requests that it rejected.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    bucket: Option<Bucket>,
    rejected: u64,
}

#[derive(Debug)]
struct Bucket {
    limit: RateLimit,
    tokens: f64,
    refilled: Instant,
}

/// A rate of requests, and the number of requests that may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimit {
    per_second: f64,
    burst: f64,
    has_retry_after: bool,
}

/// A request beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// The value of `Retry-After` in seconds, if the answer has one.
    pub retry_after: Option<u64>,
}

impl RateLimit {
    /// A burst of zero counts as one: without it, nothing would ever pass.
    pub fn new(per_second: f64, burst: u32, has_retry_after: bool) -> Result<Self, &'static str> {
        if !per_second.is_finite() || per_second < 0.0 {
            return Err("a rate is a finite number from 0");
        }
        Ok(Self {
            per_second,
            burst: burst.max(1).into(),
            has_retry_after,
        })
    }
}

impl RateLimiter {
    /// Replaces the limit. The bucket is full at first.
    pub fn set(&mut self, limit: Option<RateLimit>) {
        self.bucket = limit.map(|limit| Bucket {
            limit,
            tokens: limit.burst,
            refilled: Instant::now(),
        });
    }

    /// Takes a token for a request.
    pub fn take(&mut self) -> Result<(), Rejected> {
        let Some(bucket) = &mut self.bucket else {
            return Ok(());
        };
        let Bucket {
            limit,
            tokens,
            refilled,
        } = bucket;
        let now = Instant::now();
        let refill = now.duration_since(*refilled).as_secs_f64() * limit.per_second;
        (*tokens, *refilled) = ((*tokens + refill).min(limit.burst), now);
        // A sum of many small refills may fall short of a token by a rounding error.
        if *tokens >= 1.0 - 1e-9 {
            *tokens -= 1.0;
            return Ok(());
        }
        self.rejected += 1;
        let wait = Duration::try_from_secs_f64((1.0 - *tokens) / limit.per_second).ok();
        Err(Rejected {
            retry_after: wait
                .filter(|_| limit.has_retry_after)
                .map(|wait| wait.as_secs_f64().ceil().max(1.0) as u64),
        })
    }

    pub fn rejected(&self) -> u64 {
        self.rejected
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::{RateLimit, RateLimiter, Rejected};

    fn limiter(per_second: f64, burst: u32) -> RateLimiter {
        let mut limiter = RateLimiter::default();
        limiter.set(RateLimit::new(per_second, burst, true).ok());
        limiter
    }

    #[tokio::test(start_paused = true)]
    async fn requests_pass_at_the_rate_after_a_burst() {
        let mut limiter = limiter(50.0, 10);
        let mut passed = Vec::new();
        for _ in 0..10_000 {
            passed.push(limiter.take().is_ok());
            advance(Duration::from_millis(1)).await;
        }
        let count = |passed: &[bool]| passed.iter().filter(|passed| **passed).count();
        assert_eq!(count(&passed[..10]), 10);
        let total = count(&passed);
        assert!((508..=510).contains(&total), "{total}");
        assert_eq!(limiter.rejected(), 10_000 - total as u64);
        advance(Duration::from_secs(3600)).await;
        assert_eq!((0..100).filter(|_| limiter.take().is_ok()).count(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_the_time_to_the_next_token_in_whole_seconds() {
        for (per_second, seconds) in [(50.0, Some(1)), (0.4, Some(3)), (0.0, None)] {
            let mut limiter = limiter(per_second, 0);
            assert_eq!(limiter.take(), Ok(()), "a burst of one");
            let rejected = Err(Rejected {
                retry_after: seconds,
            });
            assert_eq!(limiter.take(), rejected, "{per_second}");
            if let Some(seconds) = seconds {
                advance(Duration::from_secs(seconds)).await;
                assert_eq!(limiter.take(), Ok(()), "{per_second}");
            }
        }
        assert!(RateLimit::new(-1.0, 1, true).is_err());
        assert!(RateLimit::new(f64::NAN, 1, true).is_err());
    }
}
