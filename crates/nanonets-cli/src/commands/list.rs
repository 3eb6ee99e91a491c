//! Lists, page after page up to a limit.

use futures_util::TryStreamExt as _;
use nanonets_agents::{Error, List, OddItem};
use serde::Serialize;

use crate::args::Paging;
use crate::command_line::option;
use crate::commands::raw;
use crate::explain::is_defect;
use crate::failure::Failure;
use crate::output::{self, Columns, Item, JsonArray, Last, Output};
use crate::session::Session;

/// The most that a page has.
const PAGE: usize = 100;

/// Prints a list as far as it was asked for.
pub async fn print<T, F>(
    session: &Session,
    list: List<T, F>,
    paging: Paging,
    columns: &Columns,
) -> Result<(), Failure>
where
    T: Serialize + Send + 'static,
    F: Clone + Send + 'static,
{
    let limit = if paging.all { usize::MAX } else { paging.limit };
    if paging.raw && limit > PAGE {
        let message = format!("--raw prints one page, which has at most {PAGE} items");
        return Err(Failure::usage(message));
    }
    // A list that ends with a page can be taken up by that page's cursor.
    let pages = limit.div_ceil(PAGE).max(1);
    let size = u8::try_from(limit.div_ceil(pages).clamp(1, PAGE)).unwrap_or(u8::MAX);
    let mut list = list.page_size(size);
    let mut next = paging.cursor.clone();
    if let Some(cursor) = paging.cursor {
        list = list.cursor(cursor);
    }
    if paging.raw {
        return raw::print(list.page()).await;
    }
    let mut pages = list.pages();
    let mut rows = Vec::new();
    let mut array = JsonArray::default();
    let mut is_empty = true;
    let mut left = limit;
    let mut is_cut = false;
    let mut failed = None;
    let mut odd_items = OddItems::default();
    while left > 0 {
        let page = match pages.try_next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            // The pages before it are printed.
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        // Its cursor stands behind the whole page: what is cut off would never be shown.
        let mut shown = output::items_of(&page.items)?;
        for odd in page.odd {
            odd_items.tell(session, &odd);
            shown.insert(odd.index.min(shown.len()), Item::of_text(odd.json()));
        }
        next = page.next_cursor.filter(|_| shown.len() <= left);
        is_cut |= shown.len() > left;
        shown.truncate(left);
        left -= shown.len();
        is_empty &= shown.is_empty();
        // JSON is printed page by page. A table needs all rows for its widths.
        match session.output {
            Output::JsonLines => session.output.items(&shown, columns, Last::Cut)?,
            Output::Json => shown.iter().try_for_each(|item| array.push(item))?,
            Output::Table => rows.extend(shown),
        }
    }
    match session.output {
        Output::Table => session.output.items(&rows, columns, Last::Cut)?,
        Output::Json if failed.is_none() || !array.is_empty() => array.end()?,
        Output::Json | Output::JsonLines => {}
    }
    odd_items.tell_the_rest(session);
    if let Some(error) = failed {
        return Err(with_raw(error, size, next.as_deref()));
    }
    let is_cut = is_cut || next.as_deref().is_some_and(|cursor| !is_argument(cursor));
    if let Some(cursor) = next.as_deref().filter(|cursor| is_argument(cursor)) {
        let cursor = option("--cursor", cursor);
        session
            .notes
            .say(&format!("more items follow: continue with {cursor}"));
    } else if is_cut {
        session
            .notes
            .say("more items follow: raise --limit, or give --all");
    } else if is_empty && session.output == Output::Table {
        session.notes.say("no items");
    }
    Ok(())
}

/// The longest cursor that is shown. Linux takes no argument of 128 KiB.
const LONGEST_CURSOR: usize = 4 * 1024;

/// Whether a shell can give a cursor to a command.
fn is_argument(cursor: &str) -> bool {
    // The substitution of a command takes line breaks off its end.
    cursor.len() <= LONGEST_CURSOR && !cursor.contains('\0') && !cursor.ends_with('\n')
}

/// The failure of a page, with the options that print it as it came.
fn with_raw(error: Error, size: u8, cursor: Option<&str>) -> Failure {
    // Another list is printed by a command of its own.
    let has_options = is_defect(&error) && error.agent_id().is_none();
    let failure = Failure::from(error);
    let cursor = match cursor {
        Some(cursor) if is_argument(cursor) => format!(" {}", option("--cursor", cursor)),
        Some(_) => return failure,
        None => String::new(),
    };
    match has_options {
        true => failure.line(format!(
            "--raw --limit {size}{cursor} prints the answer as it came, in place of --all, --limit, --cursor, --json and \
             --jsonl."
        )),
        false => failure,
    }
}

/// The items that are not as documented. The first ones are told one by one.
#[derive(Debug, Default)]
struct OddItems(usize);

impl OddItems {
    /// The most that are told one by one.
    const MOST: usize = 10;

    fn tell(&mut self, session: &Session, item: &OddItem) {
        self.0 += 1;
        if self.0 <= Self::MOST {
            let note = format!("an item is not as documented: {}", item.reason());
            session.notes.say(&note);
        }
    }

    fn tell_the_rest(&self, session: &Session) {
        if let more @ 1.. = self.0.saturating_sub(Self::MOST) {
            let note = format!("and {more} more items are not as documented");
            session.notes.say(&note);
        }
    }
}
