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
use tokio::time::Instant;

use crate::file::{File, OnProgress, Progress};
use crate::fingerprint::Fingerprint;
use crate::outcome::Outcome;
use crate::output::Schema;
use crate::patience::Patience;
use crate::task::TaskHandle;
use crate::transport::call::{Call, Named, Options};
use crate::transport::client::Client;
use crate::transport::effect::{Created, Effect};
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::operation::Operation;
use crate::transport::record::{Marker, RunRecord};
use crate::transport::request::{RawResponse, Request, Sending, options};

/// How long the server may take to tell its time, or an eighth of the timeout of the run if that is less.
const CLOCK_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// The same as in `output`, to check the output against.
    schema: Option<Schema>,
    form_fields: Vec<(String, String)>,
    on_progress: Option<OnProgress>,
    marker: Option<Marker>,
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
            schema: None,
            form_fields: Vec::new(),
            on_progress: None,
            marker: None,
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

    /// The wanted shape of the output as JSON: a JSON Schema, or an example with the names of types for values. It is sent
    /// as it is. An output that is not valid against a JSON Schema is an error of
    /// [`Completed::extracted`](crate::Completed::extracted).
    pub fn output_schema(mut self, schema: &Value) -> Self {
        self.output.output_schema = Some(schema.to_string());
        self.schema = Schema::given(schema);
        self
    }

    /// The wanted shape of the output in words.
    pub fn output_in_words(mut self, words: impl Into<String>) -> Self {
        self.output.output_schema = Some(words.into());
        self.schema = None;
        self
    }

    /// The wanted shape of the output as that of a type.
    ///
    /// The schema has no `$schema`, and no `$ref` unless the type is recursive or very large, for many services reject
    /// those. To send it with `$defs`, give [`output_schema`](Self::output_schema) what `schemars::schema_for!` makes.
    #[cfg(feature = "schema")]
    pub fn output<T: schemars::JsonSchema>(mut self) -> Self {
        let schema = Schema::of::<T>();
        self.output.output_schema = Some(schema.text());
        self.schema = Some(schema);
        self
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

    /// Puts a marker in front of the prompt, by which [`Client::find_run`] recognises the task of this run among others. It
    /// is the first line of the prompt, and all of it if there is no other. There is none by default.
    ///
    /// That a list of tasks shows the marker is *inferred*: see [`Marker`].
    pub fn marker(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    options!();

    /// Why the run can't be sent, if it can't.
    fn check(&self) -> Result<()> {
        let has_query = self.query.as_ref().is_some_and(|query| !query.is_empty());
        if has_query || !self.files.is_empty() {
            return Ok(());
        }
        let message = "a run needs a prompt or a file: call `query` or `file`";
        Err(Error::new(ErrorKind::InvalidRequest, message))
    }

    /// The record of the run before it is sent, without a fingerprint.
    fn record(&self) -> RunRecord {
        let client = &self.client;
        let mut record = RunRecord::new(self.agent, client.clock().offset()).at(client.address());
        record.marker = self.marker.clone();
        let timeout = self.options.timeout.or(client.timeout());
        let length = timeout.and_then(|timeout| chrono::TimeDelta::from_std(timeout).ok());
        record.deadline = length.and_then(|length| record.since.checked_add_signed(length));
        record
    }

    /// The texts that are sent and must not be shown if the server repeats them.
    fn private_texts(&self) -> Vec<Arc<str>> {
        let output = &self.output;
        let texts = [&self.query, &output.output_schema, &output.instructions];
        let texts = texts.into_iter().flatten();
        let fields = self.form_fields.iter().map(|(_, value)| value);
        let texts = texts.chain(fields).map(|text| Arc::from(text.as_str()));
        let names = self.files.iter().map(|file| Arc::from(file.sent_name()));
        texts.chain(names).collect()
    }

    fn request(self) -> Result<Request<RunAgentResponse>> {
        self.check()?;
        let record = self.options.record.clone().unwrap_or_else(|| self.record());
        let private = self.private_texts();
        let Self {
            client,
            agent,
            query,
            files,
            output,
            schema: _,
            form_fields,
            on_progress,
            marker,
            mut options,
        } = self;
        options.record = Some(record);
        options.private.extend(private);
        let query = query.filter(|query| !query.is_empty());
        let query = match (marker, query) {
            (Some(marker), Some(query)) => Some(format!("{marker}\n{query}")),
            (Some(marker), None) => Some(marker.to_string()),
            (None, query) => query,
        };
        let call = Call::new(Operation::RunAgent).agent(agent);
        let is_set = output.output_schema.is_some() || output.instructions.is_some();
        let output = is_set.then_some(output);
        if files.is_empty() && form_fields.is_empty() {
            let body = RunAgentRequest::default()
                .query(query)
                .output_config(output);
            let request = Request::new(client, call, move |api| {
                let body = body.clone();
                async move { api.run_agent(agent, body).send().await }
            });
            return Ok(request.with_options(options).naming(named));
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
                let request = api.run_agent_multipart(agent).files(files);
                let mut request = request.query(query).output_config(output);
                for (name, value) in form_fields {
                    request = request.extra_part(name, value);
                }
                request.send().await
            }
        });
        Ok(request.with_options(options).naming(named))
    }

    /// Makes a record of the run before anything is sent. Store it, then [start](PreparedRun::start) the run: a process that
    /// is killed in between leaves a record from which [`Client::find_run`] finds out whether a task was started.
    ///
    /// The timeout of the run counts from here, and the record has the deadline. Start a run without a timeout within an hour:
    /// if its process is killed, it counts as ended a day after its preparation.
    ///
    /// The record has a fingerprint: the SHA-256 of the prompt, the output that is asked for, the form fields, and the name
    /// and content of each file. Files are read once for that, in chunks. Pipes, readers and streams are not: of those, the
    /// name and the length count. The first run that a client prepares also asks the server for its time, unless an answer
    /// has told it already; a failure of that is ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is neither a prompt nor a file, [`ErrorKind::File`] if a file can't be read.
    pub async fn prepare(mut self) -> Result<PreparedRun> {
        self.check()?;
        let mut fingerprint = Fingerprint::default();
        fingerprint.text("query", self.query.as_deref().unwrap_or_default());
        fingerprint.output(&self.output);
        for (name, value) in &self.form_fields {
            fingerprint.text(name, value);
        }
        for file in &self.files {
            let read = fingerprint.file(file).await;
            read.map_err(|error| {
                Error::new(ErrorKind::File, "a file of the run can't be read").caused_by(error)
            })?;
        }
        if self.client.clock().offset().is_none() {
            let page = self.client.tasks().list().page_size(1).page().once();
            // The answer is not worth the time of the run.
            let timeout = self.options.timeout.or(self.client.timeout());
            let limit = timeout.map_or(CLOCK_TIMEOUT, |timeout| CLOCK_TIMEOUT.min(timeout / 8));
            let _ = page.attempt_timeout(limit).await;
        }
        let mut record = self.record();
        record.fingerprint = Some(fingerprint.finish());
        let timeout = self.options.timeout.or(self.client.timeout());
        self.options.record = Some(record.clone());
        Ok(PreparedRun {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            run: self,
            record,
        })
    }

    /// Starts the task. If it succeeds, exactly one task was started. If it fails, none was, unless the error
    /// [is ambiguous](Error::is_ambiguous).
    ///
    /// An answer of which only the id of the task decodes is a success.
    ///
    /// Dropping the future does not stop a request that was sent: a task may have been started. [`prepare`](Self::prepare)
    /// gives a record to look for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] before anything is sent, if there is neither a prompt nor a file, or a file can't be
    /// read; otherwise those of the request.
    pub async fn start(self) -> Result<TaskHandle> {
        let (client, agent, schema) = (self.client.clone(), self.agent, self.schema.clone());
        let private = self.private_texts();
        let id = match self.send().await {
            Ok(response) => response.task_id,
            Err(error) => match error.created().and_then(Created::task) {
                Some(id) => id,
                None => return Err(error),
            },
        };
        Ok(TaskHandle::started(client, id, agent)
            .expecting(schema)
            .keeping_private(private))
    }

    /// Starts the task, and returns status and headers with the answer.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start). If only the id of the task decodes, that is an error of the kind
    /// [`ErrorKind::Unreadable`] here: it is not ambiguous, and [`Error::task_id`] has the id.
    ///
    /// An answer about another agent, also one of which only the ids decode, is an ambiguous [`ErrorKind::OtherAnswer`], and [`Error::task_id`] has the task that it
    /// names. An answer may name another version of the agent. So if it names another agent, both are read and compared, within
    /// the timeout of the run. If that fails, the answer counts.
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
            on_started: None,
            output: PhantomData,
        }
    }
}

/// A run with a record that can be stored before the request is sent: see [`Run::prepare`].
#[derive(Clone, Debug)]
#[must_use = "a task is started by `start` or `extract`"]
pub struct PreparedRun {
    run: Run,
    record: RunRecord,
    /// The deadline of the record, by a clock that is not set. Both count: this one stands still while the machine is suspended.
    deadline: Option<Instant>,
}

impl PreparedRun {
    /// The record to store.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The run with the time that is left. The record says that no attempt is made after it.
    fn in_time(mut self) -> Run {
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            self.run.options.timeout = Some(left);
        }
        self.run
    }

    /// Starts the task, as [`Run::start`] does.
    ///
    /// # Errors
    ///
    /// As [`Run::start`].
    pub async fn start(self) -> Result<TaskHandle> {
        self.in_time().start().await
    }

    /// Starts the task and waits for its output, as [`Run::extract`] does.
    #[cfg(feature = "schema")]
    pub fn extract<T: DeserializeOwned + schemars::JsonSchema>(self) -> Extract<T> {
        self.in_time().extract()
    }

    /// Starts the task and waits for its output, as [`Run::extract_as`] does.
    pub fn extract_as<T: DeserializeOwned>(self) -> Extract<T> {
        self.in_time().extract_as()
    }
}

fn named(operation: Operation, answer: &RunAgentResponse) -> Named<'_> {
    Named {
        created: Created::of(operation, answer.task_id.0),
        agent_id: Some(answer.agent_id).filter(|agent| !agent.0.is_nil()),
        status: Some(&answer.status),
    }
}

impl IntoFuture for Run {
    type Output = Result<TaskHandle>;
    type IntoFuture = Sending<TaskHandle>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

type OnStarted = Arc<dyn Fn(&TaskHandle) + Send + Sync>;

/// A run that returns a `T`. Awaiting it starts the task, waits for it and decodes its output.
///
/// Dropping the future ends the wait. A task that was started is still running, and is paid for:
/// [`on_started`](Self::on_started) gets its id as soon as it is known. While the run is being sent, a task may have been
/// started of which no id is known: [`Run::prepare`] gives a record to look for it.
///
/// # Errors
///
/// Those of [`Run::start`] and of waiting. [`ErrorKind::NotCompleted`] if the task fails, is stopped, or needs a person;
/// [`Client::outcome_of`] has which, and a question can be answered from there. [`ErrorKind::Mismatch`] if the output is missing
/// or is not what was asked for, as with [`Completed::extracted`](crate::Completed::extracted); [`Error::raw_output`] has
/// it. Every failure after the task was started has its id: [`Error::task_id`].
#[must_use = "a run is started by awaiting it"]
pub struct Extract<T> {
    run: Run,
    patience: Patience,
    on_started: Option<OnStarted>,
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
    /// Calls a function as soon as the task is started, before the wait begins: to store the id, so that another process
    /// can continue if this one ends.
    pub fn on_started(mut self, call: impl Fn(&TaskHandle) + Send + Sync + 'static) -> Self {
        self.on_started = Some(Arc::new(call));
        self
    }

    /// The longest duration of the wait, from the start of the task. The task is still running afterwards. The default is
    /// [`Wait::DEFAULT_TIMEOUT`](crate::Wait::DEFAULT_TIMEOUT). It does not limit the upload: that is [`Run::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.patience.timeout(timeout);
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
        if let Some(on_started) = &self.on_started {
            on_started(&task);
        }
        let extracted = match task.wait().with(self.patience).await {
            Ok(Outcome::Completed(done)) => done.extracted(),
            Ok(outcome) => Err(outcome.into_error()),
            Err(error) => Err(error),
        };
        let started = Effect::Created(Created::Task(task.id()));
        extracted.map_err(|error| error.with_effect(started))
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Extract<T> {
    type Output = Result<T>;
    type IntoFuture = Sending<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::transport::retry::RetryPolicy;

    /// A prepared run with an hour, whose record ends that much after now: as if the machine had been suspended for the rest.
    async fn suspended(left: TimeDelta) -> (PreparedRun, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = Client::builder("key-of-this-test")
            .base_url(format!("http://{address}"))
            .retry(RetryPolicy::never())
            .build()
            .expect("a client");
        let agent = AgentId(uuid::Uuid::from_u128(7));
        let run = client.agent(agent).run().query("q");
        let answer = async {
            // The read of the clock.
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _read = stream.read(&mut [0; 4096]).await.expect("a request");
            let answer =
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.expect("an answer");
        };
        let prepared = run.timeout(Duration::from_secs(3600)).prepare();
        let (prepared, ()) = tokio::join!(prepared, answer);
        let mut prepared = prepared.expect("a record");
        let record = prepared.run.options.record.as_mut().expect("a record");
        record.deadline = Some(chrono::Utc::now() + left);
        (prepared, listener)
    }

    #[tokio::test]
    async fn a_run_is_not_sent_after_the_deadline_of_its_record() {
        let (prepared, listener) = suspended(TimeDelta::seconds(-1)).await;
        let error = prepared.start().await.expect_err("it is over");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.proves_no_effect(), "{error:?}");
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept());
        connected.await.expect_err("no connection");
    }

    #[tokio::test]
    async fn a_run_that_is_being_sent_ends_at_the_deadline_of_its_record() {
        let (prepared, listener) = suspended(TimeDelta::milliseconds(300)).await;
        let hanging = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut rest = Vec::new();
            let _end = stream.read_to_end(&mut rest).await;
        };
        let started = tokio::time::timeout(Duration::from_secs(20), prepared.start());
        let (error, ()) = tokio::join!(started, hanging);
        let error = error.expect("it ends").expect_err("no answer");
        assert!(error.is_ambiguous() && error.is_timeout(), "{error:?}");
    }
}
