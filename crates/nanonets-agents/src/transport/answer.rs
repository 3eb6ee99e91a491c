//! Turns the result of one attempt into an [`Error`]: what it proves about its effect, where the failure came from, and
//! which ids it still carries.

mod created_id;

use std::error::Error as StdError;
use std::fmt;
use std::io;

use bytes::Bytes;
use nanonets_agents_api::support::{BodyProblem, PartError};
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId};
use nanonets_agents_api::{Activity, Error as ApiError, ErrorBody, PartialAnswer, ResponseValue};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::transport::call::{Call, Named};
use crate::transport::effect::{Created, Effect};
use crate::transport::error::{Error, ErrorKind, Origin};
use crate::transport::operation::{Operation, is_read};
use crate::transport::redact::Redactor;
use created_id::created_id;

/// How much of a body is looked at to see whether it is text.
const SNIFFED: usize = 512;
/// How much of a body an error keeps.
const BODY: usize = 64 * 1024;

/// The error of an attempt of a call, whose answer may have been given up for its number of values. The redactor has
/// the texts of the request.
pub(crate) fn error(
    failure: ApiError<ErrorBody<ErrorEnvelope>>,
    call: Call,
    is_excessive: bool,
    redactor: &Redactor<'_>,
) -> Error {
    match failure {
        ApiError::InvalidRequest(message) | ApiError::Custom(message) => {
            Error::new(ErrorKind::InvalidRequest, message)
        }
        ApiError::ErrorResponse(answer) => {
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            redactor.mark_sensitive(&mut headers);
            let body = answer.into_inner();
            let error = match status.is_success() {
                true => unreadable(&body, call.operation, is_excessive),
                false => refusal(call, status, &headers, &body, redactor),
            };
            error.with_answer(status, headers, bounded(body.bytes()))
        }
        ApiError::CommunicationError(error) if error.is_connect() => not_connected(error),
        ApiError::CommunicationError(error) => not_answered(error),
        ApiError::InvalidResponsePayload(body, error) => Error::new(
            ErrorKind::Unreadable,
            format!("the answer does not decode: {error}"),
        )
        .with_body(bounded(&body))
        .with_origin(Origin::Api)
        .with_effect(Effect::Unknown),
        // The generated client makes no other.
        error => Error::new(ErrorKind::Lost, error.to_string()),
    }
}

/// The error of an attempt without a complete answer, with its effect: whatever ended the attempt, its [`Activity`] decides.
///
/// An answer that broke off may have the id of what was created. A request that was not complete had no effect:
/// `docs/decisions/0001-proof-of-no-effect.md`.
pub(crate) fn lost(
    error: Error,
    operation: Operation,
    activity: &Activity,
    redactor: &Redactor<'_>,
) -> Error {
    match activity.partial_answer() {
        Some(partial) => with_partial(error, operation, partial, redactor),
        None if activity.proves_incomplete() => {
            let message = format!("{error:#}: the request was not complete");
            error.with_message(message).with_effect(Effect::None)
        }
        None => error,
    }
}

/// The error of an answer that did not end, with what had arrived of it.
fn with_partial(
    error: Error,
    operation: Operation,
    partial: PartialAnswer,
    redactor: &Redactor<'_>,
) -> Error {
    let PartialAnswer {
        status,
        mut headers,
        body,
        ..
    } = partial;
    redactor.mark_sensitive(&mut headers);
    let created = match status.is_success() {
        true => created(&body, operation),
        false => None,
    };
    let error = error.with_answer(status, headers, Bytes::from(body));
    match created {
        Some(created) => error
            .with_message(format!("{created}, but the answer did not end"))
            .with_effect(Effect::Created(created)),
        None => error,
    }
}

fn other_message(call: Call) -> String {
    let what = match call.task_id {
        Some(_) => "task",
        None => "agent",
    };
    format!(
        "the answer is about another {what}: a connection or something between mixes up answers"
    )
}

/// The error of an answer that is about another task or agent.
pub(crate) fn of_other<T>(call: Call, answer: &ResponseValue<T>, redactor: &Redactor<'_>) -> Error {
    let mut headers = answer.headers().clone();
    redactor.mark_sensitive(&mut headers);
    Error::new(ErrorKind::OtherAnswer, other_message(call))
        .with_answer(answer.status(), headers, Bytes::new())
        // A proxy that mixes up connections is the usual cause.
        .with_origin(Origin::Gateway)
        .with_effect(Effect::Unknown)
}

/// The error of an answer to a run of another agent. Its task may be that of the run all the same.
pub(crate) fn of_other_agent<T>(
    call: Call,
    answer: &ResponseValue<T>,
    task: TaskId,
    activity: &Activity,
    redactor: &Redactor<'_>,
) -> Error {
    let named = Created::Task(task);
    let message = format!("{}; perhaps {named}", other_message(call));
    let error = of_other(call, answer, redactor);
    let error = error.with_message(message).with_possible(named);
    match activity.partial_answer() {
        Some(partial) => error.with_body(Bytes::from(partial.body)),
        None => error,
    }
}

/// The same for an answer of which only the ids decode.
pub(crate) fn of_other_agent_undecoded(call: Call, error: Error, task: TaskId) -> Error {
    let named = Created::Task(task);
    let message = format!("{}; perhaps {named}", other_message(call));
    let other = Error::new(ErrorKind::OtherAnswer, message)
        .with_origin(Origin::Gateway)
        .with_effect(Effect::Unknown)
        .with_possible(named);
    let other = match error.status() {
        Some(status) => other.with_answer(status, error.headers().clone(), error.body().clone()),
        None => other,
    };
    other.caused_by(error)
}

/// The error of a success that has no id of what it created: the nil UUID is none.
pub(crate) fn without_id<T>(
    answer: &ResponseValue<T>,
    activity: &Activity,
    redactor: &Redactor<'_>,
) -> Error {
    let mut headers = answer.headers().clone();
    redactor.mark_sensitive(&mut headers);
    let body = activity.partial_answer().map(|partial| partial.body);
    let body = Bytes::from(body.unwrap_or_default());
    Error::new(
        ErrorKind::Unreadable,
        "the answer has no id of what was created",
    )
    .with_answer(answer.status(), headers, body)
    .with_origin(Origin::Api)
    .with_effect(Effect::Unknown)
}

/// The error of a success that does not decode.
fn unreadable(body: &ErrorBody<ErrorEnvelope>, operation: Operation, is_excessive: bool) -> Error {
    let reason = match body.problem() {
        _ if is_excessive => ": it has more members or items than can be right".to_owned(),
        Some(problem) => format!(": {problem}"),
        None => String::new(),
    };
    let broke_off = match body.problem() {
        _ if is_excessive => false,
        Some(BodyProblem::Incomplete(_)) => true,
        // A proxy that cuts an answer may announce the length of what is left.
        // An empty answer to a change says that the change was made, and all that there is to say.
        Some(BodyProblem::Undecodable(_)) if body.bytes().is_empty() => is_read(operation),
        Some(BodyProblem::Undecodable(error)) => error.full().is_eof(),
        _ => false,
    };
    let is_json = body.bytes().trim_ascii_start().starts_with(b"{");
    let origin = if is_json {
        Origin::Api
    } else {
        Origin::Gateway
    };
    let created = created(body.bytes(), operation);
    let what = match created {
        Some(created) => format!("{created}, but the answer does not decode{reason}"),
        None => format!("the answer does not decode{reason}"),
    };
    let kind = match body.problem() {
        Some(BodyProblem::TooLarge { .. }) => ErrorKind::TooLarge,
        _ => ErrorKind::Unreadable,
    };
    let error = Error::new(kind, what)
        .with_origin(origin)
        .with_effect(created.map_or(Effect::Unknown, Effect::Created));
    match broke_off {
        true => error.broken_off(),
        false => error,
    }
}

/// The error of a status that is not a success.
fn refusal(
    call: Call,
    status: StatusCode,
    headers: &HeaderMap,
    body: &ErrorBody<ErrorEnvelope>,
    redactor: &Redactor<'_>,
) -> Error {
    let envelope = Envelope::of(body.bytes());
    let origin = match envelope {
        Envelope::Exact | Envelope::Extended => Origin::Api,
        Envelope::Foreign if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => Origin::Proxy,
        Envelope::Foreign => Origin::Gateway,
    };
    // A service that is down for a while says so in the same way as a rate limit: come back later.
    let asks_for_a_pause = status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::SERVICE_UNAVAILABLE && headers.contains_key(RETRY_AFTER));
    // An error with the id of something new is no proof that nothing was created.
    let named = created(body.bytes(), call.operation).filter(|named| !call.is_for(*named));
    let effect = match proves_refusal(status, envelope, asks_for_a_pause) {
        true if named.is_none() => Effect::None,
        _ => Effect::Unknown,
    };
    let text = server_text(body, redactor);
    let error = match named {
        Some(named) => {
            Error::new(ErrorKind::Status, format!("{text}; perhaps {named}")).with_possible(named)
        }
        None => Error::new(ErrorKind::Status, text),
    };
    let error = error.with_origin(origin).with_effect(effect);
    match asks_for_a_pause {
        true => error.asking_for_a_pause(),
        false => error,
    }
}

/// Whose error body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Envelope {
    /// The documented one: an object with `error`, a string, and nothing else.
    Exact,
    /// The documented one with further fields, which a later version of the API may add and other servers have.
    Extended,
    /// Something else: HTML, text, other JSON, or nothing.
    Foreign,
}

impl Envelope {
    fn of(body: &[u8]) -> Self {
        let fields = members(body);
        let mut errors = fields.iter().filter(|(name, _)| name == "error");
        match (errors.next(), errors.next()) {
            // A name that is there twice is nobody's documented form.
            (Some((_, text)), None) if text.get().starts_with('"') => match fields.len() {
                1 => Self::Exact,
                _ => Self::Extended,
            },
            _ => Self::Foreign,
        }
    }
}

/// Whether an answer proves that the operation was not carried out.
///
/// `docs/decisions/0001-proof-of-no-effect.md` has the reasons: caches and gateways answer 429, 503 and other errors of
/// their own after the backend has taken the request.
fn proves_refusal(status: StatusCode, envelope: Envelope, asks_for_a_pause: bool) -> bool {
    match status.as_u16() {
        // Decided from the request line and the headers, or by definition not carried out (RFC 9110, section 15). 307 and
        // 308 ask for the same request elsewhere.
        307 | 308 | 401 | 407 | 411 | 413 | 414 | 417 | 421 | 431 => true,
        // Not proof, by any sender: the request may have arrived whole, or the client may have gone meanwhile.
        408 | 425 | 499 => false,
        429 => envelope == Envelope::Exact,
        // An announced outage, and not one that struck while the request was carried out.
        503 => envelope == Envelope::Exact && asks_for_a_pause,
        400..=499 => envelope != Envelope::Foreign,
        _ => false,
    }
}

/// The error of a connection that was not established.
fn not_connected(error: reqwest::Error) -> Error {
    let (origin, reason) = connect_failure(&error);
    let host = error
        .url()
        .and_then(|url| url.host_str().zip(url.port_or_known_default()));
    let message = match host {
        Some((host, port)) => format!("no connection to {host}:{port}: {reason}"),
        None => format!("no connection: {reason}"),
    };
    Error::new(ErrorKind::Connect, message)
        .with_origin(origin)
        .with_effect(Effect::None)
        .caused_by(error)
}

/// Where in the chain of causes a connection failed. hyper and its connectors keep most of it in texts.
fn connect_failure(error: &reqwest::Error) -> (Origin, &'static str) {
    let causes = std::iter::successors(error.source(), |&error| cause(error));
    let mut found = (Origin::Network, "the server does not answer");
    if error.is_timeout() {
        found.1 = "timed out";
    }
    for cause in causes {
        let text = cause.to_string();
        if text.contains("proxy auth") {
            return (Origin::Proxy, "the proxy asks for authentication");
        }
        if text.contains("tunnel") {
            found = (Origin::Proxy, "the proxy opens no tunnel");
        }
        if text.contains("dns error") || text.contains("lookup address") {
            found = match text.contains("emporary failure") {
                true => (Origin::Network, "the name is not resolved at present"),
                false => (Origin::Dns, "the name is not resolved"),
            };
            if text.contains("lookup address") {
                return found;
            }
        }
        let io_error = cause.downcast_ref::<io::Error>();
        match io_error.map(io::Error::kind) {
            // The words of TLS libraries for certificates, and for bytes that are no TLS.
            Some(io::ErrorKind::InvalidData) => return (Origin::Tls, "the TLS handshake failed"),
            Some(io::ErrorKind::ConnectionRefused) if found.0 == Origin::Network => {
                found.1 = "connection refused";
            }
            _ => {}
        }
        if text.contains("certificate") {
            return (Origin::Tls, "the TLS handshake failed");
        }
    }
    found
}

/// The cause of an error, also the one that an [`io::Error`] wraps and does not name as its source.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The error of an answer that did not come.
fn not_answered(error: reqwest::Error) -> Error {
    let mut causes = std::iter::successors(StdError::source(&error), |&error| error.source());
    if let Some(file) = causes.find_map(|error| error.downcast_ref::<PartError>()) {
        return Error::new(ErrorKind::File, file.to_string())
            .with_effect(Effect::None)
            .caused_by(error);
    }
    let message = match error.is_timeout() {
        true => "no answer in time",
        false => "the answer was lost",
    };
    Error::new(ErrorKind::Lost, message)
        .with_effect(Effect::Unknown)
        .caused_by(error)
}

/// The ids that an answer has, whatever else is in it.
pub(crate) fn named(operation: Operation, body: &Bytes) -> Named<'static> {
    Named {
        created: created(body, operation),
        agent_id: agent(body, operation),
        status: None,
    }
}

/// The agent that an answer to a run names, of which only the ids decode.
pub(crate) fn named_agent(error: &Error, operation: Operation) -> Option<AgentId> {
    agent(error.body(), operation)
}

fn agent(body: &[u8], operation: Operation) -> Option<AgentId> {
    let is_run = operation == Operation::RunAgent;
    let id = is_run.then(|| created_id(body, "agent_id")).flatten();
    id.map(AgentId)
}

/// The task or agent that the answer to an operation names as created.
fn created(body: &[u8], operation: Operation) -> Option<Created> {
    Created::of(operation, created_id(body, Created::field(operation)?)?)
}

/// The members of a JSON object in their order, or none if it is not one. The values are not decoded: they may be large,
/// and odd.
fn members(json: &[u8]) -> Vec<(String, &RawValue)> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(
            self,
            mut map: A,
        ) -> std::result::Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut document = serde_json::Deserializer::from_slice(json);
    let members = document.deserialize_map(Members);
    members
        .and_then(|members| document.end().map(|()| members))
        .unwrap_or_default()
}

/// The beginning of a body. A short one is shared, and a long one is not kept alive for its beginning.
pub(crate) fn bounded(body: &Bytes) -> Bytes {
    match body.get(..BODY) {
        Some(beginning) => Bytes::copy_from_slice(beginning),
        None => body.clone(),
    }
}

/// The server's text, or else the beginning of its answer, in one line.
fn server_text(body: &ErrorBody<ErrorEnvelope>, redactor: &Redactor<'_>) -> String {
    let line = match body.decoded() {
        Some(envelope) => redactor.clean(&envelope.error),
        // Compressed, or not text at all.
        None if body.bytes().iter().take(SNIFFED).any(|byte| *byte < b'\t') => {
            "an answer that is not text".to_owned()
        }
        None => redactor.clean_bytes(body.bytes()),
    };
    match line.is_empty() {
        true => "the server gives no reason".to_owned(),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_s_own_refusal_or_a_status_that_leaves_no_doubt_proves_that_nothing_happened() {
        let own = br#"{"error":"too many requests"}"#.as_slice();
        let extended = br#"{"error":"Service Unavailable","status":503,"path":"/run"}"#.as_slice();
        let foreign: [&[u8]; 7] = [
            br#"{"error":{"code":1},"error":"x"}"#,
            br#"{"error":"x","error":"y"}"#,
            b"",
            b"<html><title>503 Backend fetch failed</title></html>",
            b"upstream connect error",
            br#"{"message":"Too many requests"}"#,
            br#"{"error":{"code":429}}"#,
        ];
        let proves = |status: u16, body: &[u8]| {
            let status = StatusCode::from_u16(status).expect("a status");
            proves_refusal(status, Envelope::of(body), true)
        };
        for status in [400, 403, 404, 409, 422, 429, 503] {
            assert!(proves(status, own), "{status}");
            for body in foreign {
                assert!(!proves(status, body), "{status} {body:?}");
            }
        }
        for status in [400, 403, 404, 409, 422] {
            assert!(proves(status, extended), "{status}");
        }
        for status in [429, 503] {
            assert!(!proves(status, extended), "{status}");
        }
        let sudden = StatusCode::SERVICE_UNAVAILABLE;
        assert!(!proves_refusal(sudden, Envelope::Exact, false));
        for status in [401, 407, 411, 413, 414, 417, 421, 431] {
            assert!(proves(status, b"<h1>no</h1>"), "{status}");
        }
        for status in [301, 302, 303, 408, 425, 499, 500, 502, 504, 520] {
            assert!(!proves(status, own), "{status}");
        }
    }
}
