//! The number of open tasks of an agent, and its limit.
//!
//! The API holds tasks beyond an agent's limit back as `queued`. The limit is not documented, so the cap adapts: a task
//! that is seen `queued` lowers it, and one that is seen `running` raises it (additive increase, multiplicative decrease).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use nanonets_agents_api::types::{AgentId, TaskId, TaskStatus};
use tokio::time::Instant;

/// The cap that an agent begins with, unless the configured one is lower.
const FIRST_CAP: f64 = 8.0;
/// A decrease leaves this part of what is open.
const DECREASE: f64 = 0.75;

#[derive(Debug)]
pub(super) struct OpenTasks {
    limit: usize,
    expire_after: Duration,
    agents: HashMap<AgentId, Agent>,
    tasks: HashMap<TaskId, OpenTask>,
    /// By the time of the last sign of life.
    by_age: BTreeSet<(Instant, TaskId)>,
    next_number: u64,
}

#[derive(Debug)]
struct Agent {
    cap: f64,
    /// No task was queued so far.
    is_slow_start: bool,
    /// Tasks from this number on may lower the cap: earlier ones were started under a higher one.
    first_of_epoch: u64,
    open: usize,
    /// Starts under way, each of which may become an open task.
    starting: usize,
}

#[derive(Debug)]
struct OpenTask {
    agent: AgentId,
    number: u64,
    seen: Instant,
    /// Its first `queued` or `running` has been taken into account.
    has_counted: bool,
}

impl Agent {
    fn is_blocked(&self) -> bool {
        (self.open + self.starting) as f64 + 1.0 > self.cap
    }
}

impl OpenTasks {
    pub fn new(limit: usize, expire_after: Duration) -> Self {
        Self {
            limit,
            expire_after,
            agents: HashMap::new(),
            tasks: HashMap::new(),
            by_age: BTreeSet::new(),
            next_number: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    pub fn is_blocked(&self, agent: AgentId) -> bool {
        self.agents.get(&agent).is_some_and(Agent::is_blocked)
    }

    /// A start of a task is under way.
    pub fn start(&mut self, agent: AgentId) {
        let cap = FIRST_CAP.min(self.limit as f64);
        let agent = self.agents.entry(agent).or_insert(Agent {
            cap,
            is_slow_start: true,
            first_of_epoch: 0,
            open: 0,
            starting: 0,
        });
        agent.starting += 1;
    }

    /// A start is over, whatever it came to.
    pub fn end_start(&mut self, agent: AgentId) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.starting = agent.starting.saturating_sub(1);
        }
    }

    /// A task was started.
    pub fn open(&mut self, agent: AgentId, task: TaskId, now: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        let open = OpenTask {
            agent,
            number,
            seen: now,
            has_counted: false,
        };
        if let Some(former) = self.tasks.insert(task, open) {
            // The server gave one id twice.
            self.by_age.remove(&(former.seen, task));
            self.count_down(former.agent);
        }
        self.by_age.insert((now, task));
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.open += 1;
        }
    }

    /// A status of a task was seen. Returns its agent, if it is an open one.
    pub fn seen(&mut self, task: TaskId, status: &TaskStatus, now: Instant) -> Option<AgentId> {
        let open = self.tasks.get_mut(&task)?;
        let id = open.agent;
        self.by_age.remove(&(open.seen, task));
        let may_count = !open.has_counted;
        match status {
            // The agent does not work on these, whether they are over or wait for a person.
            TaskStatus::Completed
            | TaskStatus::Failed
            | TaskStatus::Stopped
            | TaskStatus::WaitingForInput
            | TaskStatus::AwaitingReview => {
                self.tasks.remove(&task);
                self.count_down(id);
                return Some(id);
            }
            TaskStatus::Queued | TaskStatus::Running => open.has_counted = true,
            _ => {}
        }
        open.seen = now;
        let number = open.number;
        self.by_age.insert((now, task));
        let agent = self.agents.get_mut(&id)?;
        match status {
            TaskStatus::Queued if may_count && number >= agent.first_of_epoch => {
                agent.cap = agent.cap.min(agent.open as f64 * DECREASE).floor().max(1.0);
                agent.is_slow_start = false;
                agent.first_of_epoch = self.next_number;
            }
            TaskStatus::Running if may_count => {
                let increase = if agent.is_slow_start {
                    1.0
                } else {
                    1.0 / agent.cap
                };
                agent.cap = (agent.cap + increase).min(self.limit as f64);
            }
            _ => {}
        }
        Some(id)
    }

    /// Forgets a task without a sign of life for too long. Returns its agent.
    pub fn expire(&mut self, now: Instant) -> Option<AgentId> {
        let &(seen, task) = self.by_age.first()?;
        if now - seen < self.expire_after {
            return None;
        }
        self.by_age.pop_first();
        let agent = self.tasks.remove(&task)?.agent;
        self.count_down(agent);
        Some(agent)
    }

    fn count_down(&mut self, agent: AgentId) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.open = agent.open.saturating_sub(1);
        }
    }
}
