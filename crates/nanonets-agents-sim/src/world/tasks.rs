//! Tasks: started, held back, listed, spoken to.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::{
    AgentGroupId, AgentId, AgentStatus, MessageId, Task, TaskId, TaskListItem, TaskStatus,
    TaskSummary,
};

use super::World;
use crate::input::Input;
use crate::page::{Page, Paging};
use crate::reply::Failure;
use crate::script::Script;
use crate::task::{MAX_MESSAGES, Simulated};

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
        let number = self.add_task(workspace, id, input, script, None);
        let group = self.group(id);
        let limited = group.and_then(|group| Some((group, self.limits.get_mut(&group)?)));
        match limited {
            Some((group, limited)) => {
                limited.waiting.push_back(number);
                self.settle_limited(group);
            }
            None => self.begin(number),
        }
        let view = self.tasks.get(number).map(Simulated::view);
        self.forget_finished(number);
        view.ok_or_else(|| Failure::not_found("the task was forgotten"))
    }

    fn begin(&mut self, number: usize) {
        let now = self.clock.now();
        if let Some(task) = self.tasks.get_mut(number) {
            task.begin(now, &self.clock);
        }
    }

    fn add_task(
        &mut self,
        workspace: usize,
        agent: AgentId,
        mut input: Input,
        script: Arc<Script>,
        age: Option<TimeDelta>,
    ) -> usize {
        let id = TaskId(self.id());
        let seed = self.random.u64(..);
        input.share_texts(&mut self.texts);
        let whose = (id, agent, workspace);
        let task = Simulated::new(whose, input, script, age, seed, &self.clock);
        self.tasks.push(task)
    }

    /// Forgets the oldest finished tasks if there are too many. The newest task is kept.
    fn forget_finished(&mut self, newest: usize) {
        let bytes = self.tasks.get(newest).map_or(0, Simulated::weight);
        if self.retention.add(1, bytes, self.tasks.len()) {
            self.forget_finished_but(newest);
        }
    }

    fn forget_finished_but(&mut self, newest: usize) {
        let groups: Vec<AgentGroupId> = self.limits.keys().copied().collect();
        for group in groups {
            self.settle_limited(group);
        }
        let now = self.clock.now();
        let (mut count, mut bytes) = (0, 0_usize);
        let mut forgotten = Vec::new();
        for (number, task) in self.tasks.iter_mut().rev() {
            task.settle(now, &self.clock);
            if !task.is_over() {
                continue;
            }
            count += 1;
            bytes = bytes.saturating_add(task.weight());
            let is_beyond = self.retention.is_exceeded(count, bytes);
            if is_beyond && number != newest {
                forgotten.push(number);
            }
        }
        for number in forgotten.into_iter().rev() {
            self.tasks.remove(number);
        }
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
        limited.active.retain(|&number| {
            let Some(task) = tasks.get_mut(number) else {
                return false;
            };
            task.settle(now, clock);
            if task.is_over() {
                ends.push(task.since());
            }
            !task.is_over()
        });
        while limited.active.len() < limited.limit {
            let Some(number) = limited.waiting.pop_front() else {
                return;
            };
            let Some(task) = tasks.get_mut(number).filter(|task| !task.has_begun()) else {
                continue;
            };
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
                limited.active.push(number);
            }
        }
    }

    /// A task that has caught up with its script, by its number.
    pub(super) fn settled(&mut self, number: usize) -> Option<&mut Simulated> {
        if !self.limits.is_empty()
            && let Some(group) = self.group(self.tasks.get(number)?.agent)
        {
            self.settle_limited(group);
        }
        let now = self.clock.now();
        let task = self.tasks.get_mut(number)?;
        task.settle(now, &self.clock);
        Some(task)
    }

    /// A task that has caught up with its script.
    pub fn task(&mut self, workspace: usize, id: TaskId) -> Result<&mut Simulated, Failure> {
        let missing = || Failure::not_found(format!("there is no task {id}"));
        let number = self.tasks.number(id).ok_or_else(missing)?;
        let owner = self.tasks.get(number).map(|task| task.workspace);
        if owner.is_some_and(|owner| owner != workspace) {
            return Err(Failure::forbidden(format!(
                "the task {id} belongs to another workspace"
            )));
        }
        let lag = self.lags.read;
        let task = self.settled(number).ok_or_else(missing)?;
        if task.is_younger_than(lag) {
            return Err(missing());
        }
        Ok(task)
    }

    /// The summary of a task, which counts as a read.
    pub fn summary(&mut self, workspace: usize, id: TaskId) -> Result<TaskSummary, Failure> {
        let lag = self.lags.summary_reads;
        let now = self.clock.now();
        let task = self.task(workspace, id)?;
        let summary = task.read_summary(lag);
        task.shown(now);
        Ok(summary)
    }

    pub fn list_tasks(
        &mut self,
        workspace: usize,
        filter: &TaskFilter,
        paging: Paging,
    ) -> Page<TaskListItem> {
        let title = filter.title.as_ref().map(|title| title.to_lowercase());
        let page = paging.newest_first(self.tasks.numbers(), |number| {
            let task = self.tasks.get(number)?;
            if task.workspace != workspace
                || task.is_younger_than(self.lags.listing)
                || filter.agent.is_some_and(|agent| agent != task.agent)
                || filter.after.is_some_and(|after| task.created_at < after)
                || filter.before.is_some_and(|before| task.created_at > before)
            {
                return None;
            }
            let agent = self.version_by_id.get(&task.agent).copied();
            let task = self.settled(number)?;
            let is_wanted = filter
                .status
                .as_ref()
                .is_none_or(|wanted| wanted.contains(task.status()));
            let is_titled = title.as_ref().is_none_or(|title| {
                task.title()
                    .is_some_and(|text| text.to_lowercase().contains(title))
            });
            (is_wanted && is_titled).then_some((number, agent))
        });
        let now = self.clock.now();
        let items = page.items.into_iter().filter_map(|(number, agent)| {
            let agent_name = agent.map(|agent| self.versions[agent].agent.name.clone());
            let task = self.tasks.get_mut(number)?;
            let item = task.item(agent_name);
            task.shown(now);
            Some(item)
        });
        Page {
            items: items.collect(),
            next: page.next,
        }
    }

    pub fn send_message(
        &mut self,
        workspace: usize,
        id: TaskId,
        text: &str,
    ) -> Result<(MessageId, TaskStatus), Failure> {
        let (now, clock) = (self.clock.now(), self.clock.clone());
        let task = self.task(workspace, id)?;
        if matches!(task.status(), TaskStatus::Failed | TaskStatus::Stopped) && task.is_over() {
            return Err(Failure::conflict(format!(
                "the task has `{}`: nobody reads a message any more",
                task.status()
            )));
        }
        if task.message_count() >= MAX_MESSAGES {
            return Err(Failure::conflict(format!(
                "the task has {MAX_MESSAGES} messages: the simulator takes no more"
            )));
        }
        let message = task.receive(text.into(), now, &clock);
        // The agent takes a moment: the status moves with the next read.
        let status = task.status().clone();
        let is_over = task.is_over();
        if is_over
            && self.retention.add(0, text.len(), self.tasks.len())
            && let Some(number) = self.tasks.number(id)
        {
            self.forget_finished_but(number);
        }
        Ok((message, status))
    }

    pub fn cancel(&mut self, workspace: usize, id: TaskId) -> Result<Task, Failure> {
        let (now, clock) = (self.clock.now(), self.clock.clone());
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
        let is_first = self.tasks.len() == 0;
        for number in 1..=count {
            let input = Input {
                query: Some(format!("Simulated task {number} of {count}").into()),
                ..Input::default()
            };
            let minutes = i64::try_from(count - number + 1).unwrap_or(i64::MAX);
            let age = TimeDelta::try_minutes(minutes).filter(|_| is_first);
            let age = Some(age.unwrap_or_default());
            let number = self.add_task(workspace, agent, input, Arc::clone(&script), age);
            self.begin(number);
            self.forget_finished(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nanonets_agents_api::types::CreateAgentRequest;

    use super::{Input, World};
    use crate::script::Script;

    #[test]
    fn finished_tasks_with_long_texts_are_forgotten_sooner() {
        let mut world = World::new(0, 1_000_000);
        world.retention.max_bytes = 1_000_000;
        world.add_workspace("key");
        let agent = world.create_agent(0, CreateAgentRequest::default());
        let agent = agent.expect("an agent").id;
        for number in 0..100 {
            let query = Some(format!("{number} {}", "x".repeat(100_000)).into());
            let input = Input {
                query,
                ..Input::default()
            };
            let task = world.run(0, agent, input).expect("a task").task_id;
            assert!(world.find(task).is_some());
            assert!(world.tasks.len() < 12);
        }
        assert!(world.tasks.len() > 8);
    }

    #[test]
    fn messages_to_a_finished_task_take_bounded_memory() {
        let mut world = World::new(0, 1_000_000);
        world.retention.max_bytes = 40_000_000;
        world.add_workspace("key");
        let agent = world.create_agent(0, CreateAgentRequest::default());
        let agent = agent.expect("an agent").id;
        let long = "x".repeat(900_000);
        let mut tasks = Vec::new();
        for _ in 0..6 {
            let input = Input {
                query: Some("Add it up.".into()),
                ..Input::default()
            };
            let script = Arc::new(Script::new().complete_simulated());
            let number = world.add_task(0, agent, input, script, None);
            world.begin(number);
            let id = world.tasks.get(number).expect("a task").id;
            for count in 0..40 {
                world
                    .send_message(0, id, &format!("{count} {long}"))
                    .expect("a message");
            }
            let task = world.task(0, id).expect("the task that was spoken to");
            assert!(task.weight() < 18_000_000, "{}", task.weight());
            let messages = task.messages();
            // The prompt, the agent's words, and all messages, the last of which is still known.
            assert_eq!(messages.len(), 42);
            assert_eq!(task.title().as_deref(), Some("Add it up."));
            let last = messages.last().and_then(|message| message.content.as_ref());
            assert!(last.is_some_and(|content| content.as_json_text().contains(&long)));
            tasks.push(id);
        }
        let kept = tasks.iter().filter(|id| world.find(**id).is_some()).count();
        assert!(kept <= 3, "{kept} tasks");
    }
}
