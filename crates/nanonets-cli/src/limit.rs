//! Ends a command early: at its timeout, by Ctrl-C, by a signal.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

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

/// Does something unless it is interrupted, or was before it began.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    tokio::select! {
        biased;
        by = interrupt() => Err(Interrupted { by }),
        result = work => Ok(result),
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

/// The signals to stop that have come so far.
#[derive(Clone, Copy, Debug)]
struct Signals {
    count: usize,
    /// The exit code of the last one.
    last: Code,
}

static SIGNALS: OnceLock<watch::Receiver<Signals>> = OnceLock::new();
/// How many of them ended something.
static OBEYED: AtomicUsize = AtomicUsize::new(0);

/// Listens to signals to stop from now on, for the whole process: between two waits, none may be lost. Without listeners,
/// which are the system's to give, a signal ends the process.
pub fn listen() {
    let (tell, signals) = watch::channel(Signals {
        count: 0,
        last: Code::Interrupted,
    });
    let count = move |code| {
        tell.send_modify(|signals| {
            *signals = Signals {
                count: signals.count + 1,
                last: code,
            };
        });
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) else {
            return;
        };
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(()) = interrupt.recv() => count(Code::Interrupted),
                    Some(()) = terminate.recv() => count(Code::Terminated),
                    else => return,
                }
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            count(Code::Interrupted);
        }
    });
    // It is called once.
    let _ = SIGNALS.set(signals);
}

/// Returns at the first signal to stop that nothing has obeyed yet, with what that makes the exit code.
async fn interrupt() -> Code {
    let Some(signals) = SIGNALS.get() else {
        return std::future::pending().await;
    };
    // The listener takes its turn, and with it what has come meanwhile.
    tokio::task::yield_now().await;
    let mut signals = signals.clone();
    let next = |signals: &Signals| signals.count > OBEYED.load(Ordering::Relaxed);
    let signal = signals.wait_for(next).await.map(|signals| *signals);
    match signal {
        Ok(signal) => {
            OBEYED.store(signal.count, Ordering::Relaxed);
            signal.last
        }
        Err(_) => std::future::pending().await,
    }
}
