//! Plain values as text, for the places that are not JSON: form parts and query strings.
//!
//! Both places have one rule, and [`to_text`] is it.

use serde::Serialize;

/// Writes a scalar as text: a string bare, a number or a boolean as in JSON.
///
/// The serialised form of a value counts, so an enum, a newtype id or a timestamp that serialises as a string is
/// a string here too.
///
/// # Errors
///
/// An absent value (`null`), a list and an object have no such text, and neither has a value that fails to
/// serialise. The message says which of these it was, not what the value is.
pub fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, String> {
    // Through JSON text rather than `serde_json::Value`, which would widen an `f32` to other digits.
    let mut json =
        serde_json::to_string(value).map_err(|error| format!("cannot be serialised: {error}"))?;
    match json.as_bytes().first() {
        // Without an escape, what is between the quotes is the text.
        Some(b'"') if !json.contains('\\') => {
            json.pop();
            json.remove(0);
            Ok(json)
        }
        Some(b'"') => {
            serde_json::from_str(&json).map_err(|error| format!("cannot be serialised: {error}"))
        }
        Some(b'[') => Err("is a list, where a single value is needed".to_owned()),
        Some(b'{') => Err("is an object, where a single value is needed".to_owned()),
        _ if json == "null" => Err("is null, where a value is needed".to_owned()),
        _ => Ok(json),
    }
}
