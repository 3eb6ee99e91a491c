//! The states that the waits of a client have seen of its tasks, so that a state from before a message is not taken for the
//! answer to it.
//!
//! The status lags behind a message: a task that had completed may still be `completed` in the next polls, with the output
//! from before the message. [`evidence`] has the rule. This module keeps the facts for it: the last state in which a wait
//! ended, and the messages of the last half minute, each with the states from before it.

mod evidence;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use nanonets_agents_api::types::{Task, TaskId, TaskStatus};
use tokio::time::Instant;

use crate::transport::error::Error;
use evidence::Message;
pub(crate) use evidence::{Content, State, text};

/// The longest time after a message for which a task may show its state from before.
const LAG: Duration = Duration::from_secs(30);
/// The number of tasks that a client remembers.
const REMEMBERED: usize = 10_000;
/// The number of messages to one task that a client remembers.
const MESSAGES: usize = 16;

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
    /// The last state in which a wait ended or could have ended.
    last: Option<State>,
    /// No poll has returned another state since.
    is_current: bool,
    messages: Vec<Sent>,
    /// The number of the next message.
    next: u64,
}

/// A message that was sent, or that may have been.
#[derive(Debug)]
struct Sent {
    number: u64,
    /// When its call ended. Until then, the server may take it at any time.
    at: Option<Instant>,
    message: Message,
}

/// A message whose call is not over. Dropping it, as the future of the call does, counts as sending the message.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    memory: &'a Memory,
    id: TaskId,
    number: u64,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message with this text is about to be sent to the task.
    pub fn sending(&self, id: TaskId, text: u64) -> Sending<'_> {
        let mut tasks = self.lock();
        let seen = tasks.of(id);
        seen.forget_old_messages();
        if seen.messages.len() >= MESSAGES {
            seen.messages.remove(0);
        }
        let number = seen.next;
        seen.next += 1;
        seen.messages.push(Sent {
            number,
            at: None,
            message: Message::new(text, seen.last.clone(), seen.is_current),
        });
        Sending {
            memory: self,
            id,
            number,
        }
    }

    /// The receipt for the last message says when the server got it.
    pub fn received(&self, id: TaskId, at: DateTime<Utc>) {
        let mut tasks = self.lock();
        let seen = tasks.seen.get_mut(&id);
        if let Some(sent) = seen.and_then(|seen| seen.messages.last_mut()) {
            sent.message.received(at);
        }
    }

    /// A poll has returned this task. Returns whether nothing proves so far that the state is not from before a message. Its
    /// content may prove it: see [`Self::read`].
    pub fn saw(&self, task: &Task) -> bool {
        let mut tasks = self.lock();
        let state = State {
            status: task.status.clone(),
            updated_at: task.updated_at.utc(),
            content: None,
        };
        if !is_end(&state.status) {
            if let Some(seen) = tasks.seen.get_mut(&task.task_id) {
                seen.is_current = false;
                for sent in &mut seen.messages {
                    sent.message.saw_going_on(&state);
                }
            }
            return false;
        }
        let seen = tasks.of(task.task_id);
        seen.forget_old_messages();
        for sent in &mut seen.messages {
            sent.message.saw_end(&state);
        }
        seen.judge(state)
    }

    /// A wait has read the output or the question of a task in this state. Returns whether the state ends the wait: there was
    /// no message lately, or it is not the state from before one.
    pub fn read(&self, id: TaskId, state: State) -> bool {
        let mut tasks = self.lock();
        let seen = tasks.of(id);
        seen.forget_old_messages();
        for sent in &mut seen.messages {
            sent.message.read(&state);
        }
        !seen.judge(state)
    }
}

impl Memory {
    /// Whether a state that ends a wait may be one from before a message all the same, with words that are later. It is the
    /// outcome if it stands for a while.
    pub fn is_in_doubt(&self, id: TaskId, state: &State) -> bool {
        let tasks = self.lock();
        let seen = tasks.seen.get(&id);
        let mut messages = seen.into_iter().flat_map(|seen| &seen.messages);
        messages.any(|sent| sent.message.leaves_in_doubt(state))
    }
}

impl Seen {
    fn forget_old_messages(&mut self) {
        self.messages
            .retain(|sent| sent.at.is_none_or(|at| at.elapsed() < LAG));
    }

    /// Whether a state may be from before a message. The last state is remembered: the next message has it before.
    fn judge(&mut self, state: State) -> bool {
        let is_old = self
            .messages
            .iter()
            .any(|sent| !sent.message.is_followed_by(&state));
        match &mut self.last {
            // A poll that shows the same status keeps the content that was read.
            Some(last) if last.is_same_but_for_content(&state) => {
                last.content = state.content.or(last.content);
                self.is_current |= !is_old;
            }
            // A state from before a message does not replace the answer to it.
            Some(_) if is_old => {}
            last => {
                *last = Some(state);
                self.is_current = true;
            }
        }
        is_old
    }
}

impl Sending<'_> {
    /// The call is over. The message was not sent if its error proves it.
    pub fn end<T>(self, result: &Result<T, Error>) {
        let Err(error) = result else { return };
        if error.proves_no_effect() {
            let mut tasks = self.memory.lock();
            if let Some(seen) = tasks.seen.get_mut(&self.id) {
                seen.messages.retain(|sent| sent.number != self.number);
            }
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let mut tasks = self.memory.lock();
        let seen = tasks.seen.get_mut(&self.id);
        let mut messages = seen.into_iter().flat_map(|seen| &mut seen.messages);
        if let Some(sent) = messages.find(|sent| sent.number == self.number) {
            sent.at = Some(Instant::now());
        }
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

/// Whether a wait ends in this status.
fn is_end(status: &TaskStatus) -> bool {
    matches!(
        status,
        TaskStatus::Completed
            | TaskStatus::Failed
            | TaskStatus::Stopped
            | TaskStatus::AwaitingReview
            | TaskStatus::WaitingForInput
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use nanonets_agents_api::types::AgentId;
    use uuid::Uuid;

    use super::*;
    use crate::transport::effect::Effect;
    use crate::transport::error::ErrorKind;

    const ENDS: [TaskStatus; 5] = [
        TaskStatus::Completed,
        TaskStatus::Failed,
        TaskStatus::Stopped,
        TaskStatus::AwaitingReview,
        TaskStatus::WaitingForInput,
    ];

    fn at(minute: i64, status: TaskStatus) -> Task {
        let time = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let (id, agent) = (TaskId(Uuid::nil()), AgentId(Uuid::nil()));
        Task::new(agent, time.into(), status, id, time.into())
    }

    fn task(status: TaskStatus) -> Task {
        at(0, status)
    }

    /// The state of a task with content that was read.
    fn with(task: &Task, content: &str) -> State {
        State {
            status: task.status.clone(),
            updated_at: task.updated_at.utc(),
            content: Some(Content::of(content)),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_minute_after_a_message_the_state_from_before_it_is_the_outcome() {
        for status in ENDS {
            let memory = Memory::default();
            let task = task(status);
            assert!(!memory.saw(&task), "there was no message");
            drop(memory.sending(task.task_id, 0));
            for _ in 0..6 {
                assert!(memory.saw(&task));
                tokio::time::advance(LAG / 6).await;
            }
            assert!(!memory.saw(&task));
            assert!(!memory.saw(&task));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_under_way_may_arrive_at_any_time() {
        let memory = Memory::default();
        let task = task(TaskStatus::Failed);
        memory.saw(&task);
        let sending = memory.sending(task.task_id, 0);
        tokio::time::advance(LAG * 10).await;
        assert!(memory.saw(&task));
        drop(sending);
        tokio::time::advance(LAG / 2).await;
        assert!(memory.saw(&task));
        tokio::time::advance(LAG / 2).await;
        assert!(!memory.saw(&task));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_had_no_effect_was_not_sent() {
        let lost = || Error::new(ErrorKind::Lost, "");
        for (result, is_sent) in [
            (Ok(()), true),
            (Err(lost().with_effect(Effect::Unknown)), true),
            (Err(lost()), false),
        ] {
            let memory = Memory::default();
            let task = task(TaskStatus::Failed);
            memory.saw(&task);
            memory.sending(task.task_id, 0).end(&result);
            assert_eq!(memory.saw(&task), is_sent, "{result:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_message_has_the_states_from_before_both() {
        let memory = Memory::default();
        let (first, second) = (task(TaskStatus::Completed), at(2, TaskStatus::Completed));
        let id = first.task_id;
        memory.saw(&first);
        assert!(memory.read(id, with(&first, "A")));
        drop(memory.sending(id, 0));
        memory.saw(&second);
        assert!(memory.read(id, with(&second, "B")));
        // A replica shows the state from before, which is not the last one.
        memory.saw(&first);
        assert!(!memory.read(id, with(&first, "A")));
        drop(memory.sending(id, 0));
        for (content, is_outcome) in [("A", false), ("B", false), ("C", true), ("A", false)] {
            memory.saw(&second);
            let state = with(&second, content);
            assert_eq!(memory.read(id, state), is_outcome, "{content}");
        }
        tokio::time::advance(LAG).await;
        memory.saw(&first);
        assert!(memory.read(id, with(&first, "A")));
    }

    #[test]
    fn a_bounded_number_of_tasks_and_of_messages_is_remembered() {
        let memory = Memory::default();
        for number in 0..REMEMBERED + 10 {
            drop(memory.sending(TaskId(Uuid::from_u128(number as u128)), 0));
        }
        let last = TaskId(Uuid::from_u128(REMEMBERED as u128));
        for _ in 0..100 {
            drop(memory.sending(last, 0));
        }
        let tasks = memory.lock();
        assert_eq!(
            (tasks.seen.len(), tasks.order.len()),
            (REMEMBERED, REMEMBERED)
        );
        assert_eq!(tasks.seen[&last].messages.len(), MESSAGES);
    }
}
