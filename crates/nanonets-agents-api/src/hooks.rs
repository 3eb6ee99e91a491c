//! The hooks of every request: its key, and the bound of its answer.
//!
//! The generated operations call [`ClientHooks`] around each request. The implementation below takes precedence over
//! the generated one, which does nothing.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::activity::Activity;
use crate::connection;
use crate::generated::{Client, ResponseLimit, ResponseWatch};
use crate::secrets;
use crate::values;

/// The text before the key.
const BEARER: &str = "Bearer ";

/// The state that a [`Client`] carries from call to call: the API key and the bound of response bodies.
///
/// The key is never shown: not by `Debug`, not in an error, and reqwest keeps it out of its own output. An HTTP client
/// that follows redirects does so without it where they lead to another host.
#[derive(Clone, Default)]
pub struct Context {
    authorization: Option<HeaderValue>,
    response_limit: Option<u64>,
    allow_plain_http: bool,
    headers: HeaderMap,
    timeout: Option<Duration>,
    activity: Option<Activity>,
    fresh_connections: Option<reqwest::Client>,
    is_always_fresh: bool,
    capture: Option<Capture>,
}

/// The body of a success as it came, for a caller that needs more than the types have, or decodes the body itself.
///
/// The operation decodes an empty body then, so it ends with [`Error::ErrorResponse`] although there was a success: look
/// here first. A body costs its own size that way, whatever is in it. Errors are decoded as ever. Clones share the body,
/// and `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct Capture(Arc<Mutex<Option<Bytes>>>);

impl Capture {
    /// Takes the body of the last answer, if that was a success and was read to its end.
    pub fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, body: Option<Bytes>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capture")
    }
}

impl Context {
    /// A context that authenticates with a workspace API key.
    ///
    /// # Errors
    ///
    /// [`InvalidApiKey`] if the key is empty or has a character that no header can carry, such as the line break that
    /// a file ends with. Nothing is trimmed.
    pub fn with_api_key(key: &str) -> Result<Self, InvalidApiKey> {
        if key.is_empty() {
            return Err(InvalidApiKey::Empty);
        }
        if let Some(position) = key.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(InvalidApiKey::Character { position });
        }
        let mut value = HeaderValue::from_str(&format!("{BEARER}{key}"))
            .map_err(|_| InvalidApiKey::Character { position: 0 })?;
        value.set_sensitive(true);
        Ok(Self {
            authorization: Some(value),
            ..Self::default()
        })
    }

    /// Sets how many bytes of a response body are read before it is given up as too large. The default is 64 MiB.
    ///
    /// Bodies that are handed on as a stream are not bounded.
    #[must_use]
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }

    /// Sends this header with every request, in the place of one of the same name that the operation sets.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Gives up a request that has not been answered, body and all, after this time. There is no limit by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Reports the movements of a request made with this context to `activity`. One activity watches one request at a
    /// time.
    #[must_use]
    pub fn activity(mut self, activity: Activity) -> Self {
        self.activity = Some(activity);
        self
    }

    /// Sends requests whose method is not idempotent (RFC 9110, section 9.2.2: `POST` and `PATCH`) with this HTTP client,
    /// which should keep no connections.
    ///
    /// A server closes an idle connection when it likes. A request that meets the end of its connection is lost, and the
    /// client can't know whether the server has read it. Only what is idempotent can be sent again.
    #[must_use]
    pub fn fresh_connections(mut self, http: reqwest::Client) -> Self {
        self.fresh_connections = Some(http);
        self
    }

    /// Sends every request with the HTTP client of [`fresh_connections`](Self::fresh_connections), if there is one: no kept
    /// connection is trusted.
    #[must_use]
    pub fn always_fresh(mut self) -> Self {
        self.is_always_fresh = true;
        self
    }

    /// Takes the API key out of a text that came from elsewhere: a server may repeat what it was sent.
    ///
    /// A key of less than 12 characters counts as a whole word only. Of a longer one, the first or the last 8 characters
    /// count too, or half of it if that is less.
    #[must_use]
    pub fn without_key<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut ranges = self.secret_ranges(text);
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        ranges.sort_by_key(|range| range.start);
        let mut redacted = String::with_capacity(text.len());
        let mut end = 0;
        for range in ranges {
            if range.start >= end {
                redacted.push_str(&text[end..range.start]);
                redacted.push_str("(secret)");
            }
            end = end.max(range.end);
        }
        redacted.push_str(&text[end..]);
        Cow::Owned(redacted)
    }

    /// Where a text has the API key, as [`without_key`](Self::without_key) finds it, or the value of another header that
    /// is sent and marked as sensitive: ranges of bytes in no particular order, which may overlap.
    #[must_use]
    pub fn secret_ranges(&self, text: &str) -> Vec<Range<usize>> {
        let authorization = self.authorization.iter();
        let sensitive = self.headers.values().filter(|value| value.is_sensitive());
        let values = authorization
            .chain(sensitive)
            .filter_map(|value| value.to_str().ok());
        // A credential follows the name of its scheme, which is no secret.
        let secrets = values.filter_map(|value| value.rsplit(' ').next());
        secrets
            .flat_map(|secret| secrets::find(secret, text))
            .collect()
    }

    /// Keeps the body of each success, as far as the limit goes, for [`Capture::take`].
    #[must_use]
    pub fn capture(mut self, capture: Capture) -> Self {
        self.capture = Some(capture);
        self
    }

    /// Lets the key be sent over `http` to hosts other than this machine, for example inside a network that is trusted.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Whether the key may be sent to this URL: over TLS, to this machine, or because it was
    /// [allowed](Self::allow_plain_http).
    #[must_use]
    pub fn allows(&self, url: &reqwest::Url) -> bool {
        url.scheme() == "https" || is_loopback(url) || self.allow_plain_http
    }
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_loopback(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("api_key", &self.authorization.as_ref().map(|_| "(secret)"))
            .field("response_limit", &self.response_limit)
            .finish()
    }
}

/// Why a text can't be an API key. The text is not part of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidApiKey {
    /// It is empty.
    Empty,
    /// It has a blank, a control character, or one outside ASCII.
    Character {
        /// The number of bytes before it.
        position: usize,
    },
}

impl fmt::Display for InvalidApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the API key is empty"),
            Self::Character { position } => write!(
                f,
                "byte {position} of the API key is a blank, a control character or not ASCII; check for a line break at its end"
            ),
        }
    }
}

impl std::error::Error for InvalidApiKey {}

impl ClientHooks<Context> for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _: &OperationInfo,
    ) -> Result<(), Error<E>> {
        let context = self.inner();
        if let Some(authorization) = &context.authorization {
            if !context.allows(request.url()) {
                return Err(Error::InvalidRequest(
                    "the API key is not sent over plain http: use https, or allow it in the context".to_owned(),
                ));
            }
            request
                .headers_mut()
                .insert(AUTHORIZATION, authorization.clone());
        }
        for (name, value) in &context.headers {
            request.headers_mut().insert(name, value.clone());
        }
        if let Some(timeout) = context.timeout {
            *request.timeout_mut() = Some(timeout);
        }
        Ok(())
    }

    async fn exec(
        &self,
        mut request: reqwest::Request,
        operation: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let activity = self.inner().activity.as_ref();
        let http = match &self.inner().fresh_connections {
            Some(http) if self.inner().is_always_fresh || !request.method().is_idempotent() => http,
            _ => self.client(),
        };
        // The response to a request that creates a resource has its id.
        let keeps_answer = !request.method().is_idempotent();
        let is_watched = activity.is_some_and(|activity| activity.watch_request(&mut request));
        let sent = http.execute(request);
        let mut response = match activity.filter(|_| is_watched || keeps_answer) {
            Some(activity) => connection::scope(activity.clone(), sent).await?,
            None => sent.await?,
        };
        if let Some(activity) = activity {
            activity.watch_response(&mut response, keeps_answer);
        }
        if let Some(capture) = &self.inner().capture {
            capture.set(None);
            let limit = self
                .inner()
                .response_limit
                .unwrap_or(ResponseLimit::default().0);
            if response.status().is_success() {
                response = captured(response, limit, capture).await?;
            }
        }
        if self.inner().capture.is_none()
            && let Some(activity) = activity
            && let Ok(operation) = operation.operation_id.parse()
        {
            response = values::bounded(response, operation, activity);
        }
        if let Some(limit) = self.inner().response_limit {
            response.extensions_mut().insert(ResponseLimit(limit));
        }
        Ok(response)
    }
}

/// As much as is reserved for a body because a header says that it will come.
const TRUSTED_LENGTH: u64 = 16 * 1024 * 1024;

/// Reads an answer to its end, keeps its body, and returns the answer without. One that is too long is returned as long
/// as it takes to be refused for it, and not kept.
async fn captured(
    mut response: reqwest::Response,
    limit: u64,
    capture: &Capture,
) -> reqwest::Result<reqwest::Response> {
    let watch = response.extensions_mut().remove::<ResponseWatch>();
    let length = response.content_length().unwrap_or(0);
    let room = length.min(limit).min(TRUSTED_LENGTH);
    let mut body = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    while body.len() as u64 <= limit
        && let Some(chunk) = response.chunk().await?
    {
        if let Some(ResponseWatch(watch)) = &watch {
            watch(&chunk);
        }
        body.extend_from_slice(&chunk);
    }
    let left = if body.len() as u64 <= limit {
        body.shrink_to_fit();
        capture.set(Some(Bytes::from(body)));
        reqwest::Body::default()
    } else {
        reqwest::Body::from(body)
    };
    let mut rest = http::Response::new(left);
    *rest.status_mut() = response.status();
    *rest.headers_mut() = std::mem::take(response.headers_mut());
    Ok(reqwest::Response::from(rest))
}
