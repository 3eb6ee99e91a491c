//! Text for a person: notes on stderr, and text from a server, made harmless.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stderr};

/// Whether a character moves the cursor, colours the terminal, changes the direction of text or is invisible.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates that change the direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Characters without width.
            | '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            // Line breaks of Unicode.
            | '\u{2028}' | '\u{2029}'
        )
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
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters of each kind that no terminal is to get from a server.
    const UNPRINTABLE: [char; 22] = [
        '\0',
        '\u{7}',
        '\u{8}',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{80}',
        '\u{9b}',
        '\u{9d}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200f}',
        '\u{2028}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{e0041}',
    ];

    #[test]
    fn a_line_loses_what_is_unprintable() {
        for character in UNPRINTABLE {
            assert_eq!(printable(&format!("a{character}b")), "a b", "{character:?}");
        }
        assert_eq!(printable("Größe: 5 µm, 東京"), "Größe: 5 µm, 東京");
    }

    #[test]
    fn json_stays_the_same_json() {
        for character in UNPRINTABLE {
            let text = format!("a{character}b");
            let json = serde_json::to_string(&text).expect("JSON");
            let shown = escaped(&json);
            assert!(!shown.contains(is_unprintable), "{character:?}");
            let read: String = serde_json::from_str(&shown).expect("JSON");
            assert_eq!(read, text);
        }
        assert_eq!(escaped("{\n}"), "{\n}");
    }
}
