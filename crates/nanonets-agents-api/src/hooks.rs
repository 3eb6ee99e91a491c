//! What every request goes through: the key it is sent with, the bound on what comes back, and what errors may show.
//!
//! The generated operations call [`ClientHooks`] around each request. The implementation below takes precedence over
//! the generated one, which does nothing.

use std::fmt;

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};

use crate::generated::{Client, ResponseLimit};

/// What a [`Client`] carries from call to call: the API key and the bound on response bodies.
///
/// The key is never shown: not by `Debug`, not in an error, and reqwest keeps it out of its own output. A redirect to
/// another host is followed without it.
#[derive(Clone, Default)]
pub struct Context {
    authorization: Option<HeaderValue>,
    response_limit: Option<u64>,
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
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| InvalidApiKey::Character { position: 0 })?;
        value.set_sensitive(true);
        Ok(Self {
            authorization: Some(value),
            response_limit: None,
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
        /// How many bytes stand before it.
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
        if let Some(authorization) = &self.inner().authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, authorization.clone());
        }
        if request.method() == Method::POST && request.body().is_none() {
            // hyper leaves it out, and some servers and proxies then answer 411 (RFC 9110, section 8.6).
            let nothing = HeaderValue::from_static("0");
            request.headers_mut().insert(CONTENT_LENGTH, nothing);
        }
        Ok(())
    }

    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let mut response = self
            .client()
            .execute(request)
            .await
            .map_err(without_query)?;
        if let Some(limit) = self.inner().response_limit {
            response.extensions_mut().insert(ResponseLimit(limit));
        }
        Ok(response)
    }
}

/// Takes the query out of the URL that an error prints: it may hold what someone searched for.
fn without_query(mut error: reqwest::Error) -> reqwest::Error {
    if let Some(url) = error.url_mut() {
        url.set_query(None);
        url.set_fragment(None);
    }
    error
}
