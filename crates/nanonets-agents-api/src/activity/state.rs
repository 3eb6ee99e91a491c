//! The state of an attempt: what has moved, and until when it may stand still.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::idle::{Idle, MinimumRate};
use crate::partial_answer::PartialAnswer;
use crate::send_queue::Ends;

/// The most that the buffers of the two kernels are assumed to hold.
const BUFFERS: u64 = 4 << 20;
/// The rate at which a server empties them at least, in bytes per second.
const SLOWEST_READER: u64 = 16 << 10;

/// The state of an attempt, which an activity shares with the body of its request.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection has taken all of the body.
    pub(super) fn took_all(&self, upload: u64) {
        let mut state = self.lock();
        if state.uploads == upload {
            state.progress.lacks_body = false;
        }
    }

    /// Whether more of the body may be sent.
    pub(super) fn is_sending(&self, upload: u64) -> bool {
        let state = self.lock();
        state.uploads == upload && !state.progress.is_abandoned
    }

    /// The connection took a chunk of the body.
    pub(super) fn sent(&self, upload: u64, bytes: usize) {
        let mut state = self.lock();
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
    pub(super) fn completed(&self, upload: u64) {
        let mut state = self.lock();
        if state.uploads == upload
            && let Phase::Upload(upload) = &mut state.phase
        {
            upload.is_complete = true;
        }
    }
}

#[derive(Debug)]
pub(super) struct State {
    /// The last movement.
    pub(super) last: Instant,
    /// The number of the upload. A connection may drop the body of one attempt while the next attempt runs.
    pub(super) uploads: u64,
    pub(super) phase: Phase,
    pub(super) progress: Progress,
    /// The beginning of the last response.
    pub(super) answer: Option<PartialAnswer>,
    /// It has too many values.
    pub(super) is_excessive: bool,
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
pub(super) struct Progress {
    /// The HTTP client has it.
    pub(super) is_handed_over: bool,
    /// Its connection, the only one that it can be sent on, is being established.
    pub(super) is_connecting: bool,
    /// The connection has not taken the last byte of its body.
    pub(super) lacks_body: bool,
    /// A response has begun.
    pub(super) is_answered: bool,
    /// No more of the body is sent.
    pub(super) is_abandoned: bool,
}

impl Progress {
    pub(super) fn proves_incomplete(&self) -> bool {
        let is_incomplete = !self.is_handed_over || self.is_connecting || self.lacks_body;
        is_incomplete && !self.is_answered
    }
}

#[derive(Debug)]
pub(super) enum Phase {
    Other,
    Upload(Upload),
    Response { head: Instant, received: u64 },
}

impl State {
    /// When the attempt ends unless it moves, and why. None is later than any clock can show.
    pub(super) fn end(
        &self,
        limit: Duration,
        minimum_rate: MinimumRate,
    ) -> Option<(Instant, Idle)> {
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
    pub(super) fn next_look(&self, limit: Duration, interval: Duration) -> Option<(Ends, Instant)> {
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
    pub(super) fn saw(&mut self, queue: Option<u64>, now: Instant) {
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
pub(super) struct Upload {
    /// When the connection took the first chunk.
    pub(super) first: Option<Instant>,
    /// The bytes that the connection took.
    pub(super) sent: u64,
    pub(super) is_complete: bool,
    pub(super) connection: Option<Ends>,
    /// Whether looks at the send queue can still show something.
    pub(super) is_visible: bool,
    pub(super) looked: Option<Instant>,
    /// The send queue at the last look since the last chunk.
    pub(super) queue: Option<u64>,
}

impl Upload {
    pub(super) fn new() -> Self {
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

    pub(super) fn took(&mut self, bytes: usize, now: Instant) {
        self.first.get_or_insert(now);
        self.sent = self.sent.saturating_add(bytes as u64);
        self.is_visible = true;
        self.queue = None;
    }

    /// The time beyond the idle limit that the bytes in buffers may take, if nothing shows how many there are.
    pub(super) fn allowance(&self, last: Instant) -> Duration {
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

#[cfg(test)]
mod tests {
    use super::super::LOOKS;
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
