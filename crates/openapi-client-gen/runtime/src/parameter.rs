//! The values of parameters in the query, in headers and in cookies.
//!
//! OpenAPI has a name for each way of writing lists and objects, a *style* (OpenAPI 3.0.3, "Style Values"). The text is made of
//! the value as it would be in JSON.
//!
//! The styles do not define objects and lists inside of others. Those are written with their keys in brackets, and the
//! items of a list under their positions, `list[0][key]=value`: so that each value keeps its item, and the
//! servers that read brackets at all read positions too.

use reqwest::header::{COOKIE, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

/// How a value is written as keys and values, in the query and in forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `form`, exploded: an object's fields are parameters of their own, a list repeats the key.
    Fields,
    /// `form`, `spaceDelimited` or `pipeDelimited`, not exploded: `name=key,value,key,value`, or the items of a list, joined
    /// by this.
    Joined(&'static str),
    /// `simple`, exploded: `key=value,key=value`, in headers alone.
    JoinedPairs,
    /// `deepObject`: `name[key]=value`, at any depth.
    DeepObject,
    /// No style is named: a list of plain values repeats the key, everything else is as in `deepObject`.
    Unnamed,
    /// The whole value as JSON, where a media type describes it.
    Json,
}

/// Adds a parameter to the query of `request`. What is null is left out.
///
/// # Errors
///
/// A value that the style has no form for; the message names the parameter. The request is then unchanged.
pub fn append_query<T: Serialize>(
    request: &mut reqwest::Request,
    name: &str,
    style: Style,
    value: &T,
) -> Result<(), String> {
    let value = to_value(name, value)?;
    let pairs = pairs(name, style, &value)?;
    if !pairs.is_empty() {
        request.url_mut().query_pairs_mut().extend_pairs(pairs);
    }
    Ok(())
}

/// A value as keys and values. What is null is left out.
///
/// # Errors
///
/// A value that the style has no form for; the message names it.
pub(super) fn pairs(
    name: &str,
    style: Style,
    value: &Value,
) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    match (style, value) {
        (_, Value::Null) => {}
        (Style::Json, _) => pairs.push((name.to_owned(), value.to_string())),
        (Style::JoinedPairs, _) => pairs.push((name.to_owned(), joined(name, value, ",", "=")?)),
        (Style::Joined(between), _) => {
            pairs.push((name.to_owned(), joined(name, value, between, between)?));
        }
        (Style::DeepObject, _) => deep(name, value, &mut pairs),
        (Style::Fields, Value::Object(fields)) => {
            for (key, value) in fields {
                repeated(key, value, &mut pairs);
            }
        }
        (Style::Fields | Style::Unnamed, _) => repeated(name, value, &mut pairs),
    }
    Ok(pairs)
}

/// Sets a header to a list or an object in the style `simple`: `a,b`, `key,value`, or `key=value` if exploded.
///
/// # Errors
///
/// A value with nested lists or objects, or one that a header can't hold.
pub fn set_header<T: Serialize>(
    request: &mut reqwest::Request,
    name: &str,
    explode: bool,
    value: &T,
) -> Result<(), String> {
    let value = to_value(name, value)?;
    if value.is_null() {
        return Ok(());
    }
    let text = joined(name, &value, ",", if explode { "=" } else { "," })?;
    let value = super::request::header(name, &text)?;
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` can't be the name of a header"))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

/// Adds a cookie to those that the request has.
///
/// # Errors
///
/// A value with nested lists or objects, or one that a cookie can't hold (RFC 6265, section 4.1.1). The message does not
/// show the value.
pub fn add_cookie<T: Serialize>(
    request: &mut reqwest::Request,
    name: &str,
    value: &T,
) -> Result<(), String> {
    let value = to_value(name, value)?;
    if value.is_null() {
        return Ok(());
    }
    let text = joined(name, &value, ",", ",")?;
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ';' | '\\');
    if !text.chars().all(fits) {
        return Err(format!("the cookie `{name}` can't hold this value"));
    }
    let known = request.headers().get(COOKIE).map(HeaderValue::as_bytes);
    let mut cookies = known.map(<[u8]>::to_vec).unwrap_or_default();
    if !cookies.is_empty() {
        cookies.extend_from_slice(b"; ");
    }
    cookies.extend_from_slice(format!("{name}={text}").as_bytes());
    let mut value = HeaderValue::from_bytes(&cookies)
        .map_err(|_| format!("the cookie `{name}` can't hold this value"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(COOKIE, value);
    Ok(())
}

/// The value as it would be in JSON; `name` is what a message calls it.
pub(super) fn to_value<T: Serialize>(name: &str, value: &T) -> Result<Value, String> {
    // By way of text, which has the digits of an `f32`; a number that is made of it directly has those of an `f64`.
    serde_json::to_string(value)
        .and_then(|json| serde_json::from_str(&json))
        .map_err(|error| format!("`{name}` cannot be serialised: {error}"))
}

/// The pairs of a value; the items of a list of plain values have the same key.
fn repeated(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) if !items.iter().any(|item| item.is_array() || item.is_object()) => {
            items.iter().for_each(|item| deep(name, item, pairs));
        }
        value => deep(name, value, pairs),
    }
}

/// The pairs of a value, its keys and positions in brackets behind the name of what they are in.
fn deep(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                deep(&format!("{name}[{key}]"), value, pairs);
            }
        }
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                deep(&format!("{name}[{position}]"), item, pairs);
            }
        }
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        scalar => pairs.push((name.to_owned(), scalar.to_string())),
    }
}

/// A scalar, the items of a list, or the keys and values of an object, as one text.
fn joined(name: &str, value: &Value, between: &str, after_key: &str) -> Result<String, String> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) | Value::Object(_) => Err(format!(
            "`{name}` holds more than plain values, which can't be sent"
        )),
        scalar => Ok(scalar.to_string()),
    };
    let pieces: Vec<String> = match value {
        Value::Array(items) => items.iter().map(scalar).collect::<Result<_, _>>()?,
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Ok(format!("{key}{after_key}{}", scalar(value)?)))
            .collect::<Result<_, String>>()?,
        value => vec![scalar(value)?],
    };
    Ok(pieces.join(between))
}
