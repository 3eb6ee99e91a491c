//! Finds a secret in a text that comes from elsewhere: a server may repeat what it was sent, whole or in part.

use std::collections::HashSet;
use std::ops::Range;

/// A secret with fewer characters than this also occurs inside of words, so that it counts as a whole word only. A run of
/// this many characters out of a longer secret counts wherever it is.
const LONG: usize = 12;
/// The first and the last characters of a long secret that give it away, or half of it if that is less.
const END: usize = 8;

/// The byte ranges of `text` that hold `secret` or a part of it, in no particular order. They may overlap, and they begin
/// and end at characters.
///
/// A long secret is found in any case, for some servers print what they were sent in lower case. The cost is linear in
/// the length of both.
pub(crate) fn find(secret: &str, text: &str) -> Vec<Range<usize>> {
    if secret.is_empty() || !secret.is_ascii() {
        return Vec::new();
    }
    if secret.len() < LONG {
        let whole = text.match_indices(secret);
        let ranges = whole.map(|(start, found)| start..start + found.len());
        return ranges.filter(|range| is_word(text, range)).collect();
    }
    find_parts(
        secret.to_ascii_lowercase().as_bytes(),
        text.to_ascii_lowercase().as_bytes(),
    )
}

/// Whether a range begins and ends where words do.
pub(crate) fn is_word(text: &str, range: &Range<usize>) -> bool {
    let before = text
        .get(..range.start)
        .and_then(|text| text.chars().next_back());
    let after = text.get(range.end..).and_then(|text| text.chars().next());
    ![before, after]
        .into_iter()
        .flatten()
        .any(char::is_alphanumeric)
}

fn find_parts(secret: &[u8], text: &[u8]) -> Vec<Range<usize>> {
    let end = END.min(secret.len().div_ceil(2));
    let (head, tail) = (&secret[..end], &secret[secret.len() - end..]);
    let inner: HashSet<&[u8]> = secret.windows(LONG).collect();
    let mut found = Vec::new();
    for start in 0..text.len() {
        let rest = &text[start..];
        if rest.get(..LONG).is_some_and(|part| inner.contains(part)) {
            found.push(start..start + LONG);
        }
        if rest.starts_with(head) {
            let more = common(rest[end..].iter(), secret[end..].iter());
            found.push(start..start + end + more);
        }
        if rest.starts_with(tail) {
            let before = secret[..secret.len() - end].iter().rev();
            let more = common(text[..start].iter().rev(), before);
            found.push(start - more..start + end);
        }
    }
    found
}

/// The number of elements that two sequences have in common before they differ, outside of the inner windows.
fn common<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other)
        .take(LONG)
        .take_while(|(a, b)| a == b)
        .count()
}

#[cfg(test)]
mod tests {
    use crate::Context;

    #[test]
    fn a_key_is_replaced_in_part_too_and_a_short_one_as_a_word() {
        for (key, text, expected) in [
            ("secretsecret", "a secretsecretsecret b", "a (secret) b"),
            ("0123456789abcdef", "x0123456789ABCDEFx", "x(secret)x"),
            (
                "0123456789abcdef",
                "01234567, 89abcdef",
                "(secret), (secret)",
            ),
            ("0123456789abcdef", "012345 9abcdef", "012345 9abcdef"),
            ("0123456789ab", "012345 6789ab", "(secret) (secret)"),
            ("0123456789abcdefghij", "3456789abcdefg", "(secret)"),
            ("k", "task k", "task (secret)"),
            ("k", "task", "task"),
            ("01234567890", "x01234567890", "x01234567890"),
        ] {
            let context = Context::with_api_key(key).expect("a key");
            assert_eq!(context.without_key(text), expected, "{key}: {text}");
        }
        assert_eq!(Context::default().without_key("text"), "text");
    }
}
