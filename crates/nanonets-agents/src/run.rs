//! Starting a task: a prompt, files, and the shape of what should come out.

use std::fmt;
use std::sync::Arc;

use nanonets_agents_api::FilePart;
use nanonets_agents_api::types::{AgentId, RunAgentRequest, RunAgentResponse, TaskOutputConfig};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Call, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{File, OnProgress, Progress};
use crate::operation::Operation;
use crate::request::Request;
use crate::task::TaskHandle;
use crate::wait::Outcome;

/// A run to be started.
#[derive(Clone)]
#[must_use = "a task is started by `start` or `extract`"]
pub struct Run {
    client: Client,
    agent: AgentId,
    query: Option<String>,
    files: Vec<File>,
    output: TaskOutputConfig,
    on_progress: Option<OnProgress>,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("agent", &self.agent)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Run {
    pub(crate) fn new(client: Client, agent: AgentId) -> Self {
        Self {
            client,
            agent,
            query: None,
            files: Vec::new(),
            output: TaskOutputConfig::default(),
            on_progress: None,
        }
    }

    /// The prompt. It may be left out if there are files.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Adds a file: a path, or a [`File`].
    pub fn file(mut self, file: impl Into<File>) -> Self {
        self.files.push(file.into());
        self
    }

    /// Adds files.
    pub fn files(mut self, files: impl IntoIterator<Item = impl Into<File>>) -> Self {
        self.files.extend(files.into_iter().map(Into::into));
        self
    }

    /// Calls a function as files are read to be sent. An attempt that follows another begins at 0 again.
    pub fn on_progress(mut self, call: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(call));
        self
    }

    /// The wanted shape of the output as JSON: a JSON Schema, or an example with the names of types for values.
    pub fn output_schema(mut self, schema: &Value) -> Self {
        self.output.output_schema = Some(schema.to_string());
        self
    }

    /// The wanted shape of the output in words.
    pub fn output_in_words(mut self, words: impl Into<String>) -> Self {
        self.output.output_schema = Some(words.into());
        self
    }

    /// The wanted shape of the output as that of a type.
    #[cfg(feature = "schema")]
    pub fn output<T: schemars::JsonSchema>(self) -> Self {
        let schema = schemars::schema_for!(T);
        self.output_schema(schema.as_value())
    }

    /// Guidance for the output, such as how dates are to be written.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.output.instructions = Some(instructions.into());
        self
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is neither a prompt nor a file.
    pub fn request(self) -> Result<Request<RunAgentResponse>> {
        let Self {
            client,
            agent,
            query,
            files,
            output,
            on_progress,
        } = self;
        let query = query.filter(|query| !query.is_empty());
        if query.is_none() && files.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a run needs a prompt or a file: call `query` or `file`",
            ));
        }
        let is_set = output.output_schema.is_some() || output.instructions.is_some();
        let output = is_set.then_some(output);
        let call = Call::new(Operation::RunAgent).agent(agent);
        if files.is_empty() {
            let body = RunAgentRequest {
                query,
                output_config: output,
            };
            return Ok(Request::new(client, call, move |api| {
                let body = body.clone();
                async move { api.run_agent().agent_id(agent).body(body).send().await }
            }));
        }
        let files = files.iter().enumerate();
        let files: Vec<FilePart> = files
            .map(|(index, file)| file.part(index, on_progress.as_ref()))
            .collect();
        Ok(Request::new(client, call, move |api| {
            let (query, output, files) = (query.clone(), output.clone(), files.clone());
            async move {
                let mut request = api.run_agent_multipart().agent_id(agent).files(files);
                if let Some(query) = query {
                    request = request.query(query);
                }
                if let Some(output) = output {
                    request = request.output_config(output);
                }
                request.send().await
            }
        }))
    }

    /// Starts the task. Exactly one is started, or none if this fails, unless the error
    /// [is ambiguous](Error::is_ambiguous).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] before anything is sent, if there is neither a prompt nor a file, or a file can't be
    /// read; otherwise those of the request.
    pub async fn start(self) -> Result<TaskHandle> {
        let client = self.client.clone();
        let response = self.request()?.await?;
        Ok(TaskHandle::started(client, &response))
    }

    /// Starts the task, waits until it completes, and returns its output as a `T`, whose shape the agent is asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotCompleted`] if the task fails, is stopped, or asks for a person: start it with
    /// [`start`](Self::start) to answer. [`ErrorKind::Mismatch`] if the output is not a `T`. Otherwise those of
    /// [`start`](Self::start) and of waiting.
    #[cfg(feature = "schema")]
    pub async fn extract<T: DeserializeOwned + schemars::JsonSchema>(self) -> Result<T> {
        let run = match self.output.output_schema {
            Some(_) => self,
            None => self.output::<T>(),
        };
        run.extract_as().await
    }

    /// The same for types without a schema: say what is wanted by [`output_schema`](Self::output_schema) or
    /// [`output_in_words`](Self::output_in_words).
    ///
    /// # Errors
    ///
    /// As [`extract`](Self::extract).
    pub async fn extract_as<T: DeserializeOwned>(self) -> Result<T> {
        let task = self.start().await?;
        match task.wait().await? {
            Outcome::Completed(done) => done.extracted(),
            outcome => Err(outcome.into_error()),
        }
    }
}
