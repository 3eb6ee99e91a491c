//! The input of a task, as it arrives and as the task keeps it: texts, and files without their content.

use std::sync::Arc;

use crate::text::Texts;

/// A part of a multipart body as it was seen. Its content is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The part's name: `files`.
    pub name: String,
    /// The file name that came with it.
    pub file_name: Option<String>,
    /// The media type that came with it.
    pub content_type: Option<String>,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in lower-case hexadecimal.
    pub sha256: String,
}

impl Part {
    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let texts = self.name.len() + length(&self.file_name) + length(&self.content_type);
        size_of::<Self>() + texts + self.sha256.len()
    }
}

/// A file that a task was started with, as the task keeps it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The name of its part.
    pub name: Arc<str>,
    pub file_name: Option<Box<str>>,
    pub content_type: Option<Arc<str>>,
    size: u64,
    sha256: [u8; 32],
}

impl File {
    pub fn new(part: &Part, sha256: [u8; 32]) -> Self {
        Self {
            name: part.name.as_str().into(),
            file_name: part.file_name.as_deref().map(Into::into),
            content_type: part.content_type.as_deref().map(Into::into),
            size: part.size,
            sha256,
        }
    }

    /// The part that it came in.
    pub fn part(&self) -> Part {
        Part {
            name: self.name.as_ref().to_owned(),
            file_name: self.file_name.as_deref().map(str::to_owned),
            content_type: self.content_type.as_deref().map(str::to_owned),
            size: self.size,
            sha256: hex(&self.sha256),
        }
    }
}

/// The input that a task is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub query: Option<Arc<str>>,
    pub output_schema: Option<Arc<str>>,
    pub files: Vec<File>,
}

impl Input {
    /// Shares texts with other tasks: many tasks of one agent have the same prompt or the same schema.
    pub fn share_texts(&mut self, texts: &mut Texts) {
        let files = self.files.iter_mut();
        let shared =
            files.flat_map(|file| std::iter::once(&mut file.name).chain(&mut file.content_type));
        for text in shared.chain(&mut self.query).chain(&mut self.output_schema) {
            texts.share(text);
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
