//! The time by which reads lag behind writes.

use std::time::Duration;

/// How long reads lag behind writes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lags {
    /// The time until lists show a new task.
    pub listing: Duration,
    /// The time until a new task can be read by its id.
    pub read: Duration,
    /// The number of reads of a summary, after completion, that show no answer yet.
    pub summary_reads: u32,
}
