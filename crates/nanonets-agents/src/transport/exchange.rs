//! The attempts of a call, and the pauses between them.

use std::future::Future;

use chrono::Utc;
use nanonets_agents_api::{Activity, Client as ApiClient, Context, ResponseValue};

use crate::transport::admission::{NotAdmitted, Permit, Place};
use crate::transport::answer;
use crate::transport::call::{Call, Names, Options, Sent, Subject};
use crate::transport::client::Client;
use crate::transport::effect::{Created, Effect};
use crate::transport::error::{Error, ErrorKind, Origin, Result};
use crate::transport::history::Running;
use crate::transport::limits::{Limits, after, limited};
use crate::transport::memory;
use crate::transport::operation::Operation;
use crate::transport::redact::Redactor;
use crate::transport::telemetry::Span;

/// A call that is not over.
pub(crate) struct Exchange<'a> {
    pub limits: Limits,
    pub activity: Activity,
    pub running: Running<'a>,
    message: Option<memory::Sending<'a>>,
    span: Span,
}

impl Exchange<'_> {
    /// The call is over.
    pub fn end<T>(self, result: Result<ResponseValue<T>>) -> Result<ResponseValue<T>> {
        let attempts = self.running.attempts().made;
        let result = self.running.end(result);
        if let Some(message) = self.message {
            message.end(&result);
        }
        match &result {
            Ok(response) => self.span.ends(attempts, Some(response.status()), None),
            Err(error) => self.span.ends(attempts, error.status(), Some(error)),
        }
        result
    }
}

impl Client {
    /// Calls an operation, and repeats it as the retry policy says. A run waits for its admission before each attempt;
    /// `names` reads from its answer what it has created. The call is not over before [`Exchange::end`].
    ///
    /// # Errors
    ///
    /// The options are invalid. Other errors are the second value.
    pub(crate) async fn exchange<T, Send, Answer>(
        &self,
        call: Call,
        options: &Options,
        names: Option<Names<T>>,
        subject: Option<Subject<T>>,
        send: Send,
    ) -> Result<(Exchange<'_>, Result<ResponseValue<T>>)>
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
        let running = Running::begin(
            self.unfinished_calls(),
            self.clock(),
            call,
            options,
            activity.clone(),
        );
        let exchange = Exchange {
            limits,
            activity,
            running,
            message,
            span,
        };
        let result = self
            .attempts(call, options, names, subject, send, &exchange)
            .await;
        Ok((exchange, result))
    }

    /// Makes attempts until one succeeds, or another one is not to follow. Its errors know of the last attempt only.
    async fn attempts<T, Send, Answer>(
        &self,
        call: Call,
        options: &Options,
        names: Option<Names<T>>,
        subject: Option<Subject<T>>,
        send: Send,
        exchange: &Exchange<'_>,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Answer,
        Answer: Future<Output = Sent<T>>,
    {
        let Exchange {
            limits,
            activity,
            running,
            span,
            ..
        } = exchange;
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
    pub(crate) fn context(&self, options: &Options) -> Context {
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
