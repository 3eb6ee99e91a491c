//! A file to upload, described once and read anew for every attempt.
//!
//! A streamed request cannot be sent twice: once part of a stream is on the wire, it is gone. So a [`FilePart`] is
//! not a stream but a recipe for one. It is cheap to clone, holds no open file, and each request made from it opens
//! its source again.

use std::fmt;
use std::future::Future;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use tokio::fs::File;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// How much of a file is read at a time; two or three such chunks are in memory. Less of it is sent sooner than it is
/// handed from the thread that reads to the one that sends.
const CHUNK: usize = 512 * 1024;

/// The same for what is not a regular file. A pipe gives no more at once, and what it gives is sent at once.
const PIPE: usize = 64 * 1024;

/// The content type of a file without one of its own.
const OCTET_STREAM: &str = "application/octet-stream";

/// The content of a file, in chunks.
pub(super) type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

type Opening = Pin<Box<dyn Future<Output = io::Result<Chunks>> + Send>>;

/// One file to upload: its name, its content type, and a source that can be opened again for each attempt.
///
/// Its `Debug` shows neither the content nor the path.
#[derive(Clone)]
pub struct FilePart {
    file_name: String,
    content_type: Option<String>,
    source: Source,
    on_chunk: Option<OnChunk>,
}

type OnChunk = Arc<dyn Fn(u64) + Send + Sync>;

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    Factory {
        length: Option<u64>,
        open: Arc<dyn Fn() -> Opening + Send + Sync>,
    },
}

impl FilePart {
    /// A file on disk, sent under the last component of its path.
    ///
    /// Nothing is opened here. A request first checks that the file is there and can be read, and then reads it in
    /// chunks when its turn comes. The length found by the check is announced. A file whose length, or time of
    /// modification, changes while it is sent fails the request before the end of its body, so that the server never has
    /// a torn document. A file that another replaces at its path is sent as it was.
    ///
    /// A path that is not a regular file (a pipe, as the shell makes for `<(command)`, or a device) has no length to
    /// announce, and can perhaps be read only once. It is read by a thread of its own, which waits for a writer as long as
    /// there is none. That thread does not keep a runtime or a process from its end.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file_name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self::new(file_name, Source::Path(path))
    }

    /// A file that is in memory already. [`Bytes`] are shared, not copied, by clones and attempts.
    pub fn from_bytes(file_name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(file_name.into(), Source::Bytes(content.into()))
    }

    /// A file from anywhere else: `open` is called once for each attempt, and must give the same content each time.
    ///
    /// If `length` is given it is announced to the server, and a stream that turns out shorter or longer fails the
    /// request. Without it, the request is sent in chunks of unannounced number, which some servers refuse.
    ///
    /// A tokio `AsyncRead` becomes such a stream with `tokio_util::io::ReaderStream`:
    ///
    /// ```text
    /// FilePart::from_factory("scan.pdf", None, || async {
    ///     let reader = storage.download("scan.pdf").await?;
    ///     Ok(ReaderStream::new(reader))
    /// })
    /// ```
    pub fn from_factory<Open, Opened, Content>(
        file_name: impl Into<String>,
        length: Option<u64>,
        open: Open,
    ) -> Self
    where
        Open: Fn() -> Opened + Send + Sync + 'static,
        Opened: Future<Output = io::Result<Content>> + Send + 'static,
        Content: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let open = move || -> Opening {
            let opened = open();
            Box::pin(async move { Ok(Box::pin(opened.await?) as Chunks) })
        };
        let open = Arc::new(open);
        Self::new(file_name.into(), Source::Factory { length, open })
    }

    fn new(file_name: String, source: Source) -> Self {
        Self {
            file_name,
            content_type: None,
            source,
            on_chunk: None,
        }
    }

    /// Sends the file under another name.
    ///
    /// Only what follows the last `/` or `\` is sent, which is all that a server should use of a name (RFC 7578,
    /// section 4.2), and `file` if that leaves nothing.
    #[must_use]
    pub fn file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// Sets the media type, such as `application/pdf`. Unless set, it is `application/octet-stream`.
    ///
    /// It is checked when a request is made: one that is not a media type is refused before anything is sent.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the media type if none is set.
    #[must_use]
    pub fn or_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type.get_or_insert_with(|| content_type.into());
        self
    }

    /// Calls a function with the number of bytes that have been handed to the connection, after each chunk. Each attempt
    /// begins at 0 again.
    #[must_use]
    pub fn on_chunk(mut self, call: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_chunk = Some(Arc::new(call));
        self
    }

    /// The file name as it is sent, but for the encoding.
    pub(super) fn sent_file_name(&self) -> &str {
        match self.file_name.rsplit(['/', '\\']).next() {
            None | Some("" | "." | "..") => "file",
            Some(name) => name,
        }
    }

    /// The content type as it is sent, unchecked.
    pub(super) fn sent_content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or(OCTET_STREAM)
    }

    /// Makes sure, as far as can be known beforehand, that the source can be opened, and takes its length.
    ///
    /// A factory is not called: it may be costly, or good for one use only.
    pub(super) async fn check(&self) -> io::Result<Option<u64>> {
        match &self.source {
            Source::Path(path) => check_path(path).await,
            Source::Bytes(content) => Ok(Some(content.len() as u64)),
            Source::Factory { length, .. } => Ok(*length),
        }
    }

    /// How error messages name the file: by its path if it has one, else by its file name.
    pub(super) fn described(&self) -> String {
        match &self.source {
            Source::Path(path) => format!("{:?}", path.to_string_lossy()),
            Source::Bytes(_) | Source::Factory { .. } => format!("{:?}", self.sent_file_name()),
        }
    }

    /// Opens the source from its start.
    pub(super) async fn open(&self) -> io::Result<Chunks> {
        let chunks = match &self.source {
            Source::Path(path) if tokio::fs::metadata(path).await?.is_file() => {
                let file = File::open(path).await?.into_std().await;
                read_in_chunks(Reading::new(file)?)
            }
            Source::Path(path) => read_in_thread(path.clone()).await?,
            Source::Bytes(content) => in_chunks(content.clone()),
            Source::Factory { open, .. } => open().await?,
        };
        Ok(match self.on_chunk.clone() {
            None => chunks,
            Some(on_chunk) => {
                let mut sent = 0;
                Box::pin(chunks.inspect_ok(move |chunk| {
                    sent += chunk.len() as u64;
                    on_chunk(sent);
                }))
            }
        })
    }
}

async fn check_path(path: &Path) -> io::Result<Option<u64>> {
    let metadata = tokio::fs::metadata(path).await?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        // Opening a pipe to have a look would take its content away from the request.
        return Ok(None);
    }
    // Permission to read shows only when the file is opened.
    let metadata = File::open(path).await?.metadata().await?;
    Ok(Some(metadata.len()))
}

fn in_chunks(content: Bytes) -> Chunks {
    Box::pin(stream::unfold(content, |mut rest| async move {
        let chunk = rest.split_to(rest.len().min(CHUNK));
        (!chunk.is_empty()).then_some((Ok(chunk), rest))
    }))
}

/// Each chunk is read while the one before it is sent.
fn read_in_chunks(file: Reading) -> Chunks {
    Box::pin(stream::try_unfold(read(file), |reading| async move {
        let (chunk, file) = reading.await.map_err(io::Error::other)??;
        Ok((!chunk.is_empty()).then(|| (chunk, read(file))))
    }))
}

/// Begins to read the next chunk, which is empty at the end of the file.
fn read(mut file: Reading) -> JoinHandle<io::Result<(Bytes, Reading)>> {
    spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK);
        let content = file.file.by_ref();
        content.take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            file.check_unchanged()?;
        }
        Ok((chunk.into(), file))
    })
}

/// A regular file that is read.
struct Reading {
    file: std::fs::File,
    /// Its length and time of modification when it was opened.
    opened: (u64, Option<SystemTime>),
}

impl Reading {
    fn new(file: std::fs::File) -> io::Result<Self> {
        let opened = version(&file)?;
        Ok(Self { file, opened })
    }

    fn check_unchanged(&self) -> io::Result<()> {
        if version(&self.file)? == self.opened {
            Ok(())
        } else {
            Err(io::Error::other(Changed))
        }
    }
}

fn version(file: &std::fs::File) -> io::Result<(u64, Option<SystemTime>)> {
    let metadata = file.metadata()?;
    // Some systems have no such time.
    Ok((metadata.len(), metadata.modified().ok()))
}

/// A file is another than it was when it was opened.
#[derive(Debug)]
pub(super) struct Changed;

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file was changed while it was sent")
    }
}

impl std::error::Error for Changed {}

/// Reads what is not a regular file in a thread that nobody waits for: opening a pipe without a writer, or reading one
/// whose writer does nothing, may take forever. The threads of tokio would keep the runtime from its end.
///
/// Each message is a chunk: an empty one as soon as the file is open, and an empty one at its end.
async fn read_in_thread(path: PathBuf) -> io::Result<Chunks> {
    let (chunks, mut received) = mpsc::channel(1);
    let read = move || {
        let read = || -> io::Result<()> {
            let mut file = std::fs::File::open(path)?;
            let mut chunk = Vec::new();
            // It ends when the request does, and takes nothing from a pipe that another attempt reads.
            while chunks.blocking_send(Ok(Bytes::from(chunk))).is_ok() {
                let mut buffer = vec![0; PIPE];
                let length = retried(|| file.read(&mut buffer))?;
                buffer.truncate(length);
                if length == 0 {
                    let _ended = chunks.blocking_send(Ok(Bytes::new()));
                    break;
                }
                chunk = buffer;
            }
            Ok(())
        };
        if let Err(error) = read() {
            let _ended = chunks.blocking_send(Err(error));
        }
    };
    std::thread::Builder::new()
        .name("upload".to_owned())
        .spawn(read)?;
    next(&mut received).await?;
    Ok(Box::pin(stream::try_unfold(
        received,
        |mut received| async move {
            let chunk = next(&mut received).await?;
            Ok((!chunk.is_empty()).then_some((chunk, received)))
        },
    )))
}

/// The next message of the thread.
async fn next(received: &mut mpsc::Receiver<io::Result<Bytes>>) -> io::Result<Bytes> {
    let message = received.recv().await;
    message.unwrap_or_else(|| Err(io::Error::other("the thread that reads has ended")))
}

/// Reads again after a signal.
fn retried(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, length) = match &self.source {
            Source::Path(_) => ("path", None),
            Source::Bytes(content) => ("bytes", Some(content.len() as u64)),
            Source::Factory { length, .. } => ("factory", *length),
        };
        f.debug_struct("FilePart")
            .field("file_name", &self.sent_file_name())
            .field("content_type", &self.sent_content_type())
            .field("source", &source)
            .field("length", &length)
            .finish()
    }
}

/// A file that could not be sent as it was announced: it broke off, turned out shorter or longer, or was changed.
///
/// The request was then abandoned in mid-body, so the server cannot have taken it for a whole one. It is found by
/// walking the `source` chain of the [`reqwest::Error`] of the request.
#[derive(Debug)]
pub struct PartError {
    message: String,
    source: Option<io::Error>,
}

impl PartError {
    pub(super) fn new(part: &str, file: &FilePart, problem: &str) -> Self {
        Self {
            message: format!("part `{part}`: {} {problem}", file.described()),
            source: None,
        }
    }

    pub(super) fn caused_by(mut self, source: io::Error) -> Self {
        self.source = Some(source);
        self
    }
}

impl fmt::Display for PartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}
