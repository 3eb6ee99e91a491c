//! Answers that do not decode as documented: an odd item or field does not lose the others.
//!
//! The generated client decodes an answer as a whole, which is the fast path. If that fails, its error has the body, which
//! is decoded again here, item by item and field by field.

#![expect(
    clippy::result_large_err,
    reason = "the error is that of the generated client"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use nanonets_agents_api::support::{BodyProblem, decode};
use nanonets_agents_api::types::Message;
use nanonets_agents_api::{Error as ApiError, Json, ResponseValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::optional_fields::{Optional, object};
use crate::page::{OddItem, Page};
use crate::transport::call::Sent;

/// The page of an answer, with the items that do not decode beside the others.
pub(crate) fn page<P, T: DeserializeOwned + Debug>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> Page<T>,
) -> Sent<Page<T>> {
    recover(sent, documented, decode_page)
}

/// The messages of an answer. Fields that do not decode are in `extra`, as they came.
pub(crate) fn messages<P>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> Vec<Message>,
) -> Sent<Vec<Message>> {
    recover(sent, documented, |body| {
        let list: RawList<'_> = serde_json::from_slice(body).ok()?;
        list.data.iter().map(|item| message(item)).collect()
    })
}

/// Decodes a success that does not decode as documented by `lenient`, if that succeeds.
fn recover<P, T: Debug>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> T,
    lenient: impl FnOnce(&Bytes) -> Option<T>,
) -> Sent<T> {
    let answer = match sent {
        Ok(response) => return response.map(documented),
        Err(ApiError::ErrorResponse(answer)) => answer,
        Err(error) => return Err(error),
    };
    let is_undecodable = matches!(answer.problem(), Some(BodyProblem::Undecodable(_)));
    let value = match is_undecodable && answer.status().is_success() {
        true => lenient(answer.bytes()),
        false => None,
    };
    match value {
        Some(value) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok(ResponseValue::new(value, status, headers))
        }
        None => Err(ApiError::ErrorResponse(answer)),
    }
}

/// A list whose items are not decoded yet, and stay in the body.
#[derive(Deserialize)]
struct RawList<'b> {
    #[serde(borrow)]
    data: Vec<&'b RawValue>,
    has_more: Option<Value>,
    next_cursor: Option<Value>,
}

fn decode_page<T: DeserializeOwned>(body: &Bytes) -> Option<Page<T>> {
    let list: RawList<'_> = serde_json::from_slice(body).ok()?;
    let has_more = match list.has_more {
        Some(Value::Bool(has_more)) => Some(has_more),
        Some(Value::String(text)) => text.parse().ok(),
        // The cursor decides.
        _ => None,
    };
    let next_cursor = match list.next_cursor {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) => Some(cursor),
        Some(Value::Number(cursor)) => Some(cursor.to_string()),
        // Without it, the rest of the list would be lost.
        Some(_) => return None,
    };
    let mut page = Page::new(Vec::new(), has_more, next_cursor);
    for (index, item) in list.data.iter().enumerate() {
        let json = item.get().as_bytes();
        match decode(json) {
            Ok(item) => page.items.push(item),
            Err(_) => page
                .odd
                .push(OddItem::new::<T>(index, body.slice_ref(json))),
        }
    }
    Some(page)
}

/// A message of a list. An item that is not an object is the content of a message.
fn message(item: &RawValue) -> Option<Message> {
    let item: Json = decode(item.get().as_bytes()).ok()?;
    let fields = item.get();
    object(fields.unwrap_or_else(|_| BTreeMap::from([("content".to_owned(), item)])))
}

/// Decodes an answer whose fields are all optional. The fields that do not decode are in `extra`, as they came.
pub(crate) fn answer<T: Optional + Debug>(sent: Sent<T>) -> Sent<T> {
    recover(sent, |answer| answer, |body| object(decode(body).ok()?))
}
