//! Lists in the query of a URL, written as `explode: false` has it: `status=draft,published`.
//!
//! reqwest would percent-encode the delimiter of a list that was joined before, so [`append_list`] writes the pair into the
//! URL itself.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// Everything but RFC 3986's unreserved characters, so that no delimiter can come from inside a value.
const NOT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Adds `name=value<delimiter>value...` to the query of `request`, and keeps what is there already.
///
/// The delimiter is that of a style: `,` for `form`, `|` for `pipeDelimited`, a space for `spaceDelimited`. The first
/// two appear literally, the space as `%20`. The name and the values are percent-encoded, delimiters inside a value
/// included. An empty list adds nothing: servers differ in what they take `status=` for.
///
/// # Errors
///
/// A value that is not a scalar; the message names the parameter and the position. The request is then unchanged.
pub fn append_list<T: Serialize>(
    request: &mut reqwest::Request,
    name: &str,
    delimiter: &str,
    values: &[T],
) -> Result<(), String> {
    if values.is_empty() {
        return Ok(());
    }
    let url = request.url_mut();
    let mut query = url.query().unwrap_or_default().to_owned();
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, NOT_UNRESERVED));
    query.push('=');
    for (position, value) in values.iter().enumerate() {
        let text = super::scalar::to_text(value).map_err(|problem| {
            format!("query parameter `{name}`: value {} {problem}", position + 1)
        })?;
        if position > 0 {
            query.push_str(delimiter);
        }
        query.extend(utf8_percent_encode(&text, NOT_UNRESERVED));
    }
    url.set_query(Some(&query));
    Ok(())
}
