//! Ctrl-C, and what ends a process from outside.

use std::future::Future;

use crate::failure::{Code, Failure};

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
