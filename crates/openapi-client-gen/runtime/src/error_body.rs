//! The content of an answer that is not the documented success.
//!
//! Errors do not always come from the API: a proxy answers in HTML, a deploy cuts an answer short. What a caller
//! needs then is the status, the headers and the part of the body that arrived, not a complaint that it could not be
//! decoded. [`ErrorBody`] is that body.
//!
//! Bodies may hold private documents, so nothing here prints content: not `Debug`, not `Display`, not the error of a
//! decoder, which would quote the value it did not expect. Who wants the content asks for it by name.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::repair::repaired;

/// The body of an answer that is not the documented success, as far as it arrived.
pub struct ErrorBody<E> {
    bytes: Bytes,
    decoded: Option<E>,
    problem: Option<BodyProblem>,
}

impl<E> ErrorBody<E> {
    pub(super) fn new(bytes: Bytes, decoded: Option<E>, problem: Option<BodyProblem>) -> Self {
        Self {
            bytes,
            decoded,
            problem,
        }
    }

    /// The bytes that arrived. [`problem`](Self::problem) tells whether they are the whole body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The documented error, if the status is not a success and the body is one.
    pub fn decoded(&self) -> Option<&E> {
        self.decoded.as_ref()
    }

    /// Why the body could not be read or decoded. None exactly if [`decoded`](Self::decoded) has all of it.
    ///
    /// On a success status this is the reason why the answer is an error at all.
    pub fn problem(&self) -> Option<&BodyProblem> {
        self.problem.as_ref()
    }

    /// The same three things, owned: what arrived, the documented error, the problem.
    pub fn into_parts(self) -> (Bytes, Option<E>, Option<BodyProblem>) {
        (self.bytes, self.decoded, self.problem)
    }
}

impl<E> fmt::Debug for ErrorBody<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorBody")
            .field("length", &self.bytes.len())
            .field("decoded", &self.decoded.is_some())
            .field("problem", &self.problem)
            .finish()
    }
}

impl<E> fmt::Display for ErrorBody<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a body of {} bytes", self.bytes.len())?;
        match &self.problem {
            Some(problem) => write!(f, ": {problem}"),
            None => Ok(()),
        }
    }
}

/// Why a body could not be read or decoded.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyProblem {
    /// It arrived whole, but is not the JSON that is documented.
    Undecodable(DecodeError),
    /// It could not be read to its end: the connection broke, a timeout ran out, or its compression is damaged.
    Incomplete(reqwest::Error),
    /// It is longer than what was to be read, and the rest was left.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

impl fmt::Display for BodyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable(error) => error.fmt(f),
            Self::Incomplete(_) => f.write_str("the body could not be read to its end"),
            Self::TooLarge { limit } => {
                write!(f, "the body is longer than the limit of {limit} bytes")
            }
        }
    }
}

impl std::error::Error for BodyProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Incomplete(error) => Some(error),
            Self::Undecodable(_) | Self::TooLarge { .. } => None,
        }
    }
}

/// Where and how a body differs from what is documented, without quoting it.
///
/// The decoder's own error has more to say, but quotes the document: see [`full`](Self::full). It is therefore not
/// the `source` of this error, which a logger would print.
pub struct DecodeError {
    error: serde_json::Error,
    path: String,
}

impl DecodeError {
    /// Which value is not what is documented, as in `$.data[3].status`. `$` is the document itself, and stands also
    /// for a body that isn't JSON at all.
    ///
    /// A key that doesn't look like a field name is shown as `?`, for the keys of a map are content too.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The decoder's error. **Its text may quote the document**; it doesn't belong in a log.
    #[must_use]
    pub fn full(&self) -> &serde_json::Error {
        &self.error
    }

    /// The name of the field whose absence is the problem.
    fn missing_field(&self) -> Option<String> {
        // serde keeps no structure in its errors, only this text. A field name is the program's, not the document's.
        let text = self.error.to_string();
        let (name, _) = text.strip_prefix("missing field `")?.split_once('`')?;
        is_field_name(name).then(|| name.to_owned())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.classify() {
            Category::Data => match self.missing_field() {
                Some(field) => write!(f, "no field `{field}` in {}", self.path)?,
                None => write!(f, "not the documented kind of value at {}", self.path)?,
            },
            Category::Eof => f.write_str("JSON that ends too early")?,
            Category::Syntax | Category::Io => f.write_str("not JSON")?,
        }
        let (line, column) = (self.error.line(), self.error.column());
        write!(f, " (line {line}, column {column})")
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self})")
    }
}

impl std::error::Error for DecodeError {}

/// Decodes JSON as answers are decoded. Halves of characters in its strings become U+FFFD.
///
/// # Errors
///
/// [`DecodeError`] if it is not the JSON of a `T`.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    let error = match serde_json::from_slice(json) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let repaired = match error.classify() {
        Category::Syntax => repaired(json),
        Category::Data | Category::Eof | Category::Io => None,
    };
    match repaired {
        Some(json) => serde_json::from_slice(&json).map_err(|error| explain::<T>(error, &json)),
        None => Err(explain::<T>(error, json)),
    }
}

/// Adds the path to an error.
fn explain<T: DeserializeOwned>(error: serde_json::Error, json: &[u8]) -> DecodeError {
    // Tracking the path costs time, so it takes a second run. What isn't JSON has its line and column, and a path could
    // lead through the keys of free-form content.
    let path = match error.classify() {
        Category::Data => {
            let mut document = serde_json::Deserializer::from_slice(json);
            let tracked = serde_path_to_error::deserialize::<_, T>(&mut document);
            tracked.err().map(|error| error.path().clone())
        }
        Category::Syntax | Category::Eof | Category::Io => None,
    };
    let path = printable(path.iter().flatten());
    DecodeError { error, path }
}

fn printable<'a>(path: impl Iterator<Item = &'a Segment>) -> String {
    let mut text = "$".to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
            Segment::Map { key: name } | Segment::Enum { variant: name } if is_field_name(name) => {
                text.push('.');
                text.push_str(name);
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => text.push_str(".?"),
        }
    }
    text
}

/// Whether this could be the name of a field in a schema, and is safe to print.
pub(super) fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
