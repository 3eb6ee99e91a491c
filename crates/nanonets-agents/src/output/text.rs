//! JSON as text: inside of prose, with a bound on its depth, and indented.

use bytes::Bytes;
use serde_json::value::RawValue;

/// The deepest nesting that is looked into. serde_json decodes 127 levels; the rest is for the locations around an output.
const MAX_DEPTH: usize = 160;

/// The number of code blocks of a text that are searched.
const MAX_BLOCKS: usize = 32;

/// Whether the object or array that a text begins with is nested deeper than [`MAX_DEPTH`]. It needs no memory.
pub fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') if depth == MAX_DEPTH => return true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') if depth <= 1 => return false,
            (false, b'}' | b']') => depth -= 1,
            _ => {}
        }
    }
    false
}

/// The text of a JSON string, if it is one and all of its characters exist. It takes no more memory than the text.
pub fn string(raw: &RawValue) -> Option<String> {
    let mut rest = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(rest.len());
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut characters = escaped.chars();
        let (character, after) = match characters.next()? {
            'u' => escape(&escaped[1..])?,
            mark => {
                let character = match mark {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                };
                (character, characters.as_str())
            }
        };
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The character of an escape like `00e9` or `d83d\ude00`, and what follows it.
fn escape(digits: &str) -> Option<(char, &str)> {
    let unit = |digits: &str| u16::from_str_radix(digits.get(..4)?, 16).ok();
    let first = unit(digits)?;
    let after = digits.get(4..)?;
    let second = after.strip_prefix("\\u").and_then(unit);
    let units = std::iter::once(first).chain(second);
    let character = char::decode_utf16(units).next()?.ok()?;
    let length = 4 + (character.len_utf16() - 1) * 6;
    Some((character, digits.get(length..)?))
}

/// JSON that was found in a text.
pub struct Embedded {
    pub json: Bytes,
    /// Whether the text says more than that, beside the fence of a code block.
    pub has_words: bool,
}

/// The JSON object or array that a text is, or that a single Markdown code block in it holds.
pub fn json_in(text: String) -> Option<Embedded> {
    let text = Bytes::from(text);
    let (json, has_words) = {
        let text = std::str::from_utf8(&text).ok()?;
        match container(text) {
            Some(json) => (json, false),
            None => {
                let json = in_block(text)?;
                (json, has_words_around(text, json))
            }
        }
    };
    let json = text.slice_ref(json.as_bytes());
    Some(Embedded { json, has_words })
}

/// Whether a text says more than the code block with this part of it.
fn has_words_around(text: &str, json: &str) -> bool {
    let start = json.as_ptr().addr() - text.as_ptr().addr();
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '`' | '~');
    let before = text[..start].trim_end();
    let before = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let after = &text[start + json.len()..];
    [before, after]
        .iter()
        .any(|words| !words.trim_matches(is_mark).is_empty())
}

/// The object or array that a text is, without the blanks around it.
fn container(text: &str) -> Option<&str> {
    let (json, rest) = leading_container(text)?;
    rest.trim().is_empty().then_some(json)
}

/// The object or array that a text begins with after blanks, and what follows it.
fn leading_container(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) || is_too_deep(text.as_bytes()) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let json = values.next()?.ok()?;
    Some((json.get(), &text[values.byte_offset()..]))
}

/// The object or array in the one code block that has such. Blocks marked as `json` come before others; of several
/// different ones, none is picked.
///
/// JSON is read from an opening fence on and has to end before a fence, so fences inside of its strings do no harm.
fn in_block(text: &str) -> Option<&str> {
    let (mut marked, mut others) = (Candidate::None, Candidate::None);
    let mut rest = text;
    for _ in 0..MAX_BLOCKS {
        let Some(start) = rest.find("```").or_else(|| rest.find("~~~")) else {
            break;
        };
        let mark = &rest[start..=start];
        rest = rest[start..].trim_start_matches(mark);
        let info = rest.split(|c: char| !c.is_ascii_alphanumeric()).next();
        let info = info.unwrap_or_default();
        let Some((json, after)) = leading_container(&rest[info.len()..]) else {
            continue;
        };
        let end = after.trim_start();
        if end.is_empty() || end.starts_with(&mark.repeat(3)) {
            rest = end.trim_start_matches(mark);
            let is_marked = info.eq_ignore_ascii_case("json");
            let candidate = if is_marked { &mut marked } else { &mut others };
            candidate.add(json);
        }
    }
    match (marked, others) {
        (Candidate::One(json), _) | (Candidate::None, Candidate::One(json)) => Some(json),
        _ => None,
    }
}

enum Candidate<'t> {
    None,
    One(&'t str),
    Several,
}

impl<'t> Candidate<'t> {
    fn add(&mut self, json: &'t str) {
        *self = match self {
            Self::None => Self::One(json),
            Self::One(first) if *first == json => Self::One(first),
            _ => Self::Several,
        };
    }
}

/// JSON without blanks between values. The text is JSON already.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for token in tokens(json) {
        out.push_str(token);
    }
    out
}

/// JSON with a line for each value. The text is JSON already.
pub fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut tokens = tokens(json).peekable();
    while let Some(token) = tokens.next() {
        match token {
            "{" | "[" => {
                out.push_str(token);
                depth += 1;
                if !matches!(tokens.peek(), Some(&("}" | "]"))) {
                    line(&mut out, depth);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push_str(token);
            }
            "," => {
                out.push_str(token);
                line(&mut out, depth);
            }
            ":" => out.push_str(": "),
            value => out.push_str(value),
        }
    }
    out
}

/// The tokens of JSON, without the blanks between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = match rest.as_bytes().first()? {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            // A number or a word; or else no JSON, of which each piece is a token.
            _ => rest
                .find(|c: char| c.is_ascii_whitespace() || ",:]}".contains(c))
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

/// The length of the string that a text begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}
