//! Tasks: started, held back, listed, spoken to.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{
    AgentGroupId, AgentId, AgentStatus, MessageId, Task, TaskId, TaskListItem, TaskStatus,
};

use super::World;
use crate::page::{Page, Paging};
use crate::reply::Failure;
use crate::script::Script;
use crate::task::{Input, Simulated};

/// Which tasks a list is about.
#[derive(Debug, Default)]
pub(crate) struct TaskFilter {
    pub agent: Option<AgentId>,
    pub status: Option<Vec<TaskStatus>>,
    pub after: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
    pub title: Option<String>,
}

impl World {
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
    pub(super) fn settle_limited(&mut self, group: AgentGroupId) {
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

    pub(super) fn settled(&mut self, index: usize) -> &mut Simulated {
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
}
