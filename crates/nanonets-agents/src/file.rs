//! Files to upload: named, typed, streamed, and opened again for each attempt.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use nanonets_agents_api::FilePart;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of a file is in memory at a time.
const CHUNK: usize = 256 * 1024;

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
    Stream {
        length: Option<u64>,
        open: Open,
    },
    /// It has a name and a media type of its own.
    Part(FilePart),
}

type Chunks = BoxStream<'static, io::Result<Bytes>>;
type Open = Arc<dyn Fn() -> BoxFuture<'static, io::Result<Chunks>> + Send + Sync>;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The file, by its place among those of the run, from 0.
    pub file: usize,
    /// How many bytes of it have been handed to the connection.
    pub sent: u64,
    /// How many it has, if that is known.
    pub total: Option<u64>,
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
    /// time. If the length is given, it is announced to the server, and content of another length fails the request.
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
        let open = Arc::new(move || -> BoxFuture<'static, io::Result<Chunks>> {
            let opened = open();
            Box::pin(async move { Ok(opened.await?.boxed()) })
        });
        Self::new(Source::Stream { length, open }, Some(name.into()))
    }

    /// A file that is read from a reader, under a name. For the rest, it is as with [`stream`](Self::stream).
    ///
    /// ```
    /// use nanonets_agents::File;
    ///
    /// let file = File::reader("scan.pdf", None, || tokio::fs::File::open("/dev/stdin"));
    /// ```
    pub fn reader<Open, Opened, Content>(
        name: impl Into<String>,
        length: Option<u64>,
        open: Open,
    ) -> Self
    where
        Open: Fn() -> Opened + Send + Sync + 'static,
        Opened: Future<Output = io::Result<Content>> + Send + 'static,
        Content: AsyncRead + Send + 'static,
    {
        Self::stream(name, length, move || {
            let opened = open();
            async move { opened.await.map(read) }
        })
    }

    /// Sends it as this media type, such as `application/pdf`, and not as the one that its name suggests.
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
        let name = self.sent_name();
        let part = match (self.source.clone(), on_progress) {
            (Source::Part(part), _) => part,
            (Source::Bytes(content), None) => FilePart::from_bytes(&name, content),
            (Source::Path(path), None) => FilePart::from_path(path),
            (Source::Stream { length, open }, None) => {
                FilePart::from_factory(&name, length, move || open())
            }
            (source, Some(on_progress)) => match source.opened() {
                Some((length, open)) => told(&name, length, open, index, on_progress.clone()),
                // One that can't be read says so before anything is sent.
                None => return self.part(index, None),
            },
        };
        let part = match &self.name {
            Some(name) => part.file_name(name),
            None => part,
        };
        match (&self.content_type, &self.source) {
            (Some(media_type), _) => part.content_type(media_type),
            (None, Source::Part(_)) if self.name.is_none() => part,
            (None, _) => {
                let guess = mime_guess::from_path(name).first_or_octet_stream();
                part.content_type(guess.essence_str())
            }
        }
    }

    fn sent_name(&self) -> String {
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

impl Source {
    /// The length and how it is opened, if it can be.
    fn opened(self) -> Option<(Option<u64>, Open)> {
        Some(match self {
            Self::Path(path) => {
                let length = length_of(&path)?;
                let open = move || -> BoxFuture<'static, io::Result<Chunks>> {
                    let path = path.clone();
                    Box::pin(async move { Ok(read(tokio::fs::File::open(path).await?).boxed()) })
                };
                (Some(length), Arc::new(open))
            }
            Self::Bytes(content) => {
                let length = content.len() as u64;
                let open = move || -> BoxFuture<'static, io::Result<Chunks>> {
                    let content = content.clone();
                    Box::pin(async move { Ok(cut(content).boxed()) })
                };
                (Some(length), Arc::new(open))
            }
            Self::Stream { length, open } => (length, open),
            Self::Part(_) => return None,
        })
    }
}

/// The length of a regular file that can be opened.
fn length_of(path: &Path) -> Option<u64> {
    let metadata = std::fs::File::open(path)
        .and_then(|file| file.metadata())
        .ok()?;
    metadata.is_file().then_some(metadata.len())
}

fn cut(content: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(content, |mut rest| async move {
        let chunk = rest.split_to(rest.len().min(CHUNK));
        (!chunk.is_empty()).then_some((Ok(chunk), rest))
    })
}

fn read(
    content: impl AsyncRead + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold(Box::pin(content), |mut content| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = content.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (chunk.freeze(), content)))
    })
}

/// A part that tells how far it is after each chunk.
fn told(
    name: &str,
    total: Option<u64>,
    open: Open,
    file: usize,
    on_progress: OnProgress,
) -> FilePart {
    FilePart::from_factory(name, total, move || {
        let (opened, on_progress) = (open(), on_progress.clone());
        async move {
            let mut sent = 0;
            let chunks = opened.await?.inspect(move |chunk| {
                if let Ok(chunk) = chunk {
                    sent += chunk.len() as u64;
                    on_progress(Progress { file, sent, total });
                }
            });
            Ok(chunks)
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

from_path!(&str, String, &String, PathBuf, &PathBuf, &Path);
