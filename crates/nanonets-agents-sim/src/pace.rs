//! The pace of a request body. A client that stops sending, or that sends a byte a second, must not hold a request open.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep};

/// The slowest pace that a request body may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The longest time without a byte.
    pub timeout: Duration,
    /// The lowest average rate. Zero allows any.
    pub bytes_per_second: u32,
}

/// It is patient: tests of slow uploads pause for a minute and more, on tokio's paused clock.
impl Default for Pace {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            bytes_per_second: 0,
        }
    }
}

impl Pace {
    /// The time that this many bytes may take.
    fn time_for(&self, bytes: usize) -> Duration {
        match self.bytes_per_second {
            0 => Duration::MAX,
            rate => {
                Duration::try_from_secs_f64(bytes as f64 / f64::from(rate)).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// Why a request body could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The connection ended before the body did.
    Disconnected,
    /// The body fell behind the slowest pace.
    TooSlow,
    /// The headers of a part of a multipart body exceed their limit.
    PartHeadersTooLarge,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "the body ended too early",
            Self::TooSlow => "timed out while reading the body",
            Self::PartHeadersTooLarge => "the headers of a part are too large",
        })
    }
}

impl std::error::Error for ReadError {}

/// A request body that must keep a pace.
///
/// Only the time spent waiting for the client counts. Each byte that arrives buys time at the lowest average rate, up
/// to the longest pause: a client may pause, and it may be slow, but it can't be both for long.
#[derive(Debug)]
pub(crate) struct Paced {
    stream: BodyDataStream,
    pace: Pace,
    /// The time that the client may still pause.
    left: Duration,
    /// The start of the pause under way.
    pause: Option<Instant>,
    /// Wakes the reader when no time is left. A body that arrives at once needs none.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub fn new(body: Body, pace: Pace) -> Self {
        Self {
            stream: body.into_data_stream(),
            pace,
            left: pace.timeout,
            pause: None,
            timer: None,
        }
    }

    /// Whether the client has used up its time.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let start = *self.pause.get_or_insert(now);
        let Some(deadline) = start.checked_add(self.left) else {
            return false;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context).is_ready()
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Poll::Ready(chunk) = self.stream.poll_next_unpin(context) else {
            return if self.is_late(context) {
                Poll::Ready(Some(Err(ReadError::TooSlow)))
            } else {
                Poll::Pending
            };
        };
        if let Some(start) = self.pause.take() {
            self.left = self.left.saturating_sub(start.elapsed());
        }
        Poll::Ready(chunk.map(|chunk| {
            let chunk = chunk.map_err(|_| ReadError::Disconnected)?;
            let bought = self.pace.time_for(chunk.len());
            self.left = self.left.saturating_add(bought).min(self.pace.timeout);
            Ok(chunk)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use tokio::time::{Instant, sleep};

    use super::{Pace, Paced, ReadError};

    /// Sends pieces of a size with pauses between them, and returns the outcome and the seconds it took.
    async fn read(size: usize, pause: f64, count: usize) -> (Result<usize, ReadError>, u64) {
        let pieces = stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            sleep(Duration::from_secs_f64(pause)).await;
            let piece = Bytes::from(vec![7; size]);
            Some((Ok::<_, std::convert::Infallible>(piece), sent + 1))
        });
        let pace = Pace {
            timeout: Duration::from_secs(30),
            bytes_per_second: 1000,
        };
        let mut body = Paced::new(Body::from_stream(pieces), pace);
        let start = Instant::now();
        let mut total = 0;
        let outcome = loop {
            match body.next().await {
                Some(Ok(piece)) => total += piece.len(),
                Some(Err(error)) => break Err(error),
                None => break Ok(total),
            }
        };
        (outcome, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_or_trickles_ends_after_the_timeout() {
        assert_eq!(read(10, 1e6, 1).await, (Err(ReadError::TooSlow), 30));
        assert_eq!(read(1, 1.0, 1_000).await, (Err(ReadError::TooSlow), 30));
        assert_eq!(read(1, 0.01, 100_000).await.0, Err(ReadError::TooSlow));
        let (outcome, seconds) = read(900, 1.0, 1_000).await;
        assert_eq!(outcome, Err(ReadError::TooSlow));
        assert!((290..310).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_keeps_the_pace_may_take_any_time() {
        assert_eq!(read(1_000, 1.0, 5_000).await, (Ok(5_000_000), 5_000));
        assert_eq!(read(50_000, 29.0, 100).await, (Ok(5_000_000), 2_900));
        assert_eq!(read(10, 14.0, 2).await, (Ok(20), 28));
    }
}
