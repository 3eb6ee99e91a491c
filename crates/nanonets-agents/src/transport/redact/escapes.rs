//! The escapes that servers write what they repeat with: those of JSON and other languages, of URLs and of HTML; and
//! base64.

use std::ops::Range;

/// The characters that escapes begin with, by the languages that use them.
pub(super) const FAMILIES: [&str; 3] = ["\\", "%+", "&"];
/// All of them.
pub(super) const ALL: &str = "\\%+&";

/// Whether a text has one of the characters that escapes begin with.
pub(super) fn has_escapes(text: &str, begins: &str) -> bool {
    text.bytes().any(|byte| begins.as_bytes().contains(&byte))
}

/// The characters of a text with one level of escapes undone, each with the bytes of the text that it comes from.
pub(super) struct Unescaped<'a> {
    text: &'a str,
    begins: &'static str,
    at: usize,
}

impl<'a> Unescaped<'a> {
    /// Undoes the escapes that begin with one of these characters.
    pub fn of(text: &'a str, begins: &'static str) -> Self {
        Self {
            text,
            begins,
            at: 0,
        }
    }
}

impl Iterator for Unescaped<'_> {
    type Item = (Range<usize>, char);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..)?;
        let first = rest.chars().next()?;
        let escape = match first {
            other if !self.begins.contains(other) => None,
            '\\' => backslash(rest),
            '%' => bytes(rest, "%"),
            '&' => entity(rest),
            _ => Some((' ', 1)),
        };
        let (character, length) = escape.unwrap_or((first, first.len_utf8()));
        let start = self.at;
        self.at += length;
        Some((start..self.at, character))
    }
}

fn backslash(text: &str) -> Option<(char, usize)> {
    let next = text.chars().nth(1)?;
    let hex = |from: usize, to: usize| u32::from_str_radix(text.get(from..to)?, 16).ok();
    match next {
        'n' | 'r' | 't' | 'f' | 'v' | 'b' | 'a' | '0' => Some((' ', 2)),
        'u' if text.starts_with("\\u{") => {
            let end = text.bytes().take(12).position(|byte| byte == b'}')?;
            Some((char::from_u32(hex(3, end)?)?, end + 1))
        }
        'u' => {
            let unit = hex(2, 6)?;
            let pair = || {
                let low = text.get(6..)?.strip_prefix("\\u")?.get(..4)?;
                let low = u32::from_str_radix(low, 16).ok()?;
                let is_pair = (0xd800..0xdc00).contains(&unit) && (0xdc00..0xe000).contains(&low);
                is_pair.then(|| 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
            };
            match pair().and_then(char::from_u32) {
                Some(character) => Some((character, 12)),
                None => Some((
                    char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                    6,
                )),
            }
        }
        'U' => Some((char::from_u32(hex(2, 10)?)?, 10)),
        'x' => bytes(text, "\\x"),
        other => Some((other, 1 + other.len_utf8())),
    }
}

/// A character whose bytes are written in hexadecimal, each behind `prefix`. A byte that begins no UTF-8 is a character
/// of Latin-1.
fn bytes(text: &str, prefix: &str) -> Option<(char, usize)> {
    let length = prefix.len() + 2;
    let byte = |index: usize| {
        let escape = text.get(index * length..(index + 1) * length)?;
        u8::from_str_radix(escape.strip_prefix(prefix)?, 16).ok()
    };
    let bytes: Vec<u8> = (0..4).map_while(byte).collect();
    let first = bytes.utf8_chunks().next()?.valid().chars().next();
    match first {
        Some(character) => Some((character, character.len_utf8() * length)),
        None => Some((char::from(*bytes.first()?), length)),
    }
}

fn entity(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 6] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
    ];
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((character, end + 1))
}

/// A digit of base64, and the byte of the text that it is.
pub(super) type Digit = (usize, u8);

/// As many digits in a row may be base64.
const BASE64_RUN: usize = 11;

/// The parts of a text that may be base64, in the usual alphabet or in that for URLs. Backslashes are skipped, for JSON may
/// have them before slashes.
pub(super) fn base64_runs(text: &str) -> Vec<Vec<Digit>> {
    let mut runs = vec![Vec::new()];
    for (at, byte) in text.bytes().enumerate() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\\' => continue,
            _ => {
                runs.push(Vec::new());
                continue;
            }
        };
        if let Some(run) = runs.last_mut() {
            run.push((at, value));
        }
    }
    runs.retain(|run| run.len() >= BASE64_RUN);
    runs
}

/// The bytes of digits, each with the bytes of the text that it comes from.
pub(super) fn base64_bytes(digits: &[Digit]) -> Vec<(Range<usize>, u8)> {
    let groups = digits.chunks(4).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_u32, |bits, (_, value)| bits << 6 | u32::from(*value));
        let bits = bits << (6 * (4 - group.len()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        group.windows(2).zip(bytes).map(|(pair, byte)| {
            let origin = pair[0].0..pair[1].0 + 1;
            (origin, byte)
        })
    });
    groups.collect()
}
