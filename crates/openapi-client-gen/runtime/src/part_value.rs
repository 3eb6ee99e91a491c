//! The content of a part that the API description does not list.
//!
//! A documented part has a type, and a setter that takes nothing else. Of a part that only its caller knows there is no
//! more to say than that it is text or a file.

use std::fmt;

use super::file_part::FilePart;

/// The content of a part that the API description does not list, made from a string or a [`FilePart`].
///
/// Its `Debug` shows no content.
#[derive(Clone)]
#[non_exhaustive]
pub enum PartValue {
    /// Text, sent as it is and without a content type.
    Text(String),
    /// A file, with its name and content type.
    File(FilePart),
}

impl From<&str> for PartValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PartValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<FilePart> for PartValue {
    fn from(file: FilePart) -> Self {
        Self::File(file)
    }
}

impl fmt::Debug for PartValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.debug_tuple("Text").finish_non_exhaustive(),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}
