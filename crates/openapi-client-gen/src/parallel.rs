//! Work shared by threads: formatting is most of a run, and the sections of a file do not depend on each other.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The stack of a thread: schemas nest, and code that walks them recurses. The default of some systems is small.
pub const STACK_BYTES: usize = 256 * 1024 * 1024;

/// The result of `work`, done on a thread with a stack of [`STACK_BYTES`]; on this one if there is no other. Reading and checking
/// an untrusted document recurses deeply.
pub fn on_large_stack<R: Send>(work: impl Fn() -> R + Sync) -> R {
    thread::scope(|scope| {
        let helper = thread::Builder::new().stack_size(STACK_BYTES);
        match helper.spawn_scoped(scope, &work) {
            Ok(helper) => helper.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => work(),
        }
    })
}

/// The number of threads that share work.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The result of `work` for each item, in the order of the items. Up to [`threads`] threads take one item after the other.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return results;
            };
            results.push((index, work(item)));
        }
    };
    let mut results = thread::scope(|scope| {
        let helpers = (1..threads().min(items.len())).map_while(|_| {
            let helper = thread::Builder::new().stack_size(STACK_BYTES);
            // Without another thread, this one does all of it.
            helper.spawn_scoped(scope, take).ok()
        });
        let helpers: Vec<_> = helpers.collect();
        let mut results = take();
        for helper in helpers {
            match helper.join() {
                Ok(more) => results.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Does `work`, and `aside` at the same time if there is another thread for it.
pub fn beside<R>(aside: impl FnOnce() + Send, work: impl FnOnce() -> R) -> R {
    thread::scope(|scope| {
        // Without another thread, it is left undone: `aside` saves time, and nothing depends on it.
        let helper = thread::Builder::new().stack_size(STACK_BYTES);
        let helper = helper.spawn_scoped(scope, aside);
        let result = work();
        if let Ok(Err(panic)) = helper.map(|helper| helper.join()) {
            resume_unwind(panic);
        }
        result
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::{beside, map};

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(
            map(&items, |item| item * 2),
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert!(map(&[0_u8; 0], |item| *item).is_empty());
    }

    #[test]
    fn each_item_is_done_once() {
        let done = Mutex::new(BTreeSet::new());
        let items: Vec<usize> = (0..100).collect();
        let first = map(&items, |item| {
            done.lock().map(|mut done| done.insert(*item)).ok()
        });
        assert_eq!(first, vec![Some(true); 100]);
    }

    #[test]
    fn both_are_done() {
        let done = Mutex::new(false);
        let aside = || {
            if let Ok(mut done) = done.lock() {
                *done = true;
            }
        };
        assert_eq!(beside(aside, || 7), 7);
        assert_eq!(done.into_inner().ok(), Some(true));
    }
}
