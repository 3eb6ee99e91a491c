//! Lists, page by page or item by item.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use futures_util::stream::{self, Stream, TryStreamExt};

use crate::page::Page;
use crate::transport::call::Options;
use crate::transport::client::Client;
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::request::{Request, options};

/// The number of consecutive empty pages that are skipped.
const MAX_EMPTY: u32 = 20;
/// The most pages of a walk, unless [`List::max_pages`] says otherwise: a million items of pages of the largest size.
const MAX_PAGES: u32 = 10_000;

type Fetch<T, F> = fn(Client, F, Option<String>, Option<i64>) -> Request<Page<T>>;

/// A list to walk through.
#[derive(Clone)]
#[must_use = "a list is walked through by `stream` or `pages`"]
pub struct List<T, F> {
    client: Client,
    pub(crate) filter: F,
    cursor: Option<String>,
    limit: Option<i64>,
    max_pages: u32,
    options: Options,
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
            max_pages: MAX_PAGES,
            options: Options::default(),
            fetch,
        }
    }

    /// The largest number of items of a page, from 1 to 100. The server's default is 20.
    pub fn page_size(mut self, items: u8) -> Self {
        self.limit = Some(items.into());
        self
    }

    /// Begins where a page of the same list said that the next one begins.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// The most pages that a walk reads. The default is 10,000: a server that always gives another cursor has a list without an
    /// end. A longer list is taken up at the [cursor](Self::cursor) of its last page.
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = pages;
        self
    }

    /// Keeps a text that is sent out of errors.
    pub(crate) fn private(mut self, text: &str) -> Self {
        self.options.private.push(text.into());
        self
    }

    options!();

    /// The request of the next page alone. Each page is a call of its own with the timeouts and headers of the list.
    pub fn page(&self) -> Request<Page<T>> {
        let request = (self.fetch)(
            self.client.clone(),
            self.filter.clone(),
            self.cursor.clone(),
            self.limit,
        );
        request.with_options(self.options.clone())
    }

    /// Every page, one request for each. Some may be empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pagination`] if the server gives a cursor for the second time, more than twenty empty pages in a row, or
    /// more than [`max_pages`](Self::max_pages): the walk would never end. Otherwise those of the request. The stream ends with the first error.
    pub fn pages(self) -> impl Stream<Item = Result<Page<T>>> + Send + Unpin + 'static {
        let mut walk = Walk {
            seen: HashSet::new(),
            hasher: RandomState::new(),
            list: self,
            pages: 0,
            empty: 0,
        };
        if let Some(cursor) = &walk.list.cursor {
            walk.seen.insert(walk.hasher.hash_one(cursor));
        }
        Box::pin(stream::try_unfold(Some(Ok(walk)), |walk| async move {
            let Some(walk) = walk else {
                return Ok(None);
            };
            // The page before an error is not lost.
            let mut walk: Walk<T, F> = walk?;
            let page = walk.list.page().await?;
            let next = match walk.follow(&page) {
                Ok(true) => Some(Ok(walk)),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            };
            Ok(Some((page, next)))
        }))
    }

    /// Every item, page after page.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages). An item that can't be decoded is an error of the kind [`ErrorKind::Unreadable`] in its
    /// place, with the item in [`Error::raw_output`]; the stream goes on after it.
    pub fn stream(self) -> impl Stream<Item = Result<T>> + Send + Unpin + 'static {
        let call = self.page().call();
        let items = self
            .pages()
            .map_ok(move |page| stream::iter(page.into_results(call)));
        Box::pin(items.try_flatten())
    }
}

/// A list that is being walked through.
struct Walk<T, F> {
    list: List<T, F>,
    /// The hash of every cursor that was given out: a cursor may be long.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// The number of pages that were read.
    pages: u32,
    /// The number of empty pages before this one.
    empty: u32,
}

impl<T, F> Walk<T, F> {
    /// Moves behind a page, and says whether another follows.
    fn follow(&mut self, page: &Page<T>) -> Result<bool> {
        let endless = |message: String| Err(Error::new(ErrorKind::Pagination, message));
        let Some(cursor) = &page.next_cursor else {
            return Ok(false);
        };
        self.empty = match page.items.is_empty() && page.odd.is_empty() {
            true => self.empty + 1,
            false => 0,
        };
        if self.empty > MAX_EMPTY {
            return endless(format!(
                "the server gave {} pages in a row without an item, and says that more follow",
                self.empty
            ));
        }
        self.pages += 1;
        if self.pages >= self.list.max_pages {
            return endless(format!(
                "the list has more than {} pages, or no end",
                self.list.max_pages
            ));
        }
        if !self.seen.insert(self.hasher.hash_one(cursor)) {
            return endless(
                "the server gave the same cursor twice, so the list would never end".to_owned(),
            );
        }
        self.list.cursor = Some(cursor.clone());
        Ok(true)
    }
}
