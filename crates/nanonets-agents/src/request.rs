//! A request that is made and not sent yet.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use nanonets_agents_api::types::ErrorEnvelope;
use nanonets_agents_api::{
    Capture, Client as ApiClient, Error as ApiError, ErrorBody, ResponseValue,
};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::client::{Call, Client, Options};
use crate::error::{ErrorKind, Result};

/// What one attempt comes to.
pub(crate) type Sent<T> = std::result::Result<ResponseValue<T>, ApiError<ErrorBody<ErrorEnvelope>>>;
type SendFn<T> = dyn Fn(ApiClient) -> BoxFuture<'static, Sent<T>> + Send + Sync;

/// A request to an operation of the API. It is sent by awaiting it.
#[must_use = "a request is sent by awaiting it"]
pub struct Request<T> {
    client: Client,
    call: Call,
    options: Options,
    send: Box<SendFn<T>>,
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Request<T> {
    pub(crate) fn new<Answer>(
        client: Client,
        call: Call,
        send: impl Fn(ApiClient) -> Answer + Send + Sync + 'static,
    ) -> Self
    where
        Answer: Future<Output = Sent<T>> + Send + 'static,
    {
        Self {
            client,
            call,
            options: Options::default(),
            send: Box::new(move |api| Box::pin(send(api))),
        }
    }

    /// Gives up each attempt that has not been answered after this time. By default there is no such limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sends one more header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.options.headers.push((name, value));
        self
    }

    /// Sends it, and returns status and headers with the answer.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`].
    pub async fn send(self) -> Result<ResponseValue<T>> {
        let Self {
            client,
            call,
            options,
            send,
        } = self;
        client.call(call.options(options), &*send).await
    }
}

/// An answer as it came.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// Its status, which is a success.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, which need not be what the documentation has it to be.
    pub body: Bytes,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Request<T> {
    /// Sends it, and returns the answer as it came: for what the types of this crate do not have. A success that can't
    /// be decoded is one here.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`].
    pub async fn raw(mut self) -> Result<RawResponse> {
        let capture = Capture::default();
        self.options.capture = Some(capture.clone());
        let (status, headers, error) = match self.send().await {
            Ok(response) => (response.status(), response.headers().clone(), None),
            Err(error) if error.kind() == ErrorKind::Unreadable => {
                let status = error.status().unwrap_or_default();
                (status, error.headers().clone(), Some(error))
            }
            Err(error) => return Err(error),
        };
        match (capture.take(), error) {
            (Some(body), _) => Ok(RawResponse {
                status,
                headers,
                body,
            }),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(RawResponse {
                status,
                headers,
                body: Bytes::new(),
            }),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Request<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await.map(ResponseValue::into_inner) })
    }
}
