//! The gate against servers with rate limiters of many kinds, by a paused clock.
//!
//! Each simulation starts many runs at once. `cargo test -p nanonets-agents admission::simulation -- --nocapture` prints how
//! long they took in comparison to a client that knows the limit, and how many requests they took.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use nanonets_agents_api::types::AgentId;
use tokio::time::{Instant, sleep};

use super::{Admission, Gate};

const SECOND: Duration = Duration::from_secs(1);

/// The requests that a server refuses.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// Requests without a token.
    TokenBucket { rate: f64, burst: f64 },
    /// Requests above a number in each window. Windows follow each other.
    FixedWindow { limit: usize, period: Duration },
    /// Requests above a number in the time before each.
    SlidingLog { limit: usize, period: Duration },
    /// Requests within this time after the last.
    Distance(Duration),
    /// This number of requests, whenever they come.
    First(usize),
    /// The first request of each run.
    FirstOfEachRun,
    /// This share of requests, at random.
    Share(f64),
}

use Limit::{Distance, First, FirstOfEachRun, FixedWindow, Share, SlidingLog, TokenBucket};

/// The content of a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum RetryAfter {
    Nothing,
    /// In how many seconds a request is accepted, rounded up.
    Seconds,
}

struct Limiter {
    limit: Limit,
    start: Instant,
    tokens: f64,
    /// The last request of a token bucket, the last accepted one otherwise.
    last: Option<Instant>,
    /// Accepted requests of a sliding log.
    log: VecDeque<Instant>,
    /// Accepted requests of this window, or requests so far.
    count: usize,
}

impl Limiter {
    fn new(limit: Limit) -> Self {
        Self {
            limit,
            start: Instant::now(),
            tokens: match limit {
                TokenBucket { burst, .. } => burst,
                _ => 0.0,
            },
            last: None,
            log: VecDeque::new(),
            count: 0,
        }
    }

    /// Accepts a request, or returns the time until one is accepted.
    fn ask(&mut self, now: Instant, is_first: bool) -> Result<(), Duration> {
        match self.limit {
            TokenBucket { rate, burst } => {
                let elapsed = self
                    .last
                    .replace(now)
                    .map_or(Duration::ZERO, |last| now - last);
                self.tokens = (self.tokens + elapsed.as_secs_f64() * rate).min(burst);
                if self.tokens < 1.0 - 1e-9 {
                    return Err(Duration::from_secs_f64((1.0 - self.tokens) / rate));
                }
                self.tokens -= 1.0;
            }
            FixedWindow { limit, period } => {
                let passed = (now - self.start).as_nanos() / period.as_nanos();
                let start = self.start + period * u32::try_from(passed).expect("a short test");
                if self.last.replace(start) != Some(start) {
                    self.count = 0;
                }
                if self.count == limit {
                    return Err(start + period - now);
                }
                self.count += 1;
            }
            SlidingLog { limit, period } => {
                while self.log.front().is_some_and(|&time| now - time >= period) {
                    self.log.pop_front();
                }
                if self.log.len() == limit {
                    return Err(self.log[0] + period - now);
                }
                self.log.push_back(now);
            }
            Distance(distance) => {
                let since = self.last.map_or(distance, |last| now - last);
                if since < distance {
                    return Err(distance - since);
                }
                self.last = Some(now);
            }
            First(refusals) => {
                self.count += 1;
                if self.count <= refusals {
                    return Err(Duration::ZERO);
                }
            }
            FirstOfEachRun if is_first => return Err(Duration::ZERO),
            Share(share) if fastrand::f64() < share => return Err(Duration::ZERO),
            FirstOfEachRun | Share(_) => {}
        }
        Ok(())
    }

    /// The time from the first to the last acceptance at the best, in seconds.
    fn ideal(&self, runs: usize) -> f64 {
        let windows = |limit: usize| ((runs - 1) / limit) as f64;
        match self.limit {
            TokenBucket { rate, burst } => (runs as f64 - burst) / rate,
            FixedWindow { limit, period } | SlidingLog { limit, period } => {
                windows(limit) * period.as_secs_f64()
            }
            Distance(distance) => windows(1) * distance.as_secs_f64(),
            First(_) | FirstOfEachRun | Share(_) => 0.0,
        }
    }
}

/// The result of a simulation.
struct Figures {
    seconds: f64,
    /// In comparison to a client that knows the limit.
    time: f64,
    requests_per_run: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seconds,
            time,
            requests_per_run,
        } = self;
        write!(f, "{seconds:>8.1} s {time:>9.2} {requests_per_run:>17.2}")
    }
}

/// Starts all runs at once, and waits until the server has accepted all of them.
async fn simulate(
    limit: Limit,
    retry_after: RetryAfter,
    latency: Duration,
    runs: usize,
) -> Figures {
    fastrand::seed(1);
    let gate = Gate::new(&Admission::new());
    let limiter = Limiter::new(limit);
    let ideal = limiter.ideal(runs) + latency.as_secs_f64();
    let limiter = Arc::new(Mutex::new((limiter, 0_usize)));
    let start = Instant::now();
    let run = async |_| {
        let mut place = gate.place(AgentId(uuid::Uuid::nil()), false);
        let mut is_first = true;
        loop {
            let permit = gate.admit(&mut place, None).await.expect("an admission");
            sleep(latency / 2).await;
            let answer = {
                let (limiter, count) = &mut *limiter.lock().expect("a limiter");
                *count += 1;
                limiter.ask(Instant::now(), is_first)
            };
            is_first = false;
            sleep(latency / 2).await;
            match answer {
                Ok(()) => return permit.accepted(None),
                Err(wait) => {
                    let seconds = Duration::from_secs(wait.as_secs_f64().ceil() as u64);
                    let asked = (retry_after == RetryAfter::Seconds).then_some(seconds);
                    permit.refused(&mut place, asked);
                }
            }
        }
    };
    join_all((0..runs).map(run)).await;
    let seconds = start.elapsed().as_secs_f64();
    let requests = limiter.lock().expect("a limiter").1;
    let status = gate.status();
    assert_eq!((status.in_flight, status.waiting), (0, 0));
    assert_eq!(status.accepted as usize, runs);
    assert_eq!(status.refused as usize, requests - runs);
    Figures {
        seconds,
        time: seconds / ideal,
        requests_per_run: requests as f64 / runs as f64,
    }
}

/// Simulates a thousand runs for each latency, with and without `Retry-After`, and compares with the largest figures that
/// are allowed: time and requests per run, for latencies up to 0.1 s, and for one of 1 s.
async fn compare(name: &str, limit: Limit, short: (f64, f64), long: (f64, f64)) {
    println!("\n{name}\nretry-after  latency       time  by ideal  requests per run");
    for retry_after in [RetryAfter::Nothing, RetryAfter::Seconds] {
        for (millis, (time, requests)) in [(6, short), (100, short), (1000, long)] {
            let latency = Duration::from_millis(millis);
            let figures = simulate(limit, retry_after, latency, 1000).await;
            let word = format!("{retry_after:?}").to_lowercase();
            println!("{word:<11} {millis:>5} ms {figures}");
            assert!(
                figures.time <= time,
                "{name}, {retry_after:?}, {millis} ms: {figures}"
            );
            let is_polite = figures.requests_per_run <= requests;
            assert!(is_polite, "{name}, {retry_after:?}, {millis} ms: {figures}");
        }
    }
}

fn bucket(rate: f64, burst: f64) -> Limit {
    TokenBucket { rate, burst }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_of_a_second_is_used_up_with_few_refusals() {
    compare(
        "50/s, burst 50",
        bucket(50.0, 50.0),
        (1.1, 1.1),
        (1.15, 1.1),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn small_buckets_are_used_up_with_few_refusals() {
    compare(
        "50/s, burst 10",
        bucket(50.0, 10.0),
        (1.3, 1.1),
        (1.45, 1.15),
    )
    .await;
    compare("50/s, burst 1", bucket(50.0, 1.0), (1.3, 1.1), (1.55, 1.15)).await;
    let distance = Distance(SECOND / 50);
    compare("20 ms between requests", distance, (1.3, 1.1), (1.55, 1.15)).await;
}

#[tokio::test(start_paused = true)]
async fn windows_of_a_second_are_used_up_with_few_refusals() {
    let (limit, period) = (50, SECOND);
    let window = FixedWindow { limit, period };
    compare("50 in each second", window, (1.4, 1.15), (1.4, 1.15)).await;
    let log = SlidingLog { limit, period };
    compare("50 within a second", log, (1.4, 1.15), (1.4, 1.15)).await;
}

#[tokio::test(start_paused = true)]
async fn windows_of_a_minute_are_used_up_with_few_refusals() {
    let (limit, period) = (600, 60 * SECOND);
    let window = FixedWindow { limit, period };
    compare("600 in each minute", window, (1.25, 1.2), (1.3, 1.3)).await;
    let log = SlidingLog { limit, period };
    compare("600 within a minute", log, (1.25, 1.2), (1.3, 1.3)).await;
    // A bucket that holds a minute's worth looks as if there were no limit, for long.
    compare(
        "600 a minute, burst 600",
        bucket(10.0, 600.0),
        (1.2, 1.2),
        (1.25, 1.55),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn slow_and_fast_limits_are_found() {
    compare(
        "10/s, burst 10",
        bucket(10.0, 10.0),
        (1.1, 1.1),
        (1.1, 1.15),
    )
    .await;
    compare("2/s, burst 5", bucket(2.0, 5.0), (1.1, 1.15), (1.1, 1.15)).await;
    // These take three seconds at the best, and one hold is a second.
    compare(
        "500/s, burst 50",
        bucket(500.0, 50.0),
        (3.5, 1.1),
        (4.5, 1.1),
    )
    .await;
}

/// Such refusals are not about the rate. A client that only slows down would stand still.
#[tokio::test(start_paused = true)]
async fn refusals_that_do_not_depend_on_the_rate_do_not_stop_a_client() {
    println!("\nrefused       retry-after  latency       time  by ideal  requests per run");
    for (name, limit, seconds) in [
        ("first 300", First(300), 30.0),
        ("first of each", FirstOfEachRun, 120.0),
        ("3 %", Share(0.03), 120.0),
        ("10 %", Share(0.1), 300.0),
    ] {
        for retry_after in [RetryAfter::Nothing, RetryAfter::Seconds] {
            for millis in [6, 100, 1000] {
                let latency = Duration::from_millis(millis);
                let figures = simulate(limit, retry_after, latency, 300).await;
                let word = format!("{retry_after:?}").to_lowercase();
                println!("{name:<13} {word:<11} {millis:>5} ms {figures}");
                assert!(
                    figures.seconds <= seconds,
                    "{name}, {retry_after:?}: {figures}"
                );
            }
        }
    }
}
