//! The evidence of answers about a rate limit.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Acceptances are counted over this time.
const SPAN: Duration = Duration::from_secs(1);
/// A sample that covers less time is no measurement.
const MEASURED_SPAN: Duration = Duration::from_millis(900);
/// A sample of fewer acceptances is no measurement.
const MEASURED: usize = 8;
/// More acceptances are not remembered.
const CAPACITY: usize = 1024;

/// The latest acceptances, while demand is above the limit. Demand below the limit tells nothing about it.
#[derive(Debug, Default)]
pub(super) struct Sample {
    since: Option<Instant>,
    latest: VecDeque<Instant>,
}

impl Sample {
    pub fn add(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.latest.push_back(now);
        let is_old = |time: &Instant| now - *time >= SPAN;
        while self.latest.len() > CAPACITY
            || self.latest.len() > MEASURED && self.latest.front().is_some_and(is_old)
        {
            self.latest.pop_front();
        }
    }

    pub fn len(&self) -> usize {
        self.latest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.latest.is_empty()
    }

    /// Acceptances per second. Without a [measurement](Self::is_measurement), the size of a burst.
    pub fn rate(&self, now: Instant) -> f64 {
        let span = self
            .latest
            .front()
            .map_or(Duration::ZERO, |&time| now - time);
        self.latest.len() as f64 / span.max(SPAN).as_secs_f64()
    }

    /// Whether it is long and large enough to measure a rate.
    pub fn is_measurement(&self, now: Instant) -> bool {
        let is_long = self.since.is_some_and(|since| now - since >= MEASURED_SPAN);
        is_long && self.latest.len() >= MEASURED
    }
}

/// Answers by the rate at which their starts were sent: in half octaves, from 2^-10 to 2^20 starts per second.
#[derive(Debug, Default)]
pub(super) struct RefusalShares(Vec<Answers>);

#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    accepted: u32,
    refused: u32,
}

impl RefusalShares {
    const LEVELS: usize = 60;
    const LOWEST: f64 = -10.0;
    const PER_OCTAVE: f64 = 2.0;
    /// Rates at levels this far apart differ by a factor of at least two.
    const TWICE: usize = 3;
    /// With fewer refusals, a share is chance.
    const REFUSALS: u32 = 3;
    /// Above this share, half the rate may be above the limit too.
    const LARGEST: f64 = 0.65;

    pub fn accepted(&mut self, rate: f64) {
        let answers = self.answers(rate);
        answers.accepted = answers.accepted.saturating_add(1);
    }

    pub fn refused(&mut self, rate: f64) {
        let answers = self.answers(rate);
        answers.refused = answers.refused.saturating_add(1);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether refusals do not depend on the rate: as large a share was refused at twice the rate. A rate limit that refuses
    /// less than two thirds at twice the rate refuses little or nothing at this one.
    pub fn are_unrelated(&self, rate: f64) -> bool {
        let level = Self::level(rate);
        match (self.share(level), self.share(level + Self::TWICE)) {
            (Some(here), Some(above)) => above <= Self::LARGEST && here >= above / 2.0,
            _ => false,
        }
    }

    fn share(&self, level: usize) -> Option<f64> {
        let Answers { accepted, refused } = *self.0.get(level)?;
        let all = f64::from(accepted) + f64::from(refused);
        (refused >= Self::REFUSALS).then(|| f64::from(refused) / all)
    }

    fn answers(&mut self, rate: f64) -> &mut Answers {
        self.0.resize(Self::LEVELS, Answers::default());
        &mut self.0[Self::level(rate)]
    }

    fn level(rate: f64) -> usize {
        let level = (rate.log2() - Self::LOWEST) * Self::PER_OCTAVE;
        // The conversion saturates.
        (level as usize).min(Self::LEVELS - 1)
    }
}
