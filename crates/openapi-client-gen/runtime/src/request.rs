//! Segments of the path and values of headers.

use progenitor_client::encode_path;
use reqwest::header::HeaderValue;

/// Makes a parameter a segment of the path.
///
/// # Errors
///
/// A value that is no segment: nothing, `.` and `..` would make the request one for another path, for URLs are
/// normalised before they are sent. The message names the parameter.
pub fn segment(name: &str, value: &str) -> Result<String, String> {
    if matches!(value, "" | "." | "..") {
        return Err(format!(
            "`{name}` can't be {value:?}: it is part of the path"
        ));
    }
    // Ids, as most values are, are sent as they are.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match value.bytes().all(is_plain) {
        true => Ok(value.to_owned()),
        false => Ok(encode_path(value)),
    }
}

/// Makes a parameter the value of a header.
///
/// # Errors
///
/// A value with a line break, another control character, or one outside ASCII. The message names the parameter and
/// does not show the value.
pub fn header(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(value).map_err(|_| {
        format!("the header `{name}` can't hold this value: it must be printable ASCII")
    })
}
