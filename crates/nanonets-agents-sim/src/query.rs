//! Query parameters: read strictly, so that a client's mistake shows in its tests and not in production.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::page::{Cursors, Paging};
use crate::reply::Failure;

/// The query of a request, decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// The text of a parameter; an empty one counts as none.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        Ok(self.value(name)?.filter(|value| !value.is_empty()))
    }

    fn value(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            Some(_) => Err(Failure::bad_request(format!(
                "the query parameter `{name}` is given more than once; lists are joined by commas"
            ))),
            None => Ok(first),
        }
    }

    /// A comma-separated list of values of an enum, all of which must be among `known`.
    pub fn list<T: for<'a> From<&'a str> + PartialEq>(
        &self,
        name: &str,
        known: &[T],
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let values = text.split(',').map(|piece| {
            let value = T::from(piece);
            known.contains(&value).then_some(value).ok_or_else(|| {
                Failure::bad_request(format!(
                    "`{name}` is a comma-separated list of statuses, and one of these is not known"
                ))
            })
        });
        values.collect::<Result<_, _>>().map(Some)
    }

    pub fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Failure> {
        self.parsed(name, "a time such as 2026-01-31T09:30:00Z", |text| {
            // RFC 3339 has a `T`, which its parser leaves open.
            let time = DateTime::parse_from_rfc3339(text).ok();
            time.filter(|_| text.contains(['T', 't'])).map(Into::into)
        })
    }

    pub fn uuid(&self, name: &str) -> Result<Option<Uuid>, Failure> {
        self.parsed(name, "a UUID", uuid)
    }

    /// `cursor` and `limit` of a list.
    pub fn paging(&self, kind: &str, cursors: &Cursors) -> Result<Paging, Failure> {
        let mut paging = Paging::default();
        if let Some(limit) = self.parsed("limit", LIMIT, whole)? {
            if !(1..=100).contains(&limit) {
                return Err(Failure::bad_request(format!("`limit` must be {LIMIT}")));
            }
            paging.limit = limit;
        }
        if let Some(cursor) = self.text("cursor")? {
            let place = cursors.decode(kind, cursor);
            paging.before = Some(place.ok_or_else(|| {
                Failure::bad_request("`cursor` is not a `next_cursor` of this list")
            })?);
        }
        Ok(paging)
    }

    fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.value(name)? else {
            return Ok(None);
        };
        let value = parse(text).map(Some);
        value.ok_or_else(|| Failure::bad_request(format!("`{name}` must be {expected}")))
    }
}

const LIMIT: &str = "a whole number from 1 to 100";

fn whole(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A UUID in its usual form, with hyphens.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    text.parse().ok().filter(|_| text.len() == 36)
}
