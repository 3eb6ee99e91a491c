//! A task's summary as it came, and the output in it.
//!
//! The body is kept whole and is not decoded: only the locations of an output are cut out of it. So a summary takes the
//! memory of its body, or twice that where the output is inside of a text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use nanonets_agents_api::support::decode;
use nanonets_agents_api::types::{TaskId, TaskStatus, TaskSummary};
use nanonets_agents_api::{Json, Timestamp, has_too_many_values};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::blank::Content as Fullness;
use super::json::{Output, OutputSource};
use super::shape;
use super::text::{Embedded, is_too_deep, json_in, string};
use crate::optional_fields;
use crate::transport::memory::Content;
use crate::transport::operation::Operation;

const EXTRACTED_DATA: &str = "extracted_data";
const RESULT: &str = "result";
const SUMMARY: &str = "summary";
const COMPLETED_AT: &str = "completed_at";
const STATUS: &str = "status";

/// The longest time, as JSON, that is read.
const LONGEST_TIME: usize = 100;
/// The longest words, as JSON, that are compared with the message before them.
const LONGEST_ECHO: usize = 1024 * 1024;

/// The summary of a task, as it came.
#[derive(Clone)]
pub(crate) struct TaskSummaryRaw {
    body: Bytes,
    found: Found,
    status: Option<TaskStatus>,
    content: Content,
    typed: OnceLock<Box<TaskSummary>>,
}

#[derive(Clone)]
enum Found {
    /// It has this output.
    Output(Output),
    /// It has no output.
    Nothing {
        /// Whether it has an answer without an output, such as words.
        has_answer: bool,
        /// The first location with a blank value.
        blank: Option<OutputSource>,
    },
    /// It is a summary by the look of it, and not JSON: the reason.
    Defective(String),
}

impl TaskSummaryRaw {
    /// Finds the output in a body.
    ///
    /// # Errors
    ///
    /// The body is not a JSON object, or broke off. An object with a defect inside is a summary whose output is an error.
    pub fn parse(body: Bytes) -> std::result::Result<Self, Problem> {
        let json = without_mark(&body);
        match json.trim_ascii_start().first() {
            Some(b'{') => {}
            // JSON of another kind does not pass by reading it again.
            Some(b'[' | b'"') => {
                return Ok(Self {
                    found: Found::Defective("it is JSON, and not an object".to_owned()),
                    body,
                    status: None,
                    content: Content::of(()),
                    typed: OnceLock::new(),
                });
            }
            first => {
                return Err(Problem {
                    reason: "it is not a JSON object".to_owned(),
                    broke_off: first.is_none(),
                });
            }
        }
        let mut status = None;
        let mut content = Content::of(());
        let found = if is_too_deep(json) {
            Found::Defective("it is nested too deeply".to_owned())
        } else {
            match serde_json::from_slice::<Fields<'_>>(json) {
                Ok(fields) => {
                    let text = fields.status.map(RawValue::get);
                    status = text.and_then(|text| serde_json::from_str(text).ok());
                    content = fields.content();
                    search(&body, &fields)
                }
                Err(error) if error.classify() == Category::Eof => {
                    return Err(Problem {
                        reason: "it broke off".to_owned(),
                        broke_off: true,
                    });
                }
                Err(error) => Found::Defective(format!(
                    "it is not JSON from line {} column {} on",
                    error.line(),
                    error.column()
                )),
            }
        };
        Ok(Self {
            body,
            found,
            status,
            content,
            typed: OnceLock::new(),
        })
    }

    /// The same without its answer, which is not the last one: the task goes on, by its summary.
    pub fn before_the_end(self) -> Self {
        Self {
            found: Found::Nothing {
                has_answer: false,
                blank: None,
            },
            ..self
        }
    }

    /// The status of the task by the summary, if it has one.
    pub fn status(&self) -> Option<&TaskStatus> {
        self.status.as_ref()
    }

    /// Whether the API has put an answer there. A summary may lag behind the status: one without an answer is worth reading
    /// again for a while, although the task has completed. A defect does not pass by reading it again.
    pub fn has_answer(&self) -> bool {
        match &self.found {
            Found::Output(_) | Found::Defective(_) => true,
            Found::Nothing { has_answer, .. } => *has_answer,
        }
    }

    /// The content of the answer, if there is one, for a comparison with others. Times and titles are not part of it: they may
    /// change without another answer.
    pub fn content(&self) -> Option<Content> {
        self.has_answer().then_some(self.content)
    }

    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub fn output(&self) -> Option<&Output> {
        match &self.found {
            Found::Output(output) => Some(output),
            _ => None,
        }
    }

    /// The reason of having no output, for the task.
    pub fn lack(&self, task: TaskId) -> Lack {
        let blank = match &self.found {
            Found::Defective(reason) => {
                let message = format!("the summary of the task {task} can't be read: {reason}");
                return Lack::Unreadable(message);
            }
            Found::Nothing { blank, .. } => *blank,
            Found::Output(_) => None,
        };
        let lack = match blank {
            Some(source) => format!(", but its output in `{}` is empty", source.path()),
            None => " without an output".to_owned(),
        };
        let json = std::str::from_utf8(without_mark(&self.body)).unwrap_or_default();
        let shape = shape::of(json);
        let message = format!("the task {task} has completed{lack}; its summary is {shape}");
        Lack::Mismatch(message)
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
            .field("has_answer", &self.has_answer())
            .field("output", &self.output())
            .finish_non_exhaustive()
    }
}

/// The reason for which a completed task has no output.
pub(crate) enum Lack {
    /// The summary is not JSON.
    Unreadable(String),
    /// The summary has no output, or a blank one.
    Mismatch(String),
}

/// The reason for which a body is no summary.
#[derive(Debug)]
pub(crate) struct Problem {
    pub reason: String,
    pub broke_off: bool,
}

/// The task that a summary is about, if it says so.
pub(crate) fn task_id(body: &[u8]) -> Option<Uuid> {
    #[derive(serde::Deserialize)]
    struct About<'b> {
        #[serde(borrow)]
        task_id: Option<&'b RawValue>,
    }
    let json = without_mark(body);
    if is_too_deep(json) {
        return None;
    }
    let about: About<'_> = serde_json::from_slice(json).ok()?;
    serde_json::from_str(about.task_id?.get()).ok()
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
    completed_at: Option<&'b RawValue>,
    has_completed_at: bool,
    status: Option<&'b RawValue>,
    /// Whether there is a key that `{extracted_data, summary, completed_at}` does not have.
    has_others: bool,
}

impl Fields<'_> {
    /// Whether it is the documented `{summary, completed_at}`, or as much of it as is there: no other keys, or two of its
    /// own. That is no output.
    fn is_envelope(&self) -> bool {
        let own = [
            self.has_summary,
            self.has_completed_at,
            self.has_extracted_data,
        ];
        let count = own.iter().filter(|is_there| **is_there).count();
        !self.has_others || count > 1
    }

    /// When the task completed.
    fn time(&self) -> Option<DateTime<Utc>> {
        let json = self.completed_at.map(RawValue::get)?;
        // The error of a long text would have a copy of it.
        let is_short = json.len() <= LONGEST_TIME;
        let time: Timestamp = is_short.then(|| serde_json::from_str(json).ok())??;
        Some(time.utc())
    }

    fn content(&self) -> Content {
        let data = self.extracted_data.map(RawValue::get);
        let Some(result) = self.result else {
            return Content::of(data).completed_at(self.time());
        };
        let json = result.get();
        let is_object = json.starts_with('{');
        let envelope: Option<Fields<'_>> =
            is_object.then(|| serde_json::from_str(json).ok()).flatten();
        let words = (json.len() <= LONGEST_ECHO)
            .then(|| string(result))
            .flatten();
        match envelope.filter(Fields::is_envelope) {
            Some(envelope) => {
                let parts = [envelope.extracted_data, envelope.summary];
                let content = Content::of((data, parts.map(|part| part.map(RawValue::get))));
                content.completed_at(envelope.time().or_else(|| self.time()))
            }
            None => Content::of((data, json))
                .with_words(words.as_deref())
                .completed_at(self.time()),
        }
    }
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
                        RESULT => {
                            fields.has_others = true;
                            fields.result = map.next_value()?;
                        }
                        SUMMARY => {
                            fields.has_summary = true;
                            fields.summary = map.next_value()?;
                        }
                        STATUS => {
                            fields.has_others = true;
                            fields.status = map.next_value()?;
                        }
                        COMPLETED_AT => {
                            fields.has_completed_at = true;
                            fields.completed_at = map.next_value()?;
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
fn search(body: &Bytes, summary: &Fields<'_>) -> Found {
    let mut search = Search {
        body,
        has_answer: false,
        blank: None,
        empty_list: None,
    };
    let data = summary.extracted_data;
    let output = data
        .and_then(|raw| search.value(raw, OutputSource::ExtractedData))
        .or_else(|| search.in_result(summary.result?));
    let is_words = |output: &Output| output.json().starts_with('"');
    let output = match search.empty_list {
        Some(list) if output.as_ref().is_some_and(is_words) => Some(list),
        Some(list) if search.has_answer => output.or(Some(list)),
        _ => output,
    };
    match output {
        Some(output) => Found::Output(output),
        None => Found::Nothing {
            has_answer: search.has_answer,
            blank: search.blank,
        },
    }
}

/// The results of the locations that were searched so far.
struct Search<'b> {
    body: &'b Bytes,
    /// Whether `result` answers: with words, or with more than a blank value.
    has_answer: bool,
    /// The first location with a blank value, or with an empty list.
    blank: Option<OutputSource>,
    /// The first empty list. It is the output if there is an answer beside it, and no other output but words.
    empty_list: Option<Output>,
}

impl Search<'_> {
    /// Looks into the answer.
    fn in_result(&mut self, result: &RawValue) -> Option<Output> {
        if let Some(text) = string(result) {
            return match json_in(text) {
                Some(embedded) => self.in_answer(embedded, OutputSource::ResultText),
                None => self.uncut(result, OutputSource::Result),
            };
        }
        if !result.get().starts_with('{') {
            return self.uncut(result, OutputSource::Result);
        }
        let Ok(fields) = serde_json::from_str::<Fields<'_>>(result.get()) else {
            return self.uncut(result, OutputSource::Result);
        };
        let data = fields.extracted_data;
        let output = data.and_then(|raw| self.value(raw, OutputSource::ResultExtractedData));
        if output.is_some() {
            return output;
        }
        if fields.is_envelope() {
            return self.in_envelope(&fields);
        }
        self.has_answer = true;
        let is_output = !fields.has_extracted_data;
        is_output.then(|| self.uncut(result, OutputSource::Result))?
    }

    /// Looks into the summary of `{summary, completed_at}`.
    fn in_envelope(&mut self, envelope: &Fields<'_>) -> Option<Output> {
        let Some(summary) = envelope.summary else {
            let source = match envelope.has_summary {
                true => OutputSource::ResultSummary,
                false => OutputSource::Result,
            };
            self.blank.get_or_insert(source);
            return None;
        };
        if let Some(embedded) = string(summary).and_then(json_in) {
            return self.in_answer(embedded, OutputSource::ResultSummaryText);
        }
        let output = self.uncut(summary, OutputSource::ResultSummary)?;
        self.has_answer = true;
        // Words and numbers are the answer, and no output.
        let is_container = summary.get().starts_with(['{', '[']);
        is_container.then_some(output)
    }

    /// JSON in the text of the answer. The text answers unless it is a blank value alone; its author may have meant `[]`.
    fn in_answer(&mut self, embedded: Embedded, source: OutputSource) -> Option<Output> {
        let output = Output::new(embedded.json, source);
        self.has_answer = embedded.has_words || Fullness::of(output.json()) != Fullness::Blank;
        self.unless_blank(output)
    }

    /// A value that is the output, or a text that holds it.
    fn value(&mut self, raw: &RawValue, source: OutputSource) -> Option<Output> {
        match string(raw).and_then(json_in) {
            Some(embedded) => self.unless_blank(Output::new(embedded.json, source)),
            None => self.uncut(raw, source),
        }
    }

    fn uncut(&mut self, raw: &RawValue, source: OutputSource) -> Option<Output> {
        let json = self.body.slice_ref(raw.get().as_bytes());
        self.unless_blank(Output::new(json, source))
    }

    fn unless_blank(&mut self, output: Output) -> Option<Output> {
        let content = Fullness::of(output.json());
        if content == Fullness::Full {
            return Some(output);
        }
        self.blank.get_or_insert(output.source());
        if content == Fullness::EmptyList {
            self.empty_list.get_or_insert(output);
        }
        None
    }
}

fn typed(body: &[u8]) -> TaskSummary {
    let json = without_mark(body);
    // Each would take a hundred times its size.
    if has_too_many_values(Operation::GetTaskSummary, json) {
        return TaskSummary::default();
    }
    let fields: BTreeMap<String, Json> = decode(json).unwrap_or_default();
    optional_fields::object(fields).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::TaskSummaryRaw;

    #[test]
    fn a_summary_with_blank_values_alone_has_no_answer_yet() {
        let has_answer = |json: &'static str| {
            let summary = TaskSummaryRaw::parse(json.into()).expect("a summary");
            summary.has_answer()
        };
        for lagging in [
            "{}",
            r#"{"status":"completed"}"#,
            r#"{"result":null,"extracted_data":null}"#,
            r#"{"result":""}"#,
            r#"{"extracted_data":{}}"#,
            r#"{"extracted_data":[],"result":null}"#,
            r#"{"extracted_data":[null]}"#,
            r#"{"result":{"summary":"","completed_at":"t"}}"#,
            r#"{"extracted_data":[],"result":{"summary":" ","completed_at":"t","model":"m"}}"#,
        ] {
            assert!(!has_answer(lagging), "{lagging}");
        }
        for answered in [
            r#"{"extracted_data":{"total":7}}"#,
            r#"{"extracted_data":0}"#,
            r#"{"result":"in words"}"#,
            r#"{"result":{"summary":"in words","completed_at":"t"}}"#,
            r#"{"extracted_data":{},"result":{"summary":"in words","completed_at":"t"}}"#,
            r#"{"result":NaN}"#,
        ] {
            assert!(has_answer(answered), "{answered}");
        }
    }
}
