//! Matching of the items of two lists.

/// The items of two lists.
#[derive(Debug)]
pub struct Matching<'a, T> {
    /// The items that both lists have, each with its position in the new list.
    pub pairs: Vec<(&'a T, &'a T, usize)>,
    pub gone: Vec<&'a T>,
    pub added: Vec<&'a T>,
}

/// Whether two items are the same.
pub type Rule<'r, T> = dyn Fn(&T, &T) -> bool + 'r;

/// Matches items by the first of some rules, then those that are left by the next one.
pub fn matching<'a, T>(old: &'a [T], new: &'a [T], rules: &[&Rule<'_, T>]) -> Matching<'a, T> {
    let mut matches: Vec<Option<usize>> = vec![None; old.len()];
    let mut is_taken = vec![false; new.len()];
    for is_same in rules {
        for (before, position) in old
            .iter()
            .zip(&mut matches)
            .filter(|(_, position)| position.is_none())
        {
            let mut free = new.iter().zip(&mut is_taken).enumerate();
            let is_match = |(_, (after, is_taken)): &(usize, (&T, &mut bool))| {
                !**is_taken && is_same(before, after)
            };
            if let Some((index, (_, is_taken))) = free.find(is_match) {
                (*position, *is_taken) = (Some(index), true);
            }
        }
    }
    let all = || old.iter().zip(&matches);
    Matching {
        pairs: all()
            .filter_map(|(old, position)| Some((old, new.get((*position)?)?, (*position)?)))
            .collect(),
        gone: all()
            .filter(|(_, position)| position.is_none())
            .map(|(old, _)| old)
            .collect(),
        added: new
            .iter()
            .zip(is_taken)
            .filter(|(_, is)| !is)
            .map(|(new, _)| new)
            .collect(),
    }
}

impl<T> Matching<'_, T> {
    /// Whether the items that both have are in another order, of those that count.
    pub fn is_reordered(&self, counts: impl Fn(&T) -> bool) -> bool {
        let pairs = self.pairs.iter();
        let pairs = pairs.filter(|(old, new, _)| counts(old) && counts(new));
        !pairs.is_sorted_by_key(|(.., position)| *position)
    }
}
