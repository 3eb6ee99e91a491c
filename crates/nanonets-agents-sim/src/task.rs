//! One task: its position in its script, its input, and what has happened in it so far.
//!
//! Nothing runs while nobody looks. A task catches up with its script when it is touched, so that ten thousand of them
//! cost no more than the memory they take. That memory is small: a task keeps which steps it entered and when, and its
//! messages, its feed and its answer are made from that when they are read.

mod view;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{AgentId, MessageId, TaskId, TaskStatus};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::input::{File, Input};
use crate::script::{OnCancel, Script, Step, Until};

/// The memory that the messages to one task may take, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// The most messages that a task takes.
pub(crate) const MAX_MESSAGES: usize = 10_000;
/// The length that the oldest messages to a task are cut to beyond that memory, in bytes: more than a title shows.
const KEPT: usize = 1024;
/// The end of a message that was cut.
const CUT: &str = " [Simulated: the rest was forgotten.]";

#[derive(Debug)]
pub(crate) struct Simulated {
    pub id: TaskId,
    pub agent: AgentId,
    pub workspace: usize,
    pub created_at: DateTime<Utc>,
    pub has_query: bool,
    pub files: Box<[File]>,
    /// How far in the past it is, if it is part of a history that nobody started.
    pub age: Option<TimeDelta>,
    output_schema: Option<Arc<str>>,
    updated_at: DateTime<Utc>,
    status: TaskStatus,
    events: Vec<Event>,
    /// The number of messages among the events.
    messages: u32,
    /// The length of the messages, the prompt included, and the number of events whose messages were cut.
    message_bytes: usize,
    cut: usize,
    /// The creation on tokio's clock.
    created: Instant,
    /// The number of times that the summary was read since the task completed last.
    summary_reads: u32,
    /// Seeds the task's ids and placeholder data.
    seed: u64,
    script: Arc<Script>,
    /// The step under way; `None` while the task is held back by its agent's limit.
    step: Option<u32>,
    /// The start of that step.
    since: Instant,
    /// The number of times that the status was shown in it, and the last one.
    reads: (u32, Option<Instant>),
    /// The arrival of what the task waits for: a message, an approval.
    released: Option<Instant>,
    is_cancelled: bool,
    is_stopped: bool,
}

/// Something that happened in a task.
#[derive(Debug)]
struct Event {
    at: DateTime<Utc>,
    kind: EventKind,
}

#[derive(Debug)]
enum EventKind {
    /// The user said this.
    Message(Arc<str>),
    /// The task entered this step of its script, or left the script at its end.
    Step(u32),
}

impl Simulated {
    /// A task that has not begun.
    pub fn new(
        (id, agent, workspace): (TaskId, AgentId, usize),
        input: Input,
        script: Arc<Script>,
        age: Option<TimeDelta>,
        seed: u64,
        clock: &Clock,
    ) -> Self {
        let now = clock.now();
        let created_at = clock.utc(now) - age.unwrap_or_default();
        let mut task = Self {
            id,
            agent,
            workspace,
            created_at,
            has_query: input.query.is_some(),
            files: input.files.into(),
            age,
            output_schema: input.output_schema,
            updated_at: created_at,
            status: TaskStatus::Queued,
            // The prompt and the last step: most tasks have no more.
            events: Vec::with_capacity(2),
            messages: 0,
            message_bytes: 0,
            cut: 0,
            created: now,
            summary_reads: 0,
            seed,
            script,
            step: None,
            since: now,
            reads: (0, None),
            released: None,
            is_cancelled: false,
            is_stopped: false,
        };
        if let Some(query) = input.query {
            task.hear(query, clock, now);
        }
        task
    }

    /// The time of day at an instant, as this task has it.
    fn utc(&self, clock: &Clock, at: Instant) -> DateTime<Utc> {
        clock.utc(at) - self.age.unwrap_or_default()
    }

    /// Whether so much time has not passed since it was started. Nobody started the tasks of a history.
    pub fn is_younger_than(&self, time: Duration) -> bool {
        !time.is_zero() && self.age.is_none() && self.created.elapsed() < time
    }

    /// Whether the agent has taken it up.
    pub fn has_begun(&self) -> bool {
        self.step.is_some() || self.status != TaskStatus::Queued
    }

    /// Whether it is over, as far as its script goes.
    pub fn is_over(&self) -> bool {
        self.is_stopped
            || self
                .step
                .is_some_and(|step| self.script.step(step).is_none_or(Step::is_final))
    }

    /// When it ended, if it is over; when it was created, if it has not begun.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// The agent takes it up.
    pub fn begin(&mut self, now: Instant, clock: &Clock) {
        self.enter(0, now, clock);
    }

    /// The status as it is now.
    pub fn status(&self) -> &TaskStatus {
        &self.status
    }

    /// Catches up with the script.
    pub fn settle(&mut self, now: Instant, clock: &Clock) {
        while let Some((next, at)) = self.next_step(now) {
            if self.is_cancelled && self.script.on_cancel == OnCancel::FinishStep {
                self.stop(at, clock);
                return;
            }
            self.enter(next, at, clock);
        }
    }

    /// Takes note that the status was shown.
    pub fn shown(&mut self, now: Instant) {
        self.reads = (self.reads.0.saturating_add(1), Some(now));
    }

    /// The step that is due and when it became due, if the one under way is over.
    fn next_step(&self, now: Instant) -> Option<(u32, Instant)> {
        let current = self.step.filter(|_| !self.is_stopped)?;
        let after = |time| self.since.checked_add(time).filter(|end| *end <= now);
        let ended = match self.script.step(current)? {
            Step::Hold(_, Until::Reads(reads)) => {
                let (shown, last) = self.reads;
                (shown >= *reads).then(|| last.unwrap_or(self.since))?
            }
            Step::Hold(_, Until::Elapsed(time)) => after(*time)?,
            Step::Ask(_) => self.released?,
            Step::Review(time) => match self.released {
                Some(released) => released,
                None => after((*time)?)?,
            },
            // A conversation goes on after its end if the script has more to say.
            Step::Complete(_) if self.script.step(current + 1).is_some() => self.released?,
            Step::Complete(_) | Step::Fail(_) | Step::Stop => return None,
        };
        Some((current + 1, ended))
    }

    fn enter(&mut self, index: u32, at: Instant, clock: &Clock) {
        self.step = Some(index);
        self.since = at;
        self.reads = (0, None);
        self.summary_reads = 0;
        self.released = None;
        // Whether messages or feed show the step.
        let (status, is_shown) = match self.script.step(index) {
            Some(Step::Hold(status, _)) => (status.clone(), false),
            Some(Step::Ask(_)) => (TaskStatus::WaitingForInput, true),
            Some(Step::Review(_)) => (TaskStatus::AwaitingReview, true),
            Some(Step::Complete(_)) | None => (TaskStatus::Completed, true),
            Some(Step::Fail(_)) => (TaskStatus::Failed, true),
            Some(Step::Stop) => (TaskStatus::Stopped, false),
        };
        let says = matches!(
            self.script.step(index),
            Some(Step::Ask(_) | Step::Complete(_)) | None
        );
        self.messages = self.messages.saturating_add(says.into());
        self.status = status;
        self.updated_at = self.utc(clock, at);
        if is_shown {
            let (at, kind) = (self.updated_at, EventKind::Step(index));
            self.events.push(Event { at, kind });
        }
    }

    /// Cancels it. A terminal task does not notice.
    pub fn cancel(&mut self, now: Instant, clock: &Clock) {
        self.settle(now, clock);
        if self.is_over() {
            return;
        }
        self.is_cancelled = true;
        let waits = matches!(self.current(), None | Some(Step::Ask(_) | Step::Review(_)));
        match self.script.on_cancel {
            OnCancel::TooLate => {}
            // Nothing is under way in a task that waits for somebody.
            OnCancel::FinishStep if !waits => {}
            OnCancel::Stop | OnCancel::FinishStep => self.stop(now, clock),
        }
    }

    fn stop(&mut self, at: Instant, clock: &Clock) {
        self.is_stopped = true;
        self.since = at;
        self.status = TaskStatus::Stopped;
        self.updated_at = self.utc(clock, at);
    }

    /// Settles what waits for a person in the dashboard. Returns whether something did.
    pub fn approve(&mut self, now: Instant) -> bool {
        let waits = matches!(self.current(), Some(Step::Review(_))) && self.released.is_none();
        if waits {
            self.released = Some(now);
        }
        waits
    }

    /// The step under way. A task that was stopped has none.
    fn current(&self) -> Option<&Step> {
        self.script.step(self.step.filter(|_| !self.is_stopped)?)
    }

    /// Takes a message of the user, and returns its id.
    pub fn receive(&mut self, text: Arc<str>, now: Instant, clock: &Clock) -> MessageId {
        let id = self.hear(text, clock, now);
        self.cut_old_messages();
        if matches!(self.current(), Some(Step::Ask(_) | Step::Complete(_))) {
            self.released = self.released.or(Some(now));
        }
        self.updated_at = self.utc(clock, now);
        id
    }

    /// Cuts the oldest messages if all take too much memory. The last one stays.
    fn cut_old_messages(&mut self) {
        let last = self.events.len().saturating_sub(1);
        while self.message_bytes > MAX_MESSAGE_BYTES && self.cut < last {
            if let EventKind::Message(text) = &mut self.events[self.cut].kind
                && text.len() > KEPT + CUT.len()
            {
                let end = (0..=KEPT).rev().find(|end| text.is_char_boundary(*end));
                let rest = format!("{}{CUT}", &text[..end.unwrap_or(0)]);
                self.message_bytes = self.message_bytes.saturating_sub(text.len() - rest.len());
                *text = rest.into();
            }
            self.cut += 1;
        }
    }

    fn hear(&mut self, text: Arc<str>, clock: &Clock, at: Instant) -> MessageId {
        let id = MessageId(self.derived_id(self.messages.into()));
        self.messages = self.messages.saturating_add(1);
        self.message_bytes += text.len();
        let at = self.utc(clock, at);
        let kind = EventKind::Message(text);
        self.events.push(Event { at, kind });
        id
    }

    /// An id that only this task has, the same for the same seed.
    fn derived_id(&self, number: u64) -> uuid::Uuid {
        crate::clock::uuid(&mut fastrand::Rng::with_seed(
            self.seed ^ number.rotate_left(17),
        ))
    }

    /// About the memory that it takes, in bytes.
    pub fn weight(&self) -> usize {
        let unshared = |text: &Arc<str>| {
            if Arc::strong_count(text) > 1 {
                0
            } else {
                text.len()
            }
        };
        let events = self.events.iter().map(|event| match &event.kind {
            EventKind::Message(text) => unshared(text),
            EventKind::Step(_) => 0,
        });
        let names = self.files.iter().map(|file| file.file_name.as_ref());
        let names = names.map(|name| name.map_or(0, |name| name.len()));
        size_of::<Self>()
            + self.output_schema.as_ref().map_or(0, unshared)
            + self.events.capacity() * size_of::<Event>()
            + self.files.len() * size_of::<File>()
            + events.chain(names).sum::<usize>()
    }
}
