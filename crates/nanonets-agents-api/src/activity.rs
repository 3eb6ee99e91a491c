//! Detection of idle attempts.
//!
//! A timeout for a whole request would end long uploads, and so would reqwest's read timeout: it counts from the start of
//! the request to the head of the response. An [`Activity`] counts from the last movement instead.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, mem};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

use reqwest::header::CONTENT_LENGTH;

use crate::generated::ResponseWatch;
use crate::partial_answer::PartialAnswer;
use crate::send_queue::Ends;

/// The most that the buffers of the two kernels are assumed to hold.
const BUFFERS: u64 = 4 << 20;
/// The rate at which a server empties them at least, in bytes per second.
const SLOWEST_READER: u64 = 16 << 10;
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
/// The size of the chunks in which a large frame is given to the connection, so that each shows a movement.
const CHUNK: usize = 1 << 20;

/// The lowest average rate of a response body, in bytes per second, counted from one idle limit after the head.
///
/// A body that comes one byte at a time is never idle. With a minimum of 1 KiB per second, which is the default, and an
/// idle limit of 60 seconds, a body of 1 MiB has 60 + 1024 seconds. 0 is no minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumRate(pub u32);

impl Default for MinimumRate {
    fn default() -> Self {
        Self(1024)
    }
}

/// Why an attempt counts as idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Idle {
    /// Nothing was sent or received for the idle limit.
    Still(Duration),
    /// The body of the response was slower than the minimum rate.
    Slow(MinimumRate),
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Still(limit) => write!(f, "nothing was sent or received for {limit:?}"),
            Self::Slow(MinimumRate(rate)) => write!(
                f,
                "the response was slower than {rate} bytes per second on average"
            ),
        }
    }
}

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
    state: Arc<Mutex<State>>,
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        *body = reqwest::Body::wrap(Watched {
            body: mem::take(body),
            rest: Bytes::new(),
            sent: 0,
            length,
            upload: state.uploads,
            activity: self.clone(),
        });
        true
    }

    /// The request waits for its connection, or has it.
    pub(crate) fn is_connecting(&self, is_connecting: bool) {
        self.state().progress.is_connecting = is_connecting;
    }

    /// The connection has taken all of the body.
    fn took_all(&self, upload: u64) {
        let mut state = self.state();
        if state.uploads == upload {
            state.progress.lacks_body = false;
        }
    }

    /// Whether more of the body may be sent.
    fn is_sending(&self, upload: u64) -> bool {
        let state = self.state();
        state.uploads == upload && !state.progress.is_abandoned
    }

    /// The body is sent on this connection.
    pub(crate) fn connected(&self, ends: Ends) {
        if let Phase::Upload(upload) = &mut self.state().phase {
            upload.connection = Some(ends);
        }
    }

    /// The connection took a chunk of the body.
    fn sent(&self, upload: u64, bytes: usize) {
        let mut state = self.state();
        if state.uploads != upload {
            return;
        }
        let now = Instant::now();
        state.last = now;
        if let Phase::Upload(upload) = &mut state.phase {
            upload.took(bytes, now);
        }
    }

    /// The connection needs no more of the body.
    fn completed(&self, upload: u64) {
        let mut state = self.state();
        if state.uploads == upload
            && let Phase::Upload(upload) = &mut state.phase
        {
            upload.is_complete = true;
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

#[derive(Debug)]
struct State {
    /// The last movement.
    last: Instant,
    /// The number of the upload. A connection may drop the body of one attempt while the next attempt runs.
    uploads: u64,
    phase: Phase,
    progress: Progress,
    /// The beginning of the last response.
    answer: Option<PartialAnswer>,
    /// It has too many values.
    is_excessive: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last: Instant::now(),
            uploads: 0,
            phase: Phase::Other,
            progress: Progress::default(),
            answer: None,
            is_excessive: false,
        }
    }
}

/// The progress of the request of an attempt.
#[derive(Debug, Default)]
struct Progress {
    /// The HTTP client has it.
    is_handed_over: bool,
    /// Its connection, the only one that it can be sent on, is being established.
    is_connecting: bool,
    /// The connection has not taken the last byte of its body.
    lacks_body: bool,
    /// A response has begun.
    is_answered: bool,
    /// No more of the body is sent.
    is_abandoned: bool,
}

impl Progress {
    fn proves_incomplete(&self) -> bool {
        let is_incomplete = !self.is_handed_over || self.is_connecting || self.lacks_body;
        is_incomplete && !self.is_answered
    }
}

#[derive(Debug)]
enum Phase {
    Other,
    Upload(Upload),
    Response { head: Instant, received: u64 },
}

impl State {
    /// When the attempt ends unless it moves, and why. None is later than any clock can show.
    fn end(&self, limit: Duration, minimum_rate: MinimumRate) -> Option<(Instant, Idle)> {
        let still = self.last.checked_add(limit);
        let still = still.map(|end| (end, Idle::Still(limit)));
        match &self.phase {
            Phase::Other => still,
            Phase::Upload(upload) => still.and_then(|(end, idle)| {
                let end = end.checked_add(upload.allowance(self.last))?;
                Some((end, idle))
            }),
            &Phase::Response { head, received } => {
                let slow = || {
                    let MinimumRate(rate) = minimum_rate;
                    let end = head
                        .checked_add(limit)?
                        .checked_add(time(received, rate)?)?;
                    Some((end, Idle::Slow(minimum_rate)))
                };
                let ends = [still, slow()].into_iter().flatten();
                ends.min_by_key(|(end, _)| *end)
            }
        }
    }

    /// When to look at the send queue, and of which connection. The last look is at the idle limit or just before it.
    fn next_look(&self, limit: Duration, interval: Duration) -> Option<(Ends, Instant)> {
        let Phase::Upload(upload) = &self.phase else {
            return None;
        };
        let ends = upload.connection.filter(|_| upload.is_visible)?;
        let before = match upload.looked {
            Some(looked) if looked > self.last => looked,
            _ => self.last,
        };
        let is_last = before.duration_since(self.last) > limit.saturating_sub(interval);
        let next = before.checked_add(interval)?;
        (!is_last).then_some((ends, next))
    }

    /// Takes the result of a look at the send queue.
    fn saw(&mut self, queue: Option<u64>, now: Instant) {
        let Phase::Upload(upload) = &mut self.phase else {
            return;
        };
        upload.looked = Some(now);
        let before = mem::replace(&mut upload.queue, queue);
        match (before, queue) {
            (_, None) => upload.is_visible = false,
            // Some of these bytes may have come since the last chunk, and others left.
            (None, Some(queue)) if queue > 0 => self.last = now,
            (Some(before), Some(queue)) if before != queue => self.last = now,
            // Nothing can move but the next chunk, which starts the looks again.
            (Some(0), Some(0)) => upload.is_visible = false,
            _ => {}
        }
    }
}

/// A body on its way.
#[derive(Debug)]
struct Upload {
    /// When the connection took the first chunk.
    first: Option<Instant>,
    /// The bytes that the connection took.
    sent: u64,
    is_complete: bool,
    connection: Option<Ends>,
    /// Whether looks at the send queue can still show something.
    is_visible: bool,
    looked: Option<Instant>,
    /// The send queue at the last look since the last chunk.
    queue: Option<u64>,
}

impl Upload {
    fn new() -> Self {
        Self {
            first: None,
            sent: 0,
            is_complete: false,
            connection: None,
            is_visible: true,
            looked: None,
            queue: None,
        }
    }

    fn took(&mut self, bytes: usize, now: Instant) {
        self.first.get_or_insert(now);
        self.sent = self.sent.saturating_add(bytes as u64);
        self.is_visible = true;
        self.queue = None;
    }

    /// The time beyond the idle limit that the bytes in buffers may take, if nothing shows how many there are.
    fn allowance(&self, last: Instant) -> Duration {
        let buffered = self.sent.min(BUFFERS);
        let assumed = Duration::from_secs_f64(buffered as f64 / SLOWEST_READER as f64);
        match (self.queue, self.first) {
            (Some(0), Some(first)) if self.is_complete && self.sent > 0 => {
                let elapsed = last.saturating_duration_since(first);
                assumed.max(elapsed.mul_f64(buffered as f64 / self.sent as f64))
            }
            (Some(_), _) => Duration::ZERO,
            (None, _) => assumed,
        }
    }
}

/// The time that so many bytes take, or none without a rate.
fn time(bytes: u64, per_second: u32) -> Option<Duration> {
    let seconds = bytes as f64 / f64::from(per_second);
    Duration::try_from_secs_f64(seconds).ok()
}

struct Watched {
    body: reqwest::Body,
    /// The rest of a large frame.
    rest: Bytes,
    /// The bytes that the connection took.
    sent: u64,
    /// The bytes of the whole body, if they are known.
    length: Option<u64>,
    upload: u64,
    activity: Activity,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.activity.completed(self.upload);
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let this = &mut *self;
        if !this.activity.is_sending(this.upload) {
            // The connection ends: nobody waits for the response.
            return Poll::Pending;
        }
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                None => {
                    this.activity.took_all(this.upload);
                    return Poll::Ready(None);
                }
                Some(frame) => match frame?.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
        let chunk = this.rest.split_to(this.rest.len().min(CHUNK));
        this.sent = this.sent.saturating_add(chunk.len() as u64);
        if this.length.is_some_and(|length| this.sent >= length) {
            this.activity.took_all(this.upload);
        }
        this.activity.sent(this.upload, chunk.len());
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        let is_end = self.rest.is_empty() && self.body.is_end_stream();
        if is_end {
            // The connection does not ask for more.
            self.activity.took_all(self.upload);
        }
        is_end
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        let mut with_rest = SizeHint::new();
        with_rest.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = hint.upper() {
            with_rest.set_upper(upper.saturating_add(rest));
        }
        with_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// The seconds after `start` at which the attempt ends, and why.
    fn end(state: &State, start: Instant) -> (f64, Idle) {
        let (end, idle) = state.end(LIMIT, MinimumRate::default()).expect("an end");
        (end.duration_since(start).as_secs_f64(), idle)
    }

    /// An upload that took a chunk at the start and another so many seconds later.
    fn upload(start: Instant, chunk: usize, seconds: u64) -> State {
        let last = start + Duration::from_secs(seconds);
        let mut upload = Upload::new();
        upload.took(chunk, start);
        upload.took(chunk, last);
        State {
            last,
            phase: Phase::Upload(upload),
            ..State::default()
        }
    }

    fn complete(mut state: State) -> State {
        if let Phase::Upload(upload) = &mut state.phase {
            upload.is_complete = true;
        }
        state
    }

    #[test]
    fn bytes_in_buffers_have_time_where_the_queue_is_not_seen() {
        let start = Instant::now();
        for (chunk, allowance) in [
            (0, 0.0),
            (16 << 10, 2.0),
            (1 << 20, 128.0),
            (1 << 30, 256.0),
        ] {
            let state = upload(start, chunk, 10);
            assert_eq!(end(&state, start), (70.0 + allowance, Idle::Still(LIMIT)));
        }
    }

    #[test]
    fn a_queue_that_changes_moves_and_one_that_does_not_is_idle() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut state = complete(upload(start, 1 << 20, 10));
        for (second, queue, last) in [
            (20, 900, 20),
            (30, 900, 20),
            (40, 800, 40),
            (50, 900, 50),
            (60, 900, 50),
        ] {
            state.saw(Some(queue), at(second));
            assert_eq!(end(&state, start), ((last + 60) as f64, Idle::Still(LIMIT)));
        }
    }

    #[test]
    fn the_server_may_read_its_buffer_as_slowly_as_the_rest() {
        let start = Instant::now();
        // Two chunks in so many seconds: slower than 16 KiB a second, and faster; and more than the buffer holds.
        for (chunk, seconds, allowance) in [
            (1 << 20, 200, 200.0),
            (1 << 20, 4, 128.0),
            (8 << 20, 4000, 1000.0),
            (8 << 20, 40, 256.0),
        ] {
            let mut state = complete(upload(start, chunk, seconds));
            state.saw(Some(0), start + Duration::from_secs(seconds));
            assert_eq!(end(&state, start).0, seconds as f64 + 60.0 + allowance);
        }
        // The source of the body is slow, not the server.
        let mut state = upload(start, 1 << 20, 40);
        state.saw(Some(0), start + Duration::from_secs(41));
        assert_eq!(end(&state, start).0, 100.0);
    }

    #[test]
    fn looks_stop_when_nothing_can_move_and_start_again_with_the_next_chunk() {
        let start = Instant::now();
        let mut state = upload(start, 1 << 20, 0);
        assert_eq!(
            state.next_look(LIMIT, LIMIT / LOOKS),
            None,
            "there is no connection yet"
        );
        let here = "127.0.0.1:1".parse().expect("an address");
        let ends = Ends {
            local: here,
            remote: here,
        };
        let phase = |state: &mut State, act: &dyn Fn(&mut Upload)| match &mut state.phase {
            Phase::Upload(upload) => act(upload),
            _ => panic!("an upload"),
        };
        phase(&mut state, &|upload| upload.connection = Some(ends));
        assert_eq!(
            state.next_look(LIMIT, LIMIT / LOOKS),
            Some((ends, start + LIMIT / LOOKS))
        );
        for queues in [&[Some(0), Some(0)][..], &[None]] {
            for queue in queues {
                assert!(state.next_look(LIMIT, LIMIT / LOOKS).is_some());
                state.saw(*queue, start);
            }
            assert_eq!(state.next_look(LIMIT, LIMIT / LOOKS), None);
            phase(&mut state, &|upload| upload.took(1, start));
        }
        assert!(state.next_look(LIMIT, LIMIT / LOOKS).is_some());
    }

    #[test]
    fn the_last_look_is_at_the_idle_limit() {
        let start = Instant::now();
        let mut state = upload(start, 1 << 20, 0);
        let here = "127.0.0.1:1".parse().expect("an address");
        if let Phase::Upload(upload) = &mut state.phase {
            upload.connection = Some(Ends {
                local: here,
                remote: here,
            });
        }
        state.saw(Some(900), start);
        let mut looks = Vec::new();
        while let Some((_, look)) = state.next_look(LIMIT, LIMIT / LOOKS) {
            looks.push(look.duration_since(start).as_secs_f64());
            state.saw(Some(900), look);
        }
        assert_eq!(looks, [7.5, 15.0, 22.5, 30.0, 37.5, 45.0, 52.5, 60.0]);
        // A look that comes late is the last one.
        state.saw(Some(800), start);
        state.saw(Some(800), start + LIMIT * 2);
        assert_eq!(state.next_look(LIMIT, LIMIT / LOOKS), None);
    }

    #[test]
    fn a_body_has_to_keep_the_minimum_rate_after_the_idle_limit() {
        let start = Instant::now();
        let state = |received, seconds| State {
            last: start + Duration::from_secs(seconds),
            phase: Phase::Response {
                head: start,
                received,
            },
            ..State::default()
        };
        let slow = Idle::Slow(MinimumRate(1024));
        assert_eq!(end(&state(0, 0), start), (60.0, Idle::Still(LIMIT)));
        assert_eq!(end(&state(1024, 5), start), (61.0, slow));
        assert_eq!(end(&state(1 << 20, 100), start).1, Idle::Still(LIMIT));
        assert_eq!(end(&state(1 << 20, 1050), start), (1084.0, slow));
        let none = state(1, 1000).end(LIMIT, MinimumRate(0)).expect("an end");
        assert_eq!(none.1, Idle::Still(LIMIT));
    }
}
