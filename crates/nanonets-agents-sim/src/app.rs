//! The state that all requests share, and one request on its way to its operation.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::observe::{Log, Request};
use crate::page::Cursors;
use crate::query::Query;
use crate::rate::RateLimiter;
use crate::server::Control;
use crate::upload::{BodyLimits, Incoming};
use crate::world::World;

/// Called with every request that was answered or broken off.
pub(crate) type OnRequest = Arc<dyn Fn(&Request) + Send + Sync>;

/// The state that all requests share.
#[derive(Clone)]
pub(crate) struct App {
    pub world: Arc<Mutex<World>>,
    pub log: Arc<Mutex<Log>>,
    pub faults: Faults,
    pub cursors: Cursors,
    pub clock: Clock,
    /// Told of each request that comes.
    pub arrivals: watch::Sender<()>,
    pub control: Control,
    pub body_limits: BodyLimits,
    pub run_rate: Arc<Mutex<RateLimiter>>,
    pub settings: Settings,
}

/// The settings of a simulator that starts.
#[derive(Clone)]
pub(crate) struct Settings {
    pub latency: Duration,
    pub max_file: u64,
    /// Whether a key that is not known is taken for that of the first workspace.
    pub any_key: bool,
    pub on_request: Option<OnRequest>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// A lock whose holder panicked holds what it held before: a simulator for tests goes on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request on its way to its operation.
pub(crate) struct Call<'a> {
    pub workspace: usize,
    /// The value of the parameter in the path, if the path has one.
    pub id: Option<&'a str>,
    pub query: Query,
    pub headers: &'a HeaderMap,
    pub body: &'a mut Incoming,
}
