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
    let mut positions: Vec<Option<usize>> = vec![None; old.len()];
    let mut is_taken = vec![false; new.len()];
    for is_same in rules {
        for (before, position) in old.iter().zip(&mut positions) {
            if position.is_none() {
                let mut free = (0..new.len()).filter(|at| !is_taken[*at]);
                *position = free.find(|at| is_same(before, &new[*at]));
                position.iter().for_each(|at| is_taken[*at] = true);
            }
        }
    }
    let (mut pairs, mut gone) = (Vec::new(), Vec::new());
    for (before, position) in old.iter().zip(positions) {
        match position {
            Some(at) => pairs.push((before, &new[at], at)),
            None => gone.push(before),
        }
    }
    let added = new.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken);
    Matching {
        pairs,
        gone,
        added: added.map(|(after, _)| after).collect(),
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
