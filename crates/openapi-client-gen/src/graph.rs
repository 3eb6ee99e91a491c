//! Directed graphs of named things, such as schemas that refer to each other.

use std::collections::{BTreeMap, BTreeSet};

/// The successors of each node. One that is no key has none.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// The successors of a node.
pub fn next<'a>(graph: &'a Graph, node: &str) -> impl Iterator<Item = &'a str> {
    let next = graph.get(node).into_iter().flatten();
    next.map(String::as_str)
}

/// The nodes that a path from one of `starts` leads to: a start is among them only if a path leads back to it.
pub fn reachable<'a, 's>(
    graph: &'a Graph,
    starts: impl IntoIterator<Item = &'s str>,
) -> BTreeSet<&'a str> {
    let starts = starts.into_iter();
    let first = starts.flat_map(|start| next(graph, start));
    closure(first, |node| next(graph, node))
}

/// Some nodes and those that paths from them lead to; `next` has the successors of a node.
pub fn closure<T: Copy + Ord, N: IntoIterator<Item = T>>(
    starts: impl IntoIterator<Item = T>,
    next: impl Fn(T) -> N,
) -> BTreeSet<T> {
    let mut closure = BTreeSet::new();
    let mut pending: Vec<T> = starts.into_iter().collect();
    while let Some(node) = pending.pop() {
        if closure.insert(node) {
            pending.extend(next(node));
        }
    }
    closure
}

/// The graph with each edge turned around.
pub fn reversed(graph: &Graph) -> Graph {
    let mut reversed = Graph::new();
    for (node, next) in graph {
        for next in next {
            let before = reversed.entry(next.clone()).or_default();
            before.insert(node.clone());
        }
    }
    reversed
}

/// The groups of nodes that lead to each other, sorted. The algorithm is Kosaraju's, which takes linear time.
pub fn cycles(graph: &Graph) -> Vec<Vec<&str>> {
    let mut seen = BTreeSet::new();
    let mut finished = Vec::new();
    let mut pending: Vec<(&str, bool)> = graph.keys().map(|node| (&**node, false)).collect();
    while let Some((node, is_finished)) = pending.pop() {
        if is_finished {
            finished.push(node);
        } else if seen.insert(node) {
            pending.push((node, true));
            pending.extend(next(graph, node).map(|next| (next, false)));
        }
    }
    let backwards = reversed(graph);
    let mut cycles = Vec::new();
    for start in finished.into_iter().rev() {
        // Its group was found from another node otherwise.
        let Some(start) = seen.take(start) else {
            continue;
        };
        let mut pending = vec![start];
        let mut group = Vec::new();
        while let Some(node) = pending.pop() {
            group.push(node);
            pending.extend(next(&backwards, node).filter_map(|before| seen.take(before)));
        }
        if group.len() > 1 || next(graph, start).any(|next| next == start) {
            group.sort_unstable();
            cycles.push(group);
        }
    }
    cycles.sort_unstable();
    cycles
}

#[cfg(test)]
mod tests {
    use super::{Graph, cycles, reachable};

    #[test]
    fn nodes_that_lead_to_each_other_are_one_cycle() {
        // `c` leads to itself, too.
        let edges = [
            "ab", "bc", "ca", "cc", "cd", "de", "ff", "gf", "hi", "ih", "bh",
        ];
        let mut graph = Graph::new();
        for edge in edges {
            let (from, to) = edge.split_at(1);
            graph
                .entry(from.to_owned())
                .or_default()
                .insert(to.to_owned());
        }
        assert_eq!(
            cycles(&graph),
            [vec!["a", "b", "c"], vec!["f"], vec!["h", "i"]]
        );
        assert!(reachable(&graph, ["c"]).contains("c"));
        assert!(!reachable(&graph, ["d"]).contains("d"));
    }
}
