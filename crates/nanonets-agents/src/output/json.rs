//! An output as it came, and its location.

use std::fmt;

use bytes::Bytes;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use super::text;

/// The structured output of a task, as it came.
///
/// It is JSON text, with each number and each key as the agent wrote it. `Debug` shows nothing of it; [`json`](Self::json)
/// does, and so does serializing it. With serde_json, that writes the same text.
#[derive(Clone)]
pub struct Output {
    /// JSON that was checked: UTF-8, one value.
    json: Bytes,
    source: OutputSource,
}

/// The location of an output in a task's summary, in the order in which they are looked at.
///
/// A blank value is no output, and the next location is looked at: `null`, blank text, `{}`, an array of blank values such
/// as `[null]`, or JSON text of these. The empty list `[]` is one only if `result` has an answer beside it, such as words,
/// and if no later location has an output other than words. JSON text of `result` may say `[]` alone.
///
/// JSON text is a text that
/// is a JSON object or array, or has one such in a Markdown code block. A text with several such blocks has no output,
/// unless just one of them is marked as `json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputSource {
    /// `extracted_data` of the summary: a value, or JSON text.
    ExtractedData,
    /// `extracted_data` inside of `result`: a value, or JSON text.
    ResultExtractedData,
    /// `result.summary` of the documented `{summary, completed_at}`, where it is an object or an array. `result` is that if it
    /// has two of the keys `summary`, `completed_at` and `extracted_data`, or no others.
    ResultSummary,
    /// `result.summary` of the documented `{summary, completed_at}`, where it is JSON text.
    ResultSummaryText,
    /// `result`, where it is JSON text.
    ResultText,
    /// `result` itself, where it is something else. It may be prose. The documented `{summary, completed_at}` never counts,
    /// whether it has both keys or one.
    Result,
}

impl OutputSource {
    /// The path of the location in the summary, such as `result.summary`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::ExtractedData => "extracted_data",
            Self::ResultExtractedData => "result.extracted_data",
            Self::ResultSummary | Self::ResultSummaryText => "result.summary",
            Self::ResultText | Self::Result => "result",
        }
    }
}

impl Output {
    pub(super) fn new(json: Bytes, source: OutputSource) -> Self {
        Self { json, source }
    }

    /// The JSON text as it came.
    #[must_use]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// Where it was found.
    #[must_use]
    pub fn source(&self) -> OutputSource {
        self.source
    }

    /// The JSON text in one line, without blanks between values. Numbers and the order of keys stay as they came.
    #[must_use]
    pub fn compact(&self) -> String {
        text::compact(self.json())
    }

    /// The JSON text with a line for each value, indented by two spaces. Numbers and the order of keys stay as they came.
    #[must_use]
    pub fn pretty(&self) -> String {
        text::indented(self.json())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("source", &self.source)
            .field("length", &self.json.len())
            .finish_non_exhaustive()
    }
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.json()).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}
