//! The result of a look for what a request created, if its answer was lost.

use chrono::{DateTime, TimeDelta, Utc};

use crate::failure::Failure;
use crate::time::seconds;

/// The most that the look shows.
pub const PAGE: usize = 20;

/// The result of one look.
#[derive(Debug, Default)]
pub struct Look {
    /// The ids of what was created since the request, perhaps by it, each with its status if it has one.
    pub found: Vec<(String, Option<String>)>,
    /// The number of the others.
    pub more: usize,
    /// Until when it may still appear.
    pub open_until: Option<DateTime<Utc>>,
    /// The error of the look. It is no evidence about the request.
    pub failed: Option<String>,
    pub clock_offset: Option<TimeDelta>,
}

impl Look {
    pub fn of(
        found: impl Iterator<Item = (String, Option<String>)>,
        clock_offset: Option<TimeDelta>,
    ) -> Self {
        let mut found: Vec<_> = found.collect();
        let more = found.len().saturating_sub(PAGE);
        found.truncate(PAGE);
        Self {
            found,
            more,
            clock_offset,
            ..Self::default()
        }
    }

    pub fn failed(why: impl Into<String>) -> Self {
        Self {
            failed: Some(why.into()),
            ..Self::default()
        }
    }

    pub fn describe(&self, failure: Failure) -> Failure {
        if let Some(why) = &self.failed {
            return failure.line(format!("A look for it failed: {why}"));
        }
        if self.found.is_empty() {
            return failure.line(match self.open_until {
                Some(time) => {
                    let time = seconds(time);
                    format!("A look found nothing so far; it may still appear until {time}.")
                }
                None => "A look found nothing so far; it may still appear.".to_owned(),
            });
        }
        let failure = failure.line("A look found these candidates:");
        let failure = self.found.iter().fold(failure, |failure, (id, status)| {
            let status = status.as_deref().unwrap_or_default();
            failure.item(format!("{id} {status}").trim_end())
        });
        match self.more {
            0 => failure,
            more => failure.item(format!("and {more} more")),
        }
    }
}
