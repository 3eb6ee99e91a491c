//! A bound on the number of values in a response.
//!
//! A member that the types do not know is kept with its name, and an item of a list as a type: `"k1":0,` or `{},` takes a
//! hundred times its size. So a body of a few bytes per value would take gigabytes, and the decoder would block the runtime
//! for as long. The count is made while the body arrives, and ends it early.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::activity::Activity;
use crate::generated::Operation;

/// Bodies of up to this length are not counted: they can't have many values.
const SMALL: u64 = 128 << 10;
/// The most values, of members and of items each.
const MOST: u64 = 50_000;
/// A list has one more item, or member of an item, for each of so many bytes. Documented items have fewer.
const BYTES_PER_ITEM: u64 = 32;

/// Whether an answer has a list whose items are decoded as types: `data` or `feed`.
fn is_list(operation: Operation) -> bool {
    match operation {
        Operation::ListAgentVersions
        | Operation::ListAgents
        | Operation::ListTaskMessages
        | Operation::ListTasks
        | Operation::GetTaskResult => true,
        Operation::CancelTask
        | Operation::CreateAgent
        | Operation::GetAgent
        | Operation::GetTask
        | Operation::GetTaskSummary
        | Operation::PublishAgentVersion
        | Operation::RunAgent
        | Operation::SendTaskMessage
        | Operation::UpdateAgent => false,
    }
}

/// Counts the values of a JSON text that types keep one by one. Deeper values are kept as text.
#[derive(Clone, Debug)]
struct Values {
    is_list: bool,
    bytes: u64,
    /// The members of the object and of the objects in it.
    members: u64,
    /// The items of the lists in the object, and the members of the items.
    items: u64,
    depth: usize,
    /// The kinds of the first three levels: whether each is an array.
    arrays: [bool; 4],
    is_in_string: bool,
    is_escaped: bool,
}

impl Values {
    fn new(operation: Operation) -> Self {
        Self {
            is_list: is_list(operation),
            bytes: 0,
            members: 0,
            items: 0,
            depth: 0,
            arrays: [false; 4],
            is_in_string: false,
            is_escaped: false,
        }
    }

    /// Counts the values of the next bytes. Returns whether there are too many so far.
    fn are_too_many(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            match (self.is_in_string, byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (_, b'"') => self.is_in_string = !self.is_in_string,
                (true, _) => {}
                (false, b'{' | b'[') => {
                    self.depth = self.depth.saturating_add(1);
                    if let Some(is_array) = self.arrays.get_mut(self.depth) {
                        *is_array = *byte == b'[';
                    }
                }
                (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
                (false, b',') => self.count(),
                _ => {}
            }
        }
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.members > MOST || self.items > MOST + self.bytes / BYTES_PER_ITEM
    }

    fn count(&mut self) {
        let is_array = self.arrays.get(self.depth).copied().unwrap_or_default();
        match (self.depth, is_array) {
            (1 | 2, false) => self.members += 1,
            (2, true) | (3, false) if self.is_list => self.items += 1,
            _ => {}
        }
    }
}

/// Whether an answer to an operation has more values than are decoded: more than 50,000 members, or more than 50,000 items of
/// a list and one for each 32 bytes.
#[must_use]
pub fn has_too_many_values(operation: Operation, json: &[u8]) -> bool {
    json.len() as u64 > SMALL && Values::new(operation).are_too_many(json)
}

/// A response whose body ends with an error as soon as it has too many values. The activity says that this was why.
pub(crate) fn bounded(
    response: reqwest::Response,
    operation: Operation,
    activity: &Activity,
) -> reqwest::Response {
    if response
        .content_length()
        .is_some_and(|length| length <= SMALL)
    {
        return response;
    }
    let response: http::Response<reqwest::Body> = response.into();
    let counted = response.map(|body| {
        reqwest::Body::wrap(Counted {
            body,
            values: Values::new(operation),
            activity: activity.clone(),
        })
    });
    counted.into()
}

struct Counted {
    body: reqwest::Body,
    values: Values,
    activity: Activity,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(chunk) = frame.data_ref()
            && self.values.are_too_many(chunk)
        {
            self.activity.has_too_many_values();
            return Poll::Ready(Some(Err("the answer has too many values".into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(start: &str, part: &str, end: &str, size: usize) -> String {
        format!("{start}{}{end}", part.repeat(size / part.len()))
    }

    #[test]
    fn documented_answers_of_any_size_have_few_values() {
        let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
        let message = format!(
            r#"{{"id":"{id}","task_id":"{id}","role":"user","content":"Which year is it?","created_at":"2026-01-31T09:30:00Z"}},"#
        );
        let task = format!(
            r#"{{"task_id":"{id}","agent_id":"{id}","status":"completed","title":"Invoice","created_at":"2026-01-31T09:30:00Z","updated_at":"2026-01-31T09:30:00Z"}},"#
        );
        let text = format!(r#"{{"content":"{}\"[[{{,"}},"#, ",".repeat(100_000));
        for item in [message, task, text] {
            let list = body(r#"{"data":["#, &item, "{}]}", 20_000_000);
            assert!(!has_too_many_values(Operation::ListTasks, list.as_bytes()));
        }
        // Unknown members are kept as text, with any number of values.
        for part in ["0,", "[],", r#"{"a":1},"#] {
            let task = body(r#"{"unknown":["#, part, "0]}", 8_000_000);
            assert!(!has_too_many_values(Operation::GetTask, task.as_bytes()));
            let list = body(r#"{"data":[{"unknown":["#, part, "0]}]}", 8_000_000);
            assert!(!has_too_many_values(Operation::ListTasks, list.as_bytes()));
        }
    }

    #[test]
    fn small_values_without_end_are_too_many() {
        for part in ["[],", "{},", "0,", r#""a","#, r#"{"a":1,"b":2,"c":3},"#] {
            let list = body(r#"{"data":["#, part, "0]}", 4_000_000);
            assert!(has_too_many_values(Operation::ListTasks, list.as_bytes()));
        }
        let keys: String = (0..200_000).map(|key| format!("\"{key}\":0,")).collect();
        for (start, end, operation) in [
            ("{", "\"a\":0}", Operation::GetTask),
            ("{", "\"a\":0}", Operation::ListTasks),
            (r#"{"config":{"#, "\"a\":0}}", Operation::GetAgent),
            (r#"{"data":[{"#, "\"a\":0}]}", Operation::ListTaskMessages),
        ] {
            let object = format!("{start}{keys}{end}");
            assert!(has_too_many_values(operation, object.as_bytes()), "{start}");
        }
    }
}
