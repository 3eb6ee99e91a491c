//! The tasks of a simulator.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use nanonets_agents_api::types::TaskId;

use crate::task::Simulated;

/// The tasks in the order of their creation.
///
/// A task keeps its number when others are forgotten: cursors are made from it.
#[derive(Debug, Default)]
pub(crate) struct TaskStore {
    /// The number of the first slot.
    first: usize,
    /// `None` for a task that was forgotten.
    slots: VecDeque<Option<Box<Simulated>>>,
    numbers: HashMap<TaskId, usize>,
}

impl TaskStore {
    /// Adds a task, and returns its number.
    pub fn push(&mut self, task: Simulated) -> usize {
        let number = self.first + self.slots.len();
        self.numbers.insert(task.id, number);
        self.slots.push_back(Some(Box::new(task)));
        number
    }

    /// The numbers that tasks have, and some that they had.
    pub fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.slots.len()
    }

    pub fn number(&self, id: TaskId) -> Option<usize> {
        self.numbers.get(&id).copied()
    }

    pub fn get(&self, number: usize) -> Option<&Simulated> {
        let slot = self.slots.get(number.checked_sub(self.first)?)?;
        slot.as_deref()
    }

    pub fn get_mut(&mut self, number: usize) -> Option<&mut Simulated> {
        let slot = self.slots.get_mut(number.checked_sub(self.first)?)?;
        slot.as_deref_mut()
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The tasks, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Simulated> {
        self.slots.iter().filter_map(Option::as_deref)
    }

    /// The tasks with their numbers, oldest first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (usize, &mut Simulated)> {
        let slots = self.slots.iter_mut().enumerate();
        slots.filter_map(|(index, slot)| Some((self.first + index, slot.as_deref_mut()?)))
    }

    /// Forgets a task.
    pub fn remove(&mut self, number: usize) {
        let index = number.checked_sub(self.first);
        let slot = index.and_then(|index| self.slots.get_mut(index));
        if let Some(task) = slot.and_then(Option::take) {
            self.numbers.remove(&task.id);
        }
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
    }
}
