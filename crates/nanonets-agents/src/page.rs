//! A page of a list, with the items that do not decode beside the others.

use std::fmt;

use bytes::Bytes;
use nanonets_agents_api::support::decode;
use serde::de::DeserializeOwned;

use crate::transport::call::Call;
use crate::transport::error::{Error, ErrorKind, Result};

/// One page of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Its items that can't be decoded, in their order. There are none unless the server departs from the
    /// documentation.
    pub odd: Vec<OddItem>,
    /// Where the next page begins; `None` at the end of the list.
    pub next_cursor: Option<String>,
    /// Whether the server said that nothing follows. A page without a cursor is the last one that can be read, which proves
    /// nothing.
    pub(crate) is_last: bool,
}

impl<T> Page<T> {
    /// The documentation has it that a list ends where there is no more, or where there is no cursor: null, missing or
    /// empty.
    pub(crate) fn new(items: Vec<T>, has_more: Option<bool>, next_cursor: Option<String>) -> Self {
        let next_cursor =
            next_cursor.filter(|cursor| !cursor.is_empty() && has_more != Some(false));
        Self {
            items,
            odd: Vec::new(),
            next_cursor,
            is_last: has_more == Some(false),
        }
    }

    /// All items in their order.
    pub(crate) fn into_results(self, call: Call) -> impl Iterator<Item = Result<T>> {
        let mut items = self.items.into_iter();
        let mut odd = self.odd.into_iter().peekable();
        (0..).map_while(move |index| match odd.next_if(|odd| odd.index == index) {
            Some(odd) => Some(Err(odd.into_error(call))),
            None => items.next().map(Ok),
        })
    }
}

/// An item of a page that can't be decoded. It shares the body of the page with the others, which stays in memory as long as
/// one of them.
#[derive(Clone)]
#[non_exhaustive]
pub struct OddItem {
    /// Where it is on its page, counted from 0, the other items included.
    pub index: usize,
    json: Bytes,
    reason: fn(&[u8]) -> String,
}

impl OddItem {
    /// An item that is not a `T`.
    pub(crate) fn new<T: DeserializeOwned>(index: usize, json: Bytes) -> Self {
        Self {
            index,
            json,
            reason: |json| match decode::<T>(json) {
                Ok(_) => String::new(),
                Err(error) => error.to_string(),
            },
        }
    }

    /// The item as it came. It may hold what was in a document.
    #[must_use]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// Why it can't be decoded, without any of its values. It is decoded once more for that.
    #[must_use]
    pub fn reason(&self) -> String {
        (self.reason)(&self.json)
    }

    fn into_error(self, call: Call) -> Error {
        let message = format!(
            "item {} of the page can't be read: {}",
            self.index,
            self.reason()
        );
        Error::new(ErrorKind::Unreadable, message)
            .with_body(Bytes::copy_from_slice(&self.json))
            .during(call, 1)
    }
}

impl fmt::Debug for OddItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OddItem")
            .field("index", &self.index)
            .field("length", &self.json.len())
            .finish_non_exhaustive()
    }
}
