//! One task: its place in its script, what it was asked, and what it has said and done so far.
//!
//! Nothing runs while nobody looks. A task catches up with its script when it is touched, so that ten thousand of them
//! cost no more than the memory they take.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{
    AgentId, FeedItem, Message, MessageId, MessageRole, Task, TaskId, TaskListItem, TaskResult,
    TaskStatus, TaskSummary, UserId,
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::placeholder::placeholder;
use crate::script::{OnCancel, Outcome, Script, Step, Until};
use crate::upload::File;

/// How long a title may get, in characters.
const TITLE: usize = 80;

/// What a task is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub query: Option<String>,
    pub output_schema: Option<String>,
    pub files: Vec<File>,
}

#[derive(Debug)]
pub(crate) struct Simulated {
    pub id: TaskId,
    pub agent: AgentId,
    pub workspace: usize,
    pub created_at: DateTime<Utc>,
    pub has_query: bool,
    pub files: Vec<File>,
    /// How far in the past it is, if it is part of a history that nobody started.
    pub age: Option<TimeDelta>,
    output_schema: Option<String>,
    updated_at: DateTime<Utc>,
    title: Option<String>,
    status: TaskStatus,
    messages: Vec<Message>,
    feed: Vec<Entry>,
    outcome: Option<Value>,
    /// Seeds the task's ids and placeholder data.
    seed: u64,
    script: Arc<Script>,
    /// The step under way; `None` while the task is held back by its agent's limit.
    step: Option<usize>,
    /// When that began.
    since: Instant,
    /// How often the status was shown in it, and when last.
    reads: (u32, Option<Instant>),
    /// When what it waits for came: a message, an approval.
    released: Option<Instant>,
    cancelled: bool,
}

/// An item of the feed.
#[derive(Debug)]
enum Entry {
    /// The message of this number.
    Message(usize),
    Other(Value),
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
            files: input.files,
            age,
            output_schema: input.output_schema,
            updated_at: created_at,
            title: None,
            status: TaskStatus::Queued,
            messages: Vec::new(),
            feed: Vec::new(),
            outcome: None,
            seed,
            script,
            step: None,
            since: now,
            reads: (0, None),
            released: None,
            cancelled: false,
        };
        if let Some(query) = input.query {
            task.hear(&query, clock, now);
        }
        task
    }

    /// The time of day at an instant, as this task has it.
    fn utc(&self, clock: &Clock, at: Instant) -> DateTime<Utc> {
        clock.utc(at) - self.age.unwrap_or_default()
    }

    /// Whether the agent has taken it up.
    pub fn has_begun(&self) -> bool {
        self.step.is_some() || self.status != TaskStatus::Queued
    }

    /// Whether it is over, as far as its script goes.
    pub fn is_over(&self) -> bool {
        match self.step {
            Some(step) => self.script.steps.get(step).is_none_or(Step::is_final),
            None => self.status == TaskStatus::Stopped,
        }
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
            if self.cancelled && self.script.on_cancel == OnCancel::FinishStep {
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
    fn next_step(&self, now: Instant) -> Option<(usize, Instant)> {
        let current = self.step?;
        let after = |time| self.since.checked_add(time).filter(|end| *end <= now);
        let ended = match self.script.steps.get(current)? {
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
            Step::Complete(_) if current + 1 < self.script.steps.len() => self.released?,
            Step::Complete(_) | Step::Fail(_) | Step::Stop => return None,
        };
        Some((current + 1, ended))
    }

    fn enter(&mut self, index: usize, at: Instant, clock: &Clock) {
        self.step = Some(index);
        self.since = at;
        self.reads = (0, None);
        self.released = None;
        let script = Arc::clone(&self.script);
        let status = match script.steps.get(index) {
            Some(Step::Hold(status, _)) => status.clone(),
            Some(Step::Ask(question)) => {
                self.say(question.clone(), clock, at);
                TaskStatus::WaitingForInput
            }
            Some(Step::Review(_)) => {
                let time = self.utc(clock, at);
                self.feed.push(Entry::Other(json!({
                    "type": "review_requested",
                    "content": "Simulated step that a person has to approve.",
                    "created_at": time,
                })));
                TaskStatus::AwaitingReview
            }
            Some(Step::Complete(outcome)) => self.complete(outcome, clock, at),
            None => self.complete(&Outcome::default(), clock, at),
            Some(Step::Fail(reason)) => {
                let time = self.utc(clock, at);
                self.feed.push(Entry::Other(json!({
                    "type": "error",
                    "content": reason,
                    "created_at": time,
                })));
                TaskStatus::Failed
            }
            Some(Step::Stop) => TaskStatus::Stopped,
        };
        self.status = status;
        self.updated_at = self.utc(clock, at);
    }

    fn complete(&mut self, outcome: &Outcome, clock: &Clock, at: Instant) -> TaskStatus {
        let data = outcome
            .extracted_data
            .clone()
            .unwrap_or_else(|| placeholder(self.output_schema.as_deref(), self.seed));
        let summary = outcome.summary.clone().unwrap_or_else(|| {
            "Simulated: no document was read and no model was asked.".to_owned()
        });
        self.say(Value::from(summary.as_str()), clock, at);
        let time = self.utc(clock, at);
        self.feed.push(Entry::Other(json!({
            "type": "task_complete",
            "content": summary,
            "structuredContent": { "summary": summary },
            "result": { "summary": summary, "extracted_data": data },
            "created_at": time,
        })));
        self.outcome = Some(data);
        TaskStatus::Completed
    }

    /// Cancels it, which a terminal task does not notice.
    pub fn cancel(&mut self, now: Instant, clock: &Clock) {
        self.settle(now, clock);
        if self.is_over() {
            return;
        }
        self.cancelled = true;
        let waits = matches!(self.current(), None | Some(Step::Ask(_) | Step::Review(_)));
        match self.script.on_cancel {
            OnCancel::TooLate => {}
            // Nothing is under way in a task that waits for somebody.
            OnCancel::FinishStep if !waits => {}
            OnCancel::Stop | OnCancel::FinishStep => self.stop(now, clock),
        }
    }

    fn stop(&mut self, at: Instant, clock: &Clock) {
        self.script = Arc::new(Script::new().stop());
        self.enter(0, at, clock);
    }

    /// Settles what waits for a person in the dashboard. Returns whether something did.
    pub fn approve(&mut self, now: Instant) -> bool {
        let waits = matches!(self.current(), Some(Step::Review(_))) && self.released.is_none();
        if waits {
            self.released = Some(now);
        }
        waits
    }

    fn current(&self) -> Option<&Step> {
        self.script.steps.get(self.step?)
    }

    /// Takes a message of the user, and returns its id.
    pub fn receive(&mut self, text: &str, now: Instant, clock: &Clock) -> MessageId {
        let id = self.hear(text, clock, now);
        if matches!(self.current(), Some(Step::Ask(_) | Step::Complete(_))) {
            self.released = self.released.or(Some(now));
        }
        self.updated_at = self.utc(clock, now);
        id
    }

    fn hear(&mut self, text: &str, clock: &Clock, at: Instant) -> MessageId {
        if self.title.is_none() {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            self.title = Some(line.chars().take(TITLE).collect());
        }
        let user = UserId(self.derived_id(u64::MAX));
        self.message(MessageRole::User, Some(user), Value::from(text), clock, at)
    }

    fn say(&mut self, content: Value, clock: &Clock, at: Instant) {
        self.message(MessageRole::Assistant, None, content, clock, at);
    }

    fn message(
        &mut self,
        role: MessageRole,
        user_id: Option<UserId>,
        content: Value,
        clock: &Clock,
        at: Instant,
    ) -> MessageId {
        let id = MessageId(self.derived_id(self.messages.len() as u64));
        self.feed.push(Entry::Message(self.messages.len()));
        self.messages.push(Message {
            agent_id: Some(self.agent),
            content: Some(content),
            created_at: Some(self.utc(clock, at)),
            id: Some(id),
            parent_id: self.messages.last().and_then(|message| message.id),
            role: Some(role),
            task_id: Some(self.id),
            user_id,
            extra: Map::new(),
        });
        id
    }

    /// An id that only this task has, the same for the same seed.
    fn derived_id(&self, number: u64) -> uuid::Uuid {
        crate::clock::uuid(&mut fastrand::Rng::with_seed(
            self.seed ^ number.rotate_left(17),
        ))
    }

    /// As `get_task` shows it.
    pub fn view(&self) -> Task {
        Task {
            agent_id: self.agent,
            created_at: self.created_at,
            status: self.status.clone(),
            task_id: self.id,
            title: self.title.clone(),
            updated_at: self.updated_at,
            extra: Map::new(),
        }
    }

    /// As `list_tasks` shows it.
    pub fn item(&self, agent_name: Option<String>) -> TaskListItem {
        TaskListItem {
            agent_id: self.agent,
            agent_name,
            created_at: self.created_at,
            status: Some(self.status.clone()),
            task_id: self.id,
            title: self.title.clone(),
            updated_at: self.updated_at,
            extra: Map::new(),
        }
    }

    /// As `get_task_summary` shows it: the summary of the last `task_complete` step, or else the content of the last
    /// item of the feed, or else no answer.
    pub fn summary(&self) -> TaskSummary {
        let feed = self.feed();
        let is_completion = |item: &&Value| item["type"] == "task_complete";
        let result = match feed.iter().rev().find(is_completion) {
            Some(step) => Some(json!({
                "summary": step["structuredContent"]["summary"],
                "completed_at": step["created_at"],
            })),
            None => feed.last().map(|item| item["content"].clone()),
        };
        TaskSummary {
            agent_id: Some(self.agent),
            created_at: Some(self.created_at),
            extracted_data: self.outcome.clone(),
            result,
            status: Some(self.status.clone()),
            task_id: Some(self.id),
            title: self.title.clone(),
            updated_at: Some(self.updated_at),
            extra: Map::new(),
        }
    }

    /// As `get_task_result` shows it.
    pub fn result(&self) -> TaskResult {
        TaskResult {
            agent_id: Some(self.agent),
            created_at: Some(self.created_at),
            feed: Some(self.feed().into_iter().map(FeedItem).collect()),
            status: Some(self.status.clone()),
            task_id: Some(self.id),
            title: self.title.clone(),
            updated_at: Some(self.updated_at),
            extra: Map::new(),
        }
    }

    /// Everything that happened, oldest first.
    fn feed(&self) -> Vec<Value> {
        let items = self.feed.iter().map(|entry| match entry {
            Entry::Other(item) => item.clone(),
            Entry::Message(number) => {
                let message = &self.messages[*number];
                json!({
                    "type": "message",
                    "role": message.role,
                    "content": message.content,
                    "created_at": message.created_at,
                })
            }
        });
        items.collect()
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.clone()
    }

    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
}
