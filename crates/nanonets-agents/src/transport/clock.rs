//! How far the server's clock is ahead of the clock of this machine.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;

/// A measurement is good for so long. Reading the `Date` of each answer would cost more than it tells.
const FRESH: Duration = Duration::from_secs(60);

/// The server's clock as measured from the `Date` of answers, shared by the clones of a client.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<Measurement>>);

#[derive(Clone, Copy, Debug)]
struct Measurement {
    offset: TimeDelta,
    /// Half of the time that the request took. The server looked at its clock at some time between.
    error: TimeDelta,
    taken: Instant,
}

impl ServerClock {
    /// Measures with an answer to a request that was sent at `sent`.
    pub fn measure(&self, sent: DateTime<Utc>, headers: &HeaderMap) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stale = |known: &Measurement| known.taken.elapsed() >= FRESH;
        // Long requests, such as uploads, say little of the time at which they were answered.
        let is_vague = |known: &Measurement| known.error > TimeDelta::seconds(2);
        if known
            .as_ref()
            .is_some_and(|known| !is_stale(known) && !is_vague(known))
        {
            return;
        }
        let Some((offset, error)) = offset(sent, headers) else {
            return;
        };
        if known.is_none_or(|known| is_stale(&known) || error < known.error) {
            let taken = Instant::now();
            *known = Some(Measurement {
                offset,
                error,
                taken,
            });
        }
    }

    /// By how much the server's clock is ahead, if it was measured.
    pub fn offset(&self) -> Option<TimeDelta> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.map(|known| known.offset)
    }
}

/// By how much the clock of a server is ahead that answered a request, and the error of that: half of the time that the
/// request took.
pub(crate) fn offset(sent: DateTime<Utc>, headers: &HeaderMap) -> Option<(TimeDelta, TimeDelta)> {
    let date = server_date(headers)?;
    let error = (Utc::now() - sent) / 2;
    // A date has no fractions: on average, half a second has passed since.
    let offset = date + TimeDelta::milliseconds(500) - (sent + error);
    (error >= TimeDelta::zero()).then_some((offset, error))
}

/// The server's clock at the time of an answer. Its resolution is a second.
pub(crate) fn server_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// A date in one of the three forms that recipients must read (RFC 9110, section 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let naive = |form| NaiveDateTime::parse_from_str(text, form).ok();
    match DateTime::parse_from_rfc2822(text) {
        Ok(date) => Some(date.to_utc()),
        Err(_) => ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .into_iter()
            .find_map(naive)
            .map(|date| date.and_utc()),
    }
}
