//! The syntax of media types.
//!
//! The content type of a part is given by a caller and written into the head of that part. One with a line break in
//! it would write headers of its own, so it is not escaped but held to the grammar, which has no room for that.

/// Whether this is `type/subtype` and any number of parameters, by the grammar of RFC 9110, section 8.3.1.
pub(super) fn is_media_type(text: &str) -> bool {
    let (kind, rest) = split_token(text);
    let Some(rest) = rest.strip_prefix('/') else {
        return false;
    };
    let (subtype, mut rest) = split_token(rest);
    if kind.is_empty() || subtype.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        match after_parameter(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// The text that follows a `; name=value` at the start of `text`.
fn after_parameter(text: &str) -> Option<&str> {
    let blank = [' ', '\t'];
    let text = text.trim_start_matches(blank).strip_prefix(';')?;
    let (name, text) = split_token(text.trim_start_matches(blank));
    let text = text.strip_prefix('=')?;
    let (value, rest) = match text.strip_prefix('"') {
        Some(text) => (text, after_quotes(text)?),
        None => split_token(text),
    };
    (!name.is_empty() && !value.is_empty()).then_some(rest)
}

fn split_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn after_quotes(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '\t' | ' '..='~' if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(at + 1..),
            '\t' | ' '..='~' => {}
            _ => return None,
        }
    }
    None
}
