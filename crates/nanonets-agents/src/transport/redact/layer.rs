//! A message as it may be meant.

use std::ops::Range;

use super::characters::{is_blank, is_invisible};
use super::escapes::{ALL, FAMILIES, Unescaped, base64_bytes, base64_runs, has_escapes};
use super::mark::{Mark, RUN, SHORTEST};

/// The number of nested escapes that are undone: a schema is JSON in a string within JSON.
const ESCAPES: usize = 3;

/// A message as it is, or with escapes undone. Blanks in a row are one.
#[derive(Clone, Default)]
pub(super) struct Layer {
    pub text: String,
    /// For each byte of the text, the bytes of the message that it comes from.
    origins: Vec<Range<usize>>,
    /// It may be that nothing of the kind was meant.
    pub is_guess: bool,
}

/// All that a message may mean.
pub(super) fn layers(message: &str) -> Vec<Layer> {
    let mut plain = Layer::default();
    for (at, character) in message.char_indices() {
        plain.push(character, at..at + character.len_utf8());
    }
    let mut layers = plain.base64();
    // An escape in one language is two plain characters in another.
    layers.extend(FAMILIES.iter().filter_map(|begins| plain.unescaped(begins)));
    layers.push(plain);
    for _ in 0..ESCAPES {
        let Some(layer) = layers.last().and_then(|layer| layer.unescaped(ALL)) else {
            break;
        };
        layers.push(layer);
    }
    layers
}

impl Layer {
    fn empty(&self) -> Self {
        Self {
            is_guess: self.is_guess,
            ..Self::default()
        }
    }

    fn push(&mut self, character: char, origin: Range<usize>) {
        let character = match character {
            character if is_invisible(character) => return,
            character if !is_blank(character) => character,
            _ if self.text.ends_with(' ') => return,
            _ => ' ',
        };
        self.text.push(character);
        let bytes = std::iter::repeat_n(origin, character.len_utf8());
        self.origins.extend(bytes);
    }

    fn origin(&self, range: &Range<usize>) -> Range<usize> {
        match self.origins.get(range.clone()) {
            Some([first, .., last]) => first.start..last.end,
            Some([byte]) => byte.clone(),
            _ => 0..0,
        }
    }

    /// Marks what a range of the text comes from.
    pub fn mark(&self, range: &Range<usize>, mark: Mark, marks: &mut [Option<Mark>]) {
        let origin = self.origin(range);
        for byte in marks.get_mut(origin).into_iter().flatten() {
            *byte = Some(mark).max(*byte);
        }
    }

    pub fn chars(&self) -> impl Iterator<Item = (Range<usize>, char)> {
        let chars = self.text.char_indices();
        chars.map(|(at, character)| (at..at + character.len_utf8(), character))
    }

    pub fn lower(&self) -> Self {
        let mut lower = self.empty();
        for (range, character) in self.chars() {
            for character in character.to_lowercase() {
                lower.push(character, self.origin(&range));
            }
        }
        lower
    }

    /// The layer without blanks.
    pub fn without_blanks(&self) -> Self {
        let mut compact = self.empty();
        for (range, character) in self.chars().filter(|(_, character)| *character != ' ') {
            compact.push(character, self.origin(&range));
        }
        compact
    }

    /// The layer with the escapes undone that begin with one of these characters, if it has any.
    fn unescaped(&self, begins: &'static str) -> Option<Self> {
        has_escapes(&self.text, begins).then(|| {
            let mut plain = Self::default();
            for (range, character) in Unescaped::of(&self.text, begins) {
                plain.push(character, self.origin(&range));
            }
            plain
        })
    }

    /// The layers that may be in base64 here: one for each of the four digits that a group may begin with.
    fn base64(&self) -> Vec<Self> {
        let runs = base64_runs(&self.text);
        let layers = (0..4).map(|skipped| {
            let mut layer = Self {
                is_guess: true,
                ..Self::default()
            };
            for run in &runs {
                let decoded = base64_bytes(run.get(skipped..).unwrap_or_default());
                let (origins, bytes): (Vec<_>, Vec<u8>) = decoded.into_iter().unzip();
                let mut at = 0;
                for chunk in bytes.utf8_chunks() {
                    for character in chunk.valid().chars() {
                        let end = at + character.len_utf8();
                        if let (Some(first), Some(last)) = (origins.get(at), origins.get(end - 1)) {
                            layer.push(character, self.origin(&(first.start..last.end)));
                        }
                        at = end;
                    }
                    at += chunk.invalid().len();
                    layer.push(char::REPLACEMENT_CHARACTER, 0..0);
                }
            }
            layer
        });
        layers.filter(|layer| !layer.text.is_empty()).collect()
    }

    /// Where a private text that is too short to be found by its runs is a whole word here.
    pub fn words(&self, private: &str) -> Vec<Range<usize>> {
        if private.len() > 8 * RUN {
            return Vec::new();
        }
        let mut text = Self::default();
        for character in private.trim().chars().flat_map(char::to_lowercase) {
            text.push(character, 0..0);
        }
        let length = text
            .text
            .chars()
            .filter(|character| *character != ' ')
            .count();
        if !(SHORTEST..RUN).contains(&length) {
            return Vec::new();
        }
        let found = self.text.match_indices(&text.text);
        let ranges = found.map(|(at, found)| at..at + found.len());
        ranges.filter(|range| is_word(&self.text, range)).collect()
    }
}

/// Whether a range begins and ends where words do.
fn is_word(text: &str, range: &Range<usize>) -> bool {
    let before = text
        .get(..range.start)
        .and_then(|text| text.chars().next_back());
    let after = text.get(range.end..).and_then(|text| text.chars().next());
    ![before, after]
        .into_iter()
        .flatten()
        .any(char::is_alphanumeric)
}
