//! Answers of type `text/event-stream`: events, as they arrive.
//!
//! The format is that of the HTML standard, "Server-sent events": lines, however they end and however the network cuts
//! them, grouped into events by empty ones. What the standard has a browser do beside, such as connecting again, is left
//! to the caller, who has [`Event::id`] and [`Event::retry`] for it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use progenitor_client::{Error, ResponseValue};
use serde::de::DeserializeOwned;

use super::error_body::{DecodeError, ErrorBody, decode};

/// The longest line or event that is read: 16 MiB. A server that never ends one must not fill the memory.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Clone, PartialEq, Eq)]
pub struct Event<T> {
    /// The last `id` that the stream has given; empty if it has given none.
    pub id: String,
    /// The type of the event: `message` unless the server sends another one.
    pub event: String,
    /// The data of the event.
    pub data: T,
    /// The last `retry` that the stream has given: how long to wait before connecting again.
    pub retry: Option<Duration>,
}

impl<T> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The data may be private.
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("event", &self.event)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Why the stream has no next event.
#[derive(Debug)]
#[non_exhaustive]
pub enum EventError {
    /// The data is not the documented kind of value. The stream goes on; [`Event::data`] here is the data as it came.
    Undecodable {
        /// The event.
        event: Event<String>,
        /// The problem with its data.
        reason: DecodeError,
    },
    /// The stream broke off.
    Incomplete(reqwest::Error),
    /// A line or an event has more than 16 MiB. The stream ends.
    TooLarge,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable { event, reason } => {
                write!(f, "the data of an event `{}`: {reason}", event.event)
            }
            Self::Incomplete(_) => f.write_str("the stream of events broke off"),
            Self::TooLarge => f.write_str("an event is longer than can be read"),
        }
    }
}

impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Incomplete(error) => Some(error),
            Self::Undecodable { .. } | Self::TooLarge => None,
        }
    }
}

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The events of an answer. It ends where the answer ends; an event that was not finished by then is none.
pub struct EventStream<T> {
    chunks: Option<Chunks>,
    parser: Parser,
    decode: fn(&str) -> Result<T, DecodeError>,
}

impl<T> EventStream<T> {
    fn new(response: reqwest::Response, decode: fn(&str) -> Result<T, DecodeError>) -> Self {
        Self {
            chunks: Some(Box::pin(response.bytes_stream())),
            parser: Parser::default(),
            decode,
        }
    }
}

/// Takes an answer whose success is a stream of events with data in JSON.
///
/// # Errors
///
/// [`Error::ErrorResponse`] for any other status.
pub async fn json<T, E>(
    response: reqwest::Response,
) -> Result<ResponseValue<EventStream<T>>, Error<ErrorBody<E>>>
where
    T: DeserializeOwned,
    E: DeserializeOwned,
{
    events(response, |data| decode(data.as_bytes())).await
}

/// Takes an answer whose success is a stream of events with data of any kind.
///
/// # Errors
///
/// [`Error::ErrorResponse`] for any other status.
pub async fn text<E>(
    response: reqwest::Response,
) -> Result<ResponseValue<EventStream<String>>, Error<ErrorBody<E>>>
where
    E: DeserializeOwned,
{
    events(response, |data| Ok(data.to_owned())).await
}

async fn events<T, E>(
    response: reqwest::Response,
    decode: fn(&str) -> Result<T, DecodeError>,
) -> Result<ResponseValue<EventStream<T>>, Error<ErrorBody<E>>>
where
    E: DeserializeOwned,
{
    let response = super::response::successful(response).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let events = EventStream::new(response, decode);
    Ok(ResponseValue::new(events, status, headers))
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

impl<T> Stream for EventStream<T> {
    type Item = Result<Event<T>, EventError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.parser.events.pop_front() {
                return Poll::Ready(Some(typed(event, self.decode)));
            }
            if self.parser.too_large {
                self.parser = Parser::default();
                self.chunks = None;
                return Poll::Ready(Some(Err(EventError::TooLarge)));
            }
            let Some(chunks) = &mut self.chunks else {
                return Poll::Ready(None);
            };
            match ready!(chunks.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => self.parser.take(&chunk),
                Some(Err(error)) => {
                    self.chunks = None;
                    // The URL may hold what must not be printed.
                    let error = EventError::Incomplete(error.without_url());
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.chunks = None,
            }
        }
    }
}

fn typed<T>(
    event: Event<String>,
    decode: fn(&str) -> Result<T, DecodeError>,
) -> Result<Event<T>, EventError> {
    match decode(&event.data) {
        Ok(data) => Ok(Event {
            id: event.id,
            event: event.event,
            data,
            retry: event.retry,
        }),
        Err(reason) => Err(EventError::Undecodable { event, reason }),
    }
}

/// Bytes in, events out, wherever the bytes are cut.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    /// The last byte was a carriage return, whose line feed may be the next one.
    after_return: bool,
    /// The first line, which may begin with a byte order mark, is behind.
    begun: bool,
    id: String,
    retry: Option<Duration>,
    event: String,
    data: Option<String>,
    events: VecDeque<Event<String>>,
    too_large: bool,
}

impl Parser {
    fn take(&mut self, mut bytes: &[u8]) {
        if self.after_return {
            self.after_return = bytes.is_empty();
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.extend(line);
            self.end_of_line();
            bytes = match rest {
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => {
                    self.after_return = rest.is_empty() && bytes.ends_with(b"\r");
                    rest
                }
                [] => rest,
            };
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > MAX_BYTES {
            self.too_large = true;
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_of_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let mut line = &*line;
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            self.end_of_event();
            return;
        }
        // A line that begins with a colon is a comment: a field without a name.
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                let data = self.data.get_or_insert_default();
                if data.len() + value.len() > MAX_BYTES {
                    self.too_large = true;
                } else {
                    data.push_str(value);
                    data.push('\n');
                }
            }
            "event" => value.clone_into(&mut self.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let milliseconds = value.parse().ok();
                self.retry = milliseconds.map(Duration::from_millis).or(self.retry);
            }
            _ => {}
        }
    }

    fn end_of_event(&mut self) {
        let event = std::mem::take(&mut self.event);
        let Some(mut data) = self.data.take() else {
            return;
        };
        data.pop();
        self.events.push_back(Event {
            id: self.id.clone(),
            event: if event.is_empty() {
                "message".to_owned()
            } else {
                event
            },
            data,
            retry: self.retry,
        });
    }
}
