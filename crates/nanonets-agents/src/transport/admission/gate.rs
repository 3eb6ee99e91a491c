//! The gate that every start of a client and its clones goes through.
//!
//! There is no background task. Each call of the gate admits all starts that may go, and only those are woken. The timer for
//! the next one is kept by the first waiter in the queue. The other waiters have a timer too, which is late: if nobody polls
//! the first one, the others are not blocked for good.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use nanonets_agents_api::types::{AgentId, TaskId, TaskStatus};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::open_tasks::OpenTasks;
use super::pace::{Flight, Pace, Turn};
use super::queue::{Lane, Queue, Ticket, Waiter};
use super::{Admission, AdmissionStatus};

/// A waiter that is not the first looks again after this time.
const FALLBACK: Duration = Duration::from_secs(1);
/// It looks again later by this time for each waiter before it. However many wait, few look at a time.
const FALLBACK_STEP: Duration = Duration::from_millis(20);

/// A start that was admitted has this time to be sent. One whose future nobody polls gives its slot to the next one then.
const COLLECTION: Duration = Duration::from_secs(1);

/// How long a single start waits for a server that has not accepted any start of the client.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// And so much longer for each start that waits.
const PATIENCE_STEP: Duration = Duration::from_millis(200);
/// It gives up after this many probes at the soonest.
const FIRST_PROBES: u32 = 5;

/// Shared by the clones of a client.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Shared>);

struct Shared {
    uploads: Option<usize>,
    patience: Duration,
    is_off: bool,
    caps_tasks: bool,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    queue: Queue,
    open: Option<OpenTasks>,
    /// Admitted, and not yet collected by their futures.
    granted: HashMap<Ticket, (Granted, Instant)>,
    /// The times at which they were admitted, in order; also of some that are collected.
    granted_at: VecDeque<(Instant, Ticket)>,
    /// The first waiter in the queue, and the time of its timer.
    armed: Option<(Ticket, Instant)>,
    next_ticket: u64,
    in_flight: usize,
    uploads: usize,
    grants: u64,
    accepted: u64,
    refused: u64,
}

/// A start that holds its slots.
#[derive(Clone, Copy, Debug)]
struct Granted {
    flight: Flight,
    lane: Lane,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// A start's place in the queue. A start that is refused keeps it.
#[derive(Debug)]
pub(crate) struct Place {
    ticket: Option<Ticket>,
    /// When it asked first.
    since: Option<Instant>,
    agent: AgentId,
    has_files: bool,
    refusals: u32,
}

/// Why a start was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// The deadline passed, or would pass during a hold that the server asked for.
    TimedOut { refusals: u32 },
    /// The server refused every start for this time.
    Refused { time: Duration },
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { refusals: 0 } => {
                f.write_str("timed out while waiting for admission; nothing was sent")
            }
            Self::TimedOut { refusals } => write!(
                f,
                "timed out while waiting for admission; the server refused all {refusals} attempts"
            ),
            Self::Refused { time } => {
                write!(f, "the server refused every start for {} s", time.as_secs())
            }
        }
    }
}

impl std::error::Error for NotAdmitted {}

impl Gate {
    pub fn new(admission: &Admission) -> Self {
        let open = |limit| OpenTasks::new(limit, admission.task_expiry);
        Self(Arc::new(Shared {
            uploads: admission.uploads,
            patience: admission.patience,
            is_off: admission.is_off,
            caps_tasks: admission.open_tasks.is_some(),
            state: Mutex::new(State {
                pace: Pace::new(admission.starts_per_second),
                queue: Queue::default(),
                open: admission.open_tasks.map(open),
                granted: HashMap::new(),
                granted_at: VecDeque::new(),
                armed: None,
                next_ticket: 0,
                in_flight: 0,
                uploads: 0,
                grants: 0,
                accepted: 0,
                refused: 0,
            }),
        }))
    }

    /// A place at the end of the queue. It is taken when a start first asks for admission.
    pub fn place(&self, agent: AgentId, has_files: bool) -> Place {
        Place {
            ticket: None,
            since: None,
            agent,
            has_files,
            refusals: 0,
        }
    }

    /// Waits until a start may be sent. Dropping the future gives up the turn, not the place.
    pub fn admit<'a>(&'a self, place: &'a mut Place, deadline: Option<Instant>) -> Admit<'a> {
        Admit {
            gate: self,
            place,
            deadline,
            queued: None,
            sleep: None,
        }
    }

    /// A status of a task was seen: in the answer to a poll, a list or a message.
    pub fn observed(&self, task: TaskId, status: &TaskStatus) {
        if self.0.caps_tasks {
            self.0.update(|state, now| {
                let agent = state
                    .open
                    .as_mut()
                    .and_then(|open| open.seen(task, status, now));
                agent.into_iter().for_each(|agent| state.set_blocked(agent));
            });
        }
    }

    pub fn status(&self) -> AdmissionStatus {
        let now = Instant::now();
        let state = self.0.state();
        AdmissionStatus {
            rate: state.pace.rate(),
            in_flight: state.in_flight,
            uploads: state.uploads,
            waiting: state.queue.len(),
            open_tasks: state.open.as_ref().map_or(0, OpenTasks::len),
            held_for: state.pace.held_until(now).map(|until| until - now),
            accepted: state.accepted,
            refused: state.refused,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it has the lock, and a wrong counter is better than a panic in every clone.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes whom the change concerns.
    fn update<T>(&self, change: impl FnOnce(&mut State, Instant) -> T) -> T {
        let now = Instant::now();
        let mut wakers = Vec::new();
        let mut state = self.state();
        let result = change(&mut state, now);
        if let Some(first) = state.drive(self.uploads, now, &mut wakers) {
            state.arm(first, now, &mut wakers);
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}

impl State {
    /// Grants all that may go. Returns the first that may not, and when it may.
    fn drive(
        &mut self,
        uploads: Option<usize>,
        now: Instant,
        wakers: &mut Vec<Waker>,
    ) -> Option<(Ticket, Instant)> {
        while let Some(agent) = self.open.as_mut().and_then(|open| open.expire(now)) {
            self.set_blocked(agent);
        }
        self.take_back_uncollected(uploads, now);
        loop {
            let may_upload = self.may_upload(uploads);
            let Some((head, lane)) = self.queue.head(may_upload) else {
                self.pace.has_no_demand();
                return None;
            };
            if let Turn::At(time) = self.pace.turn(now) {
                return Some((head, time));
            }
            let waiter = self.queue.remove(head)?;
            wakers.push(waiter.waker);
            let granted = self.grant(lane, now);
            self.granted.insert(head, (granted, now));
            self.granted_at.push_back((now, head));
        }
    }

    /// Takes back the slots that others may wait for and nobody collects. A start whose future is polled again returns to its
    /// place.
    fn take_back_uncollected(&mut self, uploads: Option<usize>, now: Instant) {
        while let Some(&(time, ticket)) = self.granted_at.front() {
            let granted = self.granted.get(&ticket).filter(|(_, at)| *at == time);
            let has_slot = granted.is_some_and(|(Granted { lane, .. }, _)| {
                lane.agent.is_some() || (lane.has_files && uploads.is_some())
            });
            if has_slot && (self.queue.is_empty() || time + COLLECTION > now) {
                return;
            }
            self.granted_at.pop_front();
            if has_slot {
                self.take_back(ticket);
            }
        }
    }

    fn take_back(&mut self, ticket: Ticket) {
        if let Some((granted, _)) = self.granted.remove(&ticket) {
            self.grants = self.grants.saturating_sub(1);
            self.pace.take_back(granted.flight);
            self.end(granted);
        }
    }

    /// Wakes the first waiter, unless its timer is early enough.
    fn arm(&mut self, (first, time): (Ticket, Instant), now: Instant, wakers: &mut Vec<Waker>) {
        let is_armed = self
            .armed
            .is_some_and(|(ticket, armed)| ticket == first && armed > now && armed <= time);
        if !is_armed {
            wakers.extend(self.queue.waker(first).map(|waker| waker.clone()));
        }
    }

    fn grant(&mut self, lane: Lane, now: Instant) -> Granted {
        let flight = self.pace.start(now);
        self.grants += 1;
        self.in_flight += 1;
        self.uploads += usize::from(lane.has_files);
        if let (Some(open), Some(agent)) = (&mut self.open, lane.agent) {
            open.start(agent);
            self.set_blocked(agent);
        }
        Granted { flight, lane }
    }

    /// Gives back the slots of a start.
    fn end(&mut self, granted: Granted) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let uploads = usize::from(granted.lane.has_files);
        self.uploads = self.uploads.saturating_sub(uploads);
        if let (Some(open), Some(agent)) = (&mut self.open, granted.lane.agent) {
            open.end_start(agent);
            self.set_blocked(agent);
        }
    }

    fn may_upload(&self, uploads: Option<usize>) -> bool {
        uploads.is_none_or(|uploads| self.uploads < uploads)
    }

    fn is_blocked(&self, lane: Lane) -> bool {
        let is_blocked = |(open, agent): (&OpenTasks, _)| open.is_blocked(agent);
        self.open.as_ref().zip(lane.agent).is_some_and(is_blocked)
    }

    fn set_blocked(&mut self, agent: AgentId) {
        if let Some(open) = &self.open {
            self.queue.set_blocked(agent, open.is_blocked(agent));
        }
    }
}

/// A start that waits for its turn. It does nothing until it is polled.
#[must_use = "a start is admitted by awaiting it"]
pub(crate) struct Admit<'a> {
    gate: &'a Gate,
    place: &'a mut Place,
    deadline: Option<Instant>,
    queued: Option<Queued>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// Since when a waiter is in the queue.
#[derive(Clone, Copy, Debug)]
struct Queued {
    ticket: Ticket,
    /// This many waited by then.
    rank: u64,
    /// This many had been granted by then.
    grants: u64,
}

/// The result of a look at the gate.
enum Look {
    Admitted(Granted),
    /// To look again then, unless woken before.
    Again(Instant),
    Rejected(NotAdmitted),
}

impl Admit<'_> {
    fn look(&mut self, context: &Context<'_>) -> Look {
        let now = Instant::now();
        let shared = &self.gate.0;
        let mut wakers = Vec::new();
        let mut state = shared.state();
        let look = self.look_at(&mut state, now, context, &mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        look
    }

    fn look_at(
        &mut self,
        state: &mut State,
        now: Instant,
        context: &Context<'_>,
        wakers: &mut Vec<Waker>,
    ) -> Look {
        let shared = &self.gate.0;
        self.place.since.get_or_insert(now);
        let lane = Lane {
            agent: shared.caps_tasks.then_some(self.place.agent),
            has_files: self.place.has_files,
        };
        let queued = match self.queued {
            Some(queued) => {
                // Its grant was taken back.
                let is_granted = state.granted.contains_key(&queued.ticket);
                if !is_granted && state.queue.waker(queued.ticket).is_none() {
                    let waker = context.waker().clone();
                    let is_blocked = state.is_blocked(lane);
                    let waiter = Waiter { lane, waker };
                    state.queue.insert(queued.ticket, waiter, is_blocked);
                }
                queued
            }
            None => {
                if let Some(rejection) = self.rejection(state, now) {
                    return Look::Rejected(rejection);
                }
                // A start that is admitted at once may be refused, and keeps this place then.
                let ticket = *self.place.ticket.get_or_insert_with(|| {
                    state.next_ticket += 1;
                    Ticket(state.next_ticket)
                });
                // Nobody waits, and nothing stands in the way: the usual case, without a queue.
                if state.queue.is_empty()
                    && !state.is_blocked(lane)
                    && (!lane.has_files || state.may_upload(shared.uploads))
                    && state.pace.turn(now) == Turn::Now
                {
                    return Look::Admitted(state.grant(lane, now));
                }
                let queued = Queued {
                    ticket,
                    rank: state.queue.len() as u64,
                    grants: state.grants,
                };
                let waker = context.waker().clone();
                let is_blocked = state.is_blocked(lane);
                state
                    .queue
                    .insert(ticket, Waiter { lane, waker }, is_blocked);
                *self.queued.insert(queued)
            }
        };
        let first = state.drive(shared.uploads, now, wakers);
        let is_first = first.is_some_and(|(ticket, _)| ticket == queued.ticket);
        match first {
            Some(first) if is_first => state.armed = Some(first),
            Some(first) => state.arm(first, now, wakers),
            None => {}
        }
        if let Some((granted, _)) = state.granted.remove(&queued.ticket) {
            self.queued = None;
            return Look::Admitted(granted);
        }
        if let Some(rejection) = self.rejection(state, now) {
            return Look::Rejected(rejection);
        }
        if let Some(waker) = state.queue.waker(queued.ticket) {
            waker.clone_from(context.waker());
        }
        let again = match first {
            Some((_, time)) if is_first => time,
            _ => {
                let granted = state.grants.saturating_sub(queued.grants);
                let before = queued.rank.saturating_sub(granted);
                let before = u32::try_from(before).unwrap_or(u32::MAX);
                now + FALLBACK + FALLBACK_STEP * before.min(1_000_000)
            }
        };
        let ends = [self.deadline, self.gives_up(state)];
        Look::Again(ends.into_iter().flatten().fold(again, Instant::min))
    }

    /// When it is no longer worth waiting, unless the server accepts a start before.
    fn gives_up(&self, state: &State) -> Option<Instant> {
        let since = state.pace.refused_since()?.max(self.place.since?);
        let patience = self.gate.0.patience;
        if state.pace.has_accepted() {
            return since.checked_add(patience);
        }
        // Nothing tells that this server ever accepts a start.
        let waiting = u32::try_from(state.queue.len()).unwrap_or(u32::MAX);
        let first_patience = FIRST_PATIENCE.saturating_add(PATIENCE_STEP.saturating_mul(waiting));
        let has_tried = state.pace.refused_probes() >= FIRST_PROBES;
        has_tried.then(|| since + first_patience.min(patience))
    }

    fn rejection(&self, state: &State, now: Instant) -> Option<NotAdmitted> {
        let passes = |deadline| deadline <= state.pace.held_until(now).unwrap_or(now);
        if self.deadline.is_some_and(passes) {
            let refusals = self.place.refusals;
            return Some(NotAdmitted::TimedOut { refusals });
        }
        let since = state.pace.refused_since()?;
        let has_given_up = self.gives_up(state)? <= now;
        has_given_up.then_some(NotAdmitted::Refused { time: now - since })
    }

    /// Leaves the queue, and gives back what it was granted.
    fn leave(&mut self) {
        if let Some(Queued { ticket, .. }) = self.queued.take() {
            self.gate.0.update(|state, _| {
                state.queue.remove(ticket);
                state.take_back(ticket);
            });
        }
    }
}

impl Future for Admit<'_> {
    type Output = Result<Permit, NotAdmitted>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let permit = |granted| Permit {
            gate: this.gate.clone(),
            granted,
        };
        if this.gate.0.is_off {
            return Poll::Ready(Ok(permit(None)));
        }
        // A look comes to a later time than the last, so this ends.
        loop {
            let time = match this.look(context) {
                Look::Admitted(granted) => return Poll::Ready(Ok(permit(Some(granted)))),
                Look::Rejected(reason) => {
                    this.leave();
                    return Poll::Ready(Err(reason));
                }
                Look::Again(time) => time,
            };
            let sleep = this
                .sleep
                .get_or_insert_with(|| Box::pin(sleep_until(time)));
            if sleep.deadline() != time {
                sleep.as_mut().reset(time);
            }
            // One task may await thousands of starts. Timers that end together would use up the task's budget, and all
            // starts would be polled again for every hundred that end.
            if pin!(unconstrained(sleep.as_mut()))
                .poll(context)
                .is_pending()
            {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Admit<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Leave to send one start. Dropping it without a word gives its slots back: the server may or may not have seen the start.
#[derive(Debug)]
#[must_use = "a permit that is dropped gives its slots back"]
pub(crate) struct Permit {
    gate: Gate,
    granted: Option<Granted>,
}

impl Permit {
    /// The server accepted the start. The task counts as open from now on.
    pub fn accepted(mut self, task: Option<(TaskId, &TaskStatus)>) {
        let Some(granted) = self.granted.take() else {
            return;
        };
        self.gate.0.update(|state, now| {
            state.accepted += 1;
            state.pace.accepted(granted.flight, now);
            if let (Some(open), Some(agent), Some((id, status))) =
                (&mut state.open, granted.lane.agent, task)
            {
                open.open(agent, id, now);
                open.seen(id, status, now);
            }
            state.end(granted);
        });
    }

    /// The server refused the start because there were too many, and nothing happened: 429, or 503 in the API's own
    /// words. The place is kept, before all that came later.
    pub fn refused(mut self, place: &mut Place, retry_after: Option<Duration>) {
        place.refusals += 1;
        let Some(granted) = self.granted.take() else {
            return;
        };
        self.gate.0.update(|state, now| {
            state.refused += 1;
            let waiting = state.queue.len() + 1;
            state
                .pace
                .refused(granted.flight, retry_after, waiting, now);
            state.end(granted);
        });
    }

    /// The start ended otherwise. That tells nothing about a limit.
    pub fn failed(self) {}
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(granted) = self.granted.take() {
            self.gate.0.update(|state, _| {
                state.pace.failed(granted.flight);
                state.end(granted);
            });
        }
    }
}

#[cfg(test)]
mod tests;
