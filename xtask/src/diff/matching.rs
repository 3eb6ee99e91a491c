//! Which item of a list is which of another one.

/// The items of two lists.
#[derive(Debug)]
pub struct Matching<'a, T> {
    /// Those that both have, each with its position in the new list.
    pub both: Vec<(&'a T, &'a T, usize)>,
    pub gone: Vec<&'a T>,
    pub added: Vec<&'a T>,
}

/// Whether two items are the same.
pub type Rule<'r, T> = dyn Fn(&T, &T) -> bool + 'r;

/// Matches items by the first of some rules, then those that are left by the next one.
pub fn matching<'a, T>(old: &'a [T], new: &'a [T], rules: &[&Rule<'_, T>]) -> Matching<'a, T> {
    let mut matches: Vec<Option<usize>> = vec![None; old.len()];
    for is_same in rules {
        for (index, before) in old.iter().enumerate() {
            if matches[index].is_none() {
                let mut free = (0..new.len()).filter(|found| !matches.contains(&Some(*found)));
                matches[index] = free.find(|found| is_same(before, &new[*found]));
            }
        }
    }
    let all = || old.iter().zip(&matches);
    let added = new.iter().enumerate();
    Matching {
        both: all()
            .filter_map(|(old, found)| Some((old, new.get((*found)?)?, (*found)?)))
            .collect(),
        gone: all()
            .filter(|(_, found)| found.is_none())
            .map(|(old, _)| old)
            .collect(),
        added: added
            .filter(|(index, _)| !matches.contains(&Some(*index)))
            .map(|(_, new)| new)
            .collect(),
    }
}

impl<T> Matching<'_, T> {
    /// Whether the items that both have are in another order.
    pub fn is_reordered(&self) -> bool {
        !self.both.is_sorted_by_key(|(.., position)| *position)
    }
}
