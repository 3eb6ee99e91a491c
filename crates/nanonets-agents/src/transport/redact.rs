//! Texts of a server, made fit to be shown.
//!
//! A server may repeat what it was sent: the key, the prompt, the name of a file; whole, in part, or escaped for JSON, a
//! URL or HTML. A message that goes into an error passes [`Redactor::clean`] first. Nothing is computed before that, so
//! that a call that succeeds pays nothing.
//!
//! Texts are compared without blanks, control characters and case. The message is short, or is made so; a private text
//! may have megabytes. So the runs of the *message* are hashed, and each private text is walked through once
//! ([`runs`]).

mod characters;
mod escapes;
mod layer;
mod mark;
mod runs;

use std::fmt;
use std::sync::Arc;

use nanonets_agents_api::Context;
use reqwest::header::{HeaderMap, HeaderValue};

use characters::{is_blank, is_invisible};
use layer::{Layer, layers};
use mark::{Mark, RUN, SHORTEST};

/// The number of characters of a message that are shown.
const SHOWN: usize = 200;
/// The number of words of a message that are shown if the request had files: a message may quote a document.
const WORDS_AFTER_UPLOAD: usize = 12;
/// The number of bytes of a message that are searched.
const READ: usize = 8 * 1024;
/// Removes the key and the private texts of a request from what the server said.
#[derive(Clone, Copy)]
pub(crate) struct Redactor<'a> {
    context: &'a Context,
    private: &'a [Arc<str>],
    has_files: bool,
}

impl fmt::Debug for Redactor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl<'a> Redactor<'a> {
    /// For answers to a request that was sent with this key and these texts.
    pub fn new(context: &'a Context, private: &'a [Arc<str>]) -> Self {
        Self {
            context,
            private,
            has_files: false,
        }
    }

    /// The same for a request with files, if it had some.
    pub fn after_upload(self, has_files: bool) -> Self {
        Self { has_files, ..self }
    }

    /// The message on one line, of a bounded length, without anything private and without characters that a terminal
    /// takes for commands or does not show. Empty if there is nothing in it.
    pub fn clean(&self, message: &str) -> String {
        let read = match message.char_indices().find(|(at, _)| *at >= READ) {
            Some((end, _)) => &message[..end],
            None => message,
        };
        let marks = self.marks(read);
        let is_cut = read.len() < message.len();
        // A text that was cut in half here may not have been found.
        let end = if is_cut { READ - 4 * RUN } else { read.len() };
        let line = write(read, &marks, end, is_cut);
        match line.match_indices(' ').nth(WORDS_AFTER_UPLOAD - 1) {
            Some((end, _)) if self.has_files => format!("{}...", &line[..end]),
            _ => line,
        }
    }

    /// The same for a body, which need not be text.
    pub fn clean_bytes(&self, body: &[u8]) -> String {
        let begin = body.get(..READ + 4).unwrap_or(body);
        self.clean(&String::from_utf8_lossy(begin))
    }

    /// Marks the headers that hold something private as sensitive. They can still be read.
    pub fn mark_sensitive(&self, headers: &mut HeaderMap) {
        // All at once, so that long private texts are walked through once.
        let mut values = String::new();
        let mut ranges = Vec::with_capacity(headers.len());
        for value in headers.values() {
            let start = values.len();
            values.push_str(&String::from_utf8_lossy(value.as_bytes()));
            ranges.push(start..values.len());
            values.push('\n');
        }
        let marks = self.marks(&values);
        for (value, range) in headers.values_mut().zip(ranges) {
            if marks[range].iter().any(Option::is_some) {
                value.set_sensitive(true);
            }
        }
    }

    /// The replacement of each byte of a message, if it has one.
    fn marks(&self, message: &str) -> Vec<Option<Mark>> {
        let mut marks = vec![None; message.len()];
        let layers = layers(message);
        if !self.private.is_empty() {
            let layers: Vec<Layer> = layers.iter().map(Layer::lower).collect();
            for text in self.private {
                for layer in &layers {
                    for range in layer.words(text) {
                        layer.mark(&range, Mark::Private, &mut marks);
                    }
                }
            }
            for (layer, range) in runs::shared(&layers, self.private) {
                layer.mark(&range, Mark::Private, &mut marks);
            }
        }
        for layer in &layers {
            for layer in [layer, &layer.without_blanks()] {
                let mut ranges = self.context.secret_ranges(&layer.text);
                ranges.retain(|range| !layer.is_guess || range.len() >= SHORTEST);
                for range in ranges {
                    layer.mark(&range, Mark::Secret, &mut marks);
                }
            }
        }
        join(message, &mut marks);
        marks
    }
}

/// The id of a request that a server, or a proxy before it, gave it; if it has none but the characters of an id, is not
/// too long for one, and holds nothing private.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    const NAMES: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];
    const LONGEST: usize = 128;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/+=-".contains(&byte);
    let is_id = |value: &&HeaderValue| {
        (1..=LONGEST).contains(&value.len())
            && value.as_bytes().iter().copied().all(is_part)
            && !value.is_sensitive()
    };
    let found = NAMES
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .find(is_id);
    found.and_then(|value| value.to_str().ok())
}

/// Marks what stands between two things of one kind, if it is no more than punctuation.
fn join(message: &str, marks: &mut [Option<Mark>]) {
    let mut last: Option<(Mark, usize)> = None;
    let mut is_word_between = false;
    for (at, character) in message.char_indices() {
        match (marks[at], last) {
            (Some(mark), Some((before, end))) if mark == before && !is_word_between => {
                marks[end..at].fill(Some(mark));
            }
            (Some(_), _) => {}
            (None, _) => {
                is_word_between |= character.is_alphanumeric();
                continue;
            }
        }
        is_word_between = false;
        last = marks[at].map(|mark| (mark, at + character.len_utf8()));
    }
}

/// Writes the message up to `end`, on one line.
fn write(message: &str, marks: &[Option<Mark>], end: usize, is_cut: bool) -> String {
    let mut line = String::new();
    let mut shown = 0;
    let mut before = None;
    let mut is_gap = false;
    for (at, character) in message.char_indices().take_while(|(at, _)| *at < end) {
        let mark = marks[at];
        let is_same = mark == std::mem::replace(&mut before, mark);
        if mark.is_some() && is_same || mark.is_none() && is_invisible(character) {
            continue;
        }
        if mark.is_none() && is_blank(character) {
            is_gap = true;
            continue;
        }
        let mut buffer = [0; 4];
        let piece = match mark {
            Some(mark) => mark.placeholder(),
            None => character.encode_utf8(&mut buffer),
        };
        let gap = if std::mem::take(&mut is_gap) && !line.is_empty() {
            " "
        } else {
            ""
        };
        let length = gap.len() + piece.chars().count();
        if shown + length > SHOWN {
            return line + "...";
        }
        line.push_str(gap);
        line.push_str(piece);
        shown += length;
    }
    if is_cut {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests;
