//! The files and texts that the command line names: JSON, text, documents, keys.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use indicatif::HumanBytes;
use jsonschema::Draft;
use nanonets_agents::File;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use crate::failure::Failure;
use crate::limit::{Limit, before_sending};

/// Whether stdin was read already.
static STDIN_IS_READ: AtomicBool = AtomicBool::new(false);

/// The most that a text may have. The API takes far less.
const LONGEST_TEXT: u64 = 16 * 1024 * 1024;
/// The most that a key or a record may have, in a file of its own.
const LONGEST_LINE: u64 = 64 * 1024;

/// The text of a file, or of stdin for `-`.
pub async fn text(limit: Limit, path: &str) -> Result<String, Failure> {
    named_text(limit, path, path.as_ref(), LONGEST_TEXT).await
}

/// The record of a run in a file, or on stdin for `-`.
pub async fn record(path: &Path) -> Result<String, Failure> {
    let name = path.to_string_lossy();
    named_text(Limit::new(None), &name, path, LONGEST_LINE).await
}

/// The text of a file that messages may call by another name, of so many bytes at most.
async fn named_text(limit: Limit, name: &str, path: &Path, most: u64) -> Result<String, Failure> {
    if path == Path::new("-") && STDIN_IS_READ.swap(true, Ordering::Relaxed) {
        return Err(Failure::usage(
            "stdin can be read only once: `-` is given twice",
        ));
    }
    let source = path.to_owned();
    let read = in_the_background(move || {
        if source == Path::new("-") {
            at_most(most, io::stdin().lock())
        } else {
            at_most(most, std::fs::File::open(source)?)
        }
    });
    let read = before_sending(limit, &format!("reading {name}"), read).await?;
    read.map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))
}

/// All text of a reader, unless it has more bytes than that.
fn at_most(most: u64, reader: impl io::Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = HumanBytes(most);
        return Err(io::Error::other(format!("it is longer than {most}")));
    }
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "stream did not contain valid UTF-8",
        )
    })
}

/// A text that is meant for an agent, in a file or on stdin. The line breaks at its end are no part of it.
pub async fn words(limit: Limit, path: &str) -> Result<String, Failure> {
    let mut text = text(limit, path).await?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

/// Does what may block for ever, as the opening of a pipe that nobody writes to does. The process does not wait for it when
/// it ends.
async fn in_the_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A document. A pipe is opened before anything is sent, and is read once.
pub async fn document(limit: Limit, path: PathBuf) -> Result<File, Failure> {
    // The SDK rejects folders and files that are missing.
    let metadata = tokio::fs::metadata(&path);
    let shown = path.display().to_string();
    match before_sending(limit, &format!("opening {shown}"), metadata).await? {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {}
        _ => return Ok(File::path(path)),
    }
    let name = file_name(&path);
    let opened = in_the_background(move || std::fs::File::open(path));
    let opened = before_sending(limit, &format!("opening {shown}"), opened).await?;
    let opened =
        opened.map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    let content = Mutex::new(Some(opened));
    Ok(File::reader(name, None, move || {
        let content = content
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        async move {
            let content = content.map(tokio::fs::File::from_std);
            content.ok_or_else(|| io::Error::other("it is a pipe, which can be read only once"))
        }
    }))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// An API key in a file, or on stdin for `-`. The line break at its end is no part of it.
pub async fn api_key(path: &str) -> Result<String, Failure> {
    if path == "-" && std::io::stdin().is_terminal() {
        let message = "a key that is typed here would be shown: pipe it in, or name a file";
        return Err(Failure::usage(message));
    }
    // Somebody may have given the key in place of a file: it is not shown.
    let mut key = named_text(
        Limit::new(None),
        "the file of --api-key-file",
        path.as_ref(),
        LONGEST_LINE,
    )
    .await?;
    if key.ends_with('\n') {
        key.pop();
        if key.ends_with('\r') {
            key.pop();
        }
    }
    Ok(key)
}

/// A JSON Schema: as it is, or in a file, or on stdin for `-`. One that is none would start a task that can only fail.
pub async fn schema(limit: Limit, option: &str, file_or_json: &str) -> Result<Value, Failure> {
    let schema = Value::Object(object(limit, option, file_or_json).await?);
    // An unknown dialect can't be checked.
    if Draft::default().detect(&schema) != Draft::Unknown
        && let Err(problem) = jsonschema::meta::validate(&schema)
    {
        let place = problem.instance_path().to_string();
        let place = if place.is_empty() { "the top" } else { &place };
        let message = format!("{option} is not a JSON Schema: at {place}: {problem}");
        return Err(Failure::usage(message));
    }
    Ok(schema)
}

/// A JSON object: as it is, or in a file, or on stdin for `-`.
pub async fn object(
    limit: Limit,
    option: &str,
    file_or_json: &str,
) -> Result<Map<String, Value>, Failure> {
    let is_json = file_or_json.trim_start().starts_with(['{', '[', '"']);
    if file_or_json.trim().is_empty() {
        return Err(Failure::usage(format!(
            "{option} is empty: give a file or JSON"
        )));
    }
    let (place, json) = if is_json {
        (option, file_or_json.to_owned())
    } else {
        (file_or_json, text(limit, file_or_json).await?)
    };
    // Some editors begin a file with this mark.
    match serde_json::from_str(json.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::usage(format!("{place} must be a JSON object"))),
        Err(error) => Err(Failure::usage(format!("{place} is not JSON: {error}"))),
    }
}
