//! Time and chance. Both are tokio's or seeded, so that a test can hold the one and repeat the other.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderValue;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use uuid::{Builder, Uuid};

/// The latest time of day, in seconds since 1970: the end of the year 9999, after which dates have no usual form.
const LATEST: i64 = 253_402_300_799;

/// Tells the time of day by a clock that a test may have paused, and may have set wrong. Copies of it are one clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_at: DateTime<Utc>,
    /// The offset from the machine's clock, in milliseconds.
    offset: Arc<AtomicI64>,
    /// The last `Date`, and its second.
    date: Arc<Mutex<(i64, HeaderValue)>>,
}

impl Clock {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            started_at: Utc::now(),
            offset: Arc::default(),
            date: Arc::new(Mutex::new((i64::MIN, HeaderValue::from_static("")))),
        }
    }

    /// Sets the offset from the machine's clock.
    pub fn set_offset(&self, offset: TimeDelta) {
        self.offset
            .store(offset.num_milliseconds(), Ordering::Relaxed);
    }

    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day at an instant, in whole milliseconds as it goes over the wire. It is from 1970 to 9999.
    pub fn utc(&self, instant: Instant) -> DateTime<Utc> {
        let passed = instant.saturating_duration_since(self.started);
        let passed = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        let started = self.started_at.timestamp_millis();
        let offset = self.offset.load(Ordering::Relaxed);
        let time = started.saturating_add(passed).saturating_add(offset);
        DateTime::from_timestamp_millis(time.clamp(0, LATEST * 1000)).unwrap_or_default()
    }

    /// The value of the header `Date` now.
    pub fn http_date(&self) -> HeaderValue {
        let now = self.utc(self.now());
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        if date.0 != now.timestamp() {
            let text = http_date(now);
            // A date has nothing that a header can't carry.
            let value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
            *date = (now.timestamp(), value);
        }
        date.1.clone()
    }
}

/// A time as a header has it: `Wed, 02 Jan 2030 03:04:05 GMT`.
pub(crate) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A random id.
pub(crate) fn uuid(random: &mut fastrand::Rng) -> Uuid {
    Builder::from_random_bytes(random.u128(..).to_ne_bytes()).into_uuid()
}
