//! What a person sees: colours, widths, and text that came from elsewhere.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _, stderr};

/// A text on one line, without what would move the cursor or colour the terminal: it may come from a server.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let words = text.split(char::is_control).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
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
