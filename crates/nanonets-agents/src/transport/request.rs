//! A request that is built and not sent yet.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use nanonets_agents_api::{Capture, Client as ApiClient, Error as ApiError, ResponseValue};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::transport::answer;
use crate::transport::call::{Call, Names, Options, Sent, Subject};
use crate::transport::client::Client;
use crate::transport::error::Result;
use crate::transport::memory;

type SendFn<T> = dyn Fn(ApiClient) -> BoxFuture<'static, Sent<T>> + Send + Sync;
/// The future of a builder.
pub(crate) type Sending<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// The methods that every builder with a field `options` has.
macro_rules! options {
    () => {
        /// The longest duration of the call, with its uploads, attempts and pauses. The default is that of the client, which
        /// has none by default.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.timeout = Some(timeout);
            self
        }

        /// The longest duration of each attempt. There is none by default.
        pub fn attempt_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.attempt_timeout = Some(timeout);
            self
        }

        /// Sends a header instead of one of the same name. An invalid header is an error when the request is sent.
        pub fn header<N, V>(mut self, name: N, value: V) -> Self
        where
            N: TryInto<reqwest::header::HeaderName>,
            V: TryInto<reqwest::header::HeaderValue>,
        {
            self.options.header(name, value);
            self
        }
    };
}
pub(crate) use options;

/// A request to an operation of the API. Awaiting it sends it.
///
/// Dropping the future stops the attempt and its repetitions. A request that was sent may have taken effect: of operations
/// that are not idempotent (`create`, `publish`, `send_message`), look at the agents or the messages before sending it again.
#[must_use = "a request is sent by awaiting it"]
pub struct Request<T> {
    client: Client,
    call: Call,
    options: Options,
    names: Option<Names<T>>,
    subject: Option<Subject<T>>,
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
            names: None,
            subject: None,
            send: Box::new(move |api| Box::pin(send(api))),
        }
    }

    /// Reads the ids from an answer that decodes.
    pub(crate) fn naming(mut self, names: Names<T>) -> Self {
        self.names = Some(names);
        self
    }

    /// Checks that the answer is about the task or the agent that the request is for.
    pub(crate) fn about(mut self, subject: Subject<T>) -> Self {
        self.subject = Some(subject);
        self
    }

    pub(crate) fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Makes sending it an error.
    pub(crate) fn refused(mut self, problem: &'static str) -> Self {
        self.options.invalid = Some(problem);
        self
    }

    pub(crate) fn call(&self) -> Call {
        self.call
    }

    /// Keeps a text that is sent out of errors.
    pub(crate) fn private(mut self, text: &str) -> Self {
        self.options.private.push(text.into());
        self
    }

    /// It sends a task a message with this text.
    pub(crate) fn message(mut self, text: &str) -> Self {
        self.options.message = Some(memory::text(text));
        self
    }

    /// Gives up an attempt during which nothing moves for this time, if that is less than the idle timeout of the client.
    pub(crate) fn idle_timeout(mut self, timeout: std::time::Duration) -> Self {
        self.options.idle_timeout = Some(timeout);
        self
    }

    /// Sends it once, whatever the retry policy says.
    pub(crate) fn once(mut self) -> Self {
        self.options.once = true;
        self
    }

    options!();

    /// Sends it, and returns status and headers with the answer.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn send(self) -> Result<ResponseValue<T>> {
        self.client
            .send(
                self.call,
                self.options,
                self.names,
                self.subject,
                &*self.send,
            )
            .await
    }

    /// Sends it, and returns the answer as it came: for what the types of this crate do not have. Nothing is decoded, so
    /// any success is one here, and takes no more memory than its body.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn raw(self) -> Result<RawResponse> {
        self.raw_about(None).await
    }

    /// The same with a check that the answer is about the task or the agent that the request is for.
    pub(crate) async fn raw_about(self, subject: Option<Subject<Bytes>>) -> Result<RawResponse> {
        let Self {
            client,
            call,
            mut options,
            names: _,
            subject: _,
            send,
        } = self;
        let capture = Capture::default();
        options.capture = Some(capture.clone());
        let captured = |api| {
            let (answer, capture) = (send(api), capture.clone());
            async move {
                let answer = answer.await;
                let body = capture.take();
                // The generated client had an empty body to decode, which is an error for most operations.
                let (status, headers) = match (answer, &body) {
                    (Ok(answer), _) => (answer.status(), answer.headers().clone()),
                    (Err(ApiError::ErrorResponse(answer)), Some(_)) => {
                        (answer.status(), answer.headers().clone())
                    }
                    (Err(error), _) => return Err(error),
                };
                Ok(ResponseValue::new(
                    body.unwrap_or_default(),
                    status,
                    headers,
                ))
            }
        };
        let response = client
            .send(call, options, Some(answer::named), subject, captured)
            .await?;
        Ok(RawResponse {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.into_inner(),
        })
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

impl<T: Send + 'static> IntoFuture for Request<T> {
    type Output = Result<T>;
    type IntoFuture = Sending<T>;

    fn into_future(self) -> Self::IntoFuture {
        // Not by `send`, whose future would be one more to move the request into.
        Box::pin(async move {
            let sent = self.client.send(
                self.call,
                self.options,
                self.names,
                self.subject,
                &*self.send,
            );
            sent.await.map(ResponseValue::into_inner)
        })
    }
}
