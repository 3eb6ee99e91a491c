//! The beginning of a response whose body may never end.

use std::fmt;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

/// The beginning of a response.
#[derive(Clone)]
#[non_exhaustive]
pub struct PartialAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The bytes of the body that arrived, at most [`LIMIT`](Self::LIMIT).
    pub body: Vec<u8>,
}

impl PartialAnswer {
    /// The largest part of a body that is kept, in bytes.
    pub const LIMIT: usize = 64 * 1024;

    /// A response before its body.
    pub(crate) fn of(response: &Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: Vec::new(),
        }
    }

    /// Adds a chunk of the body, up to the limit.
    pub(crate) fn extend(&mut self, chunk: &[u8]) {
        let room = Self::LIMIT.saturating_sub(self.body.len());
        self.body.extend(chunk.iter().take(room));
    }
}

/// The body may hold content of a document.
impl fmt::Debug for PartialAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialAnswer")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}
