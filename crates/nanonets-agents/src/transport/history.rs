//! The course of a call: the effect that its attempts have proved so far, and the calls that are not over.
//!
//! Every way out of a call passes through [`History::conclude`], which knows of all attempts. The error of one
//! attempt has no facts about the attempts before it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use nanonets_agents_api::{Activity, Context};

use crate::transport::answer;
use crate::transport::call::{Call, Options};
use crate::transport::clock::ServerClock;
use crate::transport::effect::{Created, Effect};
use crate::transport::error::{Error, ErrorKind};
use crate::transport::facts::Ambiguity;
use crate::transport::operation::{self, Operation};
use crate::transport::record::RunRecord;
use crate::transport::redact::Redactor;
use crate::transport::retry::Attempts;

/// The number of dropped calls that a client remembers.
const REMEMBERED: usize = 100;
/// The bytes of sent texts that a dropped call keeps, to recognise them in headers. An answer keeps 64 KiB.
const KEPT: usize = 64 * 1024;

/// The state of a call that has begun.
#[derive(Clone)]
pub(crate) struct History {
    call: Call,
    activity: Activity,
    record: Option<RunRecord>,
    private: Vec<Arc<str>>,
    attempts: Attempts,
    /// When the first attempt began.
    since: Option<DateTime<Utc>>,
    /// When the future of the call was dropped.
    dropped: Option<DateTime<Utc>>,
    /// An attempt that is over may have had an effect.
    may_have_had_effect: bool,
    /// An attempt is being made.
    is_attempting: bool,
    /// The answer has arrived and names this, and the call is not over: the answer is being checked.
    created: Option<Created>,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("call", &self.call)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl History {
    /// An attempt begins.
    fn begin_attempt(&mut self, now: DateTime<Utc>) {
        self.attempts.made += 1;
        self.since.get_or_insert(now);
        self.is_attempting = true;
    }

    /// An attempt has failed.
    fn end_attempt(&mut self, error: &Error) {
        self.is_attempting = false;
        self.may_have_had_effect |= error.effect_of_attempt() != Effect::None;
        match error.asks_for_a_pause() {
            true => self.attempts.refused += 1,
            false => self.attempts.failed += 1,
        }
    }

    /// The error of the call, with the effect of all attempts. It is ambiguous unless the call can be repeated without harm,
    /// had no effect, or has an answer with the id of what it created. The call ended at that time, or is under way.
    fn conclude(&self, clock: &ServerClock, error: Error, ended: Option<DateTime<Utc>>) -> Error {
        let error = match self.may_have_had_effect {
            true => error.after_possible_effect(),
            false => error,
        };
        let error = error.during(self.call, self.attempts.made);
        if self.call.operation.is_idempotent() || error.effect() != Effect::Unknown {
            return error;
        }
        let until = ended.unwrap_or_else(Utc::now);
        let since = self.since.unwrap_or(until);
        error.ambiguous(Ambiguity {
            agent_id: self.call.agent_id,
            task_id: self.call.task_id,
            since,
            until,
            run: self.record(clock, since, ended),
        })
    }

    /// The record of an ambiguous run whose attempts were made at these times. One that is under way has no end.
    fn record(
        &self,
        clock: &ServerClock,
        since: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Option<RunRecord> {
        let is_run = self.call.operation == Operation::RunAgent;
        let agent = self.call.agent_id.filter(|_| is_run)?;
        let prepared = self.record.clone();
        let mut record = prepared.unwrap_or_else(|| RunRecord::new(agent, None));
        record.since = record.since.min(since);
        record.until = until;
        let offset = clock.offset().map(|offset| offset.num_milliseconds());
        record.clock_offset_ms = record.clock_offset_ms.or(offset);
        Some(record)
    }

    /// The error that the call would end with now.
    fn so_far(&self, context: &Context, clock: &ServerClock) -> Error {
        let error = Error::new(ErrorKind::Lost, "the call was left before its answer came");
        let error = match self.is_attempting {
            false => error,
            true => {
                let redactor = Redactor::new(context, &self.private);
                let error = error.with_effect(Effect::Unknown);
                answer::lost(error, self.call.operation, &self.activity, &redactor)
            }
        };
        let error = match self.created {
            None => error,
            Some(created) => error
                .with_message(format!("{created}, but the call was left before it ended"))
                .with_effect(Effect::Created(created)),
        };
        self.conclude(clock, error, self.dropped)
    }
}

/// The calls of a client that may have an effect, and that are not over.
#[derive(Debug, Default)]
pub(crate) struct Unfinished(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    /// By their number, in the order in which they began.
    calls: BTreeMap<u64, Arc<Mutex<History>>>,
    next: u64,
    /// The numbers of those whose future was dropped, the oldest first.
    dropped: std::collections::VecDeque<u64>,
}

impl Unfinished {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The errors that the calls would end with now.
    pub fn errors(&self, context: &Context, clock: &ServerClock) -> Vec<Error> {
        let calls = self.lock();
        let histories = calls.calls.values().map(lock);
        histories
            .map(|history| history.so_far(context, clock))
            .collect()
    }
}

fn lock(history: &Arc<Mutex<History>>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that is made. Dropped before its end, it stays among the calls that are not over.
pub(crate) struct Running<'a> {
    unfinished: &'a Unfinished,
    clock: &'a ServerClock,
    history: Arc<Mutex<History>>,
    /// Its number, unless it is a read or over.
    number: Option<u64>,
}

impl<'a> Running<'a> {
    pub fn begin(
        unfinished: &'a Unfinished,
        clock: &'a ServerClock,
        call: Call,
        options: &Options,
        activity: Activity,
    ) -> Self {
        let history = Arc::new(Mutex::new(History {
            call,
            activity,
            record: options.record.clone(),
            private: options.private.clone(),
            attempts: Attempts::default(),
            since: None,
            dropped: None,
            may_have_had_effect: false,
            is_attempting: false,
            created: None,
        }));
        let number = (!operation::is_read(call.operation)).then(|| {
            let mut calls = unfinished.lock();
            let number = calls.next;
            calls.next += 1;
            calls.calls.insert(number, Arc::clone(&history));
            number
        });
        Self {
            unfinished,
            clock,
            history,
            number,
        }
    }

    /// The attempts so far.
    pub fn attempts(&self) -> Attempts {
        lock(&self.history).attempts
    }

    pub fn begin_attempt(&self, now: DateTime<Utc>) {
        lock(&self.history).begin_attempt(now);
    }

    pub fn end_attempt(&self, error: &Error) {
        lock(&self.history).end_attempt(error);
    }

    /// The answer has arrived and names this. The call is not over yet.
    pub fn has_created(&self, created: Created) {
        lock(&self.history).created = Some(created);
    }

    /// A pause that the server asked for is over.
    pub fn has_paused(&self, pause: std::time::Duration) {
        let paused = &mut lock(&self.history).attempts.paused;
        *paused = paused.saturating_add(pause);
    }

    /// The call is over. An error gets the effect of all attempts.
    pub fn end<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Some(number) = self.number.take() {
            self.unfinished.lock().calls.remove(&number);
        }
        result.map_err(|error| {
            let ended = Some(Utc::now());
            lock(&self.history).conclude(self.clock, error, ended)
        })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        {
            let mut history = lock(&self.history);
            history.dropped = Some(Utc::now());
            history.activity.abandon();
            history.private = bounded(&history.private);
        }
        let mut calls = self.unfinished.lock();
        calls.dropped.push_back(number);
        if calls.dropped.len() > REMEMBERED
            && let Some(oldest) = calls.dropped.pop_front()
        {
            calls.calls.remove(&oldest);
        }
    }
}

/// The beginnings of these texts, so many bytes in all.
fn bounded(texts: &[Arc<str>]) -> Vec<Arc<str>> {
    let mut left = KEPT;
    let mut kept = Vec::new();
    for text in texts {
        let end = (0..=left.min(text.len())).rev();
        let end = end.take(4).find(|end| text.is_char_boundary(*end));
        let end = end.unwrap_or_default();
        match end {
            0 => {}
            _ if end == text.len() => kept.push(Arc::clone(text)),
            _ => kept.push(Arc::from(&text[..end])),
        }
        left -= end;
        if left < 4 {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_call_keeps_the_beginnings_of_what_was_sent() {
        let texts =
            |texts: &[&str]| -> Vec<Arc<str>> { texts.iter().copied().map(Arc::from).collect() };
        let few = texts(&["How much?", "", "{}"]);
        assert_eq!(bounded(&few), texts(&["How much?", "{}"]));
        let long = "a\u{1f4b6}".repeat(KEPT);
        for many in [
            texts(&[&long]),
            texts(&["x", &long, &long]),
            vec![Arc::from("é"); KEPT],
        ] {
            let kept = bounded(&many);
            let length: usize = kept.iter().map(|text| text.len()).sum();
            assert!((KEPT - 4..=KEPT).contains(&length), "{length}");
            assert!(
                kept.iter()
                    .zip(&many)
                    .all(|(kept, text)| text.starts_with(&**kept))
            );
        }
    }
}
