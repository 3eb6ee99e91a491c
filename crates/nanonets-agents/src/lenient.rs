//! Lists that can't be decoded as documented: one odd item does not lose the others.
//!
//! The generated client decodes an answer as a whole, which is the fast path. Where that fails, its error has the body,
//! which is decoded again here, item by item.

#![expect(
    clippy::result_large_err,
    reason = "the error is that of the generated client"
)]

use std::fmt::Debug;

use nanonets_agents_api::support::{BodyProblem, decode};
use nanonets_agents_api::types::Message;
use nanonets_agents_api::{Error as ApiError, ResponseValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::call::Sent;
use crate::list::{OddItem, Page};

/// Makes a page of what was sent, with the items that can't be decoded beside the others.
pub(crate) fn page<P, T: DeserializeOwned + Debug>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> Page<T>,
) -> Sent<Page<T>> {
    recover(sent, documented, decode_page)
}

/// Makes messages of what was sent. Fields that can't be decoded are in `extra`, as they came.
pub(crate) fn messages<P>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> Vec<Message>,
) -> Sent<Vec<Message>> {
    recover(sent, documented, |body| {
        let list: RawList = decode(body).ok()?;
        list.data.iter().map(|item| message(item)).collect()
    })
}

/// A success that can't be decoded as documented becomes what `lenient` makes of its body, if it makes something of it.
fn recover<P, T: Debug>(
    sent: Sent<P>,
    documented: impl FnOnce(P) -> T,
    lenient: impl FnOnce(&[u8]) -> Option<T>,
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

/// A list whose items are not decoded yet.
#[derive(Deserialize)]
struct RawList {
    data: Vec<Box<RawValue>>,
    has_more: Option<Value>,
    next_cursor: Option<Value>,
}

fn decode_page<T: DeserializeOwned>(body: &[u8]) -> Option<Page<T>> {
    let list: RawList = decode(body).ok()?;
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
        match decode(item.get().as_bytes()) {
            Ok(item) => page.items.push(item),
            Err(error) => page.odd.push(OddItem {
                index,
                json: item.get().to_owned(),
                reason: error.to_string(),
            }),
        }
    }
    Some(page)
}

/// A message whose fields that can't be decoded are in `extra`. An item that is no object is the content of one.
fn message(item: &RawValue) -> Option<Message> {
    let fields = match decode(item.get().as_bytes()).ok()? {
        Value::Object(fields) => fields,
        content => Map::from_iter([("content".to_owned(), content)]),
    };
    // No field is required, so each can be tried by itself.
    let is_documented = |key: &String, value: &Value| {
        let alone = Map::from_iter([(key.clone(), value.clone())]);
        Message::deserialize(Value::Object(alone)).is_ok()
    };
    let (documented, odd): (Map<_, _>, Map<_, _>) = fields
        .into_iter()
        .partition(|(key, value)| is_documented(key, value));
    let mut message = Message::deserialize(Value::Object(documented)).ok()?;
    message.extra.extend(odd);
    Some(message)
}
