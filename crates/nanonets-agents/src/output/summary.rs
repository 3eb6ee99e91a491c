//! A task's summary as it came, and the output in it.
//!
//! The body is kept whole and is not decoded: only the locations of an output are cut out of it. So a summary takes the
//! memory of its body, or twice that where the output is inside of a text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use nanonets_agents_api::Json;
use nanonets_agents_api::support::decode;
use nanonets_agents_api::types::{TaskId, TaskSummary};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::text::{is_too_deep, json_in, string};
use super::{Output, OutputSource, shape};
use crate::answer::bounded;
use crate::call::Call;
use crate::error::{Error, ErrorKind, Origin, Result};
use crate::lenient;
use crate::operation::Operation;
use crate::task::TaskHandle;

const EXTRACTED_DATA: &str = "extracted_data";
const RESULT: &str = "result";
const SUMMARY: &str = "summary";
const COMPLETED_AT: &str = "completed_at";

/// The summary of a task, as it came.
#[derive(Clone)]
pub(crate) struct TaskSummaryRaw {
    body: Bytes,
    content: Content,
    typed: OnceLock<Box<TaskSummary>>,
}

#[derive(Clone)]
enum Content {
    /// It has this output.
    Output(Output),
    /// It has an empty output, and no answer yet.
    Empty(Output),
    /// It has an answer, and no output in it.
    Answer,
    /// It has neither an answer nor an output.
    Nothing,
    /// It is a summary by the look of it, and not JSON: the reason.
    Defective(String),
}

impl TaskSummaryRaw {
    /// Reads the summary of a task, in one attempt.
    ///
    /// # Errors
    ///
    /// Those of the request. [`ErrorKind::Unreadable`] if the answer is not a JSON object, such as the page of a gateway, or
    /// broke off: that is temporary. An object with a defect inside is a summary whose output is an error.
    pub async fn read(task: &TaskHandle) -> Result<Self> {
        let response = task.summary().once().raw().await?;
        Self::parse(response.body.clone()).map_err(|problem| {
            let call = Call::new(Operation::GetTaskSummary).task(task.id());
            let message = format!("the answer does not decode: {}", problem.reason);
            let error = Error::new(ErrorKind::Unreadable, message)
                .with_origin(Origin::Gateway)
                .with_answer(response.status, response.headers, bounded(&response.body));
            let error = match problem.broke_off {
                true => error.broken_off(),
                false => error,
            };
            error.during(call, 1)
        })
    }

    fn parse(body: Bytes) -> std::result::Result<Self, Problem> {
        let json = without_mark(&body);
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem {
                reason: "it is not a JSON object".to_owned(),
                broke_off: json.trim_ascii().is_empty(),
            });
        }
        let content = if is_too_deep(json) {
            Content::Defective("it is nested too deeply".to_owned())
        } else {
            match serde_json::from_slice::<Fields<'_>>(json) {
                Ok(fields) => content(&body, &fields),
                Err(error) if error.classify() == Category::Eof => {
                    return Err(Problem {
                        reason: "it broke off".to_owned(),
                        broke_off: true,
                    });
                }
                Err(error) => Content::Defective(format!(
                    "it is not JSON from line {} column {} on",
                    error.line(),
                    error.column()
                )),
            }
        };
        Ok(Self {
            body,
            content,
            typed: OnceLock::new(),
        })
    }

    /// Whether the API has put an answer there. A summary may lag behind the status: one without an answer is worth reading
    /// again for a while, although the task has completed.
    pub fn has_output(&self) -> bool {
        !matches!(self.content, Content::Nothing | Content::Empty(_))
    }

    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub fn output(&self) -> Option<&Output> {
        match &self.content {
            Content::Output(output) | Content::Empty(output) => Some(output),
            _ => None,
        }
    }

    /// The error of having no output, for the task.
    pub fn missing(&self, task: TaskId) -> Error {
        match &self.content {
            Content::Defective(reason) => {
                let message = format!("the summary of the task {task} can't be read: {reason}");
                Error::new(ErrorKind::Unreadable, message)
            }
            _ => {
                let json = std::str::from_utf8(without_mark(&self.body)).unwrap_or_default();
                let message = format!(
                    "the task {task} has completed without an output; its summary is {}",
                    shape::of(json)
                );
                Error::new(ErrorKind::Mismatch, message)
            }
        }
    }

    /// The summary as a type. A field that does not decode is in `extra`, as it came.
    pub fn typed(&self) -> &TaskSummary {
        self.typed.get_or_init(|| Box::new(typed(&self.body)))
    }
}

/// It may hold what was in a document.
impl fmt::Debug for TaskSummaryRaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSummaryRaw")
            .field("length", &self.body.len())
            .field("has_output", &self.has_output())
            .field("output", &self.output())
            .finish_non_exhaustive()
    }
}

/// Why a body is no summary.
#[derive(Debug)]
struct Problem {
    reason: String,
    broke_off: bool,
}

/// The body without a byte order mark.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The fields of an object that matter here, uncut. Of two of one name, the last counts.
#[derive(Default)]
struct Fields<'b> {
    extracted_data: Option<&'b RawValue>,
    has_extracted_data: bool,
    result: Option<&'b RawValue>,
    summary: Option<&'b RawValue>,
    has_summary: bool,
    has_completed_at: bool,
    has_others: bool,
}

impl<'b> Deserialize<'b> for Fields<'b> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Keys;
        impl<'b> Visitor<'b> for Keys {
            type Value = Fields<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'b>>(
                self,
                mut map: A,
            ) -> std::result::Result<Fields<'b>, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        EXTRACTED_DATA => {
                            fields.has_extracted_data = true;
                            fields.extracted_data = map.next_value()?;
                        }
                        RESULT => fields.result = map.next_value()?,
                        SUMMARY => {
                            fields.has_summary = true;
                            fields.summary = map.next_value()?;
                        }
                        COMPLETED_AT => {
                            fields.has_completed_at = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            fields.has_others = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Looks at the locations of an output, in the order of [`OutputSource`].
fn content(body: &Bytes, summary: &Fields<'_>) -> Content {
    let mut candidates = Candidates { body, empty: None };
    let is_blank = |raw: &&RawValue| string(raw).is_some_and(|text| text.trim().is_empty());
    let data = summary.extracted_data.filter(|raw| !is_blank(raw));
    let result = summary.result.filter(|raw| !is_blank(raw));
    let output = data
        .and_then(|raw| candidates.value(raw, OutputSource::ExtractedData))
        .or_else(|| candidates.in_result(result?));
    match (output, candidates.empty, result) {
        (Some(output), _, _) => Content::Output(output),
        // The answer itself is empty, and may not be there yet.
        (None, Some(output), Some(_)) if output.source() == OutputSource::Result => {
            Content::Empty(output)
        }
        (None, Some(output), Some(_)) => Content::Output(output),
        (None, Some(output), None) => Content::Empty(output),
        (None, None, Some(_)) => Content::Answer,
        (None, None, None) => Content::Nothing,
    }
}

struct Candidates<'b> {
    body: &'b Bytes,
    /// The first location whose value is an empty object or array.
    empty: Option<Output>,
}

impl Candidates<'_> {
    /// Looks into the answer.
    fn in_result(&mut self, result: &RawValue) -> Option<Output> {
        if let Some(text) = string(result) {
            return match json_in(text) {
                Some(json) => self.unless_empty(Output::new(json, OutputSource::ResultText)),
                None => self.uncut(result, OutputSource::Result),
            };
        }
        // Whatever is no object has no fields.
        let fields: Fields<'_> = serde_json::from_str(result.get()).unwrap_or_default();
        let data = fields.extracted_data;
        let output = data.and_then(|raw| self.value(raw, OutputSource::ResultExtractedData));
        if output.is_some() {
            return output;
        }
        let is_envelope = fields.has_summary && fields.has_completed_at;
        if (is_envelope || !fields.has_others)
            && let Some(summary) = fields.summary
        {
            if let Some(json) = string(summary).and_then(json_in) {
                return self.unless_empty(Output::new(json, OutputSource::ResultSummaryText));
            }
            if summary.get().starts_with(['{', '[']) {
                return self.uncut(summary, OutputSource::ResultSummary);
            }
        }
        let is_output = !is_envelope && !fields.has_extracted_data;
        is_output.then(|| self.uncut(result, OutputSource::Result))?
    }

    /// A value that is the output, or a text that holds it.
    fn value(&mut self, raw: &RawValue, source: OutputSource) -> Option<Output> {
        match string(raw).and_then(json_in) {
            Some(json) => self.unless_empty(Output::new(json, source)),
            None => self.uncut(raw, source),
        }
    }

    fn uncut(&mut self, raw: &RawValue, source: OutputSource) -> Option<Output> {
        let json = self.body.slice_ref(raw.get().as_bytes());
        self.unless_empty(Output::new(json, source))
    }

    fn unless_empty(&mut self, output: Output) -> Option<Output> {
        let mut characters = output.json().chars().filter(|c| !c.is_ascii_whitespace());
        let ends = (characters.next(), characters.next());
        if matches!(ends, (Some('{'), Some('}')) | (Some('['), Some(']'))) {
            self.empty.get_or_insert(output);
            return None;
        }
        Some(output)
    }
}

fn typed(body: &[u8]) -> TaskSummary {
    let fields: BTreeMap<String, Json> = decode(without_mark(body)).unwrap_or_default();
    lenient::object(fields).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::TaskSummaryRaw;

    #[test]
    fn a_summary_without_an_answer_has_no_output_yet() {
        let has_output = |json: &'static str| {
            let summary = TaskSummaryRaw::parse(json.into()).expect("a summary");
            summary.has_output()
        };
        for lagging in [
            "{}",
            r#"{"status":"completed"}"#,
            r#"{"result":null,"extracted_data":null}"#,
            r#"{"result":""}"#,
            r#"{"extracted_data":{}}"#,
            r#"{"extracted_data":[],"result":null}"#,
        ] {
            assert!(!has_output(lagging), "{lagging}");
        }
        for answered in [
            r#"{"extracted_data":{"total":7}}"#,
            r#"{"extracted_data":0}"#,
            r#"{"result":"in words"}"#,
            r#"{"result":{"summary":"in words","completed_at":"t"}}"#,
            r#"{"extracted_data":{},"result":{"summary":"in words","completed_at":"t"}}"#,
            // A defect does not pass by reading it again.
            r#"{"result":NaN}"#,
        ] {
            assert!(has_output(answered), "{answered}");
        }
    }
}
