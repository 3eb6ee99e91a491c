//! Telling a request that is slow from one that stands still.
//!
//! A limit on the whole request would end long uploads, and reqwest's read timeout does the same: it counts from the
//! beginning of the request until the head of the answer. Here, every chunk that goes out or comes in begins the count
//! again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::generated::ResponseWatch;

/// When the request that a [`Context`](crate::Context) is for last moved. Clones share it.
#[derive(Clone, Debug)]
pub struct Activity(Arc<Mutex<Instant>>);

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Activity {
    /// Returns when nothing has moved for this time, counted from now or from the last chunk.
    pub async fn idle(&self, limit: Duration) {
        self.stir();
        loop {
            // Beyond what a clock can tell, there is no end.
            let Some(end) = self.last().checked_add(limit) else {
                return std::future::pending().await;
            };
            if end <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stir(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Watches what is sent. A body that is in memory is not: it goes out at once.
    pub(crate) fn watch_request(&self, request: &mut reqwest::Request) {
        if let Some(body) = request.body_mut()
            && body.as_bytes().is_none()
        {
            *body = reqwest::Body::wrap(Watched {
                body: std::mem::take(body),
                activity: self.clone(),
            });
        }
    }

    /// Watches what comes in.
    pub(crate) fn watch_response(&self, response: &mut reqwest::Response) {
        self.stir();
        let activity = self.clone();
        let watch = ResponseWatch(Arc::new(move || activity.stir()));
        response.extensions_mut().insert(watch);
    }
}

struct Watched {
    body: reqwest::Body,
    activity: Activity,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.activity.stir();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
