//! The states that the waits of a client have seen of its tasks, so that a state from before a message is not taken for the
//! answer to it.
//!
//! The status lags behind a message: a task that had completed may still be `completed` in the next polls, with the output
//! from before the message.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanonets_agents_api::Timestamp;
use nanonets_agents_api::types::{Task, TaskId, TaskStatus};
use tokio::time::Instant;

/// The longest time after a message for which a task may show its state from before.
const LAG: Duration = Duration::from_secs(30);
/// The number of tasks that a client remembers.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    seen: HashMap<TaskId, Seen>,
    /// In the order in which they were seen first.
    order: VecDeque<TaskId>,
}

/// The states of a task.
#[derive(Debug, Default)]
struct Seen {
    state: Option<State>,
    /// When a message was sent, if the task has shown no other state since.
    sent: Option<Instant>,
    /// Another time than that of the state, by the last poll.
    moved_to: Option<Timestamp>,
}

/// A state in which a wait ends.
#[derive(Debug, PartialEq)]
struct State {
    status: TaskStatus,
    updated_at: Timestamp,
    /// The hash of its output or question, if that was read.
    content: Option<u64>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message was sent to the task, or may have been.
    pub fn sent_message(&self, id: TaskId) {
        self.lock().of(id).sent = Some(Instant::now());
    }

    /// A poll has returned this task. Returns whether it shows a state from before the last message, as far as status and
    /// time tell.
    pub fn saw(&self, task: &Task) -> bool {
        let mut tasks = self.lock();
        let is_end = matches!(
            task.status,
            TaskStatus::Completed
                | TaskStatus::Failed
                | TaskStatus::Stopped
                | TaskStatus::AwaitingReview
                | TaskStatus::WaitingForInput
        );
        if !is_end {
            if let Some(seen) = tasks.seen.get_mut(&task.task_id) {
                *seen = Seen::default();
            }
            return false;
        }
        let seen = tasks.of(task.task_id);
        let is_lagging = seen.sent.is_some_and(|sent| sent.elapsed() < LAG);
        let before = seen.state.as_ref();
        let is_same_status = before.is_none_or(|state| state.status == task.status);
        let is_same_time = before.is_none_or(|state| state.updated_at == task.updated_at);
        // A time that is another one in each poll tells nothing.
        let moved_to = (!is_same_time).then(|| task.updated_at.clone());
        let has_moved = moved_to.is_some() && seen.moved_to == moved_to;
        seen.moved_to = moved_to;
        let is_old = is_lagging && is_same_status && !has_moved;
        if !is_old {
            (seen.sent, seen.moved_to) = (None, None);
        }
        let is_same = is_same_status && is_same_time;
        if seen.state.is_none() || (!is_old && !is_same) {
            seen.state = Some(State {
                status: task.status.clone(),
                updated_at: task.updated_at.clone(),
                content: None,
            });
        }
        is_old
    }

    /// A wait has read the output or the question of a task. Returns whether it is new.
    pub fn read(&self, id: TaskId, content: impl std::hash::Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let content = hasher.finish();
        let mut tasks = self.lock();
        let Some(Seen {
            state: Some(state),
            sent,
            ..
        }) = tasks.seen.get_mut(&id)
        else {
            return true;
        };
        let before = state.content.replace(content);
        let is_new = before.is_some_and(|before| before != content);
        if is_new {
            *sent = None;
        }
        is_new
    }
}

impl Tasks {
    fn of(&mut self, id: TaskId) -> &mut Seen {
        if !self.seen.contains_key(&id) {
            if self.order.len() >= REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
            self.order.push_back(id);
        }
        self.seen.entry(id).or_default()
    }
}

#[cfg(test)]
mod tests {
    use nanonets_agents_api::types::AgentId;
    use uuid::Uuid;

    use super::*;

    fn task(status: TaskStatus) -> Task {
        let now: Timestamp = serde_json::from_str("\"2026-01-31T09:30:00Z\"").expect("a time");
        let (id, agent) = (TaskId(Uuid::nil()), AgentId(Uuid::nil()));
        Task::new(agent, now.clone(), status, id, now)
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_minute_after_a_message_the_state_from_before_it_is_the_outcome() {
        for status in [
            TaskStatus::Completed,
            TaskStatus::Failed,
            TaskStatus::Stopped,
            TaskStatus::AwaitingReview,
            TaskStatus::WaitingForInput,
        ] {
            let memory = Memory::default();
            let task = task(status);
            assert!(!memory.saw(&task), "there was no message");
            memory.sent_message(task.task_id);
            for _ in 0..6 {
                assert!(memory.saw(&task));
                tokio::time::advance(LAG / 6).await;
            }
            assert!(!memory.saw(&task));
            assert!(!memory.saw(&task));
        }
    }

    #[test]
    fn a_time_that_moves_in_each_poll_tells_nothing() {
        let memory = Memory::default();
        let at = |minute: u32| {
            let text = format!("\"2026-01-31T09:{minute}:00Z\"");
            let mut task = task(TaskStatus::Failed);
            task.updated_at = serde_json::from_str(&text).expect("a time");
            task
        };
        memory.saw(&at(30));
        memory.sent_message(at(30).task_id);
        assert!(memory.saw(&at(31)) && memory.saw(&at(32)) && memory.saw(&at(33)));
        assert!(!memory.saw(&at(33)), "it stays");
    }

    #[test]
    fn a_bounded_number_of_tasks_is_remembered() {
        let memory = Memory::default();
        for number in 0..REMEMBERED + 10 {
            memory.sent_message(TaskId(Uuid::from_u128(number as u128)));
        }
        let tasks = memory.lock();
        assert_eq!(
            (tasks.seen.len(), tasks.order.len()),
            (REMEMBERED, REMEMBERED)
        );
    }
}
