//! Bodies of forms, `application/x-www-form-urlencoded`.
//!
//! The fields of a form are written like parameters of a query, each in the style that the API description names for it
//! (OpenAPI 3.0.3, "Support for x-www-form-urlencoded Request Bodies"). Where it names none, a list of plain values
//! repeats its key, and what is nested has its keys in brackets, which is what servers of forms read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::parameter::{Style, pairs, to_value};

/// Everything but what a form leaves as it is (the URL standard, "application/x-www-form-urlencoded percent-encode set").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// Writes a body as a form; `styles` are those of its fields that have one. What is null is left out, and text is taken
/// for a form that is written already.
///
/// # Errors
///
/// A body that is neither an object nor text, and a field that its style has no form for; the message names it.
pub fn encode<T: Serialize>(body: &T, styles: &[(&str, Style)]) -> Result<String, String> {
    let fields = match to_value("body", body)? {
        Value::Object(fields) => fields,
        Value::String(text) => return Ok(text),
        Value::Null => return Ok(String::new()),
        _ => return Err("`body` has no fields, of which a form is made".to_owned()),
    };
    let mut form = String::new();
    for (name, value) in &fields {
        let style = styles.iter().find(|(known, _)| known == name);
        let style = style.map_or(Style::Unnamed, |(_, style)| *style);
        for (key, value) in pairs(name, style, value)? {
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(&encoded(&key));
            form.push('=');
            form.push_str(&encoded(&value));
        }
    }
    Ok(form)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED)
        .to_string()
        .replace("%20", "+")
}
