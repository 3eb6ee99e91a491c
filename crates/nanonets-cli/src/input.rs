//! What the command line names: files of JSON and text, keys, times.

use std::fs;
use std::io::{IsTerminal as _, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Local, NaiveDate, TimeZone as _, Utc};
use jsonschema::Draft;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Whether stdin was read already.
static STDIN_IS_READ: AtomicBool = AtomicBool::new(false);

/// The text of a file, or of stdin for `-`.
pub fn text(path: &str) -> Result<String, Failure> {
    if path == "-" && STDIN_IS_READ.swap(true, Ordering::Relaxed) {
        return Err(Failure::usage(
            "stdin can be read only once: `-` is given twice",
        ));
    }
    let read = if path == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    read.map_err(|error| Failure::usage(format!("{path} cannot be read: {error}")))
}

/// An API key in a file, or on stdin for `-`. The line break at its end is no part of it.
pub fn api_key(path: &str) -> Result<String, Failure> {
    if path == "-" && std::io::stdin().is_terminal() {
        let message = "a key that is typed here would be shown: pipe it in, or name a file";
        return Err(Failure::usage(message));
    }
    let read = text(path);
    // Somebody may have given the key in place of a file: it is not shown.
    let mut key = read.map_err(|failure| {
        let message = failure.message().strip_prefix(path).unwrap_or_default();
        Failure::usage(format!("the file of --api-key-file{message}"))
    })?;
    if key.ends_with('\n') {
        key.pop();
        if key.ends_with('\r') {
            key.pop();
        }
    }
    Ok(key)
}

/// A JSON Schema: as it is, or in a file, or on stdin for `-`. One that is none would start a task that can only fail.
pub fn schema(option: &str, file_or_json: &str) -> Result<Value, Failure> {
    let schema = Value::Object(object(option, file_or_json)?);
    // What a dialect of somebody's own allows is not known here.
    if Draft::default().detect(&schema) != Draft::Unknown
        && let Err(problem) = jsonschema::meta::validate(&schema)
    {
        let place = problem.instance_path().to_string();
        let place = if place.is_empty() { "the top" } else { &place };
        let message = format!("{option} is no JSON Schema: at {place}: {problem}");
        return Err(Failure::usage(message));
    }
    Ok(schema)
}

/// A JSON object: as it is, or in a file, or on stdin for `-`.
pub fn object(option: &str, file_or_json: &str) -> Result<Map<String, Value>, Failure> {
    let is_json = file_or_json.trim_start().starts_with(['{', '[', '"']);
    if file_or_json.trim().is_empty() {
        return Err(Failure::usage(format!(
            "{option} is empty: give a file or JSON"
        )));
    }
    let (place, json) = if is_json {
        (option, file_or_json.to_owned())
    } else {
        (file_or_json, text(file_or_json)?)
    };
    // Some editors begin a file with this mark.
    match serde_json::from_str(json.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::usage(format!("{place} must be a JSON object"))),
        Err(error) => Err(Failure::usage(format!("{place} is no JSON: {error}"))),
    }
}

/// A time: RFC 3339, a date, which begins at midnight here, or how long ago, such as `2h`.
pub fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        let here = Local.from_local_datetime(&midnight).earliest();
        return here
            .map(|time| time.to_utc())
            .ok_or_else(|| "there is no such time here".to_owned());
    }
    let ago = humantime::parse_duration(text).ok();
    ago.and_then(|ago| SystemTime::now().checked_sub(ago))
        .map(DateTime::from)
        .ok_or_else(|| {
            "give a time like 2026-01-31T09:30:00Z, a date, or how long ago, like 2h".to_owned()
        })
}

/// A time to wait, such as `90s` or `10m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; give a time like 90s, 10m or 1h30m"))
}
