//! JSON whose strings were cut in the middle of a character.
//!
//! A title that a server shortens may end with half of a surrogate pair, or with some of the bytes of a character. serde
//! takes neither, and would reject the whole document for it.

use std::borrow::Cow;

/// How an escape of UTF-16 is written, as in `\ud83d`.
const ESCAPE: usize = 6;
/// The escape of U+FFFD.
const REPLACEMENT: &str = "\\ufffd";

/// The document with U+FFFD for each half of a surrogate pair and for bytes that are no UTF-8, if it has any.
pub(super) fn repaired(json: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(json);
    let mut whole = String::new();
    // The text before this is in `whole`.
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (unit(&text, at), unit(&text, at + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                whole.push_str(text.get(copied..at).unwrap_or_default());
                whole.push_str(REPLACEMENT);
                copied = at + ESCAPE;
                ESCAPE
            }
            // A backslash and what it escapes.
            _ => "\\".len() + text.get(at + 1..)?.chars().next().map_or(0, char::len_utf8),
        };
    }
    if copied > 0 {
        whole.push_str(text.get(copied..).unwrap_or_default());
        return Some(whole.into_bytes());
    }
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text.into_bytes()),
    }
}

/// The unit of UTF-16 whose escape begins here.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}
