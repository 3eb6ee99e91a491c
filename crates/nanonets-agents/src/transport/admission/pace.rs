//! When the next start may be sent: a controller without locks, timers or wakers, which learns from answers.
//!
//! It has two modes.
//!
//! - **Open**: no limit is known. A window bounds the starts that have no answer yet, as in TCP's slow start. A burst learns
//!   of a rate limit before all of it was sent.
//! - **Paced**: a start was refused. Starts are spaced by a rate. The refusal of a start that was sent after the last
//!   decrease begins another *epoch*: it lowers the rate once, and holds all starts for as long as the server asks.
//!
//! After a refusal, few starts are sent until one is accepted; they are *probes*. While probes are refused, the server is
//! *closed*, and the pauses before them grow.
//!
//! The rate grows as the window of TCP CUBIC does (RFC 9438): fast to just below the rate that was refused, slowly past
//! that, then ever faster. `docs/decisions/0002-admission-control.md` has the measurements behind the constants.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::evidence::{RefusalShares, Sample};

/// Starts without an answer in a burst that has no answer yet, and the largest number of probes at a time.
const FIRST_WINDOW: usize = 16;
/// The open window grows by a quarter, at most once in this time, or in the time of an answer if that is longer.
const WINDOW_GROWTH: Duration = Duration::from_millis(250);
/// A start without an answer for longer leaves the open window: uploads take their time, and refusals do not.
const OPEN_UNANSWERED: Duration = Duration::from_millis(400);
/// The same for probes.
const PROBE_UNANSWERED: Duration = Duration::from_secs(2);
/// Without a start for so long, the open window begins anew.
const IDLE: Duration = Duration::from_secs(10);
/// Before the first acceptance, the window stays as it is for one refusal of each start that waits, and at most for so many.
const FIRST_REFUSALS: usize = 320;
/// A search multiplies the rate by e in this time, or in the time of a refusal if that is longer.
const SEARCH_TIME: Duration = Duration::from_millis(250);
/// The same where the first burst was large, and tells something about the rate.
const SLOW_SEARCH_TIME: Duration = Duration::from_secs(1);
/// The longest such time.
const LONGEST_SEARCH_TIME: Duration = Duration::from_secs(5);
/// The plateau of the rate, as a part of the rate that was refused.
const PLATEAU: f64 = 0.98;
/// A decrease leads below the plateau by this part.
const DECREASE: f64 = 0.06;
/// In seconds of pacing: the time from a decrease to the plateau.
const RECOVERY: f64 = 8.0;
/// Faster is not paced.
const HIGHEST_RATE: f64 = 1e6;
/// The longest distance between two starts.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// In starts per second: no refusals of probes for a short time lead below.
const LOWEST_CLOSED_RATE: f64 = 2.0;
/// This many acceptances without a refusal are a success.
const SUCCESS: usize = 256;
/// A timer may be late by this without slowing down the starts that follow.
const LATENESS: Duration = Duration::from_millis(10);
/// The shortest hold.
const SHORTEST_HOLD: Duration = Duration::from_millis(100);
/// The longest hold that the server did not ask for.
const LONGEST_PROBE_HOLD: Duration = Duration::from_secs(30);
/// The longest hold, whatever the server asks for.
const LONGEST_HOLD: Duration = Duration::from_secs(300);
/// A hold before probes, as a part of the time since the first refusal. Where few wait, it is longer: the whole time for a
/// single start, which doubles the hold with each probe.
const PROBE_HOLD: f64 = 0.125;
/// A hold is longer by up to this part, at random: clients that were refused together do not come back together.
const JITTER: f64 = 0.2;
/// Without a refusal for so long, pacing ends.
const QUIET: Duration = Duration::from_secs(120);

/// A start under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// Later starts have higher numbers.
    number: u64,
    sent: Instant,
    /// The rate at that time.
    rate: Option<f64>,
    /// Demand was above the limit.
    had_to_wait: bool,
}

/// When the next start may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    Now,
    /// Then, unless an answer comes first.
    At(Instant),
}

#[derive(Debug)]
pub(super) struct Pace {
    /// The highest rate, by configuration.
    ceiling: Option<f64>,
    /// The estimated rate. `None` in open mode.
    rate: Option<f64>,
    growth: Growth,
    /// In starts: the size of the first burst.
    burst: f64,
    /// When the last start was due. It may have been sent a little later.
    last_due: Option<Instant>,
    last_sent: Option<Instant>,
    next_number: u64,
    /// Demand is above the limit.
    is_limiting: bool,
    window: usize,
    window_grown: Option<Instant>,
    /// Starts of this epoch without an answer.
    unanswered: BTreeMap<u64, Instant>,
    epoch: Epoch,
    sample: Sample,
    shares: RefusalShares,
    held_until: Option<Instant>,
    last_refusal: Option<Instant>,
    /// The first refusal after the last acceptance.
    refused_since: Option<Instant>,
    refused_in_a_row: usize,
    refused_probes: u32,
    has_accepted: bool,
}

/// How the rate grows with acceptances.
#[derive(Clone, Copy, Debug)]
enum Growth {
    /// By e in this time: the limit may be anywhere.
    Search(Duration),
    /// By a cubic function of the time of pacing, in seconds.
    Cubic { plateau: f64, clock: f64 },
}

/// The events since the last refusal that counted.
#[derive(Clone, Copy, Debug, Default)]
struct Epoch {
    /// The number of its first start. Earlier starts belong to the epoch before.
    first: u64,
    since: Option<Instant>,
    /// The hold that the server asked for.
    hold: Duration,
    /// It began with a refusal, and nothing was accepted since.
    is_probing: bool,
    /// Probes were refused.
    was_closed: bool,
    /// The time until an accepted start was sent.
    opened_after: Duration,
    accepted: usize,
}

impl Pace {
    pub fn new(ceiling: Option<f64>) -> Self {
        Self {
            ceiling,
            rate: None,
            growth: Growth::Search(SEARCH_TIME),
            burst: 0.0,
            last_due: None,
            last_sent: None,
            next_number: 0,
            is_limiting: false,
            window: FIRST_WINDOW,
            window_grown: None,
            unanswered: BTreeMap::new(),
            epoch: Epoch::default(),
            sample: Sample::default(),
            shares: RefusalShares::default(),
            held_until: None,
            last_refusal: None,
            refused_since: None,
            refused_in_a_row: 0,
            refused_probes: 0,
            has_accepted: false,
        }
    }

    /// Starts per second, if there is a limit.
    pub fn rate(&self) -> Option<f64> {
        match (self.rate, self.ceiling) {
            (Some(rate), Some(ceiling)) => Some(rate.min(ceiling)),
            (rate, ceiling) => rate.or(ceiling),
        }
    }

    /// No start is sent before.
    pub fn held_until(&self, now: Instant) -> Option<Instant> {
        self.held_until.filter(|&until| until > now)
    }

    /// The first refusal after the last acceptance.
    pub fn refused_since(&self) -> Option<Instant> {
        self.refused_since
    }

    /// How often probes were refused after the last acceptance.
    pub fn refused_probes(&self) -> u32 {
        self.refused_probes
    }

    /// Whether the server has ever accepted a start.
    pub fn has_accepted(&self) -> bool {
        self.has_accepted
    }

    /// When the next start may be sent. Somebody wants to send one.
    pub fn turn(&mut self, now: Instant) -> Turn {
        let turn = match self.next_time(now) {
            Some(time) if time > now => Turn::At(time),
            _ => Turn::Now,
        };
        self.is_limiting |= turn != Turn::Now;
        turn
    }

    /// Nobody wants to send a start.
    pub fn has_no_demand(&mut self) {
        self.is_limiting = false;
    }

    fn next_time(&mut self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.held_until(now) {
            return Some(until);
        }
        self.end_when_quiet(now);
        let due = match (self.rate(), self.last_due) {
            (Some(rate), Some(last)) => Some(last + interval(rate)),
            _ => None,
        };
        if due.is_some_and(|due| due > now) {
            return due;
        }
        let longest = match (self.epoch.is_probing, self.rate()) {
            (true, Some(_)) => PROBE_UNANSWERED,
            (false, Some(_)) => return None,
            (_, None) => OPEN_UNANSWERED,
        };
        while let Some(oldest) = self.unanswered.first_entry()
            && now - *oldest.get() >= longest
        {
            oldest.remove();
        }
        let (_, &oldest) = self.unanswered.first_key_value()?;
        (self.unanswered.len() >= self.window).then(|| oldest + longest)
    }

    /// A start is sent.
    pub fn start(&mut self, now: Instant) -> Flight {
        let is_idle = self.last_sent.is_some_and(|last| now - last > IDLE);
        if is_idle && self.rate().is_none() {
            self.window = self.window.min(FIRST_WINDOW);
        }
        if !self.is_limiting {
            self.sample = Sample::default();
        }
        let distance = self.rate().map_or(Duration::ZERO, interval);
        let due = self.last_due.map(|last| last + distance);
        let is_a_little_late = |due: &Instant| *due <= now && now - *due <= LATENESS;
        self.last_due = due.filter(is_a_little_late).or(Some(now));
        self.last_sent = Some(now);
        let number = self.next_number;
        self.next_number += 1;
        self.unanswered.insert(number, now);
        Flight {
            number,
            sent: now,
            rate: self.rate(),
            had_to_wait: self.is_limiting,
        }
    }

    /// A start was not sent after all.
    pub fn take_back(&mut self, flight: Flight) {
        self.unanswered.remove(&flight.number);
        if let (Some(rate), Some(last)) = (self.rate(), self.last_due) {
            self.last_due = last.checked_sub(interval(rate));
        }
    }

    /// A start ended without a word about the limit.
    pub fn failed(&mut self, flight: Flight) {
        self.unanswered.remove(&flight.number);
    }

    /// The server accepted a start.
    pub fn accepted(&mut self, flight: Flight, now: Instant) {
        self.unanswered.remove(&flight.number);
        self.refused_since = None;
        self.refused_in_a_row = 0;
        self.refused_probes = 0;
        self.has_accepted = true;
        if let Some(rate) = flight.rate {
            self.shares.accepted(rate);
        }
        if flight.number < self.epoch.first {
            return;
        }
        self.sample.add(now);
        self.epoch.accepted += 1;
        if self.epoch.accepted == SUCCESS {
            self.shares.clear();
        }
        if self.epoch.is_probing {
            self.epoch.is_probing = false;
            self.epoch.opened_after = self
                .epoch
                .since
                .map_or(Duration::ZERO, |since| flight.sent - since);
            self.window = FIRST_WINDOW;
        }
        // A limit that is not reached is not raised.
        if !flight.had_to_wait {
            return;
        }
        match self.rate {
            Some(rate) => self.rate = Some(self.growth.next(rate, flight.rate).min(HIGHEST_RATE)),
            None => {
                let pause = WINDOW_GROWTH.max(now - flight.sent);
                if self.window_grown.is_none_or(|last| now - last >= pause) {
                    self.window += self.window / 4;
                    self.window_grown = Some(now);
                }
            }
        }
    }

    /// The server refused a start because there were too many. So many starts wait, with this one.
    pub fn refused(
        &mut self,
        flight: Flight,
        retry_after: Option<Duration>,
        waiting: usize,
        now: Instant,
    ) {
        self.unanswered.remove(&flight.number);
        let refused_since = *self.refused_since.get_or_insert(now);
        self.refused_in_a_row += 1;
        self.last_refusal = Some(now);
        if let Some(rate) = flight.rate {
            self.shares.refused(rate);
        }
        let asked = retry_after.map(|time| time.clamp(SHORTEST_HOLD, LONGEST_HOLD));
        if flight.number < self.epoch.first {
            // It was on its way already. What it asks for counts from the same time.
            if let (Some(asked), Some(since)) = (asked, self.epoch.since) {
                self.held_until = self.held_until.max(Some(since + asked));
            }
            return;
        }
        let is_closed = self.begin_epoch(flight, waiting, now);
        let usual = is_closed.then(|| {
            let part = PROBE_HOLD.max(1.0 / waiting as f64).min(1.0);
            let hold = (now - refused_since).mul_f64(part);
            hold.clamp(SHORTEST_HOLD, LONGEST_PROBE_HOLD)
        });
        if let Some(hold) = asked.max(usual) {
            self.epoch.hold = hold;
            self.held_until = Some(now + hold.mul_f64(1.0 + JITTER * fastrand::f64()));
        }
    }

    /// A refusal counts. Returns whether the server is closed: nothing was accepted since the last refusal that counted.
    fn begin_epoch(&mut self, flight: Flight, waiting: usize, now: Instant) -> bool {
        let last = self.epoch;
        let tells_nothing = self.rate().is_none() && self.sample.is_empty();
        self.unanswered.clear();
        self.epoch.first = self.next_number;
        self.epoch.is_probing = true;
        if tells_nothing || last.is_probing {
            self.epoch.since = last.since.filter(|_| last.is_probing).or(Some(now));
            self.epoch.was_closed = true;
            self.refused_probes += 1;
            // A client that was refused from the beginning finds the limit sooner with several probes.
            if self.has_accepted || self.refused_in_a_row > waiting.min(FIRST_REFUSALS) {
                self.window = (self.window / 2).max(1);
            }
            return true;
        }
        self.epoch = Epoch {
            first: self.next_number,
            since: Some(now),
            is_probing: true,
            ..Epoch::default()
        };
        self.window = last.accepted.clamp(1, FIRST_WINDOW);
        match flight
            .rate
            .is_some_and(|rate| self.shares.are_unrelated(rate))
        {
            true => self.growth = Growth::Search(SLOW_SEARCH_TIME),
            false => self.decrease(flight, last, now),
        }
        false
    }

    fn decrease(&mut self, flight: Flight, last: Epoch, now: Instant) {
        let sample = std::mem::take(&mut self.sample);
        if self.rate.is_none() {
            self.burst = sample.rate(now);
        }
        // The rate that is too high.
        let mut refused = match flight.rate {
            None => sample.rate(now),
            Some(rate) => {
                let time = last
                    .since
                    .map_or(Duration::ZERO, |since| flight.sent - since);
                let time = time.as_secs_f64().max(1.0 / rate);
                let goodput = ((last.accepted as f64 + 1.0) / time).min(rate);
                // The goodput of an epoch is the limit where a bucket was full at its begin and is empty at its end. It says
                // little where there is no bucket. The first burst tells which is the case.
                let trust = 0.5 * (self.burst / goodput).min(1.0);
                rate * (goodput / rate).powf(trust)
            }
        };
        // A server that accepts again after a short time accepts that often.
        let lowest = match last.was_closed {
            true => LOWEST_CLOSED_RATE.min(1.0 / last.opened_after.as_secs_f64()),
            false => 1.0 / last.hold.max(SHORTEST_HOLD).as_secs_f64(),
        };
        if self.rate().is_none_or(|rate| rate >= 0.99 * lowest) {
            refused = refused.max(lowest / (PLATEAU * (1.0 - DECREASE)));
        }
        let plateau = refused * PLATEAU;
        self.growth = match flight.rate {
            None if !sample.is_measurement(now) => {
                let shortest = match sample.len() < FIRST_WINDOW {
                    true => SEARCH_TIME,
                    false => SLOW_SEARCH_TIME,
                };
                Growth::Search((now - flight.sent).clamp(shortest, LONGEST_SEARCH_TIME))
            }
            _ => Growth::Cubic {
                plateau,
                clock: 0.0,
            },
        };
        self.rate = Some(plateau * (1.0 - DECREASE));
    }

    fn end_when_quiet(&mut self, now: Instant) {
        let last = self.last_refusal.max(self.held_until);
        if self.rate.is_some() && last.is_some_and(|last| now - last > QUIET) {
            self.rate = None;
            self.window = FIRST_WINDOW;
            self.shares.clear();
            self.epoch = Epoch {
                first: self.epoch.first,
                ..Epoch::default()
            };
        }
    }
}

impl Growth {
    /// The rate after the acceptance of a start that was sent at this rate.
    fn next(&mut self, rate: f64, sent_at: Option<f64>) -> f64 {
        match self {
            Self::Search(time) => rate + 1.0 / time.as_secs_f64(),
            Self::Cubic { plateau, clock } => {
                *clock += sent_at.map_or(0.0, |rate| 1.0 / rate);
                *plateau * (1.0 + DECREASE * (*clock / RECOVERY - 1.0).powi(3))
            }
        }
    }
}

/// The distance between starts.
fn interval(rate: f64) -> Duration {
    let interval = Duration::try_from_secs_f64(1.0 / rate);
    interval.unwrap_or(LONGEST_INTERVAL).min(LONGEST_INTERVAL)
}
