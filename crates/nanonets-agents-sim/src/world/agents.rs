//! Agents and their versions.

use std::collections::BTreeMap;

use nanonets_agents_api::types::{
    Agent, AgentConfig, AgentGroupId, AgentId, AgentListItem, AgentStatus, AgentVersion,
    CreateAgentRequest, UpdateAgentRequest,
};
use serde_json::{Value, json};

use super::{Version, World};
use crate::page::{Page, Paging};
use crate::reply::Failure;

/// Which agents a list is about.
#[derive(Debug, Default)]
pub(crate) struct AgentFilter {
    pub name: Option<String>,
    pub status: Option<Vec<AgentStatus>>,
}

impl World {
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
                .entry("system_prompt".to_owned())
                .or_insert(Value::from(prompt).into());
        }
        let now = self.clock.utc(self.clock.now());
        let agent = Agent {
            agent_group_id: AgentGroupId(self.id()),
            config,
            created_at: now.into(),
            id: id.unwrap_or_else(|| AgentId(self.id())),
            is_active: true,
            name: name.clone(),
            status: AgentStatus::Published,
            updated_at: now.into(),
            version_number: 1,
            extra: BTreeMap::new(),
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

    pub(super) fn version(&self, workspace: usize, id: AgentId) -> Result<usize, Failure> {
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
                .insert("system_prompt".to_owned(), Value::from(prompt).into());
        }
        if let Some(is_active) = request.is_active {
            agent.is_active = is_active;
        }
        agent.updated_at = now.into();
        Ok(agent.clone())
    }

    pub fn list_agents(
        &self,
        workspace: usize,
        filter: &AgentFilter,
        paging: Paging,
    ) -> Page<AgentListItem> {
        let name = filter.name.as_ref().map(|name| name.to_lowercase());
        paging.newest_first(0..self.versions.len(), |index| {
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
        Ok(paging.newest_first(0..self.versions.len(), |index| {
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
            created_at: now.into(),
            updated_at: now.into(),
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
                agent.updated_at = now.into();
            }
        }
        let agent = &mut self.versions[draft].agent;
        agent.status = AgentStatus::Published;
        agent.updated_at = now.into();
        Ok(AgentVersion {
            agent_group_id: agent.agent_group_id,
            created_at: agent.created_at.clone(),
            id: agent.id,
            is_active: agent.is_active,
            name: agent.name.clone(),
            status: agent.status.clone(),
            updated_at: agent.updated_at.clone(),
            version_number: agent.version_number,
            extra: BTreeMap::new(),
        })
    }
}

/// The configuration of an agent that was created without one.
fn default_config() -> AgentConfig {
    let mut config = BTreeMap::new();
    config.insert("tools".to_owned(), json!(["simulated_extraction"]).into());
    AgentConfig(config)
}

fn item(agent: &Agent) -> AgentListItem {
    AgentListItem {
        agent_group_id: agent.agent_group_id,
        created_at: agent.created_at.clone(),
        id: agent.id,
        is_active: agent.is_active,
        name: agent.name.clone(),
        status: Some(Some(agent.status.clone())),
        updated_at: agent.updated_at.clone(),
        version_number: agent.version_number,
        extra: BTreeMap::new(),
    }
}
