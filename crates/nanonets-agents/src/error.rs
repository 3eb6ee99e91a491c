//! The one error type: what was being done, what came back, and what to do about it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::support::{BodyProblem, PartError};
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId, TaskListItem, TaskStatus};
use nanonets_agents_api::{Context, Error as ApiError, ErrorBody};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::call::{Call, TimedOut};
use crate::client::Client;
use crate::list::List;
use crate::operation::Operation;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::task::TaskFilter;

/// What went wrong.
///
/// It is small to pass around, and shows neither the key nor the contents of documents, prompts or outputs. Of an answer
/// that is an error, it shows what the server says, cut to 200 characters.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<Operation>,
    agent_id: Option<AgentId>,
    task_id: Option<TaskId>,
    message: Cow<'static, str>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    attempts: u32,
    /// The answer broke off, which may pass.
    broke_off: bool,
    ambiguity: Option<Ambiguity>,
    waited: Option<Waited>,
    outcome: Option<Outcome>,
    raw_output: Option<Output>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// How far the clocks of two machines may be apart for [`Error::candidates`].
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client can't be set up as it was asked to.
    Configuration,
    /// The request can't be sent as it is; nothing was sent.
    InvalidRequest,
    /// No connection came about; nothing was sent.
    Connect,
    /// The request was sent, at least in part, or there was no time left to send it, and its answer did not come.
    Lost,
    /// A file could not be read while it was sent, or was not as long as it was said to be; the server can't have taken
    /// the request for a whole one.
    File,
    /// The server refused, or failed: see [`Error::status`].
    Status,
    /// The server answered with a success that can't be read.
    Unreadable,
    /// A task was waited for in vain.
    Timeout,
    /// A task ended without the output that was asked for.
    NotCompleted,
    /// The output of a task is not what was asked for, or there is none.
    Mismatch,
    /// A list would never end: it gave a cursor twice, or too many empty pages in a row.
    Pagination,
}

/// What is known of a request that may or may not have taken effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ambiguity {
    /// The agent that it was for, if it was for one.
    pub agent_id: Option<AgentId>,
    /// The task that it was for, if it was for one.
    pub task_id: Option<TaskId>,
    /// When the first attempt began, by the clock of this machine.
    pub since: DateTime<Utc>,
    /// When the last one was given up.
    pub until: DateTime<Utc>,
}

/// How a wait ended that timed out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waited {
    /// The task, which goes on: it can be waited for again by this id, in any process.
    pub task_id: TaskId,
    /// Its status when it was last seen.
    pub last_status: Option<TaskStatus>,
    /// How long it was waited for.
    pub elapsed: Duration,
    /// How often it was asked for its status.
    pub polls: u32,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            agent_id: None,
            task_id: None,
            message: message.into(),
            status: None,
            headers: HeaderMap::new(),
            attempts: 0,
            broke_off: false,
            ambiguity: None,
            waited: None,
            outcome: None,
            raw_output: None,
            source: None,
        }))
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn during(mut self, call: Call, attempts: u32) -> Self {
        self.0.operation = Some(call.operation);
        self.0.agent_id = call.agent_id;
        self.0.task_id = call.task_id;
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn ambiguous(mut self, ambiguity: Ambiguity) -> Self {
        self.0.ambiguity = Some(ambiguity);
        self
    }

    pub(crate) fn after_waiting(mut self, waited: Waited) -> Self {
        self.0.task_id = Some(waited.task_id);
        self.0.waited = Some(waited);
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.task_id = Some(outcome.task().id());
        self.0.outcome = Some(outcome);
        self
    }

    /// The answer that it is about, and whether that broke off.
    pub(crate) fn answered(
        mut self,
        status: StatusCode,
        headers: HeaderMap,
        broke_off: bool,
    ) -> Self {
        self.0.status = Some(status);
        self.0.headers = headers;
        self.0.broke_off = broke_off;
        self
    }

    pub(crate) fn with_raw_output(mut self, output: Output) -> Self {
        self.0.raw_output = Some(output);
        self
    }

    /// What one attempt came to that was made with this context.
    pub(crate) fn from_api(error: ApiError<ErrorBody<ErrorEnvelope>>, context: &Context) -> Self {
        match error {
            ApiError::InvalidRequest(message) | ApiError::Custom(message) => {
                Self::new(ErrorKind::InvalidRequest, message)
            }
            ApiError::ErrorResponse(answer) => {
                let (status, headers) = (answer.status(), answer.headers().clone());
                let body = answer.into_inner();
                let mut error = if status.is_success() {
                    let reason = body
                        .problem()
                        .map_or_else(String::new, |problem| format!(": {problem}"));
                    let message = format!("the answer can't be read{reason}");
                    let mut error = Self::new(ErrorKind::Unreadable, message);
                    error.0.broke_off = match body.problem() {
                        Some(BodyProblem::Incomplete(_)) => true,
                        // Whoever cut it off may have given its length too.
                        Some(BodyProblem::Undecodable(error)) => error.full().is_eof(),
                        _ => false,
                    };
                    error
                } else {
                    Self::new(ErrorKind::Status, words(&body, context))
                };
                error.0.status = Some(status);
                error.0.headers = headers;
                error
            }
            ApiError::CommunicationError(error) if error.is_connect() => {
                let host = error
                    .url()
                    .and_then(|url| url.host_str().zip(url.port_or_known_default()));
                let message = match host {
                    Some((host, port)) => Cow::from(format!("no connection to {host}:{port}")),
                    None => Cow::from("no connection"),
                };
                Self::new(ErrorKind::Connect, message).caused_by(error)
            }
            ApiError::CommunicationError(error) => {
                let mut sources =
                    std::iter::successors(StdError::source(&error), |&error| error.source());
                if let Some(file) = sources.find_map(|error| error.downcast_ref::<PartError>()) {
                    return Self::new(ErrorKind::File, file.to_string()).caused_by(error);
                }
                let message = if error.is_timeout() {
                    "no answer in time"
                } else {
                    "the answer was lost"
                };
                Self::new(ErrorKind::Lost, message).caused_by(error)
            }
            // The generated client makes no other.
            error => Self::new(ErrorKind::Lost, error.to_string()),
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The `operationId` of the operation that failed, such as `run_agent`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::id)
    }

    /// The agent that it was about, if it was about one.
    #[must_use]
    pub fn agent_id(&self) -> Option<AgentId> {
        self.0.agent_id
    }

    /// The task that it was about. Where a run was started and something went wrong later, the task is there all the
    /// same: [`Client::task`] goes on with it.
    #[must_use]
    pub fn task_id(&self) -> Option<TaskId> {
        self.0.task_id
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The headers of the answer, if there was one.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The id that the server, or a proxy before it, gave the request: for whoever is asked for help.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let names = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];
        let found = names.iter().find_map(|name| self.0.headers.get(*name));
        found.and_then(|value| value.to_str().ok())
    }

    /// What the server says about a request that it refused: its words, or how its answer begins if that is not as
    /// documented.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        (self.kind() == ErrorKind::Status).then_some(&*self.0.message)
    }

    /// How often the request was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the server asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.0.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        Some((date.to_utc() - Utc::now()).to_std().unwrap_or_default())
    }

    /// Whether the request may have taken effect although no answer says so. Repeating it could do the thing twice;
    /// [`ambiguity`](Self::ambiguity) says where to look first.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.0.ambiguity.is_some()
    }

    /// What is needed to find out whether an ambiguous request took effect.
    #[must_use]
    pub fn ambiguity(&self) -> Option<&Ambiguity> {
        self.0.ambiguity.as_ref()
    }

    /// The tasks that an ambiguous run may have started: those of its agent from the time of its attempts, and a minute
    /// more on both sides, for clocks differ. If there are none a while later, it started none. `None` unless this is the
    /// error of an ambiguous run.
    #[must_use]
    pub fn candidates(&self, client: &Client) -> Option<List<TaskListItem, TaskFilter>> {
        let ambiguity = self.ambiguity()?;
        let agent_id = ambiguity.agent_id?;
        (self.0.operation == Some(Operation::RunAgent)).then(|| {
            let list = client.tasks().list().agent(agent_id);
            list.created_after(ambiguity.since - SKEW)
                .created_before(ambiguity.until + SKEW)
        })
    }

    /// What the task came to that was to fill a struct and did not. The question that it asks can be answered from here. It
    /// is [`Outcome::Completed`] if the output is missing or not what was asked for: the summary is still there.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.0.outcome.as_ref()
    }

    /// How a wait ended that timed out.
    #[must_use]
    pub fn waited(&self) -> Option<&Waited> {
        self.0.waited.as_ref()
    }

    /// The output that is not of the wanted type, as it came. It may hold what was in a document.
    #[must_use]
    pub fn raw_output(&self) -> Option<&Output> {
        self.0.raw_output.as_ref()
    }

    /// 401: the key is missing, malformed, unknown or revoked.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// 403: the agent is not active, or belongs to another workspace, as a task may.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// 404: there is no such agent or task, or it is hidden.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// 409: not possible in the present state.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// 429: too many requests.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether time ran out: for a task that was waited for, for a request, or for a connection.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        let ran_out = |error: &(dyn StdError + 'static)| {
            let of_reqwest = error.downcast_ref::<reqwest::Error>();
            error.is::<TimedOut>() || of_reqwest.is_some_and(reqwest::Error::is_timeout)
        };
        self.kind() == ErrorKind::Timeout || self.sources().any(ran_out)
    }

    /// Whether the cause may pass: no connection, an answer that was lost or broke off, 429 or 5xx. It does not say that the
    /// request can be repeated without harm: see [`is_ambiguous`](Self::is_ambiguous).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Connect | ErrorKind::Lost => true,
            ErrorKind::Status => self.status().is_some_and(|status| {
                status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
            }),
            ErrorKind::Unreadable => self.0.broke_off,
            _ => false,
        }
    }

    fn sources(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source())
    }

    /// Whether it is certain that the request had no effect.
    pub(crate) fn had_no_effect(&self) -> bool {
        match self.kind() {
            ErrorKind::Connect => true,
            ErrorKind::Status => match self.status() {
                Some(StatusCode::TOO_MANY_REQUESTS) => true,
                Some(StatusCode::SERVICE_UNAVAILABLE) => self.0.headers.contains_key(RETRY_AFTER),
                status => status.is_some_and(|status| status.is_client_error()),
            },
            ErrorKind::Lost | ErrorKind::Unreadable => false,
            _ => true,
        }
    }
}

/// What the server says, or else how its answer begins.
fn words(body: &ErrorBody<ErrorEnvelope>, context: &Context) -> String {
    /// How much of an answer that is not the documented envelope is shown, in characters.
    const SNIPPET: usize = 200;
    let text = match body.decoded() {
        Some(envelope) => Cow::Borrowed(envelope.error.as_str()),
        // No character takes more than four bytes, and a run of blanks is not worth more.
        None => {
            let bytes = body.bytes();
            String::from_utf8_lossy(bytes.get(..20 * SNIPPET).unwrap_or(bytes))
        }
    };
    let line = context
        .without_key(&text)
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(SNIPPET) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.is_empty() => "the server gives no reason".to_owned(),
        None => line,
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            operation,
            agent_id,
            task_id,
            message,
            status,
            // A server may say anything in them.
            headers: _,
            attempts,
            broke_off: _,
            ambiguity,
            waited,
            outcome,
            raw_output: _,
            source,
        } = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", kind);
        if let Some(operation) = operation {
            debug.field("operation", &format_args!("{operation}"));
        }
        if let Some(id) = agent_id {
            debug.field("agent_id", &format_args!("{id}"));
        }
        if let Some(id) = task_id {
            debug.field("task_id", &format_args!("{id}"));
        }
        debug.field("message", message);
        if let Some(status) = status {
            debug.field("status", &status.as_u16());
        }
        if let Some(id) = self.request_id() {
            debug.field("request_id", &id);
        }
        if *attempts > 0 {
            debug.field("attempts", attempts);
        }
        if let Some(ambiguity) = ambiguity {
            debug.field("ambiguity", ambiguity);
        }
        if let Some(waited) = waited {
            debug.field("waited", waited);
        }
        if let Some(outcome) = outcome {
            debug.field("outcome", outcome);
        }
        if let Some(source) = source {
            debug.field("source", source);
        }
        debug.finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            message,
            status,
            attempts,
            ambiguity,
            ..
        } = &*self.0;
        if let Some(operation) = operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(status) = status {
            write!(f, "{}: ", status.as_u16())?;
        }
        f.write_str(message)?;
        match (attempts, self.request_id()) {
            (2.., Some(id)) => write!(f, " (after {attempts} attempts; request {id})")?,
            (2.., None) => write!(f, " (after {attempts} attempts)")?,
            (_, Some(id)) => write!(f, " (request {id})")?,
            (_, None) => {}
        }
        if ambiguity.is_some() {
            f.write_str("; it may have taken effect all the same, so look before repeating it")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
