//! Files to upload: named, typed, streamed, and opened again for each attempt.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::stream;
use nanonets_agents_api::FilePart;
use tokio::io::AsyncReadExt;

/// How much of a file is in memory at a time.
const CHUNK: usize = 64 * 1024;

/// A file to upload. It is streamed, never held in memory whole, and opened again for each attempt.
#[derive(Clone)]
pub struct File {
    source: Source,
    name: Option<String>,
    content_type: Option<String>,
}

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    Part(FilePart),
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The file, by its place among those of the run.
    pub file: usize,
    /// How many bytes of it have been handed to the connection.
    pub sent: u64,
    /// How many it has.
    pub total: u64,
}

pub(crate) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

impl File {
    fn new(source: Source, name: Option<String>) -> Self {
        Self {
            source,
            name,
            content_type: None,
        }
    }

    /// A file on disk, under its own name.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::Path(path.into()), None)
    }

    /// Bytes in memory, under a name.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(Source::Bytes(content.into()), Some(name.into()))
    }

    /// A file from anywhere else, under a name. `open` is called for each attempt and must give the same content each
    /// time. If the length is given, it is announced to the server. Its progress is not told.
    pub fn stream<Open, Opened, Content>(
        name: impl Into<String>,
        length: Option<u64>,
        open: Open,
    ) -> Self
    where
        Open: Fn() -> Opened + Send + Sync + 'static,
        Opened: Future<Output = io::Result<Content>> + Send + 'static,
        Content: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let name = name.into();
        let part = FilePart::from_factory(name.clone(), length, open);
        Self::new(Source::Part(part), Some(name))
    }

    /// Sends it as this media type, and not as the one that its name suggests.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Sends it under another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The part of the request that it becomes.
    pub(crate) fn part(&self, index: usize, on_progress: Option<&OnProgress>) -> FilePart {
        let tell = |total| {
            let on_progress = on_progress.cloned();
            move |sent| {
                if let Some(on_progress) = &on_progress {
                    on_progress(Progress {
                        file: index,
                        sent,
                        total,
                    });
                }
            }
        };
        let own_name = self.own_name();
        let part = match &self.source {
            Source::Part(part) => part.clone(),
            Source::Bytes(content) if on_progress.is_some() => {
                let (content, tell) = (content.clone(), tell(content.len() as u64));
                let length = Some(content.len() as u64);
                FilePart::from_factory(own_name.clone(), length, move || {
                    let chunks = told(in_memory(content.clone()), tell.clone());
                    async move { Ok(chunks) }
                })
            }
            Source::Bytes(content) => FilePart::from_bytes(own_name.clone(), content.clone()),
            Source::Path(path) => match readable(path).filter(|_| on_progress.is_some()) {
                Some(length) => {
                    let (path, tell) = (path.clone(), tell(length));
                    FilePart::from_factory(own_name.clone(), Some(length), move || {
                        let (path, tell) = (path.clone(), tell.clone());
                        async move {
                            let file = tokio::fs::File::open(path).await?;
                            Ok(told(on_disk(file), tell))
                        }
                    })
                }
                // One that can't be read says so before anything is sent.
                None => FilePart::from_path(path),
            },
        };
        let part = match &self.name {
            Some(name) => part.file_name(name),
            None => part,
        };
        match (&self.content_type, &self.source) {
            (Some(media_type), _) => part.content_type(media_type),
            // It has its own already.
            (None, Source::Part(_)) if self.name.is_none() => part,
            (None, _) => {
                let name = self.name.as_ref().unwrap_or(&own_name);
                let guess = mime_guess::from_path(name).first_or_octet_stream();
                part.content_type(guess.essence_str())
            }
        }
    }

    fn own_name(&self) -> String {
        match (&self.name, &self.source) {
            (Some(name), _) => name.clone(),
            (None, Source::Path(path)) => path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            (None, _) => String::new(),
        }
    }
}

/// The length of a regular file that can be opened.
fn readable(path: &Path) -> Option<u64> {
    let metadata = std::fs::File::open(path)
        .and_then(|file| file.metadata())
        .ok()?;
    metadata.is_file().then_some(metadata.len())
}

fn in_memory(content: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(content, |mut rest| async move {
        let chunk = rest.split_to(rest.len().min(CHUNK));
        (!chunk.is_empty()).then_some((Ok(chunk), rest))
    })
}

fn on_disk(file: tokio::fs::File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(file, |mut file| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = file.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (chunk.freeze(), file)))
    })
}

/// The same chunks, with the sum of their lengths told after each.
fn told<Tell: Fn(u64) + Send + 'static>(
    chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    tell: Tell,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut sent = 0;
    futures_util::StreamExt::inspect(chunks, move |chunk| {
        if let Ok(chunk) = chunk {
            sent += chunk.len() as u64;
            tell(sent);
        }
    })
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.part(0, None).fmt(f)
    }
}

impl From<FilePart> for File {
    fn from(part: FilePart) -> Self {
        Self::new(Source::Part(part), None)
    }
}

macro_rules! from_path {
    ($($path:ty),*) => {$(
        impl From<$path> for File {
            fn from(path: $path) -> Self {
                Self::path(path)
            }
        }
    )*};
}

from_path!(&str, String, PathBuf, &Path);
