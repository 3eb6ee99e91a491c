//! One call of an operation: its attempts, the pauses between them, and its end.

use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::{Either, select};
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId};
use nanonets_agents_api::{
    Activity, Capture, Client as ApiClient, Context, Error as ApiError, ErrorBody, Idle,
    ResponseValue,
};
use reqwest::header::{HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::error::{Ambiguity, Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::telemetry::Span;

/// What one attempt comes to.
pub(crate) type Sent<T> = std::result::Result<ResponseValue<T>, ApiError<ErrorBody<ErrorEnvelope>>>;

/// What is called, and about what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub operation: Operation,
    pub agent_id: Option<AgentId>,
    pub task_id: Option<TaskId>,
}

impl Call {
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            agent_id: None,
            task_id: None,
        }
    }

    pub fn agent(mut self, id: AgentId) -> Self {
        self.agent_id = Some(id);
        self
    }

    pub fn task(mut self, id: TaskId) -> Self {
        self.task_id = Some(id);
        self
    }
}

/// What can be decided for a single call.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is wrong with the options, if something is.
    pub invalid: Option<&'static str>,
    pub capture: Option<Capture>,
    /// Whoever calls tries again by himself.
    pub once: bool,
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

/// When an attempt is given up.
struct Limits {
    idle: Duration,
    attempt: Option<Duration>,
    /// That of the call.
    deadline: Option<Instant>,
}

impl Limits {
    /// Returns when an attempt that begins now has taken too long, and says in which way.
    async fn run_out(&self, activity: &Activity) -> TimedOut {
        let attempt = self.attempt.and_then(after);
        let end = [attempt, self.deadline].into_iter().flatten().min();
        let in_time = async {
            match end {
                Some(end) => timeout_at(end, pending()).await.unwrap_or(()),
                None => pending().await,
            }
        };
        match select(pin!(in_time), pin!(activity.idle(self.idle))).await {
            Either::Left(_) => TimedOut::Limit,
            Either::Right((idle, _)) => TimedOut::Idle(idle),
        }
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

/// Why an attempt was given up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimedOut {
    Limit,
    Idle(Idle),
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit => f.write_str("the time for it has run out"),
            Self::Idle(idle) => idle.fmt(f),
        }
    }
}

impl std::error::Error for TimedOut {}

impl Client {
    /// Calls an operation, as often as the retry policy has it.
    pub(crate) async fn call<T, Send, Answer>(
        &self,
        call: Call,
        options: Options,
        send: Send,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Answer,
        Answer: Future<Output = Sent<T>>,
    {
        let operation = call.operation;
        let timeout = options.timeout.or(self.timeout());
        let limits = Limits {
            idle: self.idle_timeout(),
            attempt: options.attempt_timeout,
            deadline: timeout.and_then(after),
        };
        let refuse = |message| Err(Error::new(ErrorKind::InvalidRequest, message).during(call, 0));
        if let Some(problem) = options.invalid {
            return refuse(problem);
        }
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return refuse("the timeout leaves no time to send the request");
        }
        let is_raw = options.capture.is_some();
        let activity = Activity::default();
        let since = Utc::now();
        let span = Span::of(call);
        let mut attempt = 1;
        let mut had_no_effect = true;
        loop {
            let api = self.api(self.context(&options).activity(activity.clone()));
            let sent = span.around(limited(send(api), &limits, &activity));
            let error = match sent.await {
                Ok(Ok(response)) => {
                    self.budget().give();
                    span.ends(attempt, Some(response.status()), None);
                    return Ok(response);
                }
                Ok(Err(error)) => Error::from_api(error, self.base_context()),
                Err(why) => Error::new(ErrorKind::Lost, "no answer in time").caused_by(why),
            };
            let error = error.during(call, attempt);
            had_no_effect &= error.had_no_effect();
            // Whoever wants the body as it came gets it, whatever it is.
            let is_wanted = is_raw && error.kind() == ErrorKind::Unreadable;
            let pause = self.retry_policy().pause(operation, attempt, &error);
            let pause = pause.filter(|&pause| !is_wanted && !options.once && limits.allow(pause));
            if let Some(pause) = pause.filter(|_| self.budget().take()) {
                span.retries(&error, pause);
                tokio::time::sleep(pause).await;
                attempt += 1;
                continue;
            }
            span.ends(attempt, error.status(), Some(&error));
            if operation.is_idempotent() || had_no_effect {
                return Err(error);
            }
            return Err(error.ambiguous(Ambiguity {
                agent_id: call.agent_id,
                task_id: call.task_id,
                since,
                until: Utc::now(),
            }));
        }
    }

    /// The context of a call with these options.
    fn context(&self, options: &Options) -> Context {
        let mut context = self.base_context().clone();
        for (name, value) in &options.headers {
            context = context.header(name.clone(), value.clone());
        }
        match &options.capture {
            Some(capture) => context.capture(capture.clone()),
            None => context,
        }
    }
}

/// One attempt, or why it was given up.
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
