//! Ends a command early: at its timeout, by Ctrl-C, by a signal.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::failure::{Code, Failure};

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

    /// Does something as long as there is time.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.left() {
            Some(left) => tokio::time::timeout(left, work).await.map_err(|_| TimedOut),
            None => Ok(work.await),
        }
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

/// Does something unless it is interrupted.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    tokio::select! {
        result = work => Ok(result),
        by = interrupt() => Err(Interrupted { by }),
    }
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

/// Returns at the first signal to stop, with what that makes the exit code. A process that can't listen to them is ended
/// by them.
async fn interrupt() -> Code {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => return Code::Interrupted,
                Some(()) = terminate.recv() => return Code::Terminated,
                else => {}
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return Code::Interrupted;
    }
    std::future::pending().await
}
