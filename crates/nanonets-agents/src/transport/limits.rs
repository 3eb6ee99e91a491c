//! The time limits of an attempt.

use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};
use nanonets_agents_api::{Activity, Idle};
use tokio::time::{Instant, sleep_until};

/// The time limits of an attempt.
pub(crate) struct Limits {
    pub idle: Duration,
    pub attempt: Option<Duration>,
    /// The deadline of the call.
    pub deadline: Option<Instant>,
    /// The deadline in the record of a run. The clock of `deadline` stands still while the machine is suspended, on Linux
    /// for example, and this one does not.
    pub recorded: Option<DateTime<Utc>>,
}

/// The pause between looks at a clock that goes on while the machine is suspended.
const CLOCK_LOOKS: Duration = Duration::from_secs(1);

impl Limits {
    /// Returns when an attempt that begins now exceeds a limit, and what has arrived by then was read.
    async fn run_out(&self, activity: &Activity) -> TimedOut {
        let attempt = self.attempt.and_then(after);
        let end = [attempt, self.deadline].into_iter().flatten().min();
        let in_time = async {
            match end {
                Some(end) => {
                    while Instant::now() < end && !self.is_past_record() {
                        let next = after(CLOCK_LOOKS).filter(|_| self.recorded.is_some());
                        sleep_until(next.map_or(end, |next| next.min(end))).await;
                    }
                    activity.settle().await;
                }
                None => pending().await,
            }
        };
        match select(pin!(in_time), pin!(activity.idle(self.idle))).await {
            Either::Left(_) => TimedOut::Limit,
            Either::Right((idle, _)) => TimedOut::Idle(idle),
        }
    }

    /// Whether the deadline in the record has passed.
    pub fn is_past_record(&self) -> bool {
        self.recorded.is_some_and(|recorded| Utc::now() >= recorded)
    }

    /// Whether the call still has time after a pause.
    pub fn allow(&self, pause: Duration) -> bool {
        match (self.deadline, after(pause)) {
            (Some(deadline), Some(next)) => next < deadline,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }
}

/// The time so far from now, unless it is beyond what a clock can tell.
pub(crate) fn after(pause: Duration) -> Option<Instant> {
    Instant::now().checked_add(pause)
}

/// The limit that an attempt exceeded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimedOut {
    /// The limit of the attempt or of the call.
    Limit,
    /// The limit of a connection on which nothing moves, or too little.
    Idle(Idle),
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit => f.write_str("the deadline has passed"),
            Self::Idle(idle) => idle.fmt(f),
        }
    }
}

impl std::error::Error for TimedOut {}

/// The result of one attempt, or the limit that it exceeded.
pub(crate) async fn limited<F: Future>(
    attempt: F,
    limits: &Limits,
    activity: &Activity,
) -> Result<F::Output, TimedOut> {
    match select(pin!(attempt), pin!(limits.run_out(activity))).await {
        Either::Left((sent, _)) => Ok(sent),
        Either::Right((why, _)) => Err(why),
    }
}
