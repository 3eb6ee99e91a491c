//! The client and how it is set up.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use nanonets_agents_api::types::{AgentId, ErrorEnvelope, TaskId};
use nanonets_agents_api::{
    Capture, Client as ApiClient, Context, Error as ApiError, ErrorBody, ResponseValue,
};
use reqwest::header::{HeaderName, HeaderValue, USER_AGENT};

use crate::agents::{AgentHandle, Agents};
use crate::error::{Ambiguity, Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::retry::{Budget, RetryPolicy};
use crate::task::{TaskHandle, Tasks};
use crate::telemetry::Span;

/// Where the API is unless it is said otherwise.
const BASE_URL: &str = "https://agents.nanonets.com";
/// The name that requests go under.
const AGENT: &str = concat!("nanonets-agents/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent. An upload is not silence, however long it takes.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A client of the API. Cheap to clone: clones share connections and settings.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base_url: String,
    context: Context,
    budget: Budget,
    retry: RetryPolicy,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[must_use = "a client is made by `build`"]
pub struct ClientBuilder {
    api_key: String,
    base_url: String,
    http: Option<reqwest::Client>,
    retry: RetryPolicy,
    connect_timeout: Duration,
    read_timeout: Duration,
    response_limit: Option<u64>,
    allow_plain_http: bool,
    user_agent: String,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sends requests to this scheme, host and port. The default is `https://agents.nanonets.com`.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Uses this HTTP client, with its timeouts, proxies and redirects.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Says when requests are tried again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long a connection may take to come about. The default is 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the server may be silent while its answer is read. The default is 60 seconds. It does not limit how
    /// long an upload takes.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Gives up answers beyond so many bytes. The default is 64 MiB.
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }

    /// Lets the key be sent over plain http to other machines.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Names the program that sends the requests.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the key or the base URL can't be used, or the HTTP client can't be built.
    pub fn build(self) -> Result<Client> {
        let wrong = |message: String| Error::new(ErrorKind::Configuration, message);
        let mut context =
            Context::with_api_key(&self.api_key).map_err(|error| wrong(error.to_string()))?;
        let url = reqwest::Url::parse(&self.base_url)
            .map_err(|error| wrong(format!("the base URL can't be used: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong(
                "the base URL must begin with https:// and a host".to_owned(),
            ));
        }
        if let Some(limit) = self.response_limit {
            context = context.response_limit(limit);
        }
        if self.allow_plain_http {
            context = context.allow_plain_http();
        }
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(|_| {
            wrong("the user agent has characters that no header can carry".to_owned())
        })?;
        context = context.header(USER_AGENT, user_agent);
        let http = match self.http {
            Some(http) => http,
            None => reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(self.connect_timeout)
                .read_timeout(self.read_timeout)
                .build()
                .map_err(|error| {
                    wrong("the HTTP client can't be built".to_owned()).caused_by(error)
                })?,
        };
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                base_url: self.base_url,
                context,
                budget: Budget::of(&self.retry),
                retry: self.retry,
            }),
        })
    }
}

impl Client {
    /// A client with a workspace API key and the usual settings.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`].
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        Self::builder(api_key).build()
    }

    /// A client with the key in `NANONETS_API_KEY` and, if it is set, the base URL in `NANONETS_BASE_URL`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the key is not set; otherwise as [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        let key = std::env::var("NANONETS_API_KEY").map_err(|_| {
            Error::new(
                ErrorKind::Configuration,
                "NANONETS_API_KEY is not set: make a key in the web app under Settings, API Keys",
            )
        })?;
        let mut builder = Self::builder(key);
        if let Ok(base_url) = std::env::var("NANONETS_BASE_URL") {
            builder = builder.base_url(base_url);
        }
        builder.build()
    }

    /// Sets up a client with a workspace API key.
    pub fn builder(api_key: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            api_key: api_key.into(),
            base_url: BASE_URL.to_owned(),
            http: None,
            retry: RetryPolicy::default(),
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            response_limit: None,
            allow_plain_http: false,
            user_agent: AGENT.to_owned(),
        }
    }

    /// The agents of the workspace.
    #[must_use]
    pub fn agents(&self) -> Agents {
        Agents::new(self.clone())
    }

    /// One agent, by the id of one of its versions. Nothing is sent yet.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> AgentHandle {
        AgentHandle::new(self.clone(), id)
    }

    /// The tasks of the workspace.
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.clone())
    }

    /// One task, by its id: perhaps one that another process started. Nothing is sent yet.
    #[must_use]
    pub fn task(&self, id: TaskId) -> TaskHandle {
        TaskHandle::new(self.clone(), id)
    }

    /// Calls an operation, as often as the retry policy has it.
    pub(crate) async fn call<T, Send, Sent>(
        &self,
        call: Call,
        send: Send,
    ) -> Result<ResponseValue<T>>
    where
        Send: Fn(ApiClient) -> Sent,
        Sent: Future<
            Output = std::result::Result<ResponseValue<T>, ApiError<ErrorBody<ErrorEnvelope>>>,
        >,
    {
        let Call {
            operation,
            options,
            agent_id,
            task_id,
        } = call;
        let mut context = self.inner.context.clone();
        for (name, value) in options.headers {
            context = context.header(name, value);
        }
        if let Some(timeout) = options.timeout {
            context = context.timeout(timeout);
        }
        let is_raw = options.capture.is_some();
        if let Some(capture) = options.capture {
            context = context.capture(capture);
        }
        let api =
            ApiClient::new_with_client(&self.inner.base_url, self.inner.http.clone(), context);
        let since = Utc::now();
        let span = Span::of(operation);
        let mut attempt = 1;
        loop {
            let error = match span.around(send(api.clone())).await {
                Ok(response) => {
                    self.inner.budget.give();
                    span.ends(attempt, Some(response.status()), None);
                    return Ok(response);
                }
                Err(error) => Error::from_api(error).during(operation, attempt),
            };
            // Whoever wants the body as it came gets it, whatever it is.
            let is_wanted = is_raw && error.kind() == ErrorKind::Unreadable;
            let pause = self.inner.retry.pause(operation, attempt, &error);
            if let Some(pause) = pause.filter(|_| !is_wanted && self.inner.budget.take()) {
                span.retries(&error, pause);
                tokio::time::sleep(pause).await;
                attempt += 1;
                continue;
            }
            span.ends(attempt, error.status(), Some(&error));
            if operation.is_idempotent() || error.had_no_effect() {
                return Err(error);
            }
            return Err(error.ambiguous(Ambiguity {
                agent_id,
                task_id,
                since,
                until: Utc::now(),
            }));
        }
    }
}

/// One call of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    operation: Operation,
    options: Options,
    agent_id: Option<AgentId>,
    task_id: Option<TaskId>,
}

/// What can be decided for a single call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub timeout: Option<Duration>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub capture: Option<Capture>,
}

impl Call {
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            options: Options::default(),
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

    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}
