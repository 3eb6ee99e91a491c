//! One call of an operation: its attempts, the pauses between them, and its result.

use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId, TaskStatus};
use nanonets_agents_api::{
    Activity, Capture, Client as ApiClient, Context, Error as ApiError, ErrorBody, Idle,
    ResponseValue,
};
use reqwest::header::{HeaderName, HeaderValue};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::admission::{NotAdmitted, Permit, Place};
use crate::answer;
use crate::client::Client;
use crate::effect::{Created, Effect};
use crate::error::{Error, ErrorKind, Origin, Result};
use crate::group::{Comparison, Groups};
use crate::history::Running;
use crate::operation::Operation;
use crate::record::RunRecord;
use crate::redact::Redactor;
use crate::telemetry::Span;

/// The result of one attempt.
pub(crate) type Sent<T> = std::result::Result<ResponseValue<T>, ApiError<ErrorBody<ErrorEnvelope>>>;

/// The ids that the answer to an operation has, which creates something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The task or agent that it has created. `None` if the answer has no id of it.
    pub created: Option<Created>,
    /// The agent of a run, perhaps by another version than the request.
    pub agent_id: Option<AgentId>,
    pub status: Option<&'a TaskStatus>,
}

/// Reads the ids from the answer to an operation.
pub(crate) type Names<T> = for<'a> fn(Operation, &'a T) -> Named<'a>;

/// Whether an answer may be about the task or agent with this id: it has this id, or none.
pub(crate) type Subject<T> = fn(&T, Uuid) -> bool;

/// An operation, and the agent or task that it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub operation: Operation,
    pub agent_id: Option<AgentId>,
    pub task_id: Option<TaskId>,
    pub has_files: bool,
}

impl Call {
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            agent_id: None,
            task_id: None,
            has_files: false,
        }
    }

    pub fn files(mut self) -> Self {
        self.has_files = true;
        self
    }

    pub fn agent(mut self, id: AgentId) -> Self {
        self.agent_id = Some(id);
        self
    }

    pub fn task(mut self, id: TaskId) -> Self {
        self.task_id = Some(id);
        self
    }

    /// Whether it is for this task or agent.
    pub fn is_for(&self, created: Created) -> bool {
        match created {
            Created::Task(id) => self.task_id == Some(id),
            Created::Agent(id) | Created::AgentVersion(id) => self.agent_id == Some(id),
        }
    }

    /// The id of what the operation is for: the task, or else the agent.
    fn subject(&self) -> Option<Uuid> {
        let agent = self.agent_id.map(|id| id.0);
        self.task_id.map(|id| id.0).or(agent)
    }
}

/// What can be decided for a single call.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    /// Less than that of the client.
    pub idle_timeout: Option<Duration>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Why the options are invalid.
    pub invalid: Option<&'static str>,
    pub capture: Option<Capture>,
    /// The texts that are sent and that no error may show.
    pub private: Vec<Arc<str>>,
    /// The caller repeats the request itself.
    pub once: bool,
    /// What is known of a run before it is sent.
    pub record: Option<RunRecord>,
    /// For a message to a task: the hash of its text.
    pub message: Option<u64>,
}

impl Options {
    pub fn header<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => self.headers.push((name, value)),
            (Err(_), _) => {
                self.invalid = Some("the name of a header has characters that it can't have")
            }
            (_, Err(_)) => {
                self.invalid = Some("the value of a header has characters that it can't have")
            }
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of headers may be secrets.
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Options")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

/// The time limits of an attempt.
struct Limits {
    idle: Duration,
    attempt: Option<Duration>,
    /// That of the call.
    deadline: Option<Instant>,
    /// The deadline in the record of a run. The clock of `deadline` stands still while the machine is suspended, on Linux
    /// for example, and this one does not.
    recorded: Option<DateTime<Utc>>,
}

/// The pause between looks at a clock that goes on while the machine is suspended.
const CLOCK_LOOKS: Duration = Duration::from_secs(1);

impl Limits {
    /// Returns when an attempt that begins now exceeds a limit, and what has arrived by then was read.
    async fn run_out(&self, activity: &Activity) -> TimedOut {
        let attempt = self.attempt.and_then(after);
        let end = [attempt, self.deadline].into_iter().flatten().min();
        let in_time = async {
            match end {
                Some(end) => {
                    while Instant::now() < end && !self.is_past_record() {
                        let next = after(CLOCK_LOOKS).filter(|_| self.recorded.is_some());
                        sleep_until(next.map_or(end, |next| next.min(end))).await;
                    }
                    activity.settle().await;
                }
                None => pending().await,
            }
        };
        match select(pin!(in_time), pin!(activity.idle(self.idle))).await {
            Either::Left(_) => TimedOut::Limit,
            Either::Right((idle, _)) => TimedOut::Idle(idle),
        }
    }

    /// Whether the deadline in the record has passed.
    fn is_past_record(&self) -> bool {
        self.recorded.is_some_and(|recorded| Utc::now() >= recorded)
    }

    /// Whether the call still has time after a pause.
    fn allow(&self, pause: Duration) -> bool {
        match (self.deadline, after(pause)) {
            (Some(deadline), Some(next)) => next < deadline,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }
}

/// The time so far from now, unless it is beyond what a clock can tell.
fn after(pause: Duration) -> Option<Instant> {
    Instant::now().checked_add(pause)
}

/// The limit that an attempt exceeded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimedOut {
    /// That of the attempt or of the call.
    Limit,
    /// That of a connection on which nothing moves, or too little.
    Idle(Idle),
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit => f.write_str("the deadline has passed"),
            Self::Idle(idle) => idle.fmt(f),
        }
    }
}

impl std::error::Error for TimedOut {}

impl Client {
    /// Calls an operation, and repeats it as the retry policy says. A run waits for its admission before each attempt;
    /// `names` reads from its answer what it has created.
    pub(crate) async fn call<T, Send, Answer>(
        &self,
        call: Call,
        options: Options,
        names: Option<Names<T>>,
        subject: Option<Subject<T>>,
        send: Send,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Answer,
        Answer: Future<Output = Sent<T>>,
    {
        let timeout = options.timeout.or(self.timeout());
        let limits = Limits {
            idle: options
                .idle_timeout
                .map_or(self.idle_timeout(), |idle| idle.min(self.idle_timeout())),
            attempt: options.attempt_timeout,
            deadline: timeout.and_then(after),
            recorded: options.record.as_ref().and_then(|record| record.deadline),
        };
        let invalid = |message| Err(Error::new(ErrorKind::InvalidRequest, message).during(call, 0));
        if let Some(problem) = options.invalid {
            return invalid(problem);
        }
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return invalid("the timeout leaves no time to send the request");
        }
        let activity = Activity::default();
        let span = Span::of(call);
        // The server may take a message before its answer comes, and without one.
        let to_task = call.task_id.zip(options.message);
        let message = to_task.map(|(task, text)| self.memory().sending(task, text));
        let running = Running::begin(self, call, &options, activity.clone());
        let result = self
            .attempts(
                call, &options, &limits, names, subject, send, &activity, &running, &span,
            )
            .await;
        let result = self
            .of_asked_agent(call, &options, &limits, names, &activity, &running, result)
            .await;
        let attempts = running.attempts().made;
        let result = running.end(result);
        if let Some(message) = message {
            message.end(&result);
        }
        match &result {
            Ok(response) => span.ends(attempts, Some(response.status()), None),
            Err(error) => span.ends(attempts, error.status(), Some(error)),
        }
        result
    }

    /// The result of a run, unless its answer names an agent that is not the one that was asked for. Each id of a task that an
    /// answer has, also one that does not decode as a whole, is compared here.
    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    async fn of_asked_agent<T>(
        &self,
        call: Call,
        options: &Options,
        limits: &Limits,
        names: Option<Names<T>>,
        activity: &Activity,
        running: &Running<'_>,
        result: Result<ResponseValue<T>>,
    ) -> Result<ResponseValue<T>> {
        let (created, agent) = match &result {
            Ok(response) => {
                let named = names.map(|names| names(call.operation, response));
                (
                    named.and_then(|named| named.created),
                    named.and_then(|named| named.agent_id),
                )
            }
            Err(error) => (error.created(), answer::named_agent(error, call.operation)),
        };
        let task = created.and_then(Created::task);
        let ids = (task, agent, call.agent_id);
        let (Some(task), Some(agent), Some(asked)) = ids else {
            return result;
        };
        if agent == asked {
            return result;
        }
        running.has_created(Created::Task(task));
        let groups = Groups::of(self, asked).until(limits.deadline);
        match Box::pin(groups.compared(agent)).await {
            Comparison::Same | Comparison::Unknown => return result,
            Comparison::Different => {}
        }
        self.distrust_connections();
        let context = self.context(options);
        let redactor = Redactor::new(&context, &options.private);
        let error = match result {
            Ok(response) => answer::of_other_agent(call, &response, task, activity, &redactor),
            Err(error) => answer::of_other_agent_undecoded(call, error, task),
        };
        running.end_attempt(&error);
        Err(error)
    }

    /// Makes attempts until one succeeds, or another one is not to follow. Its errors know of the last attempt only.
    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    async fn attempts<T, Send, Answer>(
        &self,
        call: Call,
        options: &Options,
        limits: &Limits,
        names: Option<Names<T>>,
        subject: Option<Subject<T>>,
        send: Send,
        activity: &Activity,
        running: &Running<'_>,
        span: &Span,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Answer,
        Answer: Future<Output = Sent<T>>,
    {
        let operation = call.operation;
        let mut place = self.place(call);
        let mut failure = None;
        loop {
            let permit = match self.admitted(&mut place, limits).await {
                Ok(permit) => permit,
                Err(reason) => return Err(not_admitted(reason, failure)),
            };
            if limits.is_past_record() {
                let message = "the deadline in the record of the run has passed; nothing was sent";
                return Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Timeout, message)));
            }
            let sent_at = Utc::now();
            activity.begin_attempt();
            running.begin_attempt(sent_at);
            let api = self.api(self.context(options).activity(activity.clone()));
            let sent = span.around(limited(send(api), limits, activity)).await;
            let is_of_other = |response: &ResponseValue<T>| {
                let asked = subject.zip(call.subject());
                asked.is_some_and(|(is_about, id)| !is_about(response, id))
            };
            // A raw answer is returned as it came.
            let names = names.filter(|_| options.capture.is_none());
            let has_id = |response: &ResponseValue<T>| {
                names.is_none_or(|names| names(operation, response).created.is_some())
            };
            let sent = match sent {
                Ok(Ok(response)) if !is_of_other(&response) && has_id(&response) => {
                    self.budget().give();
                    self.clock().measure(sent_at, response.headers());
                    if let Some(permit) = permit {
                        let task = names.and_then(|names| {
                            let named = names(operation, &response);
                            let task = named.created.and_then(Created::task);
                            task.zip(named.status)
                        });
                        permit.accepted(task);
                    }
                    return Ok(response);
                }
                sent => sent,
            };
            let context = self.context(options);
            let redactor = Redactor::new(&context, &options.private).after_upload(call.has_files);
            let error = match sent {
                Ok(Ok(response)) if is_of_other(&response) => {
                    self.distrust_connections();
                    answer::of_other(call, &response, &redactor)
                }
                Ok(Ok(response)) => answer::without_id(&response, activity, &redactor),
                Ok(Err(error)) => answer::error(error, call, activity.is_excessive(), &redactor),
                Err(limit) => {
                    activity.abandon();
                    Error::new(ErrorKind::Lost, "no answer in time")
                        .with_effect(Effect::Unknown)
                        .caused_by(limit)
                }
            };
            let error = match error.kind() {
                ErrorKind::Lost => answer::lost(error, operation, activity, &redactor),
                _ => error,
            };
            running.end_attempt(&error);
            let attempts = running.attempts();
            let error = error.during(call, attempts.made);
            // A gateway may have another clock than the API.
            if error.origin() != Some(Origin::Gateway) {
                self.clock().measure(sent_at, error.headers());
            }
            let waits_for_admission = tell_gate(permit, &mut place, &error);
            let pause = self.retry_policy().pause(operation, &attempts, &error);
            let Some(pause) = pause.filter(|_| !options.once) else {
                return Err(error);
            };
            // The gate decides when the next one follows its own refusals, and whether the deadline allows it.
            let is_paused = !waits_for_admission;
            let is_allowed = !is_paused
                || (limits.allow(pause) && (error.asks_for_a_pause() || self.budget().take()));
            if !is_allowed {
                return Err(error);
            }
            span.retries(&error, pause);
            if is_paused {
                tokio::time::sleep(pause).await;
                if error.asks_for_a_pause() {
                    running.has_paused(pause);
                }
            }
            failure = Some(error);
        }
    }

    /// The place of a run in front of the gate. Other operations don't pass it.
    fn place(&self, call: Call) -> Option<Place> {
        match (call.operation, call.agent_id) {
            (Operation::RunAgent, Some(agent)) => Some(self.gate().place(agent, call.has_files)),
            _ => None,
        }
    }

    /// Waits until an attempt may be sent.
    async fn admitted(
        &self,
        place: &mut Option<Place>,
        limits: &Limits,
    ) -> std::result::Result<Option<Permit>, NotAdmitted> {
        match place {
            Some(place) => self.gate().admit(place, limits.deadline).await.map(Some),
            None => Ok(None),
        }
    }

    /// The context of a call with these options.
    fn context(&self, options: &Options) -> Context {
        let mut context = self.base_context().clone();
        for (name, value) in &options.headers {
            context = context.header(name.clone(), value.clone());
        }
        if self.distrusts_connections() {
            context = context.always_fresh();
        }
        match &options.capture {
            Some(capture) => context.capture(capture.clone()),
            None => context,
        }
    }
}

/// Tells the gate how an attempt failed. Returns whether another one waits for its admission, and not for a pause.
fn tell_gate(permit: Option<Permit>, place: &mut Option<Place>, error: &Error) -> bool {
    let (Some(permit), Some(place)) = (permit, place) else {
        return false;
    };
    if error.asks_for_a_pause() {
        permit.refused(place, error.retry_after());
        return true;
    }
    match error.status().is_some_and(|status| status.is_success()) {
        true => permit.accepted(None),
        false => permit.failed(),
    }
    false
}

/// The error of a run that was not admitted: that of its last attempt, if it had one.
fn not_admitted(reason: NotAdmitted, failure: Option<Error>) -> Error {
    let timed_out = || Error::new(ErrorKind::Timeout, reason.to_string());
    failure.unwrap_or_else(timed_out).caused_by(reason)
}

/// The result of one attempt, or the limit that it exceeded.
async fn limited<F: Future>(
    attempt: F,
    limits: &Limits,
    activity: &Activity,
) -> std::result::Result<F::Output, TimedOut> {
    match select(pin!(attempt), pin!(limits.run_out(activity))).await {
        Either::Left((sent, _)) => Ok(sent),
        Either::Right((why, _)) => Err(why),
    }
}
