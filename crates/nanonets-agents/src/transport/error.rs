//! The one error type: the operation, its answer, and what to do about it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use nanonets_agents_api::types::{AgentId, TaskId};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::output::Output;
use crate::transport::call::Call;
use crate::transport::clock::{http_date, server_date};
use crate::transport::effect::{Created, Effect};
use crate::transport::ending::Ending;
use crate::transport::facts::{Ambiguity, Waited};
use crate::transport::limits::TimedOut;
use crate::transport::operation::{self, Operation};
use crate::transport::record::RunRecord;
use crate::transport::redact;

/// The error of this crate.
///
/// It is one pointer large. Its texts show neither the key nor the contents of documents, prompts or outputs. Of an answer with
/// an error, they show the server's message, without what was sent, and cut to 200 characters. If files were sent, the message may
/// quote a document: then its first 12 words are shown.
///
/// `{}` ends with a warning if the error [is ambiguous](Self::is_ambiguous); `{:#}` leaves it to the caller to say so.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<Operation>,
    agent_id: Option<AgentId>,
    task_id: Option<TaskId>,
    message: Cow<'static, str>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Bytes,
    attempts: u32,
    origin: Option<Origin>,
    /// The effect of the last attempt.
    effect: Effect,
    /// An attempt before the last one may have had an effect.
    may_have_had_effect: bool,
    /// The answer broke off, which may pass.
    broke_off: bool,
    /// The server asks to come back later.
    asks_for_a_pause: bool,
    ambiguity: Option<Ambiguity>,
    waited: Option<Waited>,
    ending: Option<Ending>,
    raw_output: Option<Output>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client's settings are invalid. Nothing was sent.
    Configuration,
    /// The request is invalid. Nothing was sent.
    InvalidRequest,
    /// No connection was established. Nothing was sent.
    Connect,
    /// No answer came. The request may have been sent, in part or whole.
    Lost,
    /// A file could not be read, or its length changed while it was sent. The server did not get a complete request.
    File,
    /// The answer has a status that is not a success: see [`Error::status`].
    Status,
    /// The answer is a success, but its body does not decode.
    Unreadable,
    /// The answer is a success, but its body is larger than the [limit](crate::ClientBuilder::response_limit). The rest of it
    /// was not read.
    TooLarge,
    /// The answer is a success about another task or agent than the one that was asked for, such as a second response on a kept
    /// connection. Kept connections are not used for a while after it.
    OtherAnswer,
    /// The timeout of a wait has passed. The task is still running.
    Timeout,
    /// The task ended without the output that was asked for.
    NotCompleted,
    /// The output of the task is missing, or is not what was asked for.
    Mismatch,
    /// A list does not end: the server gave a cursor twice, or too many empty pages in a row.
    Pagination,
}

/// Where a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The API: the answer has its documented form.
    Api,
    /// A gateway, a cache, a load balancer or another server: the answer does not have the form that the API documents.
    Gateway,
    /// The proxy between this machine and the API.
    Proxy,
    /// The TLS handshake: a certificate that is not trusted, or a server that does not speak TLS.
    Tls,
    /// Name resolution: the host does not exist.
    Dns,
    /// The network between this machine and the server.
    Network,
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
            body: Bytes::new(),
            attempts: 0,
            origin: None,
            effect: Effect::None,
            may_have_had_effect: false,
            broke_off: false,
            asks_for_a_pause: false,
            ambiguity: None,
            waited: None,
            ending: None,
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
        // The id in the answer counts more than the id that the request was for.
        self.0.agent_id = self.0.agent_id.or(call.agent_id);
        self.0.task_id = self.0.task_id.or(call.task_id);
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn ambiguous(mut self, ambiguity: Ambiguity) -> Self {
        self.0.ambiguity = Some(ambiguity);
        self
    }

    /// The error of something that a request was a part of: it has the operation, the effect and the ambiguity of the request.
    pub(crate) fn with_effect_of(mut self, request: Self) -> Self {
        let inner = &request.0;
        self.0.operation = inner.operation;
        self.0.agent_id = inner.agent_id;
        self.0.task_id = inner.task_id;
        self.0.attempts = inner.attempts;
        self.0.effect = inner.effect;
        self.0.may_have_had_effect = inner.may_have_had_effect;
        self.0.ambiguity = inner.ambiguity.clone();
        self.caused_by(request)
    }

    pub(crate) fn after_waiting(mut self, waited: Waited) -> Self {
        self.0.task_id = Some(waited.task_id);
        self.0.waited = Some(waited);
        self
    }

    pub(crate) fn with_ending(mut self, ending: Ending) -> Self {
        self.0.task_id = Some(ending.task.id);
        self.0.ending = Some(ending);
        self
    }

    /// The answer that it is about, and whether that broke off.
    pub(crate) fn with_raw_output(mut self, output: Output) -> Self {
        self.0.raw_output = Some(output);
        self
    }

    pub(crate) fn with_answer(
        mut self,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        self.0.status = Some(status);
        self.0.headers = headers;
        self.0.body = body;
        self
    }

    pub(crate) fn with_message(mut self, message: String) -> Self {
        self.0.message = message.into();
        self
    }

    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = body;
        self
    }

    pub(crate) fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = Some(origin);
        self
    }

    pub(crate) fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        match effect {
            Effect::Created(created) => self.with_possible(created),
            Effect::None | Effect::Unknown => self,
        }
    }

    /// An answer names this, created or not.
    pub(crate) fn with_possible(mut self, created: Created) -> Self {
        self.0.task_id = created.task().or(self.0.task_id);
        self.0.agent_id = created.agent().or(self.0.agent_id);
        self
    }

    pub(crate) fn broken_off(mut self) -> Self {
        self.0.broke_off = true;
        self
    }

    pub(crate) fn asking_for_a_pause(mut self) -> Self {
        self.0.asks_for_a_pause = true;
        self
    }

    /// The effect that the last attempt proves, of any operation.
    pub(crate) fn effect_of_attempt(&self) -> Effect {
        self.0.effect
    }

    /// Earlier attempts may have had an effect, whatever the last one proves.
    pub(crate) fn after_possible_effect(mut self) -> Self {
        self.0.may_have_had_effect = true;
        self
    }

    pub(crate) fn asks_for_a_pause(&self) -> bool {
        self.0.asks_for_a_pause
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The `operationId` of the operation that failed, such as `run_agent`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::id)
    }

    /// Where the failure comes from, as far as that is known.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.0.origin
    }

    /// The agent that the operation was for, or that it created although the rest of the answer does not decode.
    #[must_use]
    pub fn agent_id(&self) -> Option<AgentId> {
        self.0.agent_id
    }

    /// The task that the operation was for, or that it started. A run that failed after its task was started has the id
    /// here, also where the rest of the answer does not decode. [`Client::task`](crate::Client::task) continues with it. An
    /// answer with an error may name a task too: then the run [is ambiguous](Self::is_ambiguous), and this is that task.
    #[must_use]
    pub fn task_id(&self) -> Option<TaskId> {
        self.0.task_id
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The headers of the answer, if there was one, as they came. Those with the key or a prompt in them are marked as
    /// sensitive, so that `Debug` does not show them.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The first 64 KiB of the body of the answer, as they came, or the item of a list that does not decode. Empty if there
    /// was no answer or no body. It may hold what was sent or what is in a document: don't log it.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The id that the server, or a gateway in front of it, gave the request. Support may ask for it. It has at most 128
    /// characters, each a letter, a digit or one of `._:/+=-`. A header with other characters, or with something that was
    /// sent, is ignored.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        redact::request_id(&self.0.headers)
    }

    /// The server's message for a request that it refused. If the body is not the documented one, the beginning of it.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        (self.kind() == ErrorKind::Status).then_some(&*self.0.message)
    }

    /// The number of attempts.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The pause that the server asks for (`Retry-After`). A date counts from the server's own `Date`, so that it does not
    /// matter how far the two clocks differ.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        // A gateway and the API may both say how long: the longer pause is right for both.
        let values = self.0.headers.get_all(RETRY_AFTER).iter();
        let pauses = values.filter_map(|value| self.pause_of(value.to_str().ok()?.trim()));
        pauses.max()
    }

    fn pause_of(&self, text: &str) -> Option<Duration> {
        if let Ok(seconds) = text.parse::<f64>() {
            // One that no clock can show is the longest there is.
            let pause = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_PAUSE);
            return (!seconds.is_nan()).then(|| pause(seconds.max(0.0)).min(LONGEST_PAUSE));
        }
        let now = server_date(&self.0.headers).unwrap_or_else(Utc::now);
        Some((http_date(text)? - now).to_std().unwrap_or_default())
    }

    /// The effect of the request that failed, all of its attempts together: whether it can be repeated, is to be looked for,
    /// or has created something whose id arrived. This decides, and the [kind](Self::kind) of the error does not.
    ///
    /// A read has none. A failed `update` or `cancel` may have had one, although it is never
    /// [ambiguous](Self::is_ambiguous), for it can be repeated without harm. An error of [`Run::extract`](crate::Run::extract)
    /// after the start of the task says that the task was started.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let is_read = self.0.operation.is_some_and(operation::is_read);
        match self.0.effect {
            Effect::Created(created) => Effect::Created(created),
            _ if is_read => Effect::None,
            Effect::None if !self.0.may_have_had_effect => Effect::None,
            _ => Effect::Unknown,
        }
    }

    /// The task or agent that the request has created, if the id arrived although the rest of the answer is odd or did not end.
    #[must_use]
    pub fn created(&self) -> Option<Created> {
        match self.effect() {
            Effect::Created(created) => Some(created),
            Effect::None | Effect::Unknown => None,
        }
    }

    /// Whether it is certain that the request had no [effect](Self::effect).
    #[must_use]
    pub fn proves_no_effect(&self) -> bool {
        self.effect() == Effect::None
    }

    /// Whether the request may have taken effect although no answer says so. Repeating it could do the thing twice;
    /// [`ambiguity`](Self::ambiguity) says where to look first.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.0.ambiguity.is_some()
    }

    /// The facts that are needed to find out whether an ambiguous request took effect.
    #[must_use]
    pub fn ambiguity(&self) -> Option<&Ambiguity> {
        self.0.ambiguity.as_ref()
    }

    /// For an ambiguous run: what [`Client::find_run`](crate::Client::find_run) needs to look for its task, in this process
    /// or, serialised, in another one.
    #[must_use]
    pub fn run_record(&self) -> Option<&RunRecord> {
        self.ambiguity()?.run.as_ref()
    }

    /// The end of a task that did not fill in the type that was asked for.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.0.ending.as_ref()
    }

    /// How far a wait came that timed out.
    #[must_use]
    pub fn waited(&self) -> Option<&Waited> {
        self.0.waited.as_ref()
    }

    /// The output that is not what was asked for, as it came. It may hold the contents of a document.
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

    /// Whether a timeout has passed: that of a wait, of a request, or of a connection.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        let ran_out = |error: &(dyn StdError + 'static)| {
            let of_reqwest = error.downcast_ref::<reqwest::Error>();
            error.is::<TimedOut>() || of_reqwest.is_some_and(reqwest::Error::is_timeout)
        };
        self.kind() == ErrorKind::Timeout || self.sources().any(ran_out)
    }

    /// Whether the failure may be temporary: no connection, an answer that was lost or broke off, 408, 425, 429 or 5xx. A
    /// host that does not exist, a certificate that is not trusted and a proxy that asks for a password are not temporary.
    ///
    /// It does not say that the request can be repeated without harm: see [`is_ambiguous`](Self::is_ambiguous).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Connect => self.origin() == Some(Origin::Network),
            ErrorKind::Lost | ErrorKind::OtherAnswer => true,
            ErrorKind::Status => self.status().is_some_and(|status| {
                status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
            }),
            ErrorKind::Unreadable => self.0.broke_off,
            _ => false,
        }
    }

    fn sources(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source())
    }
}

/// The longest pause that is told, for a `Retry-After` that no clock can show: ten years.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

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
            // It may hold what was sent, or what is in a document.
            body: _,
            attempts,
            origin,
            effect: _,
            may_have_had_effect: _,
            broke_off: _,
            asks_for_a_pause: _,
            ambiguity,
            waited,
            ending,
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
        if let Some(origin) = origin {
            debug.field("origin", origin);
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
        if let Some(ending) = ending {
            debug.field("ending", ending);
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
        if ambiguity.is_some() && !f.alternate() {
            f.write_str("; the request may have taken effect, so look before repeating it")?;
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
