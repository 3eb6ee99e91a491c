//! `multipart/form-data` bodies that are streamed.
//!
//! reqwest has a form of its own, but it percent-encodes names by rules that servers do not undo, trusts the length
//! that a stream is said to have, and is spent after one attempt. A [`Form`] is encoded by the rules that browsers
//! follow (RFC 7578 and the WHATWG's multipart encoding), checks every file before the first byte is sent, and holds
//! every file to the length it announced.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::vec;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use super::file_part::{Changed, Chunks, FilePart, PartError};
use super::part_value::PartValue;

/// The parts of a `multipart/form-data` body. Texts are sent before files; for the rest, they keep their order.
///
/// Its `Debug` shows the names of the parts and nothing of their content.
#[derive(Default)]
pub struct Form {
    parts: Vec<Part>,
}

struct Part {
    name: String,
    content: Content,
}

enum Content {
    Text(String),
    Json {
        content_type: String,
        value: Vec<u8>,
    },
    File(FilePart),
}

impl Form {
    /// A form without parts, which is a valid body too.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scalar: a string as it is, a number or a boolean as in JSON. The part has no content type.
    ///
    /// # Errors
    ///
    /// A value that is absent, a list or an object; the message names the part.
    pub fn text<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), String> {
        let text =
            super::scalar::to_text(value).map_err(|problem| format!("part `{name}` {problem}"))?;
        self.push(name, Content::Text(text));
        Ok(())
    }

    /// Adds a value as JSON text, under the given content type.
    ///
    /// # Errors
    ///
    /// A value that has no JSON form, or a content type that is not a media type; the message names the part.
    pub fn json<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        content_type: &str,
        value: &T,
    ) -> Result<(), String> {
        require_media_type(name, content_type)?;
        let value = serde_json::to_vec(value)
            .map_err(|error| format!("part `{name}` cannot be serialised: {error}"))?;
        let content_type = content_type.to_owned();
        self.push(
            name,
            Content::Json {
                content_type,
                value,
            },
        );
        Ok(())
    }

    /// Adds a file. It is checked by [`apply`](Self::apply), and read when the request is sent.
    pub fn file(&mut self, name: &str, file: FilePart) {
        self.push(name, Content::File(file));
    }

    /// Adds a part that the API description does not list, as [`text`](Self::text) or as a [`file`](Self::file).
    pub fn extra(&mut self, name: &str, value: PartValue) {
        let content = match value {
            PartValue::Text(text) => Content::Text(text),
            PartValue::File(file) => Content::File(file),
        };
        self.push(name, content);
    }

    fn push(&mut self, name: &str, content: Content) {
        let name = name.to_owned();
        self.parts.push(Part { name, content });
    }

    /// Puts the form on a request: the body, its `Content-Type`, and its `Content-Length` when every length is known.
    ///
    /// Every file is checked first. The request can be sent once; for another attempt build another form, from
    /// clones of the same [`FilePart`]s.
    ///
    /// # Errors
    ///
    /// A file that is missing, can't be read or is a directory, or whose content type is not a media type. The
    /// message names the part and the file, and the request is unchanged.
    pub async fn apply(self, request: &mut reqwest::Request) -> Result<(), String> {
        let boundary = boundary();
        let mut encoder = Encoder::default();
        // A server that reads a body in one pass knows the texts when the files arrive.
        let is_file = |part: &Part| matches!(part.content, Content::File(_));
        let (files, texts): (Vec<_>, Vec<_>) = self.parts.into_iter().partition(is_file);
        for part in texts.into_iter().chain(files) {
            encoder.part(&boundary, part).await?;
        }
        let Encoded { segments, length } = encoder.finish(&boundary);

        let content_type =
            HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
                .map_err(|error| error.to_string())?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        match length {
            Some(length) => headers.insert(CONTENT_LENGTH, HeaderValue::from(length)),
            None => headers.remove(CONTENT_LENGTH),
        };
        *request.body_mut() = Some(body(segments));
        Ok(())
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.parts.iter().map(|part| &part.name);
        f.debug_list().entries(names).finish()
    }
}

/// A boundary that no content can contain but by guessing 128 random bits.
///
/// The keys of the standard library's hasher come from the system's random source, and a keyed hash of a constant
/// is as unpredictable as its key; that spares a dependency. Content written by someone hostile was written before.
fn boundary() -> String {
    let random = RandomState::new();
    format!(
        "form-{:016x}{:016x}",
        random.hash_one(0_u8),
        random.hash_one(1_u8)
    )
}

/// A stretch of the body.
enum Segment {
    Memory(Bytes),
    File {
        part: String,
        file: FilePart,
        length: Option<u64>,
    },
}

struct Encoded {
    segments: Vec<Segment>,
    length: Option<u64>,
}

/// Lays out the body as alternating stretches of memory and files.
struct Encoder {
    segments: Vec<Segment>,
    memory: Vec<u8>,
    /// The length of `segments`, or none as soon as one of them has none.
    length: Option<u64>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            segments: Vec::new(),
            memory: Vec::new(),
            length: Some(0),
        }
    }
}

impl Encoder {
    async fn part(&mut self, boundary: &str, Part { name, content }: Part) -> Result<(), String> {
        let quoted_name = quoted(&name);
        self.write(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name={quoted_name}"
        ));
        match content {
            Content::Text(text) => {
                self.write("\r\n\r\n");
                self.write(&text);
            }
            Content::Json {
                content_type,
                value,
            } => {
                self.write(&format!("\r\nContent-Type: {content_type}\r\n\r\n"));
                self.memory.extend_from_slice(&value);
            }
            Content::File(file) => {
                let content_type = file.sent_content_type();
                require_media_type(&name, content_type)?;
                let length = file.check().await.map_err(|error| {
                    format!(
                        "part `{name}`: {} cannot be read: {error}",
                        file.described()
                    )
                })?;
                let file_name = quoted(file.sent_file_name());
                self.write(&format!(
                    "; filename={file_name}\r\nContent-Type: {content_type}\r\n\r\n"
                ));
                self.flush();
                self.grow(length);
                self.segments.push(Segment::File {
                    part: name,
                    file,
                    length,
                });
            }
        }
        self.write("\r\n");
        Ok(())
    }

    fn finish(mut self, boundary: &str) -> Encoded {
        self.write(&format!("--{boundary}--\r\n"));
        self.flush();
        Encoded {
            segments: self.segments,
            length: self.length,
        }
    }

    fn write(&mut self, text: &str) {
        self.memory.extend_from_slice(text.as_bytes());
    }

    fn flush(&mut self) {
        let memory = Bytes::from(std::mem::take(&mut self.memory));
        self.grow(Some(memory.len() as u64));
        self.segments.push(Segment::Memory(memory));
    }

    fn grow(&mut self, by: Option<u64>) {
        self.length = self
            .length
            .zip(by)
            .and_then(|(length, by)| length.checked_add(by));
    }
}

/// Writes a name as browsers do: in UTF-8 as it is, but for what would end the quotes or the line.
fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for character in name.chars() {
        if character == '"' || character.is_control() {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                quoted.push_str(percent_encoding::percent_encode_byte(byte));
            }
        } else {
            quoted.push(character);
        }
    }
    quoted.push('"');
    quoted
}

fn body(segments: Vec<Segment>) -> reqwest::Body {
    let upload = Upload {
        segments: segments.into_iter(),
        file: None,
    };
    reqwest::Body::wrap_stream(stream::try_unfold(upload, |mut upload| async move {
        let chunk = upload.next().await?;
        Ok::<_, PartError>(chunk.map(|chunk| (chunk, upload)))
    }))
}

/// A body on its way.
struct Upload {
    segments: vec::IntoIter<Segment>,
    file: Option<OpenFile>,
}

impl Upload {
    async fn next(&mut self) -> Result<Option<Bytes>, PartError> {
        loop {
            if let Some(file) = &mut self.file {
                match file.next().await? {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => self.file = None,
                }
            }
            match self.segments.next() {
                None => return Ok(None),
                Some(Segment::Memory(bytes)) => return Ok(Some(bytes)),
                Some(Segment::File { part, file, length }) => {
                    self.file = Some(OpenFile::open(part, file, length).await?);
                }
            }
        }
    }
}

/// A file on its way, held to its length: once the header is sent, only a failure keeps the server from taking a
/// changed file for a whole one.
struct OpenFile {
    part: String,
    file: FilePart,
    chunks: Chunks,
    length: Option<u64>,
    sent: u64,
}

impl OpenFile {
    async fn open(part: String, file: FilePart, length: Option<u64>) -> Result<Self, PartError> {
        let chunks = file
            .open()
            .await
            .map_err(|error| PartError::new(&part, &file, "cannot be opened").caused_by(error))?;
        Ok(Self {
            part,
            file,
            chunks,
            length,
            sent: 0,
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, PartError> {
        let Some(chunk) = self.chunks.next().await else {
            return match self.length {
                Some(length) if self.sent < length => {
                    Err(self.error(&format!("ended after {} of {length} bytes", self.sent)))
                }
                _ => Ok(None),
            };
        };
        let chunk = chunk.map_err(|error| match error.get_ref() {
            Some(cause) if cause.is::<Changed>() => self.error("was changed while it was sent"),
            _ => self.error("cannot be read").caused_by(error),
        })?;
        self.sent = self.sent.saturating_add(chunk.len() as u64);
        match self.length {
            Some(length) if self.sent > length => Err(self.error(&format!(
                "is longer than the {length} bytes it was said to have"
            ))),
            _ => Ok(Some(chunk)),
        }
    }

    fn error(&self, problem: &str) -> PartError {
        PartError::new(&self.part, &self.file, problem)
    }
}

fn require_media_type(part: &str, content_type: &str) -> Result<(), String> {
    if super::media_type::is_media_type(content_type) {
        Ok(())
    } else {
        Err(format!(
            "part `{part}`: {content_type:?} is not a media type such as `application/pdf`"
        ))
    }
}
