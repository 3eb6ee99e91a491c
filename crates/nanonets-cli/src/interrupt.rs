//! Ctrl-C, and what ends a process from outside.

use std::future::Future;

use crate::failure::{Code, Failure};

/// Does something unless it is interrupted.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    tokio::select! {
        result = work => Ok(result),
        () = interrupt() => Err(Interrupted),
    }
}

/// Somebody wants this to end.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl Interrupted {
    pub fn because(self, message: impl Into<String>) -> Failure {
        Failure::new(Code::Interrupted, message)
    }
}

/// Returns at the first signal to stop. A process that can't listen to them is ended by them.
async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => return,
                Some(()) = terminate.recv() => return,
                else => {}
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending().await
}
