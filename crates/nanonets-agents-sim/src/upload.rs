//! Request bodies. JSON and texts are read whole, up to a limit; files stream through a hash and a counter and are gone.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use nanonets_agents_api::types::{RunAgentRequest, TaskOutputConfig};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::input::{File, Input, Part, hex};
use crate::pace::{Pace, Paced, ReadError};
use crate::reply::Failure;
use crate::server::BUFFER;

/// The longest JSON body or text part, in bytes.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// A request whose texts and names of parts take more than this is large, in bytes.
const LARGE: usize = 64 * 1024;
/// The number of large requests that are read at the same time. The others wait.
const MAX_LARGE: usize = 64;
/// Multipart bodies of more parts are rejected.
const MAX_PARTS: usize = 1000;
/// So much of a body may come before a part of it does: preamble and headers, and what is read ahead.
const MAX_WITHOUT_PROGRESS: usize = 4 * BUFFER;
/// Names of parts and files, and their media types, beyond this are rejected, in bytes.
const MAX_NAME: usize = 1024;
/// How much of the rest of a rejected body is read, so that the client receives the answer, in bytes.
const MAX_DRAIN: usize = 64 * 1024 * 1024;
/// For how long.
const DRAIN_TIME: Duration = Duration::from_secs(5);

const RUN_NOT_NULL: [&str; 3] = [
    "/output_config",
    "/output_config/output_schema",
    "/output_config/instructions",
];

/// The part of a request's body that was received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeenBody {
    /// None, or nothing was read of it.
    #[default]
    None,
    /// A body that was read whole.
    Whole {
        /// Its length in bytes.
        size: u64,
        /// The SHA-256 of it, in lower-case hexadecimal.
        sha256: String,
    },
    /// A multipart body. If it was cut short, the parts that came whole.
    Multipart(Vec<Part>),
}

/// Limits of request bodies. All requests share them.
#[derive(Clone, Debug)]
pub(crate) struct BodyLimits {
    pub pace: Pace,
    large: Arc<Semaphore>,
}

impl BodyLimits {
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            large: Arc::new(Semaphore::new(MAX_LARGE)),
        }
    }
}

/// A request's body, and what has been seen of it.
pub(crate) struct Incoming {
    stream: Paced,
    /// Whether the client waits for `100 Continue` before it sends the body.
    waits: bool,
    memory: Memory,
    timed_out: bool,
    pub seen: SeenBody,
}

/// The memory that the body of one request takes until the request is answered.
struct Memory {
    limits: BodyLimits,
    used: usize,
    large: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// Reserves memory. A request that gets large waits for its turn.
    async fn reserve(&mut self, bytes: usize) -> Result<(), Failure> {
        self.used = self.used.saturating_add(bytes);
        if self.large.is_none() && self.used > LARGE {
            let permit = Arc::clone(&self.limits.large).acquire_owned();
            let permit = tokio::time::timeout(self.limits.pace.timeout, permit).await;
            // The semaphore is never closed.
            self.large = permit.ok().and_then(Result::ok);
            if self.large.is_none() {
                let message = format!("the simulator is reading {MAX_LARGE} large bodies already");
                return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, message));
            }
        }
        Ok(())
    }
}

impl Incoming {
    pub fn new(body: Body, headers: &HeaderMap, limits: &BodyLimits) -> Self {
        Self {
            stream: Paced::new(body, limits.pace),
            waits: headers.contains_key(EXPECT),
            memory: Memory {
                limits: limits.clone(),
                used: 0,
                large: None,
            },
            timed_out: false,
            seen: SeenBody::None,
        }
    }

    /// Whether the client stopped sending, or sent too slowly.
    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// Reads a JSON body: an object, with values that must not be null at some JSON pointers.
    pub async fn json<T: DeserializeOwned>(
        &mut self,
        headers: &HeaderMap,
        not_null: &[&str],
    ) -> Result<T, Failure> {
        let media_type = content_type(headers);
        if media_type.is_some_and(|media_type| essence(media_type) != "application/json") {
            return Err(Failure::bad_request("the body must be application/json"));
        }
        let whole = self.whole().await?;
        if whole.is_empty() {
            return Err(Failure::bad_request("the body is missing: it must be JSON"));
        }
        object(&whole, not_null).map_err(|reason| {
            Failure::bad_request(format!("the body is not as documented: {reason}"))
        })
    }

    /// Reads a body that is not large.
    async fn whole(&mut self) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await? {
            if whole.len() + chunk.len() > MAX_TEXT {
                return Err(Failure::bad_request(format!(
                    "the body has more than {MAX_TEXT} bytes"
                )));
            }
            self.memory.reserve(chunk.len()).await?;
            whole.extend_from_slice(&chunk);
        }
        if !whole.is_empty() {
            self.seen = SeenBody::Whole {
                size: whole.len() as u64,
                sha256: hex(&Sha256::digest(&whole)),
            };
        }
        Ok(whole)
    }

    /// Reads the body of a run, in either form.
    pub async fn run(&mut self, headers: &HeaderMap, max_file: u64) -> Result<Input, Failure> {
        let media_type = content_type(headers).unwrap_or_default();
        if essence(media_type) != "multipart/form-data" {
            let RunAgentRequest {
                query,
                output_config,
                ..
            } = self.json(headers, &RUN_NOT_NULL).await?;
            return Ok(Input {
                query: query
                    .flatten()
                    .filter(|query| !query.is_empty())
                    .map(Into::into),
                output_schema: output_config
                    .and_then(|config| config.output_schema)
                    .map(Into::into),
                files: Vec::new(),
            });
        }
        let boundary = multer::parse_boundary(media_type).map_err(|_| {
            Failure::bad_request("the Content-Type of the multipart body has no usable boundary")
        })?;
        self.waits = false;
        self.seen = SeenBody::Multipart(Vec::new());
        let SeenBody::Multipart(parts) = &mut self.seen else {
            return Ok(Input::default());
        };
        let (stream, progress) = Stepwise::new(&mut self.stream);
        let reader = PartReader {
            progress,
            memory: &mut self.memory,
            max_file,
        };
        let input = reader
            .read_all(Multipart::new(stream, boundary), parts)
            .await;
        self.timed_out = input.as_ref().is_err_and(Failure::is_timeout);
        input
    }

    /// Reads a body for no more than to have seen it.
    pub async fn observe(&mut self, headers: &HeaderMap, max_file: u64) {
        let is_multipart = content_type(headers)
            .is_some_and(|media_type| essence(media_type) == "multipart/form-data");
        if is_multipart {
            // The answer does not depend on the problem.
            let _ = self.run(headers, max_file).await;
        } else {
            let _ = self.whole().await;
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.waits = false;
        let chunk = self.stream.next().await.transpose();
        self.timed_out = chunk == Err(ReadError::TooSlow);
        chunk.map_err(unreadable)
    }

    /// Reads on without looking, for a while and beside the answer: a client that is still sending might not receive the
    /// answer otherwise. A client that waits for `100 Continue` does not get it, and a slow one is not waited for.
    pub fn drain(&mut self) {
        if self.waits || self.timed_out {
            return;
        }
        let pace = self.memory.limits.pace;
        let mut stream = std::mem::replace(&mut self.stream, Paced::new(Body::empty(), pace));
        let reading = async move {
            let mut left = MAX_DRAIN;
            while let Some(Ok(chunk)) = stream.next().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    return;
                }
            }
        };
        // A client that sends more than that, or more slowly, sees the connection close.
        tokio::spawn(tokio::time::timeout(DRAIN_TIME, reading));
    }
}

/// Reads the parts of a multipart body.
struct PartReader<'a> {
    /// The bytes read since the parser last returned something.
    progress: Arc<AtomicUsize>,
    memory: &'a mut Memory,
    max_file: u64,
}

impl PartReader<'_> {
    async fn read_all(
        mut self,
        mut multipart: Multipart<'_>,
        parts: &mut Vec<Part>,
    ) -> Result<Input, Failure> {
        let mut input = Input::default();
        while let Some(mut field) = multipart.next_field().await.map_err(malformed)? {
            if parts.len() == MAX_PARTS {
                return Err(Failure::bad_request(format!(
                    "the body has more than {MAX_PARTS} parts"
                )));
            }
            self.progress.store(0, Ordering::Relaxed);
            let (part, text, sha256) = self.read_part(&mut field).await?;
            match part.name.as_str() {
                "query" => {
                    let query = Some(utf8(&part, text)?).filter(|query| !query.is_empty());
                    input.query = query.map(Into::into);
                }
                "output_config" => {
                    let config: TaskOutputConfig =
                        object(&text, &["/output_schema", "/instructions"]).map_err(|reason| {
                            Failure::bad_request(format!(
                                "the part `output_config` is not as documented: {reason}"
                            ))
                        })?;
                    input.output_schema = config.output_schema.map(Into::into);
                }
                // The second is the old name; the third is how the reference page's own curl line has it.
                "files" | "file" | "files.items" => {
                    input.files.push(File::new(&part, sha256));
                }
                _ => {}
            }
            parts.push(part);
        }
        Ok(input)
    }

    async fn read_part(
        &mut self,
        field: &mut Field<'_>,
    ) -> Result<(Part, Vec<u8>, [u8; 32]), Failure> {
        let mut part = Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            size: 0,
            sha256: String::new(),
        };
        let texts = [
            Some(&part.name),
            part.file_name.as_ref(),
            part.content_type.as_ref(),
        ];
        if texts
            .into_iter()
            .flatten()
            .any(|text| text.len() > MAX_NAME)
        {
            return Err(Failure::bad_request(format!(
                "a part has a name or a media type of more than {MAX_NAME} bytes"
            )));
        }
        self.memory.reserve(part.weight()).await?;
        let is_text = matches!(part.name.as_str(), "query" | "output_config");
        let limit = if is_text {
            MAX_TEXT as u64
        } else {
            self.max_file
        };
        let mut hash = Sha256::new();
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(malformed)? {
            self.progress.store(0, Ordering::Relaxed);
            part.size += chunk.len() as u64;
            if part.size > limit {
                return Err(Failure::bad_request(format!(
                    "the part `{}` is too large: the limit is {limit} bytes",
                    part.name
                )));
            }
            hash.update(&chunk);
            if is_text {
                self.memory.reserve(chunk.len()).await?;
                text.extend_from_slice(&chunk);
            }
        }
        let sha256: [u8; 32] = hash.finalize().into();
        part.sha256 = hex(&sha256);
        Ok((part, text, sha256))
    }
}

/// Reads an object, with values that must not be null at some JSON pointers. Left to itself, serde takes a list of the
/// fields for an object, and a null for a missing field.
fn object<T: DeserializeOwned>(text: &[u8], not_null: &[&str]) -> Result<T, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if !value.is_object() {
        return Err("it must be an object".to_owned());
    }
    let is_null = |pointer: &&&str| value.pointer(pointer).is_some_and(Value::is_null);
    if let Some(pointer) = not_null.iter().find(is_null) {
        return Err(format!(
            "`{}` must not be null",
            pointer.trim_start_matches('/')
        ));
    }
    T::deserialize(value).map_err(|error| error.to_string())
}

fn utf8(part: &Part, text: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(text)
        .map_err(|_| Failure::bad_request(format!("the part `{}` is not UTF-8", part.name)))
}

/// The answer to a body that could not be read to its end.
fn unreadable(error: ReadError) -> Failure {
    match error {
        ReadError::TooSlow => Failure::new(StatusCode::REQUEST_TIMEOUT, error.to_string()),
        ReadError::Disconnected => Failure::bad_request(error.to_string()),
        ReadError::PartHeadersTooLarge => {
            Failure::bad_request(format!("the multipart body can't be read: {error}"))
        }
    }
}

fn malformed(error: multer::Error) -> Failure {
    let reason = match error {
        multer::Error::IncompleteFieldData { .. } | multer::Error::IncompleteStream => {
            "it was cut short".to_owned()
        }
        multer::Error::StreamReadFailed(reason) => match reason.downcast_ref::<ReadError>() {
            Some(error) => return unreadable(*error),
            None => reason.to_string(),
        },
        error => error.to_string(),
    };
    Failure::bad_request(format!("the multipart body can't be read: {reason}"))
}

/// Hands over one chunk at a time. multer takes all that is ready before it looks at any of it, which a fast client
/// could use to fill the memory; and it looks for the end of a part's headers as long as there is something to read.
struct Stepwise<'a> {
    stream: &'a mut Paced,
    progress: Arc<AtomicUsize>,
    rest: bool,
}

impl<'a> Stepwise<'a> {
    fn new(stream: &'a mut Paced) -> (Self, Arc<AtomicUsize>) {
        let progress = Arc::new(AtomicUsize::new(0));
        let stepwise = Self {
            stream,
            progress: Arc::clone(&progress),
            rest: false,
        };
        (stepwise, progress)
    }
}

impl Stream for Stepwise<'_> {
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(chunk) = self.stream.poll_next_unpin(context) else {
            return Poll::Pending;
        };
        self.rest = true;
        Poll::Ready(chunk.map(|chunk| {
            let chunk = chunk?;
            let waiting = self.progress.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
            if waiting > MAX_WITHOUT_PROGRESS {
                return Err(ReadError::PartHeadersTooLarge);
            }
            Ok(chunk)
        }))
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}
