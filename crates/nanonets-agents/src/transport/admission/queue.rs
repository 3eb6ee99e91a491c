//! The order of starts that wait: first come, first served. A start whose own limit is reached lets others pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::task::Waker;

use nanonets_agents_api::types::AgentId;

/// A place in the queue. Lower numbers start first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(pub u64);

/// Starts that wait for the same things, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    /// `None` where agents have no limit.
    pub agent: Option<AgentId>,
    pub has_files: bool,
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub lane: Lane,
    pub waker: Waker,
}

/// The starts that wait. Each operation takes logarithmic time in their number.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiters: BTreeMap<Ticket, Waiter>,
    lanes: HashMap<Lane, BTreeSet<Ticket>>,
    /// The first of each lane whose agent is not at its limit: without files, and with files.
    heads: [BTreeMap<Ticket, Lane>; 2],
}

impl Queue {
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    pub fn waker(&mut self, ticket: Ticket) -> Option<&mut Waker> {
        self.waiters
            .get_mut(&ticket)
            .map(|waiter| &mut waiter.waker)
    }

    pub fn insert(&mut self, ticket: Ticket, waiter: Waiter, is_blocked: bool) {
        let lane = waiter.lane;
        self.waiters.insert(ticket, waiter);
        let tickets = self.lanes.entry(lane).or_default();
        let former = tickets.first().copied();
        tickets.insert(ticket);
        if !is_blocked && former.is_none_or(|former| ticket < former) {
            let heads = &mut self.heads[usize::from(lane.has_files)];
            if let Some(former) = former {
                heads.remove(&former);
            }
            heads.insert(ticket, lane);
        }
    }

    pub fn remove(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.waiters.remove(&ticket)?;
        let lane = waiter.lane;
        let heads = &mut self.heads[usize::from(lane.has_files)];
        let was_head = heads.remove(&ticket).is_some();
        if let Some(tickets) = self.lanes.get_mut(&lane) {
            tickets.remove(&ticket);
            match tickets.first() {
                Some(&next) if was_head => {
                    heads.insert(next, lane);
                }
                Some(_) => {}
                None => {
                    self.lanes.remove(&lane);
                }
            }
        }
        Some(waiter)
    }

    /// The first start that no limit of its own keeps back.
    pub fn head(&self, may_upload: bool) -> Option<(Ticket, Lane)> {
        let [plain, uploads] = &self.heads;
        let first = |heads: &BTreeMap<Ticket, Lane>| {
            heads
                .first_key_value()
                .map(|(&ticket, &lane)| (ticket, lane))
        };
        let upload = first(uploads).filter(|_| may_upload);
        let by_ticket = |head: &(Ticket, Lane)| head.0;
        first(plain).into_iter().chain(upload).min_by_key(by_ticket)
    }

    /// Takes the starts of an agent out of the order, or puts them back.
    pub fn set_blocked(&mut self, agent: AgentId, is_blocked: bool) {
        for has_files in [false, true] {
            let lane = Lane {
                agent: Some(agent),
                has_files,
            };
            let first = self.lanes.get(&lane).and_then(BTreeSet::first);
            let Some(&first) = first else { continue };
            let heads = &mut self.heads[usize::from(has_files)];
            match is_blocked {
                true => heads.remove(&first),
                false => heads.insert(first, lane),
            };
        }
    }
}
