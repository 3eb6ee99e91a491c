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

/// How much of a reader is in memory at a time.
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

pub(crate) type Chunks = BoxStream<'static, io::Result<Bytes>>;
type Open = Arc<dyn Fn() -> BoxFuture<'static, io::Result<Chunks>> + Send + Sync>;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The file, by its place among those of the run, from 0.
    pub file: usize,
    /// The number of its bytes that the connection has taken. Up to some megabytes of these may still be in buffers of this
    /// machine.
    pub sent: u64,
    /// Its length in bytes, if that is known.
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
    ///
    /// A file that somebody changes while it is sent fails the upload with
    /// [`ErrorKind::File`](crate::ErrorKind::File) before its end: no task gets a torn document. The length and the time
    /// of modification show the change.
    ///
    /// A pipe or a device works too, such as `/dev/stdin` or what a shell makes for `<(command)`. It can be read once, so
    /// an upload from it should not be retried. An upload waits for the writer of a pipe as long as the idle timeout
    /// allows, and does not keep the program from its end.
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
    /// use tokio::net::TcpStream;
    ///
    /// let file = File::reader("scan.pdf", None, || TcpStream::connect("scanner.local:9100"));
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
    pub(crate) fn part(&self) -> FilePart {
        let name = self.sent_name();
        let part = match self.source.clone() {
            Source::Part(part) => part,
            Source::Path(path) => FilePart::from_path(path),
            Source::Bytes(content) => FilePart::from_bytes(&name, content),
            Source::Stream { length, open } => {
                FilePart::from_factory(&name, length, move || open())
            }
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

    /// The same, with a function that is told how far it is.
    pub(crate) fn watched_part(&self, file: usize, on_progress: &OnProgress) -> FilePart {
        let (total, on_progress) = (self.length(), on_progress.clone());
        self.part()
            .on_chunk(move |sent| on_progress(Progress { file, sent, total }))
    }

    /// Its length, as far as it is known before it is read.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Path(path) => {
                let metadata = std::fs::metadata(path).ok()?;
                metadata.is_file().then_some(metadata.len())
            }
            Source::Bytes(content) => Some(content.len() as u64),
            Source::Stream { length, .. } => *length,
            Source::Part(_) => None,
        }
    }

    /// The content, if reading it twice does no harm: bytes in memory and regular files. Pipes, readers and streams may be
    /// readable only once.
    pub(crate) async fn repeatable_content(&self) -> io::Result<Option<Chunks>> {
        Ok(match &self.source {
            Source::Path(path) if tokio::fs::metadata(path).await?.is_file() => {
                Some(read(tokio::fs::File::open(path).await?).boxed())
            }
            Source::Bytes(content) => Some(stream::iter([Ok(content.clone())]).boxed()),
            Source::Path(_) | Source::Stream { .. } | Source::Part(_) => None,
        })
    }

    /// The name that the server is told, as far as it is known before it is sent.
    pub(crate) fn sent_name(&self) -> String {
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

fn read(
    content: impl AsyncRead + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold(Box::pin(content), |mut content| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = content.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (chunk.freeze(), content)))
    })
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.part().fmt(f)
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
