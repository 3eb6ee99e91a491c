//! The simulator as its users hold it.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use nanonets_agents_api::types::{Agent, AgentId, CreateAgentRequest, TaskId, TaskStatus};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{App, Settings, lock};
use crate::faults::{Fault, FaultHandle, Faults};
use crate::input::Part;
use crate::observe::Request;
use crate::pace::Pace;
use crate::page::Cursors;
use crate::rate::{RateLimit, RateLimiter};
use crate::reply::Failure;
use crate::script::Script;
use crate::server::{Control, Server};
use crate::service::router;
use crate::upload::BodyLimits;
use crate::world::{Lags, World};
use nanonets_agents_api::Operation;

/// The workspace that [`Simulator::api_key`] belongs to.
const OWN: usize = 0;
/// The key unless another is set.
const KEY: &str = "simulated-key";
/// The longest timeout. A longer one would overflow the clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);
/// The number of finished tasks that are kept unless another is set.
const MAX_FINISHED_TASKS: usize = 1_000_000;
/// The largest file that is taken unless another limit is set, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024 * 1024;

/// A simulated Agents API that serves HTTP on a port of its own until it is dropped.
///
/// It is cheap: start one for each test.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    key: String,
    app: App,
    task: JoinHandle<Infallible>,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sets up a [`Simulator`].
#[must_use = "a simulator runs once it is started"]
pub struct SimulatorBuilder {
    address: SocketAddr,
    key: String,
    seed: u64,
    pace: Pace,
    max_finished_tasks: usize,
    rate_limit: Option<RateLimit>,
    lags: Lags,
    clock_offset: TimeDelta,
    settings: Settings,
}

impl fmt::Debug for SimulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorBuilder")
            .field("address", &self.address)
            .field("seed", &self.seed)
            .field("latency", &self.settings.latency)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// Why a simulator could not start.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartError {
    address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(f, "{address} is in use by another program"),
            _ => write!(f, "{address} can't be listened on: {source}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl SimulatorBuilder {
    /// Listens on this address instead of a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Takes this key instead of [`Simulator::api_key`]'s usual one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Takes any key that is not known for that of the first workspace. A missing one is still refused.
    pub fn any_api_key(mut self) -> Self {
        self.settings.any_key = true;
        self
    }

    /// Ids, placeholder data and the chance of faults follow from this number. It is 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Lets this much time pass before each answer.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Refuses files of more bytes with 400, as the API does beyond a size that it does not document.
    pub fn max_file_size(mut self, bytes: u64) -> Self {
        self.settings.max_file = bytes;
        self
    }

    /// Ends requests that stand still. It is two minutes unless set; the `nanonets-sim` binary has 30 seconds.
    ///
    /// A body that brings nothing for this long is answered with 408; for the average rate of a body, see
    /// [`min_body_rate`](Self::min_body_rate). A client that reads nothing of its answer for this long is disconnected.
    /// The head of a request must be complete in this time, and at the latest after 30 seconds, or the connection
    /// closes; an idle connection closes after the same time.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.pace.timeout = timeout.min(MAX_TIMEOUT);
        self
    }

    /// Ends requests whose bodies trickle, with 408. It is 0 unless set, which allows any rate; the `nanonets-sim`
    /// binary has 1024 bytes per second.
    ///
    /// Each byte buys time at this rate, up to the [`read_timeout`](Self::read_timeout): a body may pause, and it may
    /// be slow for a while, but on average it must reach this rate.
    pub fn min_body_rate(mut self, bytes_per_second: u32) -> Self {
        self.pace.bytes_per_second = bytes_per_second;
        self
    }

    /// Keeps this many finished tasks. The oldest ones beyond are forgotten: they are 404 then. It is one million unless
    /// set, and large numbers may be exceeded by two percent. Finished tasks that take more than 512 MiB together are
    /// forgotten too.
    pub fn max_finished_tasks(mut self, tasks: usize) -> Self {
        self.max_finished_tasks = tasks;
        self
    }

    /// Limits the rate of runs from the start. See [`Simulator::limit_rate`].
    ///
    /// # Panics
    ///
    /// If the rate is not a finite number from 0.
    pub fn limit_rate(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.rate_limit = Some(rate_limit(per_second.into(), burst, false));
        self
    }

    /// Limits the rate of runs from the start. See [`Simulator::limit_rate_with_retry_after`].
    ///
    /// # Panics
    ///
    /// If the rate is not a finite number from 0.
    pub fn limit_rate_with_retry_after(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.rate_limit = Some(rate_limit(per_second.into(), burst, true));
        self
    }

    /// Delays new tasks in lists. See [`Simulator::listing_lag`].
    pub fn listing_lag(mut self, lag: Duration) -> Self {
        self.lags.listing = lag;
        self
    }

    /// Delays reads of new tasks. See [`Simulator::read_lag`].
    pub fn read_lag(mut self, lag: Duration) -> Self {
        self.lags.read = lag;
        self
    }

    /// Delays the answers in summaries. See [`Simulator::summary_lag`].
    pub fn summary_lag(mut self, reads: u32) -> Self {
        self.lags.summary_reads = reads;
        self
    }

    /// Sets the clock wrong from the start. See [`Simulator::clock_offset`].
    pub fn clock_offset(mut self, offset: TimeDelta) -> Self {
        self.clock_offset = offset;
        self
    }

    /// Calls a function with each request once it is answered or broken off.
    pub fn on_request(mut self, call: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        self.settings.on_request = Some(Arc::new(call));
        self
    }

    /// Starts the simulator on the current tokio runtime. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// If the address can't be listened on.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and `async` says so"
    )]
    pub async fn start(self) -> Result<Simulator, StartError> {
        let address = self.address;
        let (server, control) =
            Server::bind(address).map_err(|source| StartError { address, source })?;
        let mut world = World::new(self.seed, self.max_finished_tasks);
        world.add_workspace(&self.key);
        world.lags = self.lags;
        world.clock().set_offset(self.clock_offset);
        let mut run_rate = RateLimiter::default();
        run_rate.set(self.rate_limit);
        let app = App {
            clock: world.clock(),
            world: Arc::new(Mutex::new(world)),
            log: Arc::default(),
            arrivals: watch::Sender::new(()),
            faults: Faults::new(self.seed),
            cursors: Cursors::new(self.seed),
            control,
            body_limits: BodyLimits::new(self.pace),
            run_rate: Arc::new(Mutex::new(run_rate)),
            settings: self.settings,
        };
        let address = server.address();
        let task = tokio::spawn(server.run(router(&app), self.pace.timeout));
        Ok(Simulator {
            address,
            key: self.key,
            app,
            task,
        })
    }
}

impl Simulator {
    /// Starts a simulator on a free port of 127.0.0.1, on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// If there is no free port. [`SimulatorBuilder::start`] returns an error instead.
    pub async fn start() -> Self {
        let started = Self::builder().start().await;
        started.unwrap_or_else(|error| panic!("the simulator can't start: {error}"))
    }

    /// Sets up a simulator that is not as usual.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            key: KEY.to_owned(),
            seed: 0,
            pace: Pace::default(),
            max_finished_tasks: MAX_FINISHED_TASKS,
            rate_limit: None,
            lags: Lags::default(),
            clock_offset: TimeDelta::zero(),
            settings: Settings {
                latency: Duration::ZERO,
                max_file: MAX_FILE,
                any_key: false,
                on_request: None,
            },
        }
    }

    /// The base URL for a client: scheme, host and port.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key of its first workspace.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// Adds a workspace with a key of its own: agents and tasks of one are forbidden to the other.
    #[must_use]
    pub fn add_workspace(&self) -> String {
        let mut world = lock(&self.app.world);
        let key = format!("simulated-key-{:08x}", world.random().u32(..));
        world.add_workspace(&key);
        key
    }

    /// Revokes a key. Returns whether it was good.
    pub fn revoke(&self, key: &str) -> bool {
        lock(&self.app.world).revoke(key)
    }

    /// Creates an agent in the first workspace.
    ///
    /// # Panics
    ///
    /// If there is one of that name already.
    pub fn create_agent(&self, name: &str) -> Agent {
        let request = CreateAgentRequest::default().name(name);
        expected(lock(&self.app.world).create_agent(OWN, request))
    }

    /// Creates an agent in the first workspace, under a given id if there is one.
    #[cfg(feature = "server")]
    pub(crate) fn add_agent(&self, name: &str, id: Option<AgentId>) -> Result<Agent, String> {
        let request = CreateAgentRequest::default().name(name);
        let agent = lock(&self.app.world).create_agent_as(OWN, request, id);
        agent.map_err(|failure| failure.message)
    }

    /// Makes a draft of an agent, which only the dashboard can: a new version that waits to be published.
    ///
    /// # Panics
    ///
    /// If there is no such agent in the first workspace, or it has a draft already.
    pub fn create_draft(&self, agent: AgentId) -> Agent {
        expected(lock(&self.app.world).create_draft(OWN, agent))
    }

    /// Holds tasks of an agent back as `queued` while so many of its tasks are not over, whichever of its versions runs.
    pub fn limit_concurrent_tasks(&self, agent: AgentId, limit: usize) {
        lock(&self.app.world).limit_tasks(agent, limit);
    }

    /// Limits the rate of runs, by a token bucket on tokio's clock: `burst` runs may come at once, and `per_second`
    /// follow. A run beyond it gets 429 in the API's own envelope, without `Retry-After`, and starts no task.
    ///
    /// A limit that is set already is replaced, and the new bucket is full. See [`rate_limited`](Self::rate_limited) for
    /// the count of these answers.
    ///
    /// # Panics
    ///
    /// If the rate is not a finite number from 0.
    pub fn limit_rate(&self, per_second: impl Into<f64>, burst: u32) {
        let limit = rate_limit(per_second.into(), burst, false);
        lock(&self.app.run_rate).set(Some(limit));
    }

    /// The same as [`limit_rate`](Self::limit_rate), and answers beyond the limit have a `Retry-After`: the time until a
    /// run passes, in whole seconds, rounded up.
    ///
    /// # Panics
    ///
    /// If the rate is not a finite number from 0.
    pub fn limit_rate_with_retry_after(&self, per_second: impl Into<f64>, burst: u32) {
        let limit = rate_limit(per_second.into(), burst, true);
        lock(&self.app.run_rate).set(Some(limit));
    }

    #[cfg(feature = "server")]
    pub(crate) fn set_rate_limit(&self, limit: RateLimit) {
        lock(&self.app.run_rate).set(Some(limit));
    }

    /// Removes the limit on the rate of runs.
    pub fn unlimit_rate(&self) {
        lock(&self.app.run_rate).set(None);
    }

    /// The number of runs that the limit on their rate rejected.
    #[must_use]
    pub fn rate_limited(&self) -> u64 {
        lock(&self.app.run_rate).rejected()
    }

    /// Shows a new task in `GET /tasks` only after this time: the list is eventually consistent. Tasks of a
    /// [history](Self::add_history) are there at once.
    pub fn listing_lag(&self, lag: Duration) {
        lock(&self.app.world).lags.listing = lag;
    }

    /// Answers 404 to all requests for a new task by its id for this time, as a replica that has not seen it yet.
    pub fn read_lag(&self, lag: Duration) {
        lock(&self.app.world).lags.read = lag;
    }

    /// Leaves the answer out of the first reads of a summary after the task completed: the summary has the status
    /// `completed` then, and neither `result` nor `extracted_data`.
    pub fn summary_lag(&self, reads: u32) {
        lock(&self.app.world).lags.summary_reads = reads;
    }

    /// Sets the simulator's clock wrong by this much, forward or back: the timestamps from now on, what
    /// `created_after` is compared with, and the header `Date` of every answer. How fast time passes stays the same.
    pub fn clock_offset(&self, offset: TimeDelta) {
        self.app.clock.set_offset(offset);
    }

    /// The script of tasks that no other is for. Without it, they complete at once.
    pub fn script(&self, script: Script) {
        lock(&self.app.world).set_default_script(script);
    }

    /// The script of an agent's tasks, whichever of its versions runs.
    pub fn script_agent(&self, agent: AgentId, script: Script) {
        lock(&self.app.world).set_script(agent, script);
    }

    /// The script of the next task, whichever agent's it is. Called again, that of the one after it.
    pub fn script_next(&self, script: Script) {
        lock(&self.app.world).push_script(script);
    }

    /// Adds tasks of an agent that completed in the past, a minute apart. If there are tasks already, they completed just
    /// now, so that lists stay in the order of time.
    pub fn add_history(&self, agent: AgentId, tasks: usize) {
        lock(&self.app.world).add_history(OWN, agent, tasks);
    }

    /// Approves what a task awaits review of, as a person in the dashboard does. Returns whether it awaited any.
    pub fn approve(&self, task: TaskId) -> bool {
        let mut world = lock(&self.app.world);
        let now = world.clock().now();
        world.find(task).is_some_and(|task| task.approve(now))
    }

    /// Sets a fault.
    pub fn fault(&self, fault: Fault) -> FaultHandle {
        self.app.faults.add(fault)
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.app.faults.clear();
    }

    /// Resets all connections and refuses new ones until [`accept_connections`](Self::accept_connections). No request
    /// takes effect any more once this returns.
    pub async fn refuse_connections(&self) {
        self.control().refuse(None).await;
    }

    /// Accepts connections again, on the same port.
    pub async fn accept_connections(&self) {
        self.control().accept().await;
    }

    fn control(&self) -> &Control {
        &self.app.control
    }

    /// The requests received so far, in their order; of very many, the last ten thousand.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.app.log).all()
    }

    /// The same, of one operation.
    #[must_use]
    pub fn requests_to(&self, operation: Operation) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.operation == Some(operation));
        requests
    }

    /// Waits until an operation has received so many requests in all.
    pub async fn wait_for(&self, operation: Operation, count: usize) {
        let mut arrivals = self.app.arrivals.subscribe();
        while self.count(operation) < count {
            // The sender lives as long as this does.
            let _ = arrivals.changed().await;
        }
    }

    /// Stops, and returns when nothing is listened for any more. Dropping it stops it too, a moment later.
    pub async fn shutdown(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// The number of requests that an operation has received, with any answer.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        lock(&self.app.log).count(Some(operation))
    }

    /// Forgets the requests and their counts.
    pub fn forget_requests(&self) {
        lock(&self.app.log).clear();
    }

    /// The tasks that were started, oldest first: "exactly one" can be asserted on it. Those of
    /// [`add_history`](Self::add_history) were not.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskView> {
        let mut world = lock(&self.app.world);
        let ids = world.started_tasks();
        ids.into_iter()
            .filter_map(|id| world.find(id).map(TaskView::of))
            .collect()
    }

    /// One task. Looking at it here is not a read that moves its script on.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<TaskView> {
        lock(&self.app.world).find(id).map(TaskView::of)
    }
}

/// The state of a task, read without HTTP.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskView {
    /// Identifies it.
    pub id: TaskId,
    /// The agent version that runs.
    pub agent_id: AgentId,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// Whether its script is at its end.
    pub is_over: bool,
    /// Whether it was started with a prompt.
    pub has_query: bool,
    /// The files that it was started with.
    pub files: Vec<Part>,
    /// The number of messages of the user and the agent.
    pub messages: usize,
}

impl TaskView {
    fn of(task: &mut crate::task::Simulated) -> Self {
        Self {
            id: task.id,
            agent_id: task.agent,
            status: task.status().clone(),
            is_over: task.is_over(),
            has_query: task.has_query,
            files: task.files.iter().map(crate::input::File::part).collect(),
            messages: task.message_count(),
        }
    }
}

/// A limit that the author of a test asked for.
fn rate_limit(per_second: f64, burst: u32, has_retry_after: bool) -> RateLimit {
    RateLimit::new(per_second, burst, has_retry_after).unwrap_or_else(|error| panic!("{error}"))
}

/// Panics for the author of a test, who asked for what can't be.
fn expected<T>(result: Result<T, Failure>) -> T {
    result.unwrap_or_else(|failure| panic!("the simulator can't do that: {}", failure.message))
}
