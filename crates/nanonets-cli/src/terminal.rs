//! What a person sees: colours, widths, and text that came from elsewhere.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _, stderr};

/// What moves the cursor, colours the terminal or turns the direction of text: a server may send it.
fn is_unprintable(character: char) -> bool {
    let is_direction = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || is_direction
}

/// A text on one line, without any of that.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let words = text.split(is_unprintable).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// JSON with all of that escaped but its own line breaks.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let is_escaped = |character: char| character != '\n' && is_unprintable(character);
    if !json.contains(is_escaped) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_escaped(character) {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}

/// Tells a person something, unless `--quiet`.
#[derive(Clone, Copy, Debug)]
pub struct Notes {
    pub quiet: bool,
}

impl Notes {
    /// A line on stderr.
    pub fn say(self, text: &str) {
        if !self.quiet {
            // There is nobody to tell that stderr is closed.
            let _ = writeln!(stderr(), "{}", printable(text));
        }
    }

    /// Whether something that moves can be shown.
    pub fn is_live(self) -> bool {
        !self.quiet && stderr().is_terminal()
    }
}
