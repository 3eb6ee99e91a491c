//! A span for each operation, if the feature `tracing` is on: what was called, how often, and what it came to. Ids are in
//! it; keys, prompts and contents are not.

use reqwest::StatusCode;

use crate::transport::call::Call;
use crate::transport::error::Error;

/// The span of one operation, over all of its attempts.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Span {
    pub fn of(call: Call) -> Self {
        let span = tracing::info_span!(
            "nanonets",
            operation = call.operation.id(),
            agent_id = call.agent_id.map(tracing::field::display),
            task_id = call.task_id.map(tracing::field::display),
            attempts = tracing::field::Empty,
            status = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        Self { span }
    }

    /// Runs an attempt in the span.
    pub async fn around<F: Future>(&self, attempt: F) -> F::Output {
        tracing::Instrument::instrument(attempt, self.span.clone()).await
    }

    /// An attempt has failed, and another follows.
    pub fn retries(&self, error: &Error, pause: std::time::Duration) {
        let _entered = self.span.enter();
        tracing::warn!(
            kind = ?error.kind(),
            status = error.status().map(|status| status.as_u16()),
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "trying again"
        );
    }

    /// The operation is over. The span has the result, and so has an event, because most subscribers print events and not
    /// the ends of spans.
    pub fn ends(&self, attempts: u32, status: Option<StatusCode>, error: Option<&Error>) {
        let status = status.map(|status| status.as_u16());
        self.span.record("attempts", attempts);
        if let Some(status) = status {
            self.span.record("status", status);
        }
        if let Some(error) = error {
            self.span
                .record("error", tracing::field::debug(error.kind()));
        }
        let _entered = self.span.enter();
        match error {
            Some(error) => tracing::debug!(attempts, status, error = ?error.kind(), "failed"),
            None => tracing::debug!(attempts, status, "done"),
        }
    }
}

#[cfg(not(feature = "tracing"))]
impl Span {
    pub fn of(_: Call) -> Self {
        Self {}
    }

    pub async fn around<F: Future>(&self, attempt: F) -> F::Output {
        attempt.await
    }

    pub fn retries(&self, _: &Error, _: std::time::Duration) {}

    pub fn ends(&self, _: u32, _: Option<StatusCode>, _: Option<&Error>) {}
}
