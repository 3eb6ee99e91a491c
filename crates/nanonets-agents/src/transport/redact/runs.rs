//! Runs of characters that a message has in common with private texts.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::characters::{is_blank, is_ideographic, is_invisible};
use super::escapes::{ALL, Unescaped, has_escapes};
use super::layer::Layer;
use super::mark::RUN;

/// As many characters of a script that writes a word with one or two of them are no coincidence.
const IDEOGRAPHIC_RUN: usize = 5;

/// Where the layers of a message, which are in lower case, have a run of characters that is in a private text too.
///
/// The cost is linear in the length of the layers and of the texts.
pub(super) fn shared<'a>(
    layers: &'a [Layer],
    private: &[Arc<str>],
) -> Vec<(&'a Layer, Range<usize>)> {
    let mut found = Vec::new();
    let any = Runs::of(layers, RUN, |_| true);
    let ideographic = Runs::of(layers, IDEOGRAPHIC_RUN, is_ideographic);
    for mut runs in [any, ideographic] {
        for text in private {
            runs.look_in(text, &mut found);
        }
    }
    found
}

/// The runs of a message that have not been found in a private text yet.
struct Runs<'a> {
    length: usize,
    is_counted: fn(char) -> bool,
    by_hash: HashMap<u64, Vec<(&'a Layer, Range<usize>)>>,
    filter: Filter,
}

impl<'a> Runs<'a> {
    fn of(layers: &'a [Layer], length: usize, is_counted: fn(char) -> bool) -> Self {
        let mut runs = Self {
            length,
            is_counted,
            by_hash: HashMap::new(),
            filter: Filter::default(),
        };
        for layer in layers {
            let mut window = Window::new(length);
            for (range, character) in layer.chars().filter(|(_, character)| *character != ' ') {
                if !is_counted(character) {
                    window.clear();
                } else if let Some((hash, first)) = window.push(range.start, character) {
                    let places = runs.by_hash.entry(hash).or_default();
                    places.push((layer, first..range.end));
                    runs.filter.insert(hash);
                }
            }
        }
        runs
    }

    fn look_in(&mut self, private: &str, found: &mut Vec<(&'a Layer, Range<usize>)>) {
        self.look_among(private.chars(), found);
        if has_escapes(private, ALL) {
            let unescaped = Unescaped::of(private, ALL).map(|(_, character)| character);
            self.look_among(unescaped, found);
        }
    }

    fn look_among(
        &mut self,
        private: impl Iterator<Item = char>,
        found: &mut Vec<(&'a Layer, Range<usize>)>,
    ) {
        if self.by_hash.is_empty() {
            return;
        }
        let mut window = Window::new(self.length);
        let visible = private.filter(|&character| !is_blank(character) && !is_invisible(character));
        for character in visible.flat_map(char::to_lowercase) {
            if !(self.is_counted)(character) {
                window.clear();
            } else if let Some((hash, ())) = window.push((), character)
                && self.filter.may_have(hash)
            {
                // Every run is marked once, however often a text has it.
                found.extend(self.by_hash.remove(&hash).into_iter().flatten());
                if self.by_hash.is_empty() {
                    return;
                }
            }
        }
    }
}

/// The last characters of a text, and their hash.
struct Window<T> {
    characters: VecDeque<(T, u64)>,
    length: usize,
    hash: u64,
    /// The factor of the oldest character until it leaves.
    weight: u64,
}

impl<T: Copy> Window<T> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

    fn new(length: usize) -> Self {
        Self {
            characters: VecDeque::with_capacity(length + 1),
            length,
            hash: 0,
            weight: (0..length).fold(1, |weight, _| Self::BASE.wrapping_mul(weight)),
        }
    }

    fn clear(&mut self) {
        self.characters.clear();
        self.hash = 0;
    }

    /// Moves on by a character. Returns the hash of the window, and the tag of its first character, once it is full.
    fn push(&mut self, tag: T, character: char) -> Option<(u64, T)> {
        let value = u64::from(character) + 1;
        self.hash = self.hash.wrapping_mul(Self::BASE).wrapping_add(value);
        self.characters.push_back((tag, value));
        if self.characters.len() > self.length {
            let (_, oldest) = self.characters.pop_front()?;
            self.hash = self.hash.wrapping_sub(oldest.wrapping_mul(self.weight));
        }
        let (first, _) = self.characters.front()?;
        (self.characters.len() == self.length).then_some((self.hash, *first))
    }
}

/// Says of most hashes that are not among the runs that they are not, for less than a lookup.
struct Filter(Vec<u64>);

impl Default for Filter {
    fn default() -> Self {
        Self(vec![0; 1 << (Self::BITS - 6)])
    }
}

impl Filter {
    const BITS: u32 = 20;

    fn bit(hash: u64) -> (usize, u64) {
        let bit = hash.wrapping_mul(0xff51_afd7_ed55_8ccd) >> (64 - Self::BITS);
        (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
    }

    fn insert(&mut self, hash: u64) {
        let (word, bit) = Self::bit(hash);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = Self::bit(hash);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}
