//! Answers, decoded so that none of what came is lost.
//!
//! progenitor's own decoding turns an HTML error page into a decoding error without a status, and reads bodies of any
//! size. The functions here keep its public types and have these rules:
//!
//! - any 2xx is a success, and nothing else is;
//! - whatever is not the documented success is [`Error::ErrorResponse`], with the status, the headers and what
//!   arrived of the body, whatever that is. That includes a 2xx whose body can't be read or decoded; its
//!   [`ErrorBody::problem`] says why;
//! - a body is read up to a limit, [`ResponseLimit`].
//!
//! So `Error::InvalidResponsePayload`, `Error::ResponseBodyError` and `Error::UnexpectedResponse` never come from
//! here.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use progenitor_client::{ByteStream, Error, ResponseValue};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use serde::de::DeserializeOwned;

use super::error_body::{BodyProblem, ErrorBody, decode};

/// The largest number of bytes of a body that are read; 64 MiB by default.
///
/// It is taken from the extensions of the response, where an implementation of `ClientHooks::exec` can put it:
///
/// ```text
/// let mut response = self.client().execute(request).await?;
/// response.extensions_mut().insert(ResponseLimit(1024 * 1024));
/// Ok(response)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseLimit(pub u64);

/// A function that is called with each chunk of a body, for a client that detects idle responses, or that needs what had
/// arrived of one when it gave it up.
///
/// Like [`ResponseLimit`], it is taken from the extensions of the response. Bodies that are handed on as a stream are not
/// watched.
#[derive(Clone)]
pub struct ResponseWatch(pub Arc<dyn Fn(&Bytes) + Send + Sync>);

impl fmt::Debug for ResponseWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseWatch")
    }
}

impl Default for ResponseLimit {
    fn default() -> Self {
        Self(64 * 1024 * 1024)
    }
}

/// Takes the query out of the URL that an error prints: it may hold what someone searched for.
#[must_use]
pub fn without_query(mut error: reqwest::Error) -> reqwest::Error {
    if let Some(url) = error.url_mut() {
        url.set_query(None);
        url.set_fragment(None);
    }
    error
}

/// Takes an answer whose success is a JSON document.
///
/// # Errors
///
/// [`Error::ErrorResponse`] for any other status, and for a success whose body is not that document.
pub async fn json<T, E>(
    response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<ErrorBody<E>>>
where
    T: DeserializeOwned,
    E: DeserializeOwned,
{
    let answer = Answer::read(response).await;
    if !answer.status.is_success() {
        return Err(answer.into_error());
    }
    let problem = match answer.problem {
        None => match decode(&answer.bytes) {
            Ok(value) => return Ok(ResponseValue::new(value, answer.status, answer.headers)),
            Err(error) => BodyProblem::Undecodable(error),
        },
        Some(problem) => problem,
    };
    let body = ErrorBody::new(answer.bytes, None, Some(problem));
    Err(Error::ErrorResponse(ResponseValue::new(
        body,
        answer.status,
        answer.headers,
    )))
}

/// Takes an answer whose success has no content.
///
/// The body of a success is not read: the status is all that is promised, and once it is there, nothing that
/// happens to the body should turn what was done into a failure, or keep the caller waiting.
///
/// # Errors
///
/// [`Error::ErrorResponse`] for any other status.
pub async fn empty<E>(response: reqwest::Response) -> Result<ResponseValue<()>, Error<ErrorBody<E>>>
where
    E: DeserializeOwned,
{
    let response = successful(response).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(ResponseValue::new((), status, headers))
}

/// Takes an answer whose success is passed on as it comes, without a limit.
///
/// # Errors
///
/// [`Error::ErrorResponse`] for any other status.
pub async fn stream<E>(
    response: reqwest::Response,
) -> Result<ResponseValue<ByteStream>, Error<ErrorBody<E>>>
where
    E: DeserializeOwned,
{
    let response = successful(response).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = ByteStream::new(Box::pin(response.bytes_stream()));
    Ok(ResponseValue::new(body, status, headers))
}

/// An answer that is a success, its body not read yet.
pub(super) async fn successful<E>(
    response: reqwest::Response,
) -> Result<reqwest::Response, Error<ErrorBody<E>>>
where
    E: DeserializeOwned,
{
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(Answer::read(response).await.into_error())
    }
}

/// An answer, read to the end or as far as it goes.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
    problem: Option<BodyProblem>,
}

impl Answer {
    async fn read(mut response: reqwest::Response) -> Self {
        let status = response.status();
        let headers = without_secrets_shown(std::mem::take(response.headers_mut()));
        let ResponseLimit(limit) = response.extensions().get().copied().unwrap_or_default();
        let mut bytes = BytesMut::new();
        let problem = read_to_end(&mut response, limit, &mut bytes).await.err();
        Self {
            status,
            headers,
            bytes: bytes.freeze(),
            problem,
        }
    }

    /// The error of a status that is not a success.
    fn into_error<E: DeserializeOwned>(self) -> Error<ErrorBody<E>> {
        let (decoded, undecodable) = match decode(&self.bytes) {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(BodyProblem::Undecodable(error))),
        };
        // A body that broke off may still be a whole document; if it isn't, that is no news.
        let problem = self.problem.or(undecodable);
        let body = ErrorBody::new(self.bytes, decoded, problem);
        Error::ErrorResponse(ResponseValue::new(body, self.status, self.headers))
    }
}

/// Marks the headers that may hold credentials (a session, a signed URL), so that formatting the error that carries
/// them does not show them. They can still be read.
fn without_secrets_shown(mut headers: HeaderMap) -> HeaderMap {
    for (name, value) in &mut headers {
        if *name == SET_COOKIE || *name == LOCATION {
            value.set_sensitive(true);
        }
    }
    headers
}

async fn read_to_end(
    response: &mut reqwest::Response,
    limit: u64,
    bytes: &mut BytesMut,
) -> Result<(), BodyProblem> {
    // The URL may hold what must not be printed, and tells nothing to the one who sent the request.
    let incomplete = |error: reqwest::Error| BodyProblem::Incomplete(error.without_url());
    let watch = response.extensions_mut().remove::<ResponseWatch>();
    while let Some(chunk) = response.chunk().await.map_err(incomplete)? {
        if let Some(ResponseWatch(watch)) = &watch {
            watch(&chunk);
        }
        let room = limit.saturating_sub(bytes.len() as u64);
        if chunk.len() as u64 > room {
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            return Err(BodyProblem::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(())
}
