//! The tasks that a search lists, with bounds on a faulty server.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use nanonets_agents_api::types::TaskListItem;

use crate::list::List;
use crate::task::TaskFilter;
use crate::transport::call::Call;
use crate::transport::error::{Error, ErrorKind, Result};
use crate::transport::operation::Operation;

/// The result of listing tasks.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The first item that did not decode.
    pub odd: Option<Error>,
    /// Whether the server said of the last list that nothing follows.
    pub is_complete: bool,
    /// By how much the clock of the server is ahead now, if an answer tells.
    pub offset: Option<TimeDelta>,
}

/// The largest number of tasks that a search lists: a faulty server may always announce another page.
const MAX_TASKS: usize = 20_000;
/// The largest number of consecutive pages without a new item.
const REPEATED_PAGES: u32 = 20;

impl Listed {
    /// Every task of a list that decodes.
    pub async fn tasks(
        &mut self,
        list: List<TaskListItem, TaskFilter>,
    ) -> Result<Vec<TaskListItem>> {
        let mut tasks = Vec::new();
        let mut seen = HashSet::new();
        let mut repeated = 0;
        let mut pages = list.pages();
        while let Some(page) = pages.try_next().await? {
            let known = seen.len();
            self.is_complete = page.is_last;
            for item in page.into_results(Call::new(Operation::ListTasks)) {
                match item {
                    Ok(task) if seen.insert(task.task_id) => tasks.push(task),
                    Ok(_) => {}
                    Err(error) => self.odd = self.odd.take().or(Some(error)),
                }
            }
            if tasks.len() > MAX_TASKS {
                let message = format!("the list of tasks has more than {MAX_TASKS}, or no end");
                return Err(Error::new(ErrorKind::Pagination, message));
            }
            repeated = if seen.len() > known { 0 } else { repeated + 1 };
            if repeated > REPEATED_PAGES {
                let message = "the list of tasks repeats itself and does not end";
                return Err(Error::new(ErrorKind::Pagination, message));
            }
        }
        Ok(tasks)
    }
}
