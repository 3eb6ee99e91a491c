//! Starting a task: a prompt, files, and the shape of what should come out.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use nanonets_agents_api::types::{
    AgentId, RunAgentRequest, RunAgentResponse, Task, TaskOutputConfig,
};
use nanonets_agents_api::{FilePart, ResponseValue};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Call, Options};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{File, OnProgress, Progress};
use crate::operation::Operation;
use crate::outcome::Outcome;
use crate::request::{RawResponse, Request, Sending, options};
use crate::task::TaskHandle;
use crate::wait::Patience;

/// A run to be started: by [`start`](Self::start) or by awaiting it, which is the same, or by
/// [`extract`](Self::extract), which also waits.
#[derive(Clone)]
#[must_use = "a task is started by `start` or `extract`"]
pub struct Run {
    client: Client,
    agent: AgentId,
    query: Option<String>,
    files: Vec<File>,
    output: TaskOutputConfig,
    form_fields: Vec<(String, String)>,
    on_progress: Option<OnProgress>,
    options: Options,
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
            form_fields: Vec::new(),
            on_progress: None,
            options: Options::default(),
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

    /// Adds a form field that the documentation does not mention, for a server that takes more than it says. Calls add up.
    /// The run is sent as a form then, also without files.
    pub fn form_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.form_fields.push((name.into(), value.into()));
        self
    }

    options!();

    fn request(self) -> Result<Request<RunAgentResponse>> {
        let Self {
            client,
            agent,
            query,
            files,
            output,
            form_fields,
            on_progress,
            options,
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
        if files.is_empty() && form_fields.is_empty() {
            let body = RunAgentRequest {
                query,
                output_config: output,
            };
            let request = Request::new(client, call, move |api| {
                let body = body.clone();
                async move { api.run_agent().agent_id(agent).body(body).send().await }
            });
            return Ok(request.with_options(options));
        }
        let files = files.iter().enumerate();
        let files: Vec<FilePart> = files
            .map(|(index, file)| match &on_progress {
                Some(on_progress) => file.watched_part(index, on_progress),
                None => file.part(),
            })
            .collect();
        let call = if files.is_empty() { call } else { call.files() };
        let request = Request::new(client, call, move |api| {
            let (query, output, files) = (query.clone(), output.clone(), files.clone());
            let form_fields = form_fields.clone();
            async move {
                let mut request = api.run_agent_multipart().agent_id(agent).files(files);
                if let Some(query) = query {
                    request = request.query(query);
                }
                if let Some(output) = output {
                    request = request.output_config(output);
                }
                for (name, value) in form_fields {
                    request = request.extra_part(name, value);
                }
                request.send().await
            }
        });
        Ok(request.with_options(options))
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

    /// Starts the task, and returns status and headers with the answer.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn send(self) -> Result<ResponseValue<RunAgentResponse>> {
        self.request()?.send().await
    }

    /// Starts the task, and returns the answer as it came, like [`Request::raw`].
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn raw(self) -> Result<RawResponse> {
        self.request()?.raw().await
    }

    /// Starts the task, waits until it completes, and returns its output as a `T`, whose shape the agent is asked for.
    #[cfg(feature = "schema")]
    pub fn extract<T: DeserializeOwned + schemars::JsonSchema>(self) -> Extract<T> {
        let run = match self.output.output_schema {
            Some(_) => self,
            None => self.output::<T>(),
        };
        run.extract_as()
    }

    /// The same for types without a schema: say what is wanted by [`output_schema`](Self::output_schema) or
    /// [`output_in_words`](Self::output_in_words).
    pub fn extract_as<T: DeserializeOwned>(self) -> Extract<T> {
        Extract {
            run: self,
            patience: Patience::default(),
            output: PhantomData,
        }
    }
}

impl IntoFuture for Run {
    type Output = Result<TaskHandle>;
    type IntoFuture = Sending<TaskHandle>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

/// A run that is to fill in a `T`, by awaiting it.
///
/// # Errors
///
/// Those of [`Run::start`] and of waiting. [`ErrorKind::NotCompleted`] if the task fails, is stopped, or asks for a
/// person; [`Error::outcome`] has which, and a question can be answered from there. [`ErrorKind::Mismatch`] if the output
/// is not a `T`; [`Error::raw_output`] has it. Whatever goes wrong once the task is there, [`Error::task_id`] names it.
#[must_use = "a run is started by awaiting it"]
pub struct Extract<T> {
    run: Run,
    patience: Patience,
    output: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Extract<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extract")
            .field("run", &self.run)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl<T> Extract<T> {
    /// Gives up waiting after this time from the start of the task, which goes on. There is no limit by default. It does
    /// not limit the upload: that is [`Run::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.patience.timeout = Some(timeout);
        self
    }

    /// The pauses between polls, as in [`Wait::pauses`](crate::Wait::pauses).
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.patience.pauses(first, longest);
        self
    }

    /// Calls a function with the task whenever its status is another than before.
    pub fn on_status(mut self, call: impl Fn(&Task) + Send + Sync + 'static) -> Self {
        self.patience.on_status = Some(Arc::new(call));
        self
    }
}

impl<T: DeserializeOwned> Extract<T> {
    async fn run(self) -> Result<T> {
        let task = self.run.start().await?;
        match task.wait().with(self.patience).await? {
            Outcome::Completed(done) => done.extracted(),
            outcome => Err(outcome.into_error()),
        }
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Extract<T> {
    type Output = Result<T>;
    type IntoFuture = Sending<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
