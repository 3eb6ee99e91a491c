//! Admission control: which start is sent next, and when.
//!
//! Every start of a client and its clones asks the [`Gate`] first. It lets them in one after the other, first come, first
//! served, as far as these allow it:
//!
//! - the rate of starts, learnt from refusals (429) or configured: [`pace`];
//! - the number of uploads at a time, if it is configured;
//! - the number of open tasks of the start's agent, if it is configured: [`open_tasks`].

mod evidence;
mod gate;
mod open_tasks;
mod pace;
mod queue;
#[cfg(test)]
mod simulation;

use std::time::Duration;

pub(crate) use gate::{Gate, NotAdmitted, Permit, Place};

/// The default of [`Admission::open_tasks_expire_after`].
const TASK_EXPIRY: Duration = Duration::from_secs(600);
/// The default of [`Admission::give_up_after`].
const PATIENCE: Duration = Duration::from_secs(600);

/// Limits for the runs that a client and its clones start.
///
/// By default a client has no limit until the server answers a start with 429, or refuses it with 503. It then adapts: it
/// spaces starts by a rate that falls with refusals and grows with acceptances, and holds all of them for as long as the
/// server asks. Without a refusal for two minutes, the client has no limit again. Starts that wait are admitted in the order
/// in which they came. A start that was refused keeps its place.
///
/// A burst learns of the server's limit before all of it was sent: at most 16 starts without an answer are sent at once,
/// then 16 more every 0.4 seconds, and more with each acceptance.
///
/// ```
/// use nanonets_agents::Admission;
///
/// let admission = Admission::new()
///     .starts_per_second(10.0)
///     .uploads(8)
///     .open_tasks_per_agent(50);
/// ```
///
/// [`ClientBuilder::admission`](crate::ClientBuilder::admission) sets it, and
/// [`Client::admission`](crate::Client::admission) tells its state.
#[derive(Clone, Debug)]
#[must_use = "limits apply to a client by `ClientBuilder::admission`"]
pub struct Admission {
    starts_per_second: Option<f64>,
    uploads: Option<usize>,
    open_tasks: Option<usize>,
    task_expiry: Duration,
    patience: Duration,
    is_off: bool,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            starts_per_second: None,
            uploads: None,
            open_tasks: None,
            task_expiry: TASK_EXPIRY,
            patience: PATIENCE,
            is_off: false,
        }
    }
}

impl Admission {
    /// No limits of its own, and adaptation to those of the server.
    pub fn new() -> Self {
        Self::default()
    }

    /// No admission control: each start is sent at once, and its refusal is nobody else's. For callers with an admission
    /// control of their own.
    pub fn off() -> Self {
        Self {
            is_off: true,
            ..Self::default()
        }
    }

    /// Sends at most so many starts per second, evenly spaced. The rate falls below with refusals. It must be a positive
    /// number.
    pub fn starts_per_second(mut self, rate: f64) -> Self {
        self.starts_per_second = Some(rate);
        self
    }

    /// Sends at most so many starts with files at a time, and at least one. Starts without files pass.
    pub fn uploads(mut self, uploads: usize) -> Self {
        self.uploads = Some(uploads.max(1));
        self
    }

    /// Keeps at most so many tasks of each agent open, and at least one. Starts of other agents pass.
    ///
    /// The number adapts, for an agent has a limit of its own, above which the API queues tasks. It begins with 8. A task
    /// that is seen `running` raises it, and one that is seen `queued` lowers it.
    ///
    /// A task is open from its start until a [wait](crate::TaskHandle::wait) of the client sees it end or ask for a person.
    /// A program that does not wait for its tasks should not set this: a task that nobody looks at is open until it
    /// [expires](Self::open_tasks_expire_after).
    pub fn open_tasks_per_agent(mut self, tasks: usize) -> Self {
        self.open_tasks = Some(tasks.max(1));
        self
    }

    /// Counts a task as open for no longer than this time after a status of it was seen. The default is ten minutes.
    pub fn open_tasks_expire_after(mut self, time: Duration) -> Self {
        self.task_expiry = time;
        self
    }

    /// Fails the starts that wait when the server has refused every start for this time. The default is ten minutes. A
    /// start that has not waited for this time is not failed.
    ///
    /// A server that has not accepted any start of the client yet is given up sooner: after ten seconds and five refusals
    /// where a single start waits, and 0.2 seconds later for each other start.
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// The problem with it, if it has one.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let is_wrong = |rate: f64| !rate.is_finite() || rate <= 0.0;
        self.starts_per_second
            .is_some_and(is_wrong)
            .then_some("the starts per second of an admission must be a positive number")
    }
}

/// The state of a client's admission control at one time. Cheap to ask for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdmissionStatus {
    /// The starts per second that are sent at present. `None` if no limit is known.
    pub rate: Option<f64>,
    /// Starts that were admitted and have no answer yet.
    pub in_flight: usize,
    /// Those of them that have files.
    pub uploads: usize,
    /// Starts that wait for admission.
    pub waiting: usize,
    /// Tasks that count as open. None without [`Admission::open_tasks_per_agent`].
    pub open_tasks: usize,
    /// How long no start is sent, because the server asked for it or is closed.
    pub held_for: Option<Duration>,
    /// Starts that the server has accepted so far.
    pub accepted: u64,
    /// Starts that the server has refused so far because there were too many.
    pub refused: u64,
}
