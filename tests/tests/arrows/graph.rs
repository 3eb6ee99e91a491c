//! Which file needs which, and the cycles of that.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The remedy that a message about cycles ends with.
pub const REMEDY: &str =
    "Imports point down. Move what both files need into a third file below them, and name it.";

pub struct Graph {
    files: Vec<PathBuf>,
    /// The first edge between two files, for each file.
    edges: BTreeMap<usize, BTreeMap<usize, Edge>>,
}

/// A path in one file that leads to another.
#[derive(Clone)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub line: usize,
    pub path: String,
}

/// Files each of which leads to each other one.
pub struct Cycle {
    pub files: BTreeSet<PathBuf>,
    /// The shortest way from one of the files back to it, a line for each import.
    pub imports: Vec<String>,
}

impl Graph {
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            edges: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, edge: Edge) {
        let edges = self.edges.entry(edge.from).or_default();
        let first = edges.entry(edge.to).or_insert_with(|| edge.clone());
        if edge.line < first.line {
            *first = edge;
        }
    }

    /// The strongly connected components with more than one file.
    pub fn cycles(&self) -> Vec<Cycle> {
        let reached: Vec<BTreeSet<usize>> = (0..self.files.len())
            .map(|file| self.reached(file))
            .collect();
        let mut cycles = Vec::new();
        let mut done: BTreeSet<usize> = BTreeSet::new();
        for file in 0..self.files.len() {
            if done.contains(&file) || !reached[file].contains(&file) {
                continue;
            }
            let component: BTreeSet<usize> = (reached[file].iter().copied())
                .filter(|other| reached[*other].contains(&file))
                .collect();
            done.extend(&component);
            let ways = component.iter().filter_map(|file| self.way_back(*file));
            let shortest = ways.min_by_key(Vec::len).unwrap_or_default();
            cycles.push(Cycle {
                files: component.iter().map(|f| self.files[*f].clone()).collect(),
                imports: shortest.iter().map(|edge| self.shown(edge)).collect(),
            });
        }
        cycles
    }

    fn from(&self, file: usize) -> impl Iterator<Item = &Edge> {
        self.edges.get(&file).into_iter().flat_map(BTreeMap::values)
    }

    fn reached(&self, start: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut next = vec![start];
        while let Some(file) = next.pop() {
            next.extend(
                self.from(file)
                    .map(|edge| edge.to)
                    .filter(|to| reached.insert(*to)),
            );
        }
        reached
    }

    /// The shortest way from a file back to it.
    fn way_back(&self, start: usize) -> Option<Vec<&Edge>> {
        let mut ways: BTreeMap<usize, &Edge> = BTreeMap::new();
        let mut next = VecDeque::from([start]);
        while !ways.contains_key(&start) {
            for edge in self.from(next.pop_front()?) {
                if let Entry::Vacant(way) = ways.entry(edge.to) {
                    way.insert(edge);
                    next.push_back(edge.to);
                }
            }
        }
        let mut way = vec![ways[&start]];
        while way[0].from != start {
            way.insert(0, ways[&way[0].from]);
        }
        Some(way)
    }

    fn shown(&self, edge: &Edge) -> String {
        let (from, to) = (
            self.files[edge.from].display(),
            self.files[edge.to].display(),
        );
        format!("{from}:{} imports {} from {to}", edge.line, edge.path)
    }
}

impl Cycle {
    pub fn message(&self, folder: &Path) -> String {
        let short = |text: &str| text.replace(&format!("{}/", folder.display()), "");
        let files: Vec<String> = (self.files.iter())
            .map(|file| short(&file.display().to_string()))
            .collect();
        let mut message = format!(
            "{} files import each other: {}\n",
            files.len(),
            files.join(", ")
        );
        for import in &self.imports {
            let _ = writeln!(message, "    {}", short(import));
        }
        message
    }
}
