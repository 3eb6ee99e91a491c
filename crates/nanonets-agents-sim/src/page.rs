//! Cursors: opaque to clients, and never the same text twice for the same place.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of items of a page, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 20;

/// The filters and the page that a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    pub limit: usize,
    /// Items at this index and after it have been listed, or came later than the walk began.
    pub before: Option<usize>,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            before: None,
        }
    }
}

/// One page, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<usize>,
}

impl Paging {
    /// Takes a page from items that are numbered in the order of their creation: newest first, those that `keep` maps.
    pub fn newest_first<T>(
        &self,
        numbers: Range<usize>,
        mut keep: impl FnMut(usize) -> Option<T>,
    ) -> Page<T> {
        let mut items = Vec::new();
        let end = self
            .before
            .map_or(numbers.end, |before| before.min(numbers.end));
        for index in (numbers.start..end).rev() {
            if items.len() == self.limit {
                // Something follows only if one more passes the filter.
                if keep(index).is_some() {
                    return Page {
                        items,
                        next: Some(index + 1),
                    };
                }
                continue;
            }
            items.extend(keep(index));
        }
        Page { items, next: None }
    }
}

/// Makes and reads cursors of one simulator.
#[derive(Clone, Debug)]
pub(crate) struct Cursors {
    secret: u64,
    made: Arc<AtomicU32>,
}

impl Cursors {
    pub fn new(seed: u64) -> Self {
        Self {
            secret: mix(seed ^ 0x6375_7273_6f72),
            made: Arc::default(),
        }
    }

    /// A cursor for the place before `index` in the list `kind`. No two read the same.
    pub fn encode(&self, kind: &str, index: usize) -> String {
        let nonce = self.made.fetch_add(1, Ordering::Relaxed);
        let place = index as u64 ^ mix(u64::from(nonce) ^ self.secret);
        format!(
            "{nonce:08x}{place:016x}{:08x}",
            self.check(kind, place, nonce)
        )
    }

    /// The place that a cursor of this list stands for, if it is one.
    pub fn decode(&self, kind: &str, cursor: &str) -> Option<usize> {
        if cursor.len() != 32 || !cursor.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let nonce = u32::from_str_radix(cursor.get(..8)?, 16).ok()?;
        let place = u64::from_str_radix(cursor.get(8..24)?, 16).ok()?;
        let check = u32::from_str_radix(cursor.get(24..)?, 16).ok()?;
        if check != self.check(kind, place, nonce) {
            return None;
        }
        usize::try_from(place ^ mix(u64::from(nonce) ^ self.secret)).ok()
    }

    fn check(&self, kind: &str, place: u64, nonce: u32) -> u32 {
        let kind = kind
            .bytes()
            .fold(0_u64, |hash, byte| mix(hash ^ u64::from(byte)));
        (mix(kind ^ place ^ mix(self.secret ^ u64::from(nonce))) >> 32) as u32
    }
}

/// The finaliser of SplitMix64: every bit of the input changes about half of the output.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Cursors, Paging};

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_list_only() {
        let cursors = Cursors::new(7);
        for index in [0, 1, 20, 12_345] {
            let cursor = cursors.encode("tasks", index);
            assert_eq!(cursors.decode("tasks", &cursor), Some(index));
            assert_eq!(cursors.decode("agents", &cursor), None);
            assert_eq!(Cursors::new(8).decode("tasks", &cursor), None);
            assert_ne!(cursors.encode("tasks", index), cursor);
        }
        for bad in ["", "20", "é", &"0".repeat(32), &"é".repeat(16)] {
            assert_eq!(cursors.decode("tasks", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_page_says_that_more_follows_only_if_something_does() {
        let even = |index: usize| index.is_multiple_of(2).then_some(index);
        let first = Paging {
            limit: 2,
            before: None,
        }
        .newest_first(0..5, even);
        assert_eq!((first.items, first.next), (vec![4, 2], Some(1)));
        let last = Paging {
            limit: 2,
            before: first.next,
        }
        .newest_first(0..5, even);
        assert_eq!((last.items, last.next), (vec![0], None));
        let exact = Paging {
            limit: 3,
            before: None,
        }
        .newest_first(0..5, even);
        assert_eq!((exact.items, exact.next), (vec![4, 2, 0], None));
    }
}
