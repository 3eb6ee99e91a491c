//! News of a wait.

use nanonets_agents_api::types::Task;

use crate::outcome::Outcome;

/// News of a task that is waited for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// Its status has changed, or was read for the first time. A status that this version does not know is
    /// [redacted](crate::TaskHandle::redacted), for it is shown in messages.
    Status(Task),
    /// The wait is over.
    Outcome(Outcome),
}
