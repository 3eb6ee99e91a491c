//! What the simulated service knows: workspaces with their keys, agents with their versions, and tasks.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{
    Agent, AgentConfig, AgentGroupId, AgentId, AgentListItem, AgentStatus, AgentVersion,
    CreateAgentRequest, MessageId, Task, TaskId, TaskListItem, TaskStatus, UpdateAgentRequest,
};
use serde_json::{Map, Value, json};

use crate::clock::{Clock, uuid};
use crate::page::{Page, Paging};
use crate::reply::Failure;
use crate::script::Script;
use crate::task::{Input, Simulated};

/// Which agents a list is about.
#[derive(Debug, Default)]
pub(crate) struct AgentFilter {
    pub name: Option<String>,
    pub status: Option<Vec<AgentStatus>>,
}

/// Which tasks a list is about.
#[derive(Debug, Default)]
pub(crate) struct TaskFilter {
    pub agent: Option<AgentId>,
    pub status: Option<Vec<TaskStatus>>,
    pub after: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
    pub title: Option<String>,
}

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
    tasks: Vec<Simulated>,
    task_by_id: HashMap<TaskId, usize>,
    limits: HashMap<AgentGroupId, Limited>,
    default_script: Arc<Script>,
    scripts: HashMap<AgentGroupId, Arc<Script>>,
    next_scripts: VecDeque<Arc<Script>>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            clock: Clock::start(),
            random: fastrand::Rng::with_seed(seed),
            keys: HashMap::new(),
            workspaces: 0,
            versions: Vec::new(),
            version_by_id: HashMap::new(),
            names: HashSet::new(),
            untitled: 0,
            tasks: Vec::new(),
            task_by_id: HashMap::new(),
            limits: HashMap::new(),
            default_script: Arc::default(),
            scripts: HashMap::new(),
            next_scripts: VecDeque::new(),
        }
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

    /// What all versions of an agent have in common.
    fn group(&self, agent: AgentId) -> Option<AgentGroupId> {
        let index = self.version_by_id.get(&agent)?;
        Some(self.versions[*index].agent.agent_group_id)
    }

    pub fn limit_tasks(&mut self, agent: AgentId, limit: usize) {
        let Some(group) = self.group(agent) else {
            return;
        };
        let active = (0..self.tasks.len()).filter(|&index| {
            let task = &self.tasks[index];
            self.group(task.agent) == Some(group) && !task.is_over()
        });
        let active = active.collect();
        let limited = self.limits.entry(group).or_insert_with(|| Limited {
            active,
            ..Limited::default()
        });
        limited.limit = limit;
        self.settle_limited(group);
    }

    // Agents.

    fn id(&mut self) -> uuid::Uuid {
        uuid(&mut self.random)
    }

    pub fn create_agent(
        &mut self,
        workspace: usize,
        request: CreateAgentRequest,
    ) -> Result<Agent, Failure> {
        self.create_agent_as(workspace, request, None)
    }

    /// Creates an agent, under an id of the caller's choice if there is one.
    pub fn create_agent_as(
        &mut self,
        workspace: usize,
        request: CreateAgentRequest,
        id: Option<AgentId>,
    ) -> Result<Agent, Failure> {
        if id.is_some_and(|id| self.version_by_id.contains_key(&id)) {
            return Err(Failure::conflict("an agent of this id is there already"));
        }
        let name = match request.name {
            Some(name) => self.free_name(workspace, name)?,
            None => loop {
                self.untitled += 1;
                let name = format!("Untitled Agent {}", self.untitled);
                if !self.names.contains(&(workspace, name.clone())) {
                    break name;
                }
            },
        };
        let mut config = request.config.unwrap_or_else(default_config);
        if let Some(prompt) = request.system_prompt {
            // The configuration wins over the shorthand.
            config
                .0
                .entry("system_prompt")
                .or_insert(Value::from(prompt));
        }
        let now = self.clock.utc(self.clock.now());
        let agent = Agent {
            agent_group_id: AgentGroupId(self.id()),
            config,
            created_at: now,
            id: id.unwrap_or_else(|| AgentId(self.id())),
            is_active: true,
            name: name.clone(),
            status: AgentStatus::Published,
            updated_at: now,
            version_number: 1,
            extra: Map::new(),
        };
        self.names.insert((workspace, name));
        self.add_version(workspace, agent.clone());
        Ok(agent)
    }

    fn add_version(&mut self, workspace: usize, agent: Agent) {
        self.version_by_id.insert(agent.id, self.versions.len());
        self.versions.push(Version { agent, workspace });
    }

    fn free_name(&self, workspace: usize, name: String) -> Result<String, Failure> {
        if self.names.contains(&(workspace, name.clone())) {
            return Err(Failure::conflict(
                "an agent of this name is in the workspace already",
            ));
        }
        Ok(name)
    }

    fn version(&self, workspace: usize, id: AgentId) -> Result<usize, Failure> {
        let index = self.version_by_id.get(&id).copied();
        let index = index.ok_or_else(|| Failure::not_found(format!("there is no agent {id}")))?;
        if self.versions[index].workspace == workspace {
            Ok(index)
        } else {
            Err(Failure::forbidden(format!(
                "the agent {id} belongs to another workspace"
            )))
        }
    }

    pub fn agent(&self, workspace: usize, id: AgentId) -> Result<Agent, Failure> {
        let index = self.version(workspace, id)?;
        Ok(self.versions[index].agent.clone())
    }

    pub fn update_agent(
        &mut self,
        workspace: usize,
        id: AgentId,
        request: UpdateAgentRequest,
    ) -> Result<Agent, Failure> {
        let index = self.version(workspace, id)?;
        let group = self.versions[index].agent.agent_group_id;
        if let Some(name) = request.name {
            let old = self.versions[index].agent.name.clone();
            if name != old {
                let name = self.free_name(workspace, name)?;
                self.names.remove(&(workspace, old));
                self.names.insert((workspace, name.clone()));
                // The name is that of the agent, not of one of its versions.
                for version in &mut self.versions {
                    if version.agent.agent_group_id == group {
                        version.agent.name.clone_from(&name);
                    }
                }
            }
        }
        let now = self.clock.utc(self.clock.now());
        let agent = &mut self.versions[index].agent;
        if let Some(config) = request.config {
            agent.config = config;
        }
        if let Some(prompt) = request.system_prompt {
            agent
                .config
                .0
                .insert("system_prompt".to_owned(), Value::from(prompt));
        }
        if let Some(is_active) = request.is_active {
            agent.is_active = is_active;
        }
        agent.updated_at = now;
        Ok(agent.clone())
    }

    pub fn list_agents(
        &self,
        workspace: usize,
        filter: &AgentFilter,
        paging: Paging,
    ) -> Page<AgentListItem> {
        let name = filter.name.as_ref().map(|name| name.to_lowercase());
        paging.newest_first(self.versions.len(), |index| {
            let Version {
                agent,
                workspace: owner,
            } = &self.versions[index];
            let status = match &filter.status {
                Some(wanted) => wanted.contains(&agent.status),
                None => agent.status != AgentStatus::Archived,
            };
            let named = name
                .as_ref()
                .is_none_or(|name| agent.name.to_lowercase().contains(name));
            (*owner == workspace && status && named).then(|| item(agent))
        })
    }

    pub fn versions_of(
        &self,
        workspace: usize,
        id: AgentId,
        paging: Paging,
    ) -> Result<Page<AgentListItem>, Failure> {
        let group = self.versions[self.version(workspace, id)?]
            .agent
            .agent_group_id;
        Ok(paging.newest_first(self.versions.len(), |index| {
            let agent = &self.versions[index].agent;
            (agent.agent_group_id == group).then(|| item(agent))
        }))
    }

    /// Makes a draft of an agent, as the dashboard does.
    pub fn create_draft(&mut self, workspace: usize, id: AgentId) -> Result<Agent, Failure> {
        let base = self.agent(workspace, id)?;
        if self.draft(base.agent_group_id).is_some() {
            return Err(Failure::conflict("the agent has a draft already"));
        }
        let group = base.agent_group_id;
        let versions = self
            .versions
            .iter()
            .filter(|version| version.agent.agent_group_id == group);
        let last = versions.map(|version| version.agent.version_number).max();
        let now = self.clock.utc(self.clock.now());
        let draft = Agent {
            id: AgentId(self.id()),
            created_at: now,
            updated_at: now,
            status: AgentStatus::Draft,
            version_number: last.unwrap_or_default() + 1,
            ..base
        };
        self.add_version(workspace, draft.clone());
        Ok(draft)
    }

    fn draft(&self, group: AgentGroupId) -> Option<usize> {
        self.versions.iter().position(|Version { agent, .. }| {
            agent.agent_group_id == group && agent.status == AgentStatus::Draft
        })
    }

    pub fn publish(&mut self, workspace: usize, id: AgentId) -> Result<AgentVersion, Failure> {
        let group = self.agent(workspace, id)?.agent_group_id;
        let draft = self
            .draft(group)
            .ok_or_else(|| Failure::conflict("there are no draft changes to publish"))?;
        let now = self.clock.utc(self.clock.now());
        for Version { agent, .. } in &mut self.versions {
            if agent.agent_group_id == group && agent.status == AgentStatus::Published {
                agent.status = AgentStatus::Archived;
                agent.updated_at = now;
            }
        }
        let agent = &mut self.versions[draft].agent;
        agent.status = AgentStatus::Published;
        agent.updated_at = now;
        Ok(AgentVersion {
            agent_group_id: agent.agent_group_id,
            created_at: agent.created_at,
            id: agent.id,
            is_active: agent.is_active,
            name: agent.name.clone(),
            status: agent.status.clone(),
            updated_at: agent.updated_at,
            version_number: agent.version_number,
            extra: Map::new(),
        })
    }

    // Tasks.

    /// Refuses an agent that can't be run.
    pub fn runnable(&self, workspace: usize, id: AgentId) -> Result<(), Failure> {
        let agent = &self.versions[self.version(workspace, id)?].agent;
        if !agent.is_active {
            return Err(Failure::forbidden(format!("the agent {id} is not active")));
        }
        if agent.status != AgentStatus::Published {
            return Err(Failure::conflict(format!(
                "this version of the agent is `{}`; only a published one can be run",
                agent.status
            )));
        }
        Ok(())
    }

    pub fn run(&mut self, workspace: usize, id: AgentId, input: Input) -> Result<Task, Failure> {
        self.runnable(workspace, id)?;
        if input.query.is_none() && input.files.is_empty() {
            return Err(Failure::bad_request(
                "a `query` or at least one file is needed",
            ));
        }
        let script = self.take_script(id);
        let index = self.add_task(workspace, id, input, script, None);
        let group = self.group(id);
        let limited = group.and_then(|group| Some((group, self.limits.get_mut(&group)?)));
        match limited {
            Some((group, limited)) => {
                limited.waiting.push_back(index);
                self.settle_limited(group);
            }
            None => self.tasks[index].begin(self.clock.now(), &self.clock),
        }
        Ok(self.tasks[index].view())
    }

    fn add_task(
        &mut self,
        workspace: usize,
        agent: AgentId,
        input: Input,
        script: Arc<Script>,
        age: Option<TimeDelta>,
    ) -> usize {
        let id = TaskId(self.id());
        let seed = self.random.u64(..);
        let index = self.tasks.len();
        let whose = (id, agent, workspace);
        let task = Simulated::new(whose, input, script, age, seed, &self.clock);
        self.tasks.push(task);
        self.task_by_id.insert(id, index);
        index
    }

    /// Catches up with the tasks of an agent that has a limit. As nothing runs while nobody looks, a task that was held
    /// back begins when another ended, which may be long ago.
    fn settle_limited(&mut self, group: AgentGroupId) {
        let Some(limited) = self.limits.get_mut(&group) else {
            return;
        };
        let now = self.clock.now();
        let (tasks, clock) = (&mut self.tasks, &self.clock);
        let mut ends = Vec::new();
        limited.active.retain(|&index| {
            let task = &mut tasks[index];
            task.settle(now, clock);
            if task.is_over() {
                ends.push(task.since());
            }
            !task.is_over()
        });
        while limited.active.len() < limited.limit {
            let Some(index) = limited.waiting.pop_front() else {
                return;
            };
            let task = &mut tasks[index];
            if task.has_begun() {
                continue;
            }
            // The place that was free first; one that nobody left was free all along.
            ends.sort_unstable();
            let was_taken = limited.limit - limited.active.len() <= ends.len();
            let free = if was_taken {
                ends.remove(0)
            } else {
                task.since()
            };
            task.begin(free.max(task.since()), clock);
            task.settle(now, clock);
            if task.is_over() {
                ends.push(task.since());
            } else {
                limited.active.push(index);
            }
        }
    }

    fn settled(&mut self, index: usize) -> &mut Simulated {
        if !self.limits.is_empty()
            && let Some(group) = self.group(self.tasks[index].agent)
        {
            self.settle_limited(group);
        }
        let now = self.clock.now();
        let task = &mut self.tasks[index];
        task.settle(now, &self.clock);
        task
    }

    /// A task that has caught up with its script.
    pub fn task(&mut self, workspace: usize, id: TaskId) -> Result<&mut Simulated, Failure> {
        let index = self.task_by_id.get(&id).copied();
        let index = index.ok_or_else(|| Failure::not_found(format!("there is no task {id}")))?;
        if self.tasks[index].workspace != workspace {
            return Err(Failure::forbidden(format!(
                "the task {id} belongs to another workspace"
            )));
        }
        Ok(self.settled(index))
    }

    pub fn list_tasks(
        &mut self,
        workspace: usize,
        filter: &TaskFilter,
        paging: Paging,
    ) -> Page<TaskListItem> {
        let title = filter.title.as_ref().map(|title| title.to_lowercase());
        let count = self.tasks.len();
        let page = paging.newest_first(count, |index| {
            let task = &self.tasks[index];
            if task.workspace != workspace
                || filter.agent.is_some_and(|agent| agent != task.agent)
                || filter.after.is_some_and(|after| task.created_at < after)
                || filter.before.is_some_and(|before| task.created_at > before)
            {
                return None;
            }
            let agent = self.version_by_id.get(&task.agent).copied();
            let agent_name = agent.map(|agent| self.versions[agent].agent.name.clone());
            let task = self.settled(index);
            let wanted = filter
                .status
                .as_ref()
                .is_none_or(|wanted| wanted.contains(task.status()));
            let titled = title.as_ref().is_none_or(|title| {
                task.title()
                    .is_some_and(|text| text.to_lowercase().contains(title))
            });
            (wanted && titled).then(|| (index, task.item(agent_name)))
        });
        let now = self.clock.now();
        Page {
            items: page
                .items
                .into_iter()
                .map(|(index, item)| {
                    self.tasks[index].shown(now);
                    item
                })
                .collect(),
            next: page.next,
        }
    }

    pub fn send_message(
        &mut self,
        workspace: usize,
        id: TaskId,
        text: &str,
    ) -> Result<(MessageId, TaskStatus), Failure> {
        let (now, clock) = (self.clock.now(), self.clock);
        let task = self.task(workspace, id)?;
        if matches!(task.status(), TaskStatus::Failed | TaskStatus::Stopped) && task.is_over() {
            return Err(Failure::conflict(format!(
                "the task has `{}`: nobody reads a message any more",
                task.status()
            )));
        }
        let message = task.receive(text, now, &clock);
        // The agent takes a moment: the status moves with the next read.
        Ok((message, task.status().clone()))
    }

    pub fn cancel(&mut self, workspace: usize, id: TaskId) -> Result<Task, Failure> {
        let (now, clock) = (self.clock.now(), self.clock);
        let task = self.task(workspace, id)?;
        task.cancel(now, &clock);
        let view = task.view();
        let agent = task.agent;
        if let Some(group) = self.group(agent) {
            self.settle_limited(group);
        }
        Ok(view)
    }

    /// Tasks that completed in the past, a minute apart, for lists to walk through. If there are tasks already, they
    /// complete now, so that lists stay in the order of time.
    pub fn add_history(&mut self, workspace: usize, agent: AgentId, count: usize) {
        let script = Arc::new(Script::new().complete_simulated());
        let is_first = self.tasks.is_empty();
        for number in 1..=count {
            let input = Input {
                query: Some(format!("Simulated task {number} of {count}")),
                ..Input::default()
            };
            let minutes = i64::try_from(count - number + 1).unwrap_or(i64::MAX);
            let age = TimeDelta::try_minutes(minutes).filter(|_| is_first);
            let age = Some(age.unwrap_or_default());
            let index = self.add_task(workspace, agent, input, Arc::clone(&script), age);
            let now = self.clock.now();
            self.tasks[index].begin(now, &self.clock);
        }
    }

    // For whoever looks from outside.

    pub fn find(&mut self, id: TaskId) -> Option<&mut Simulated> {
        let index = *self.task_by_id.get(&id)?;
        Some(self.settled(index))
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
        self.clock
    }
}

/// What an agent that was created without a configuration has.
fn default_config() -> AgentConfig {
    let mut config = Map::new();
    config.insert("tools".to_owned(), json!(["simulated_extraction"]));
    AgentConfig(config)
}

fn item(agent: &Agent) -> AgentListItem {
    AgentListItem {
        agent_group_id: agent.agent_group_id,
        created_at: agent.created_at,
        id: agent.id,
        is_active: agent.is_active,
        name: agent.name.clone(),
        status: Some(agent.status.clone()),
        updated_at: agent.updated_at,
        version_number: agent.version_number,
        extra: Map::new(),
    }
}
