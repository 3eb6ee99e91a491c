//! The client and how it is set up.

use std::collections::{HashSet, VecDeque};
use std::env::VarError;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nanonets_agents_api::types::TaskId;
use nanonets_agents_api::{Client as ApiClient, ConnectionLayer, Context, is_loopback};
use reqwest::header::{HeaderValue, USER_AGENT};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::transport::admission::{Admission, AdmissionStatus, Gate};
use crate::transport::clock::ServerClock;
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::history::Unfinished;
use crate::transport::memory::Memory;
use crate::transport::redact::Redactor;
use crate::transport::retry::{Budget, RetryPolicy};

/// Where the API is unless it is said otherwise.
const BASE_URL: &str = "https://agents.nanonets.com";
/// The name that requests go under.
const AGENT: &str = concat!("nanonets-agents/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Many more connections at once than a server has workers gain nothing.
const CONCURRENT_POLLS: usize = 64;

/// A client of the API. Cheap to clone: clones share connections and settings.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base_url: String,
    address: crate::transport::record::Address,
    context: Context,
    budget: Budget,
    retry: RetryPolicy,
    timeout: Option<Duration>,
    idle_timeout: Duration,
    polls: Semaphore,
    clock: ServerClock,
    started: Mutex<VecDeque<TaskId>>,
    gate: Gate,
    memory: Memory,
    unfinished: Unfinished,
    /// When a connection brought an answer to another request.
    distrusted: Mutex<Option<Instant>>,
    /// Whether one ever did, to be known without the lock.
    has_distrusted: AtomicBool,
}

/// How long no kept connection is used after one that mixed up answers. Idle connections are closed by then.
const DISTRUST: Duration = Duration::from_secs(120);

/// The number of started tasks that a client remembers.
const REMEMBERED: usize = 10_000;

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
    idle_timeout: Duration,
    timeout: Option<Duration>,
    concurrent_polls: usize,
    admission: Admission,
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

    /// Uses this HTTP client as it is, with its timeouts, proxies, redirects and kept connections. It is a client of
    /// reqwest 0.13, which this crate exports as [`nanonets_agents::reqwest`](reqwest).
    ///
    /// The client that is made without this call reads the proxy from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY`, and trusts the certificates of the operating system; on Linux, `SSL_CERT_FILE` and `SSL_CERT_DIR` name
    /// others. A proxy or a certificate that only this client is to use needs an HTTP client of your own:
    ///
    /// ```no_run
    /// use nanonets_agents::{Client, reqwest};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let http = reqwest::Client::builder()
    ///     .proxy(reqwest::Proxy::https("http://proxy.example:3128")?)
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .build()?;
    /// let client = Client::builder(std::env::var("NANONETS_API_KEY")?)
    ///     .http_client(http)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The client that is made without this call differs from reqwest's defaults in three ways: what can't be repeated
    /// (`run`, `create`, `message`, `publish`) is sent on a connection of its own, a server may pause while it reads an
    /// upload (reqwest gives up after 30 seconds on Linux), and the end of an upload is watched in the kernel's send queue.
    /// Without that view, [`idle_timeout`](Self::idle_timeout) allows an upload up to 256 seconds more;
    /// [`ConnectionLayer`] shows how to build a client that has it.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Says when requests are tried again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long a connection may take to come about. The default is 10 seconds. An [HTTP client of your
    /// own](Self::http_client) has its own limit.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Gives up an attempt during which nothing was sent or received for this time. The default is 60 seconds.
    ///
    /// An upload may take as long as it moves. On Linux, this is measured at the socket: while the kernel's send queue
    /// changes, the upload moves. An upload that has left, which may be in the receive buffer of the server, has a second
    /// more for each 16 KiB, and at most 256 seconds more unless it was slower so far. Elsewhere, the same goes for an upload
    /// that may be in the send queue.
    ///
    /// The body of an answer must also keep an average of 1 KiB a second, counted from this time after its head. A head
    /// that arrives byte by byte is not a movement.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Gives up a call after this time: uploads, attempts and the pauses between them included. There is no such limit by
    /// default, and a call can have one of its own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The number of polls that are in flight at the same time. Other waits wait for their turn.
    /// The default is 64, however many tasks are waited for.
    pub fn concurrent_polls(mut self, polls: usize) -> Self {
        self.concurrent_polls = polls.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Limits the runs that the client and its clones start. By default they adapt to the limits of the server.
    pub fn admission(mut self, admission: Admission) -> Self {
        self.admission = admission;
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
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the base URL has a user name or a password, which would be shown in logs"
                    .to_owned(),
            ));
        }
        if url.query().is_some() || url.fragment().is_some() || url.path().contains("/api/v1") {
            return Err(wrong(
                "the base URL has more than what comes before `/api/v1`".to_owned(),
            ));
        }
        let has_tls = cfg!(any(feature = "rustls", feature = "native-tls"));
        if url.scheme() == "https" && !has_tls && self.http.is_none() {
            return Err(wrong(
                "https needs the feature `rustls` or `native-tls`, or an HTTP client that has TLS"
                    .to_owned(),
            ));
        }
        if let Some(problem) = self.admission.problem() {
            return Err(wrong(problem.to_owned()));
        }
        if let Some(limit) = self.response_limit {
            context = context.response_limit(limit);
        }
        if self.allow_plain_http {
            context = context.allow_plain_http();
        }
        if !context.allows(&url) {
            return Err(wrong(
                "the API key is not sent over plain http to another machine: use https, or call \
                 `allow_plain_http`"
                    .to_owned(),
            ));
        }
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(|_| {
            wrong("the user agent has characters that no header can carry".to_owned())
        })?;
        let http = match self.http {
            Some(http) => {
                context = context.header(USER_AGENT, user_agent);
                http
            }
            None => {
                let is_local = url.scheme() == "http" && is_loopback(&url);
                let clients = HttpClients::build(user_agent, self.connect_timeout, is_local)
                    .map_err(|error| {
                        wrong("the HTTP client can't be built".to_owned()).caused_by(error)
                    })?;
                context = context.fresh_connections(clients.fresh);
                clients.pooled
            }
        };
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                address: crate::transport::record::Address::new(&url, &self.api_key),
                base_url: self.base_url,
                context,
                budget: Budget::of(&self.retry),
                retry: self.retry,
                timeout: self.timeout,
                idle_timeout: self.idle_timeout,
                polls: Semaphore::new(self.concurrent_polls),
                clock: ServerClock::default(),
                started: Mutex::default(),
                gate: Gate::new(&self.admission),
                memory: Memory::default(),
                unfinished: Unfinished::default(),
                distrusted: Mutex::default(),
                has_distrusted: AtomicBool::new(false),
            }),
        })
    }
}

/// The HTTP clients of a [`Client`] that brings none. `docs/decisions/0004-connections.md` has the reasons.
struct HttpClients {
    /// Keeps connections, for requests that can be repeated.
    pooled: reqwest::Client,
    /// Makes a connection for each request.
    fresh: reqwest::Client,
}

impl HttpClients {
    fn build(
        user_agent: HeaderValue,
        connect_timeout: Duration,
        is_local: bool,
    ) -> reqwest::Result<Self> {
        let builder = || {
            let http = reqwest::Client::builder()
                .user_agent(user_agent.clone())
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(connect_timeout);
            // By default, the kernel ends a connection whose peer reads nothing for 30 seconds, although the peer answers
            // its probes. The idle timeout decides that.
            #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
            let http = http.tcp_user_timeout(None);
            if !is_local {
                return http;
            }
            // A proxy would take the key off this machine, in clear text.
            let http = http.no_proxy();
            // Plain http to this machine needs no certificates, and this machine may have none.
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            let http = http.tls_certs_only([]);
            http
        };
        Ok(Self {
            pooled: builder().build()?,
            fresh: builder()
                .pool_max_idle_per_host(0)
                .connector_layer(ConnectionLayer)
                .build()?,
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
        Self::builder_from_env()?.build()
    }

    /// Sets up a client with the key and the base URL that [`from_env`](Self::from_env) uses.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the key is not set, or one of the two is not Unicode.
    pub fn builder_from_env() -> Result<ClientBuilder> {
        let wrong = |message| Error::new(ErrorKind::Configuration, message);
        let key = match std::env::var("NANONETS_API_KEY") {
            Ok(key) => key,
            Err(VarError::NotPresent) => {
                return Err(wrong(
                    "NANONETS_API_KEY is not set: make a key in the web app under Settings, API Keys",
                ));
            }
            Err(VarError::NotUnicode(_)) => return Err(wrong("NANONETS_API_KEY is not Unicode")),
        };
        let builder = Self::builder(key);
        match std::env::var("NANONETS_BASE_URL") {
            Ok(base_url) if base_url.is_empty() => Err(wrong("NANONETS_BASE_URL is empty")),
            Ok(base_url) => Ok(builder.base_url(base_url)),
            Err(VarError::NotPresent) => Ok(builder),
            Err(VarError::NotUnicode(_)) => Err(wrong("NANONETS_BASE_URL is not Unicode")),
        }
    }

    /// Sets up a client with a workspace API key.
    pub fn builder(api_key: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            api_key: api_key.into(),
            base_url: BASE_URL.to_owned(),
            http: None,
            retry: RetryPolicy::default(),
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            timeout: None,
            concurrent_polls: CONCURRENT_POLLS,
            admission: Admission::new(),
            response_limit: None,
            allow_plain_http: false,
            user_agent: AGENT.to_owned(),
        }
    }

    /// A text of the server on one line, fit for a message: without the key, without characters that a terminal takes for
    /// commands or does not show, and cut to 200 characters. [`TaskHandle::redacted`](crate::TaskHandle::redacted) removes the prompt of a run too.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        Redactor::new(self.base_context(), &[]).clean(text)
    }

    /// The states of tasks that this client and its clones have seen.
    pub(crate) fn memory(&self) -> &Memory {
        &self.inner.memory
    }

    /// The tasks that this client and its clones have started lately.
    pub(crate) fn started_tasks(&self) -> HashSet<TaskId> {
        let started = self.inner.started.lock();
        let started = started.unwrap_or_else(PoisonError::into_inner);
        started.iter().copied().collect()
    }

    /// Remembers a task that was started.
    pub(crate) fn remember(&self, task: TaskId) {
        let started = self.inner.started.lock();
        let mut started = started.unwrap_or_else(PoisonError::into_inner);
        if started.len() >= REMEMBERED {
            started.pop_front();
        }
        started.push_back(task);
    }

    /// The unfinished calls that may have an effect, in their order: the calls in flight, and the last hundred calls whose
    /// future was dropped. Each is an error with its [`effect`](Error::effect): none if no attempt was sent, created if the id
    /// had arrived already, and otherwise unknown, with the record that finds the task.
    ///
    /// It serves programs that stop waiting, for example at a signal.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Error> {
        let context = self.base_context();
        self.inner.unfinished.errors(context, self.clock())
    }

    /// A kept connection brought an answer to another request.
    pub(crate) fn distrust_connections(&self) {
        let distrusted = self.inner.distrusted.lock();
        *distrusted.unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.inner.has_distrusted.store(true, Ordering::Release);
    }

    /// Whether no kept connection is to be used.
    pub(crate) fn distrusts_connections(&self) -> bool {
        if !self.inner.has_distrusted.load(Ordering::Acquire) {
            return false;
        }
        let distrusted = self.inner.distrusted.lock();
        let since = *distrusted.unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < DISTRUST)
    }

    /// The API that this client calls, for records of runs.
    pub(crate) fn address(&self) -> &crate::transport::record::Address {
        &self.inner.address
    }

    pub(crate) fn unfinished_calls(&self) -> &Unfinished {
        &self.inner.unfinished
    }

    pub(crate) fn clock(&self) -> &ServerClock {
        &self.inner.clock
    }

    /// The state of the admission control that this client shares with its clones.
    #[must_use]
    pub fn admission(&self) -> AdmissionStatus {
        self.inner.gate.status()
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    pub(crate) fn base_context(&self) -> &Context {
        &self.inner.context
    }

    /// A generated client that shares the connections of this one.
    pub(crate) fn api(&self, context: Context) -> ApiClient {
        ApiClient::new_with_client(&self.inner.base_url, self.inner.http.clone(), context)
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.inner.budget
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.retry
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.inner.timeout
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        self.inner.idle_timeout
    }

    /// Waits for its turn to poll; the turn ends with the permit.
    pub(crate) async fn turn_to_poll(&self) -> Option<SemaphorePermit<'_>> {
        // It fails only when it is closed, and nobody closes it.
        self.inner.polls.acquire().await.ok()
    }
}
