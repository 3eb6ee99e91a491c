//! Lists, page by page or item by item.

use std::fmt;

use futures_util::stream::{self, Stream, TryStreamExt};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;

/// One page of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end of the list.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The documentation has it that a list ends where there is no more, or where there is no cursor: null, missing or
    /// empty.
    pub(crate) fn new(items: Vec<T>, has_more: Option<bool>, next_cursor: Option<String>) -> Self {
        let next_cursor =
            next_cursor.filter(|cursor| !cursor.is_empty() && has_more != Some(false));
        Self { items, next_cursor }
    }
}

/// So many empty pages in a row are passed over.
const MAX_EMPTY: u32 = 20;

type Fetch<T, F> = fn(Client, F, Option<String>, Option<i64>) -> Request<Page<T>>;

/// A list to walk through.
#[must_use = "a list is walked through by `stream` or `pages`"]
pub struct List<T, F> {
    client: Client,
    pub(crate) filter: F,
    cursor: Option<String>,
    limit: Option<i64>,
    fetch: Fetch<T, F>,
}

impl<T, F: fmt::Debug> fmt::Debug for List<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static, F: Clone + Send + 'static> List<T, F> {
    pub(crate) fn new(client: Client, filter: F, fetch: Fetch<T, F>) -> Self {
        Self {
            client,
            filter,
            cursor: None,
            limit: None,
            fetch,
        }
    }

    /// How many items a page has at most, from 1 to 100. The server's default is 20.
    pub fn page_size(mut self, items: u8) -> Self {
        self.limit = Some(items.into());
        self
    }

    /// Begins where a page of the same list said that the next one begins.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// The request of the next page alone.
    pub fn page(&self) -> Request<Page<T>> {
        (self.fetch)(
            self.client.clone(),
            self.filter.clone(),
            self.cursor.clone(),
            self.limit,
        )
    }

    /// Every page, one request for each. Some may be empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pagination`] if the server gives back the cursor that was sent, or twenty empty pages in a row and
    /// one more: the walk would never end.
    /// Otherwise those of the request. The stream ends with the first error.
    pub fn pages(self) -> impl Stream<Item = Result<Page<T>>> + Send + 'static {
        stream::try_unfold((Some(self), 0), |(list, empty)| async move {
            let Some(mut list) = list else {
                return Ok(None);
            };
            let page = list.page().await?;
            let empty = if page.items.is_empty() { empty + 1 } else { 0 };
            if empty > MAX_EMPTY && page.next_cursor.is_some() {
                return Err(Error::new(
                    ErrorKind::Pagination,
                    format!(
                        "the server gave {empty} pages in a row without an item, and says that more follow"
                    ),
                ));
            }
            let next = match &page.next_cursor {
                None => None,
                sent if *sent == list.cursor => {
                    return Err(Error::new(
                        ErrorKind::Pagination,
                        "the server gave the same cursor twice, so the list would never end",
                    ));
                }
                Some(cursor) => {
                    list.cursor = Some(cursor.clone());
                    Some(list)
                }
            };
            Ok(Some((page, (next, empty))))
        })
    }

    /// Every item, page after page.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    pub fn stream(self) -> impl Stream<Item = Result<T>> + Send + Unpin + 'static {
        let items = self.pages().map_ok(|page| {
            let items = page.items.into_iter().map(Ok);
            stream::iter(items)
        });
        Box::pin(items.try_flatten())
    }
}
