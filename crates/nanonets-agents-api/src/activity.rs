//! Detection of idle attempts.
//!
//! A timeout for a whole request would end long uploads, and so would reqwest's read timeout: it counts from the start of
//! the request to the head of the response. An [`Activity`] counts from the last movement instead.

mod body;
mod idle;
mod state;

pub use idle::{Idle, MinimumRate};

use std::mem;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use http_body::Body;
use reqwest::header::CONTENT_LENGTH;
use tokio::time::{Instant, sleep_until};

use crate::generated::ResponseWatch;
use crate::partial_answer::PartialAnswer;
use crate::send_queue::Ends;
use body::Watched;
use state::{Phase, Progress, Shared, State, Upload};

/// The number of looks at the send queue in the time of an idle limit.
const LOOKS: u32 = 8;
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);
/// The time in which the runtime reads what is in the sockets.
const TURN: Duration = Duration::from_millis(10);
/// How often other tasks go first at the end of a turn, for the turn may end together with the reading.
const YIELDS: u32 = 2;
/// The most turns: a response that goes on and on ends there.
const MOST_TURNS: u32 = 25;
/// A body in memory up to this size is sent at once and needs no watch.
const SMALL: usize = 64 << 10;

/// The movements of the request that a [`Context`](crate::Context) is used for. Clones share them.
///
/// | Phase | A movement is | The attempt ends |
/// |---|---|---|
/// | before the body | nothing | at the idle limit |
/// | upload of a body over 64 KiB, or of a stream | a chunk that the connection takes, or a change of the connection's send queue | at the idle limit after the last movement, plus an allowance |
/// | head of the response | nothing: a head that arrives byte by byte is idle | at the idle limit |
/// | body of the response | a chunk | at the idle limit after the last chunk, or as soon as the body is slower than [`MinimumRate`] |
///
/// # The end of an upload
///
/// The connection takes the last chunk long before the server has it: megabytes fit into the send buffer of the kernel.
/// So [`idle`](Self::idle) asks Linux for the connection's send queue, eight times in the time of an idle limit:
///
/// - The queue changes: the upload moves.
/// - The queue has bytes and does not change: the server has stopped reading. There is no allowance.
/// - The queue is empty and the body complete: the server's kernel has everything. The server may still have to read up to
///   4 MiB from its receive buffer, which nothing shows here. The allowance is the time for that, at 16 KiB a second or at
///   the average rate of the upload so far, whichever is slower. A server that has read everything and hangs is given up as
///   late as one that reads slowly: an upload that was cut off may have started a task.
///
/// Other systems show no queue, and neither does a client without [`ConnectionLayer`](crate::ConnectionLayer). Then the
/// allowance is the time for what may be in the buffers of both kernels (the body so far, at most 4 MiB) at 16 KiB a second.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    state: Shared,
    minimum_rate: MinimumRate,
}

impl Activity {
    /// An activity with another minimum rate of the response body.
    #[must_use]
    pub fn new(minimum_rate: MinimumRate) -> Self {
        Self {
            minimum_rate,
            ..Self::default()
        }
    }

    /// Lets the runtime read what has arrived already, and returns when nothing is left of it: after 10 ms without a
    /// movement, and after 250 ms at the latest.
    ///
    /// The timers of a process that was stopped, or of a runtime that was blocked, expire before the runtime has read its
    /// sockets. Give up a request after this only, and keep polling it meanwhile.
    pub async fn settle(&self) {
        for _ in 0..MOST_TURNS {
            let before = self.state().last;
            tokio::time::sleep(TURN).await;
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
            if self.state().last == before {
                return;
            }
        }
    }

    /// Returns as soon as the attempt is idle. The count starts now, and again with each movement. What has arrived in the
    /// meantime counts: see [`settle`](Self::settle).
    ///
    /// An upload that stops ends between one and one and a quarter idle limits later, plus the allowance. Use one of these
    /// futures for each attempt.
    pub async fn idle(&self, limit: Duration) -> Idle {
        // The next attempt starts without the phase of this one.
        let _reset = Reset(self);
        self.state().last = Instant::now();
        // An upload may start while this sleeps, and then needs looks.
        let interval = (limit / LOOKS).max(SHORTEST_SLEEP);
        // The last movement when everything had been read.
        let mut settled = None;
        loop {
            let now = Instant::now();
            let (end, look) = {
                let state = self.state();
                (
                    state.end(limit, self.minimum_rate),
                    state.next_look(limit, interval),
                )
            };
            if let Some((ends, look)) = look
                && look <= now
            {
                let queue = ends.send_queue(interval / 4).await;
                self.state().saw(queue, Instant::now());
                continue;
            }
            if let Some((end, idle)) = end
                && end <= now
            {
                if settled == Some(self.state().last) {
                    return idle;
                }
                self.settle().await;
                settled = Some(self.state().last);
                continue;
            }
            let end = end.map(|(end, _)| end);
            let look = look.map(|(_, look)| look);
            match [end, look, now.checked_add(interval)]
                .into_iter()
                .flatten()
                .min()
            {
                Some(next) => sleep_until(next).await,
                // Later than any clock can show.
                None => std::future::pending().await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Whether it is certain that the server does not have the complete request of the last attempt, and will not get it.
    ///
    /// It is certain if the request is not handed to the HTTP client, if its connection is not established, or if the
    /// connection has not taken the last byte of its body. It is not certain once a response has begun. Where nothing shows
    /// the connection, only the body counts: see [`ConnectionLayer`](crate::ConnectionLayer).
    ///
    /// Call [`abandon`](Self::abandon) first if the request may still be under way.
    #[must_use]
    pub fn proves_incomplete(&self) -> bool {
        self.state().progress.proves_incomplete()
    }

    /// Sends no more of the body: a connection may take parts of it for a moment after the future of its request was dropped.
    pub fn abandon(&self) {
        self.state().progress.is_abandoned = true;
    }

    /// The HTTP client gets the request. Returns whether its body is watched.
    pub(crate) fn watch_request(&self, request: &mut reqwest::Request) -> bool {
        let declared = request.headers().get(CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok());
        let mut state = self.state();
        state.progress.is_handed_over = true;
        let Some(body) = request.body_mut() else {
            return false;
        };
        if body.as_bytes().is_some_and(|bytes| bytes.len() <= SMALL) {
            return false;
        }
        let length = declared.or_else(|| body.size_hint().exact());
        state.progress.lacks_body = length != Some(0) && !body.is_end_stream();
        state.uploads = state.uploads.wrapping_add(1);
        state.phase = Phase::Upload(Upload::new());
        let watched = Watched::new(mem::take(body), length, state.uploads, self.state.clone());
        *body = reqwest::Body::wrap(watched);
        true
    }

    /// The request waits for its connection, or has it.
    pub(crate) fn is_connecting(&self, is_connecting: bool) {
        self.state().progress.is_connecting = is_connecting;
    }

    /// The body is sent on this connection.
    pub(crate) fn connected(&self, ends: Ends) {
        if let Phase::Upload(upload) = &mut self.state().phase {
            upload.connection = Some(ends);
        }
    }

    /// The beginning of the response to the last attempt, if its HTTP method is not idempotent. An attempt that times out may
    /// have created a resource, and the response has its id.
    #[must_use]
    pub fn partial_answer(&self) -> Option<PartialAnswer> {
        self.state().answer.clone()
    }

    /// Whether the response to the last attempt was given up because it has [too many
    /// values](crate::has_too_many_values).
    #[must_use]
    pub fn is_excessive(&self) -> bool {
        self.state().is_excessive
    }

    pub(crate) fn has_too_many_values(&self) {
        self.state().is_excessive = true;
    }

    /// Forgets an earlier attempt: its response, and how far its request came.
    pub fn begin_attempt(&self) {
        let mut state = self.state();
        state.answer = None;
        state.is_excessive = false;
        state.progress = Progress::default();
    }

    /// Watches the body of a response, and keeps the beginning of it.
    pub(crate) fn watch_response(&self, response: &mut reqwest::Response, keeps_answer: bool) {
        let mut state = self.state();
        state.progress.is_answered = true;
        state.answer = keeps_answer.then(|| PartialAnswer::of(response));
        state.last = Instant::now();
        state.phase = Phase::Response {
            head: state.last,
            received: 0,
        };
        drop(state);
        let activity = self.clone();
        let watch = ResponseWatch(Arc::new(move |chunk| activity.received(chunk)));
        response.extensions_mut().insert(watch);
    }

    fn received(&self, chunk: &[u8]) {
        let mut state = self.state();
        state.last = Instant::now();
        if let Phase::Response { received, .. } = &mut state.phase {
            *received = received.saturating_add(chunk.len() as u64);
        }
        if let Some(answer) = &mut state.answer {
            answer.extend(chunk);
        }
    }
}

struct Reset<'a>(&'a Activity);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.last = Instant::now();
        state.phase = Phase::Other;
    }
}
