//! The body of a request, which reports how much of it the connection took.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::state::Shared;

/// The size of the chunks in which a large frame is given to the connection, so that each shows a movement.
const CHUNK: usize = 1 << 20;

/// A body that notes in the state of an attempt what the connection takes of it.
pub(super) struct Watched {
    body: reqwest::Body,
    /// The rest of a large frame.
    rest: Bytes,
    /// The bytes that the connection took.
    sent: u64,
    /// The bytes of the whole body, if they are known.
    length: Option<u64>,
    upload: u64,
    state: Shared,
}

impl Watched {
    /// The body of an upload with this number, and its length in bytes if it is known.
    pub(super) fn new(
        body: reqwest::Body,
        length: Option<u64>,
        upload: u64,
        state: Shared,
    ) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            sent: 0,
            length,
            upload,
            state,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.state.completed(self.upload);
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
        if !this.state.is_sending(this.upload) {
            // The connection ends: nobody waits for the response.
            return Poll::Pending;
        }
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                None => {
                    this.state.took_all(this.upload);
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
            this.state.took_all(this.upload);
        }
        this.state.sent(this.upload, chunk.len());
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        let is_end = self.rest.is_empty() && self.body.is_end_stream();
        if is_end {
            // The connection does not ask for more.
            self.state.took_all(self.upload);
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
