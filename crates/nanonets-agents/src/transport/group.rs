//! Whether two ids are of versions of the same agent.
//!
//! An id names a version of an agent or, as its group, all of them. An answer may name another version than the request
//! did. Only reading the agents tells that from an answer about another agent.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nanonets_agents_api::types::{Agent, AgentId};
use nanonets_agents_api::{Client as ApiClient, ResponseValue};
use tokio::time::Instant;
use uuid::Uuid;

use crate::transport::call::{Call, Options};
use crate::transport::client::Client;
use crate::transport::error::Result;
use crate::transport::operation::Operation;

/// How long each read of an agent may take.
const READ: Duration = Duration::from_secs(10);
/// The number of agents that are read at a time.
const CONCURRENT_READS: usize = 8;
/// The number of agents that are read at most. A server that ignores filters may list the tasks of thousands.
const AGENTS: usize = 64;

/// Whether an answer is about this agent, by the id of the version or that of all versions.
pub(crate) fn is_about(agent: &Agent, id: Uuid) -> bool {
    agent.id.0 == id || agent.agent_group_id.0 == id
}

async fn read_agent(client: &Client, id: AgentId) -> Result<ResponseValue<Agent>> {
    let call = Call::new(Operation::GetAgent).agent(id);
    let options = Options {
        timeout: Some(READ),
        ..Options::default()
    };
    let get = |api: ApiClient| async move { api.get_agent(id).send().await };
    let (exchange, result) = client
        .exchange(call, &options, None, Some(is_about), get)
        .await?;
    exchange.end(result)
}

/// Whether an agent and the one that was asked for have the same group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    Different,
    /// One of the two could not be read.
    Unknown,
}

/// The groups of agents, to compare them with the one that was asked for.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    client: &'a Client,
    asked: AgentId,
    groups: HashMap<AgentId, Uuid>,
    deadline: Option<Instant>,
}

impl<'a> Groups<'a> {
    pub fn of(client: &'a Client, asked: AgentId) -> Self {
        Self {
            client,
            asked,
            groups: HashMap::new(),
            deadline: None,
        }
    }

    /// Reads no agent after this time.
    pub fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Reads the groups of these agents, and that of the one that was asked for if it is needed. All of it ends after
    /// [`READ`] for each of the two.
    pub async fn read(&mut self, agents: impl Iterator<Item = AgentId>) {
        let mut others: Vec<AgentId> = Vec::new();
        for agent in agents {
            if agent != self.asked && others.len() < AGENTS && !others.contains(&agent) {
                others.push(agent);
            }
        }
        self.read_all(others).await;
        let asked = self.asked.0;
        if self.groups.values().any(|group| *group != asked) {
            self.read_all(vec![self.asked]).await;
        }
    }

    async fn read_all(&mut self, agents: Vec<AgentId>) {
        let now = Instant::now();
        let end = self.deadline.map_or(now + READ, |end| end.min(now + READ));
        let client = self.client;
        let read = |id: AgentId| async move {
            let agent = read_agent(client, id).await;
            agent.ok().map(|agent| (id, agent.agent_group_id.0))
        };
        let mut groups =
            stream::iter(agents.into_iter().map(read)).buffer_unordered(CONCURRENT_READS);
        // The agents that are not read by then can't be compared.
        while let Ok(Some(group)) = tokio::time::timeout_at(end, groups.next()).await {
            self.groups.extend(group);
        }
    }

    /// Reads and compares one agent.
    pub async fn compared(mut self, agent: AgentId) -> Comparison {
        self.read(std::iter::once(agent)).await;
        self.compare(agent)
    }

    /// Compares an agent whose group was [read](Self::read).
    pub fn compare(&self, agent: AgentId) -> Comparison {
        if agent == self.asked {
            return Comparison::Same;
        }
        let Some(group) = self.groups.get(&agent) else {
            return Comparison::Unknown;
        };
        if *group == self.asked.0 {
            return Comparison::Same;
        }
        match self.groups.get(&self.asked) {
            Some(asked) if asked == group => Comparison::Same,
            Some(_) => Comparison::Different,
            None => Comparison::Unknown,
        }
    }
}
