//! The stages of a request, in this order: it is recorded, faults strike it, its key is checked, its operation is
//! carried out, and its answer is sent as the faults leave it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request as HttpRequest};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use nanonets_agents_api::types::TaskId;

use crate::app::{App, Call, lock};
use crate::connection::Breaker;
use crate::faults::{Effect, FaultBody, Struck};
use crate::handlers;
use crate::host;
use crate::observe::{Request, copied};
use crate::query::Query;
use crate::reply::{Failure, Reply};
use crate::upload::Incoming;
use nanonets_agents_api::Operation;

/// The target of a request.
#[derive(Clone, Debug)]
enum Target {
    Operation(Operation),
    /// A path of the API with a method that it does not have; those that it has.
    OtherMethod(HeaderValue),
    Nothing,
}

impl Target {
    fn operation(&self) -> Option<Operation> {
        match self {
            Self::Operation(operation) => Some(*operation),
            Self::OtherMethod(_) | Self::Nothing => None,
        }
    }
}

/// The routes of the API.
pub(crate) fn router(app: &App) -> Router {
    let mut paths: Vec<&str> = Operation::ALL
        .iter()
        .map(|operation| operation.path())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let mut router = Router::new();
    for path in paths {
        let operations = Operation::ALL.iter().copied();
        let operations: Vec<Operation> = operations
            .filter(|operation| operation.path() == path)
            .collect();
        let mut methods: Vec<String> = operations
            .iter()
            .map(|operation| operation.method().to_string())
            .collect();
        methods.sort_unstable();
        let allowed = HeaderValue::from_str(&methods.join(", "));
        let allowed = allowed.unwrap_or(HeaderValue::from_static(""));
        let app = app.clone();
        let handler = move |parameters: PathParameters, request: HttpRequest| {
            // One that is not UTF-8 is no id.
            let id = parameters.ok().and_then(|parameters| {
                let (_, value) = parameters.iter().next()?;
                Some(value.to_owned())
            });
            let called = operations
                .iter()
                .find(|operation| operation.method() == request.method());
            let target = match called {
                Some(operation) => Target::Operation(*operation),
                None => Target::OtherMethod(allowed),
            };
            app.serve(target, id, request)
        };
        router = router.route(path, any(handler));
    }
    let app = app.clone();
    router.fallback(move |request: HttpRequest| app.serve(Target::Nothing, None, request))
}

type PathParameters = Result<RawPathParams, RawPathParamsRejection>;

impl App {
    async fn serve(self, target: Target, id: Option<String>, request: HttpRequest) -> Response {
        let operation = target.operation();
        let (head, body) = request.into_parts();
        let number = lock(&self.log).begin(Request {
            operation,
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: copied(&head.headers),
            received_at: self.clock.utc(self.clock.now()),
            body: Default::default(),
            status: None,
            started: None,
            faulted: false,
        });
        let breaker = head
            .extensions
            .get::<Breaker>()
            .cloned()
            .unwrap_or_default();
        self.arrivals.send_replace(());
        let mut struck = self
            .faults
            .strike(operation, |effect| !effect.changes_success());
        let mut note = Note {
            app: &self,
            number,
            body: Incoming::new(body, &head.headers, &self.body_limits),
            status: None,
            started: None,
            faulted: !struck.is_empty(),
        };
        let delays = struck.iter().filter_map(|struck| match struck.effect {
            Effect::DelayHeaders(time) => Some(time),
            _ => None,
        });
        let delay = delays.fold(self.settings.latency, Duration::saturating_add);

        let instead = |after_effect: bool| {
            let mut struck = struck
                .iter()
                .filter(|struck| struck.after_effect == after_effect);
            struck
                .find_map(|struck| Instead::of(&struck.effect))
                .map(Answer::Instead)
        };
        let mut answer = match instead(false) {
            Some(answer) => {
                // Whatever answers has read the request.
                if matches!(answer, Answer::Instead(Instead::Answer(..))) {
                    note.body
                        .observe(&head.headers, self.settings.max_file)
                        .await;
                }
                answer
            }
            None => {
                let call = Call {
                    workspace: 0,
                    id: id.as_deref(),
                    query: Query::parse(head.uri.query()),
                    headers: &head.headers,
                    body: &mut note.body,
                };
                let host = host::check(&head.method, &head.uri, head.version, &head.headers);
                let reply = match host {
                    Ok(()) => self.carry_out(&target, call).await,
                    Err(failure) => failure.into(),
                };
                note.started = reply.started;
                instead(true).unwrap_or(Answer::Reply(reply))
            }
        };
        let mut is_success = false;
        if let Answer::Reply(reply) = &mut answer
            && reply.status.is_success()
        {
            is_success = true;
            let is_page = reply.body.get("data").is_some();
            let edits = self.faults.strike(operation, |effect| {
                effect.changes_success() && (is_page || !effect.changes_page())
            });
            for edit in &edits {
                self.edit(reply, &edit.effect, operation, head.uri.query());
            }
            struck.extend(edits);
            note.faulted = !struck.is_empty();
        }
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        let Some(mut response) = self.respond(answer, &struck, &breaker) else {
            // Nothing of it will be sent.
            return Response::default();
        };
        if let Target::OtherMethod(allowed) = target
            && response.status() == StatusCode::METHOD_NOT_ALLOWED
        {
            response.headers_mut().insert(ALLOW, allowed);
        }
        if note.body.timed_out() {
            // The rest of the body may still come, and it would be taken for the next request.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        if !is_success {
            note.body.drain();
        }
        note.status = Some(response.status());
        response
    }

    async fn carry_out(&self, target: &Target, mut call: Call<'_>) -> Reply {
        let operation = match target {
            Target::Operation(operation) => *operation,
            Target::OtherMethod(_) => {
                let message = "this path has no operation of this method";
                return Failure::new(StatusCode::METHOD_NOT_ALLOWED, message).into();
            }
            Target::Nothing => return Failure::not_found("the API has no such path").into(),
        };
        let key = match key(call.headers) {
            Ok(key) => key,
            Err(failure) => return failure.into(),
        };
        let workspace = lock(&self.world).workspace(key);
        call.workspace = match workspace.or(self.settings.any_key.then_some(0)) {
            Some(workspace) => workspace,
            None => return unauthorized("the key is not known, or was revoked").into(),
        };
        if operation == Operation::RunAgent
            && let Err(rejected) = lock(&self.run_rate).take()
        {
            let message = "rate limit exceeded: too many runs, try again later";
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, message);
            return Reply {
                retry_after: rejected.retry_after,
                ..failure.into()
            };
        }
        let reply = handlers::carry_out(self, operation, call).await;
        reply.unwrap_or_else(Reply::from)
    }

    /// Changes a success as a fault has it.
    fn edit(
        &self,
        reply: &mut Reply,
        effect: &Effect,
        operation: Option<Operation>,
        query: Option<&str>,
    ) {
        let kind = operation.map_or("", Operation::id);
        let sent = Query::parse(query)
            .text("cursor")
            .ok()
            .flatten()
            .map(str::to_owned);
        match effect {
            Effect::Edit(change) => change(&mut reply.body),
            Effect::RepeatCursor => {
                let cursor = sent.unwrap_or_else(|| self.start_of(kind, None));
                reply.body["has_more"] = true.into();
                reply.body["next_cursor"] = cursor.into();
            }
            Effect::EmptyPage => {
                let start = sent.and_then(|cursor| self.cursors.decode(kind, &cursor));
                reply.body["data"] = serde_json::json!([]);
                reply.body["has_more"] = true.into();
                reply.body["next_cursor"] = self.start_of(kind, start).into();
            }
            _ => {}
        }
    }

    /// A new cursor for a place in a list, or for its start.
    fn start_of(&self, kind: &str, place: Option<usize>) -> String {
        self.cursors.encode(kind, place.unwrap_or(usize::MAX))
    }

    /// The response, or `None` if there won't be one.
    fn respond(&self, answer: Answer, struck: &[Struck], breaker: &Breaker) -> Option<Response> {
        let (status, mut headers, body) = match answer {
            Answer::Instead(Instead::Answer(status, headers, body)) => (status, headers, body),
            Answer::Instead(Instead::Reset) => {
                breaker.reset();
                return None;
            }
            Answer::Instead(Instead::Refuse(time)) => {
                breaker.reset();
                // This very connection is closed by it, so nobody may wait for it here.
                let control = self.control.clone();
                tokio::spawn(async move { control.refuse(Some(time)).await });
                return None;
            }
            Answer::Reply(reply) => {
                let mut headers = HeaderMap::new();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                if reply.status == StatusCode::UNAUTHORIZED {
                    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                }
                if let Some(seconds) = reply.retry_after {
                    headers.insert(RETRY_AFTER, seconds.into());
                }
                // A value of JSON can always be written.
                let body = serde_json::to_vec(&reply.body).unwrap_or_default();
                let body = FaultBody::Bytes(body.into());
                (reply.status, headers, body)
            }
        };
        headers
            .entry(DATE)
            .or_insert_with(|| self.clock.http_date());
        let mut response = Response::new(shaped(body, struck, &mut headers));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Some(response)
    }
}

/// Records the result of a request, even if the client hung up in the middle of it.
struct Note<'a> {
    app: &'a App,
    number: usize,
    body: Incoming,
    status: Option<StatusCode>,
    started: Option<TaskId>,
    faulted: bool,
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        let on_request = self.app.settings.on_request.as_ref();
        let noted = {
            let mut log = lock(&self.app.log);
            let noted = log.update(self.number, |request| {
                request.body = std::mem::take(&mut self.body.seen);
                request.status = self.status;
                request.started = self.started;
                request.faulted = self.faulted;
            });
            noted.filter(|_| on_request.is_some()).cloned()
        };
        if let (Some(on_request), Some(noted)) = (on_request, &noted) {
            // A second panic while one unwinds would end the process.
            let _ = catch_unwind(AssertUnwindSafe(|| on_request(noted)));
        }
    }
}

/// The reply that is sent: that of the operation, or of a fault.
enum Answer {
    Reply(Reply),
    Instead(Instead),
}

enum Instead {
    Answer(StatusCode, HeaderMap, FaultBody),
    Reset,
    Refuse(Duration),
}

impl Instead {
    fn of(effect: &Effect) -> Option<Self> {
        Some(match effect {
            Effect::Answer(status, headers, body) => {
                Self::Answer(*status, headers.clone(), body.clone())
            }
            Effect::Reset => Self::Reset,
            Effect::Refuse(time) => Self::Refuse(*time),
            _ => return None,
        })
    }
}

/// The key of a request.
fn key(headers: &HeaderMap) -> Result<&str, Failure> {
    let value = headers.get(AUTHORIZATION);
    let value = value.ok_or_else(|| unauthorized("the header `Authorization` is missing"))?;
    let malformed = || unauthorized("the header `Authorization` is not `Bearer <key>`");
    let (scheme, key) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(malformed)?;
    let key = key.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !key.is_empty() {
        Ok(key)
    } else {
        Err(malformed())
    }
}

fn unauthorized(message: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, message)
}

/// A body as the faults leave it.
fn shaped(body: FaultBody, struck: &[Struck], headers: &mut HeaderMap) -> Body {
    let has = |wanted: fn(&Effect) -> bool| struck.iter().any(|struck| wanted(&struck.effect));
    let pauses = struck.iter().filter_map(|struck| match struck.effect {
        Effect::DelayBody(time) => Some(time),
        _ => None,
    });
    let pause = pauses.fold(Duration::ZERO, Duration::saturating_add);
    let cut = has(|effect| matches!(effect, Effect::CutOff));
    let truncate = has(|effect| matches!(effect, Effect::Truncate));

    let half = body.size() / 2;
    let size = if truncate { half } else { body.size() };
    headers.insert(CONTENT_LENGTH, size.into());
    if !cut && pause.is_zero() {
        return match body {
            FaultBody::Bytes(bytes) if !truncate => Body::from(bytes),
            body => Body::from_stream(body.range(0, size)),
        };
    }
    let rest = body.range(size / 2, size);
    let rest = stream::once(async move {
        tokio::time::sleep(pause).await;
        if cut {
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        } else {
            Ok(rest)
        }
    });
    Body::from_stream(body.range(0, size / 2).chain(rest.try_flatten()))
}

impl FaultBody {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Json(size) => *size,
        }
    }

    /// A part of it in pieces: it may be larger than the memory.
    fn range(&self, start: u64, end: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        const PIECE: u64 = 64 * 1024;
        let body = self.clone();
        stream::unfold(start, move |at| {
            let piece = (at < end).then(|| body.piece(at, end.min(at + PIECE)));
            async move { piece.map(|piece| (Ok(piece.clone()), at + piece.len() as u64)) }
        })
    }

    /// Bytes of it, from one that is there to another.
    fn piece(&self, start: u64, end: u64) -> Bytes {
        const OPEN: &[u8] = b"{\"simulated\":\"";
        match self {
            Self::Bytes(bytes) => {
                let index =
                    |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
                bytes.slice(index(start)..index(end))
            }
            Self::Json(size) => {
                let length = usize::try_from(end - start).unwrap_or_default();
                let mut piece = vec![b'x'; length];
                let close = [(size - 2, b'"'), (size - 1, b'}')];
                let open = (0..).zip(OPEN.iter().copied());
                for (at, byte) in open.chain(close) {
                    let index = at
                        .checked_sub(start)
                        .and_then(|index| usize::try_from(index).ok());
                    if let Some(place) = index.and_then(|index| piece.get_mut(index)) {
                        *place = byte;
                    }
                }
                piece.into()
            }
        }
    }
}
