//! Agents and their versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use nanonets_agents_api::types::{
    Agent, AgentConfig, AgentId, AgentListItem, AgentStatus, AgentVersion, CreateAgentRequest,
    UpdateAgentRequest,
};
use nanonets_agents_api::{Client as ApiClient, Json, ResponseValue};
use serde::Serialize;

use crate::lenient;
use crate::list::List;
use crate::page::Page;
use crate::run::Run;
use crate::transport::call::{Call, Named, Options, Sent};
use crate::transport::client::Client;
use crate::transport::effect::Created;
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::group::is_about;
use crate::transport::operation::Operation;
use crate::transport::request::{RawResponse, Request, Sending, options};

/// The agents of a workspace.
#[derive(Clone, Debug)]
pub struct Agents {
    client: Client,
}

impl Client {
    /// The agents of the workspace.
    #[must_use]
    pub fn agents(&self) -> Agents {
        Agents::new(self.clone())
    }

    /// One agent, by the id of one of its versions. Nothing is sent yet.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> AgentHandle {
        AgentHandle::new(self.clone(), id)
    }
}

/// Which agents a list is about.
#[derive(Clone, Debug, Default)]
pub struct AgentFilter {
    name: Option<String>,
    status: Vec<AgentStatus>,
}

impl Agents {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Lists agents, newest first. Archived ones are left out unless their status is asked for.
    pub fn list(&self) -> List<AgentListItem, AgentFilter> {
        List::new(
            self.client.clone(),
            AgentFilter::default(),
            |client, filter, cursor, limit| {
                let call = Call::new(Operation::ListAgents);
                let AgentFilter { name, status } = filter;
                Request::new(client, call, move |api| {
                    let (name, status, cursor) = (name.clone(), status.clone(), cursor.clone());
                    async move {
                        let status = (!status.is_empty()).then_some(status);
                        let request = api.list_agents().status(status).q(name);
                        let request = request.cursor(cursor).limit(limit);
                        lenient::page(request.send().await, |page| {
                            Page::new(page.data, Some(page.has_more), page.next_cursor.flatten())
                        })
                    }
                })
            },
        )
    }

    /// Creates an agent, which is published and can be run at once.
    pub fn create(&self) -> CreateAgent {
        CreateAgent {
            client: self.client.clone(),
            body: CreateAgentRequest::default(),
            options: Options::default(),
        }
    }
}

impl List<AgentListItem, AgentFilter> {
    /// Only agents whose name contains this, whatever its case.
    pub fn name_contains(mut self, name: impl Into<String>) -> Self {
        self.filter.name = Some(name.into());
        self
    }

    /// Only agents in one of these statuses.
    pub fn status(mut self, status: impl IntoIterator<Item = AgentStatus>) -> Self {
        self.filter.status = status.into_iter().collect();
        self
    }
}

/// An agent to be created, by awaiting it.
#[derive(Clone, Debug)]
#[must_use = "an agent is created by awaiting it"]
pub struct CreateAgent {
    client: Client,
    body: CreateAgentRequest,
    options: Options,
}

impl CreateAgent {
    /// Its name, which must be free in the workspace. Without one, the server makes one up.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Its system prompt. It has no effect if the configuration has one.
    pub fn system_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.body.system_prompt = Some(prompt.into());
        self
    }

    /// Its whole configuration: whatever becomes a JSON object.
    pub fn config(mut self, value: impl Serialize) -> Self {
        match config(value) {
            Some(config) => self.body.config = Some(config),
            None => self.options.invalid = Some(NO_OBJECT),
        }
        self
    }

    options!();

    fn request(self) -> Result<Request<Agent>> {
        let body = self.body;
        let mut options = self.options;
        refuse_two_prompts(body.system_prompt.as_ref(), body.config.as_ref())?;
        let private = private_texts(body.system_prompt.as_ref(), body.config.as_ref());
        options.private.extend(private);
        let call = Call::new(Operation::CreateAgent);
        let request = Request::new(self.client, call, move |api| {
            let body = body.clone();
            async move { api.create_agent(body).send().await }
        });
        Ok(request
            .with_options(options)
            .naming(|operation, agent| named(operation, agent.id)))
    }

    /// Sends it, and returns status and headers with the agent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there are two system prompts: one by itself and one in the configuration, of
    /// which the first would be passed over. Otherwise those of the request.
    pub async fn send(self) -> Result<ResponseValue<Agent>> {
        self.request()?.send().await
    }

    /// Sends it, and returns the answer as it came, like [`Request::raw`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn raw(self) -> Result<RawResponse> {
        self.request()?.raw().await
    }
}

impl IntoFuture for CreateAgent {
    type Output = Result<Agent>;
    type IntoFuture = Sending<Agent>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.request()?.await })
    }
}

/// The server takes one of the two and ignores the other.
fn refuse_two_prompts(prompt: Option<&String>, config: Option<&AgentConfig>) -> Result<()> {
    let has_prompt = |config: &AgentConfig| config.0.contains_key("system_prompt");
    if prompt.is_some() && config.is_some_and(has_prompt) {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            "there is a system prompt by itself and another in the configuration: leave one of them out",
        ));
    }
    Ok(())
}

/// The texts of the request that no error may show.
fn private_texts(
    prompt: Option<&String>,
    config: Option<&AgentConfig>,
) -> impl Iterator<Item = Arc<str>> {
    let prompt = prompt.map(|prompt| Arc::from(prompt.as_str()));
    let config = config.and_then(|config| serde_json::to_string(config).ok());
    let config = config.map(Arc::from);
    prompt.into_iter().chain(config)
}

/// One agent, by the id of one of its versions.
#[derive(Clone, Debug)]
pub struct AgentHandle {
    client: Client,
    id: AgentId,
}

impl AgentHandle {
    pub(crate) fn new(client: Client, id: AgentId) -> Self {
        Self { client, id }
    }

    /// The id that it was made with.
    #[must_use]
    pub fn id(&self) -> AgentId {
        self.id
    }

    fn call(&self, operation: Operation) -> Call {
        Call::new(operation).agent(self.id)
    }

    fn request<T: Send + 'static, Answer>(
        &self,
        operation: Operation,
        send: impl Fn(ApiClient) -> Answer + Send + Sync + 'static,
    ) -> Request<T>
    where
        Answer: Future<Output = Sent<T>> + Send + 'static,
    {
        Request::new(self.client.clone(), self.call(operation), send)
    }

    /// Reads the agent with its configuration.
    pub fn get(&self) -> Request<Agent> {
        let id = self.id;
        self.request(Operation::GetAgent, move |api| async move {
            api.get_agent(id).send().await
        })
        .about(is_about)
    }

    /// Runs the agent on a prompt, files or both.
    pub fn run(&self) -> Run {
        Run::new(self.client.clone(), self.id)
    }

    /// Changes the agent in place.
    pub fn update(&self) -> UpdateAgent {
        UpdateAgent {
            agent: self.clone(),
            body: UpdateAgentRequest::default(),
            options: Options::default(),
        }
    }

    /// Changes some keys of the configuration: reads the agent, merges, and writes the whole back. A null removes a key;
    /// objects are merged key by key.
    ///
    /// A change that somebody else writes between the two is lost: the API has no way to detect it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the changes are no JSON object; otherwise those of the two requests.
    pub async fn merge_config(&self, changes: impl Serialize) -> Result<Agent> {
        let changes = config(changes);
        let AgentConfig(changes) =
            changes.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, NO_OBJECT))?;
        let mut config = self.get().await?.config.0;
        merge(&mut config, changes)
            .map_err(|error| Error::new(ErrorKind::InvalidRequest, NO_OBJECT).caused_by(error))?;
        self.update().replace_config(config).await
    }

    /// Lists the versions of the agent, newest first.
    pub fn versions(&self) -> List<AgentListItem, AgentId> {
        List::new(self.client.clone(), self.id, |client, id, cursor, limit| {
            let call = Call::new(Operation::ListAgentVersions).agent(id);
            Request::new(client, call, move |api| {
                let cursor = cursor.clone();
                async move {
                    let request = api.list_agent_versions(id).cursor(cursor).limit(limit);
                    lenient::page(request.send().await, |page| {
                        Page::new(
                            page.data,
                            page.has_more.flatten(),
                            page.next_cursor.flatten(),
                        )
                    })
                }
            })
        })
    }

    /// Publishes the draft of the agent, which has to come from the dashboard. The version that is published then has an
    /// id of its own.
    pub fn publish(&self) -> Request<AgentVersion> {
        let id = self.id;
        self.request(Operation::PublishAgentVersion, move |api| async move {
            api.publish_agent_version(id).send().await
        })
        .naming(|operation, version| named(operation, version.id))
    }
}

fn named(operation: Operation, id: AgentId) -> Named<'static> {
    Named {
        created: Created::of(operation, id.0),
        agent_id: None,
        status: None,
    }
}

/// Merges as RFC 7396 has it.
fn merge(
    target: &mut BTreeMap<String, Json>,
    changes: BTreeMap<String, Json>,
) -> serde_json::Result<()> {
    for (key, change) in changes {
        if change.is_null() {
            target.remove(&key);
            continue;
        }
        let value = match change.get::<BTreeMap<String, Json>>() {
            Ok(changes) => {
                let inner = target.get(&key).and_then(|inner| inner.get().ok());
                let mut inner = inner.unwrap_or_default();
                merge(&mut inner, changes)?;
                Json::of(&inner)?
            }
            Err(_) => change,
        };
        target.insert(key, value);
    }
    Ok(())
}

/// A configuration, if it is an object.
fn config(value: impl Serialize) -> Option<AgentConfig> {
    Json::of(&value).ok()?.get().ok()
}

const NO_OBJECT: &str = "a configuration has to be a JSON object";

/// A change of an agent.
#[derive(Clone, Debug)]
#[must_use = "an agent is changed by awaiting it"]
pub struct UpdateAgent {
    agent: AgentHandle,
    body: UpdateAgentRequest,
    options: Options,
}

impl UpdateAgent {
    /// Renames it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Replaces its system prompt and leaves the rest of the configuration as it is.
    pub fn system_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.body.system_prompt = Some(prompt.into());
        self
    }

    /// Replaces its **whole** configuration. To change some keys of it, use [`AgentHandle::merge_config`].
    pub fn replace_config(mut self, value: impl Serialize) -> Self {
        match config(value) {
            Some(config) => self.body.config = Some(config),
            None => self.options.invalid = Some(NO_OBJECT),
        }
        self
    }

    /// Lets it be run, or not.
    pub fn active(mut self, active: bool) -> Self {
        self.body.is_active = Some(active);
        self
    }

    options!();

    fn request(self) -> Result<Request<Agent>> {
        let Self {
            agent,
            body,
            mut options,
        } = self;
        if options.invalid.is_none()
            && body.config.is_none()
            && body.is_active.is_none()
            && body.name.is_none()
            && body.system_prompt.is_none()
        {
            let message =
                "the update changes nothing: set a name, a prompt, a configuration or `active`";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        refuse_two_prompts(body.system_prompt.as_ref(), body.config.as_ref())?;
        let private = private_texts(body.system_prompt.as_ref(), body.config.as_ref());
        options.private.extend(private);
        let id = agent.id;
        let request = agent.request(Operation::UpdateAgent, move |api| {
            let body = body.clone();
            async move { api.update_agent(id, body).send().await }
        });
        let request = request.about(is_about);
        Ok(request.with_options(options))
    }

    /// Sends it, and returns status and headers with the agent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if nothing changes, or if there are two system prompts: one by itself and one in
    /// the configuration, of which nobody says which one counts. Otherwise those of the request.
    pub async fn send(self) -> Result<ResponseValue<Agent>> {
        self.request()?.send().await
    }

    /// Sends it, and returns the answer as it came, like [`Request::raw`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn raw(self) -> Result<RawResponse> {
        self.request()?.raw().await
    }
}

impl IntoFuture for UpdateAgent {
    type Output = Result<Agent>;
    type IntoFuture = Sending<Agent>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.request()?.await })
    }
}
