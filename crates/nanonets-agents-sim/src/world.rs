//! The state of the simulated service: workspaces with their keys, agents with their versions, and tasks.

mod agents;
mod lags;
mod retention;
mod store;
mod tasks;

pub(crate) use agents::AgentFilter;
pub(crate) use lags::Lags;
pub(crate) use tasks::TaskFilter;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use nanonets_agents_api::types::{Agent, AgentGroupId, AgentId, TaskId};
use uuid::Uuid;

use crate::clock::{Clock, uuid};
use crate::script::Script;
use crate::task::Simulated;
use crate::text::Texts;
use retention::Retention;
use store::TaskStore;

#[derive(Debug)]
struct Version {
    agent: Agent,
    workspace: usize,
}

/// The tasks of an agent that has a limit, as far as the limit concerns them.
#[derive(Debug, Default)]
struct Limited {
    limit: usize,
    active: Vec<usize>,
    waiting: VecDeque<usize>,
}

#[derive(Debug)]
pub(crate) struct World {
    clock: Clock,
    random: fastrand::Rng,
    /// The workspace of each key that is good.
    keys: HashMap<String, usize>,
    workspaces: usize,
    versions: Vec<Version>,
    version_by_id: HashMap<AgentId, usize>,
    names: HashSet<(usize, String)>,
    untitled: usize,
    tasks: TaskStore,
    texts: Texts,
    retention: Retention,
    pub lags: Lags,
    limits: HashMap<AgentGroupId, Limited>,
    default_script: Arc<Script>,
    scripts: HashMap<AgentGroupId, Arc<Script>>,
    next_scripts: VecDeque<Arc<Script>>,
}

impl World {
    pub fn new(seed: u64, max_finished_tasks: usize) -> Self {
        Self {
            clock: Clock::start(),
            random: fastrand::Rng::with_seed(seed),
            keys: HashMap::new(),
            workspaces: 0,
            versions: Vec::new(),
            version_by_id: HashMap::new(),
            names: HashSet::new(),
            untitled: 0,
            tasks: TaskStore::default(),
            texts: Texts::default(),
            retention: Retention::new(max_finished_tasks),
            lags: Lags::default(),
            limits: HashMap::new(),
            default_script: Arc::default(),
            scripts: HashMap::new(),
            next_scripts: VecDeque::new(),
        }
    }

    fn id(&mut self) -> Uuid {
        uuid(&mut self.random)
    }

    // Keys and workspaces.

    pub fn add_workspace(&mut self, key: &str) {
        self.keys.insert(key.to_owned(), self.workspaces);
        self.workspaces += 1;
    }

    pub fn revoke(&mut self, key: &str) -> bool {
        self.keys.remove(key).is_some()
    }

    pub fn workspace(&self, key: &str) -> Option<usize> {
        self.keys.get(key).copied()
    }

    // Scripts and limits.

    pub fn set_default_script(&mut self, script: Script) {
        self.default_script = Arc::new(script);
    }

    /// Sets the script of an agent, whichever of its versions runs.
    pub fn set_script(&mut self, agent: AgentId, script: Script) {
        if let Some(group) = self.group(agent) {
            self.scripts.insert(group, Arc::new(script));
        }
    }

    pub fn push_script(&mut self, script: Script) {
        self.next_scripts.push_back(Arc::new(script));
    }

    fn take_script(&mut self, agent: AgentId) -> Arc<Script> {
        let next = self.next_scripts.pop_front();
        let own = || self.scripts.get(&self.group(agent)?).cloned();
        next.or_else(own)
            .unwrap_or_else(|| Arc::clone(&self.default_script))
    }

    /// The state that all versions of an agent share.
    fn group(&self, agent: AgentId) -> Option<AgentGroupId> {
        let index = self.version_by_id.get(&agent)?;
        Some(self.versions[*index].agent.agent_group_id)
    }

    pub fn limit_tasks(&mut self, agent: AgentId, limit: usize) {
        let Some(group) = self.group(agent) else {
            return;
        };
        let active = self.tasks.numbers().filter(|&number| {
            let task = self.tasks.get(number);
            task.is_some_and(|task| self.group(task.agent) == Some(group) && !task.is_over())
        });
        let active = active.collect();
        let limited = self.limits.entry(group).or_insert_with(|| Limited {
            active,
            ..Limited::default()
        });
        limited.limit = limit;
        self.settle_limited(group);
    }

    pub fn find(&mut self, id: TaskId) -> Option<&mut Simulated> {
        self.settled(self.tasks.number(id)?)
    }

    /// The tasks that somebody started, oldest first.
    pub fn started_tasks(&self) -> Vec<TaskId> {
        let started = self.tasks.iter().filter(|task| task.age.is_none());
        started.map(|task| task.id).collect()
    }

    pub fn random(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }

    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }
}
