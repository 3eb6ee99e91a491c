//! Time and chance. Both are tokio's or seeded, so that a test can hold the one and repeat the other.

use chrono::{DateTime, SubsecRound, Utc};
use tokio::time::Instant;
use uuid::{Builder, Uuid};

/// Tells the time of day by a clock that a test may have paused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_at: DateTime<Utc>,
}

impl Clock {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            started_at: Utc::now(),
        }
    }

    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day at an instant, in whole milliseconds as it goes over the wire.
    pub fn utc(&self, instant: Instant) -> DateTime<Utc> {
        let passed = instant.saturating_duration_since(self.started);
        let passed = chrono::TimeDelta::from_std(passed).unwrap_or_default();
        (self.started_at + passed).trunc_subsecs(3)
    }
}

/// A random id.
pub(crate) fn uuid(random: &mut fastrand::Rng) -> Uuid {
    Builder::from_random_bytes(random.u128(..).to_ne_bytes()).into_uuid()
}
