//! Ends a command early: at its timeout, by Ctrl-C, by a signal.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use crate::exit_code::Code;
use crate::failure::Failure;
use crate::signals;

/// The time that a command was given, from when it began.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub start: Instant,
    timeout: Option<Duration>,
}

/// The time is up.
#[derive(Clone, Copy, Debug)]
pub struct TimedOut;

impl Limit {
    /// A time that begins now. There may be none.
    pub fn new(timeout: Option<Duration>) -> Self {
        Self {
            start: Instant::now(),
            timeout,
        }
    }

    /// The time that is left.
    pub fn left(&self) -> Option<Duration> {
        let timeout = self.timeout?;
        Some(timeout.saturating_sub(self.start.elapsed()))
    }

    /// Does something as long as there is time. What has arrived by then still counts, although it was not read yet: a
    /// command may have been stopped meanwhile.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        let Some(left) = self.left() else {
            return Ok(work.await);
        };
        let mut work = pin!(work);
        if let Ok(done) = tokio::time::timeout(left, work.as_mut()).await {
            return Ok(done);
        }
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = settled() => Err(TimedOut),
        }
    }
}

/// Lets the runtime read what has arrived already.
async fn settled() {
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Does something that comes before any request, as long as there is time and nobody interrupts it.
pub async fn before_sending<T>(
    limit: Limit,
    what: &str,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    match unless_interrupted(limit.around(work)).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(TimedOut)) => Err(Failure::new(
            Code::Refused,
            format!("timed out while {what}; nothing was sent"),
        )),
        Err(interrupted) => {
            Err(interrupted.because(format!("interrupted while {what}; nothing was sent")))
        }
    }
}

/// Does something unless it is interrupted, or was before.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    match signals::take() {
        Some(by) => Err(Interrupted { by }),
        None => until_interrupted(work).await,
    }
}

/// Begins something, and goes on until it is interrupted.
pub async fn until_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    let part = signals::Part::begin();
    tokio::select! {
        biased;
        // A result counts more than the signal, which the next part of the command acts on.
        result = work => Ok(result),
        by = part.next_signal() => Err(Interrupted { by }),
    }
}

/// Does something because of a signal, unless another one comes. Several signals at once are one.
pub async fn unless_interrupted_again<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    signals::take();
    until_interrupted(work).await
}

/// Somebody wants this to end.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted {
    by: Code,
}

impl Interrupted {
    pub fn because(self, message: impl Into<String>) -> Failure {
        Failure::new(self.by, message)
    }
}
