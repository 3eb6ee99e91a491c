//! The requests that came, as a test sees them: everything but the key and the contents.

use std::collections::{HashMap, VecDeque};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use nanonets_agents_api::types::TaskId;

use crate::upload::SeenBody;
use nanonets_agents_api::Operation;

/// The number of requests that are remembered; counts go on beyond that.
const REMEMBERED: usize = 10_000;
/// The number of their bytes that are remembered.
const REMEMBERED_BYTES: usize = 32 * 1024 * 1024;
/// The memory of a header besides its name and its value: an entry of a map that is about half full.
const HEADER: usize = 200;

/// One request as it was received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The operation, unless there is none of this method and path.
    pub operation: Option<Operation>,
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: String,
    /// The query, without the `?`, as it was sent.
    pub query: Option<String>,
    /// Its headers but for `Authorization`.
    pub headers: HeaderMap,
    /// When its headers had come.
    pub received_at: DateTime<Utc>,
    /// Its body, as far as it was read.
    pub body: SeenBody,
    /// The status of its answer; `None` while it is under way, and for good if the connection was broken off.
    pub status: Option<StatusCode>,
    /// The task that it started, even if its answer was lost.
    pub started: Option<TaskId>,
    /// Whether a fault changed or replaced its answer.
    pub faulted: bool,
}

/// The bytes that were received so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<Request>,
    /// About how much memory they take.
    bytes: usize,
    /// The number of requests that were forgotten.
    forgotten: usize,
    counts: HashMap<Option<Operation>, usize>,
}

impl Log {
    /// Takes note of a request, and returns its number.
    pub fn begin(&mut self, request: Request) -> usize {
        *self.counts.entry(request.operation).or_default() += 1;
        self.bytes += weight(&request);
        self.requests.push_back(request);
        let number = self.forgotten + self.requests.len() - 1;
        while self.requests.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.bytes -= weight(&oldest);
            self.forgotten += 1;
        }
        number
    }

    /// Adds its result.
    pub fn update(&mut self, number: usize, change: impl FnOnce(&mut Request)) -> Option<&Request> {
        let request = self.requests.get_mut(number.checked_sub(self.forgotten)?)?;
        self.bytes -= weight(request);
        change(request);
        self.bytes += weight(request);
        Some(request)
    }

    pub fn all(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }

    pub fn count(&self, operation: Option<Operation>) -> usize {
        self.counts.get(&operation).copied().unwrap_or_default()
    }

    pub fn clear(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
        self.bytes = 0;
        self.counts.clear();
    }
}

/// A copy of headers without `Authorization`. The values that hyper parsed share its buffer: each of them would keep the
/// whole buffer in memory, and the key with it.
pub(crate) fn copied(headers: &HeaderMap) -> HeaderMap {
    let shown = || headers.iter().filter(|(name, _)| *name != AUTHORIZATION);
    let length = shown().map(|(_, value)| value.len()).sum();
    let mut values = Vec::with_capacity(length);
    for (_, value) in shown() {
        values.extend_from_slice(value.as_bytes());
    }
    let mut values = Bytes::from(values);
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in shown() {
        // The value of a header is one again.
        if let Ok(value) = HeaderValue::from_maybe_shared(values.split_to(value.len())) {
            copy.append(name, value);
        }
    }
    copy
}

/// About how much memory a request takes.
fn weight(request: &Request) -> usize {
    let headers = request.headers.iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER)
        .sum();
    let parts = match &request.body {
        SeenBody::Multipart(parts) => parts.as_slice(),
        SeenBody::None | SeenBody::Whole { .. } => &[],
    };
    let parts: usize = parts.iter().map(crate::input::Part::weight).sum();
    let query = request.query.as_ref().map_or(0, String::len);
    size_of::<Request>() + headers + parts + request.path.len() + query
}
