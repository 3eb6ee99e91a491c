//! Script files: what the `nanonets-sim` binary is told in YAML, where the library is told in Rust.
//!
//! ```yaml
//! # Agents that exist from the start, and the course of their tasks.
//! agents:
//!   - name: Invoices
//!     concurrent_tasks: 2
//!     script:
//!       - pending: 1            # for so many reads
//!       - running: 500ms        # for so long
//!       - ask: Which currency are the amounts in?
//!       - await_review: 2s      # until approved, at the latest after this
//!       - complete: { extracted_data: { total: 12.5 }, summary: One invoice. }
//!
//! # The course of all other tasks; without it, they complete at once with placeholder data.
//! script:
//!   - running: 2
//!   - complete
//!
//! # How the simulated service behaves.
//! rate_limit: { per_second: 50, burst: 10, retry_after: true }
//! listing_lag: 2s           # until lists show a new task
//! read_lag: 500ms           # until a new task can be read
//! summary_lag: 3            # reads of a summary without the answer
//! clock_offset: -90s        # from the machine's clock
//!
//! # What goes wrong.
//! faults:
//!   - { on: [run_agent], status: 503, retry_after: 2s, times: 1 }
//!   - { on: [get_task], delay_headers: 200ms, probability: 0.1 }
//! ```

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::AgentId;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::faults::Fault;
use crate::rate::RateLimit;
use crate::script::{OnCancel, Script, Until};
use crate::simulator::Simulator;
use nanonets_agents_api::Operation;

/// A script file as read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptFile {
    #[serde(deserialize_with = "or_nothing")]
    agents: Vec<AgentEntry>,
    #[serde(deserialize_with = "or_nothing")]
    script: Steps,
    on_cancel: Cancel,
    rate_limit: Option<RateLimitEntry>,
    listing_lag: Option<Time>,
    read_lag: Option<Time>,
    summary_lag: Option<u32>,
    clock_offset: Option<Offset>,
    #[serde(deserialize_with = "or_nothing")]
    faults: Vec<FaultEntry>,
}

/// A key without a value says as much as none.
fn or_nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentEntry {
    name: String,
    #[serde(default)]
    id: Option<AgentId>,
    #[serde(default)]
    concurrent_tasks: Option<usize>,
    #[serde(default)]
    on_cancel: Cancel,
    #[serde(default, deserialize_with = "or_nothing")]
    script: Steps,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cancel {
    #[default]
    Stop,
    FinishStep,
    TooLate,
}

impl ScriptFile {
    /// Reads a script file.
    ///
    /// # Errors
    ///
    /// The problem and its position: `line:column: message`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let file: Self = serde_saphyr::from_str(text).map_err(|error| at_its_place(&error))?;
        let mut names: Vec<&str> = file
            .agents
            .iter()
            .map(|agent| agent.name.as_str())
            .collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("1:1: two agents are called `{}`", pair[0])),
            None => Ok(file),
        }
    }

    /// The offset of the simulator's clock, if the file has one. It may be set before anything that has a timestamp.
    #[must_use]
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        self.clock_offset.as_ref().map(|offset| offset.0)
    }

    /// Sets a simulator up as the file has it, and returns the names and ids of its agents.
    ///
    /// # Errors
    ///
    /// If the simulator has an agent of one of the names already.
    pub fn apply(self, simulator: &Simulator) -> Result<Vec<(String, AgentId)>, String> {
        if let Some(Offset(offset)) = self.clock_offset {
            simulator.clock_offset(offset);
        }
        if let Some(limit) = self.rate_limit {
            simulator.set_rate_limit(limit.0);
        }
        if let Some(Time(lag)) = self.listing_lag {
            simulator.listing_lag(lag);
        }
        if let Some(Time(lag)) = self.read_lag {
            simulator.read_lag(lag);
        }
        if let Some(reads) = self.summary_lag {
            simulator.summary_lag(reads);
        }
        simulator.script(self.script.into_script(self.on_cancel));
        let mut agents = Vec::new();
        for entry in self.agents {
            let agent = simulator.add_agent(&entry.name, entry.id)?;
            simulator.script_agent(agent.id, entry.script.into_script(entry.on_cancel));
            if let Some(limit) = entry.concurrent_tasks {
                simulator.limit_concurrent_tasks(agent.id, limit);
            }
            agents.push((agent.name, agent.id));
        }
        for entry in self.faults {
            simulator.fault(entry.0);
        }
        Ok(agents)
    }
}

/// An error on one line, with its place in front.
fn at_its_place(error: &serde_saphyr::Error) -> String {
    let message = error.without_snippet().to_string();
    let Some(place) = error.location() else {
        return format!("1:1: {message}");
    };
    let (line, column) = (place.line(), place.column());
    let message = message.replace(&format!(" at line {line}, column {column}"), "");
    format!("{line}:{column}: {message}")
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct Steps(Vec<Step>);

impl Steps {
    fn into_script(self, on_cancel: Cancel) -> Script {
        let on_cancel = match on_cancel {
            Cancel::Stop => OnCancel::Stop,
            Cancel::FinishStep => OnCancel::FinishStep,
            Cancel::TooLate => OnCancel::TooLate,
        };
        let steps = self.0.into_iter();
        steps
            .fold(Script::new(), |script, step| (step.0)(script))
            .on_cancel(on_cancel)
    }
}

/// A step as what it adds to a script.
struct Step(Box<dyn FnOnce(Script) -> Script + Send + Sync>);

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Step")
    }
}

const STEPS: &[&str] = &[
    "pending",
    "queued",
    "running",
    "hold",
    "ask",
    "await_review",
    "complete",
    "fail",
    "stop",
];

impl Step {
    fn new(step: impl FnOnce(Script) -> Script + Send + Sync + 'static) -> Self {
        Self(Box::new(step))
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StepVisitor;

        impl<'de> Visitor<'de> for StepVisitor {
            type Value = Step;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a step: one of {}", STEPS.join(", "))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Step, E> {
                match word {
                    "await_review" => Ok(Step::new(Script::await_review)),
                    "complete" => Ok(Step::new(Script::complete_simulated)),
                    "stop" => Ok(Step::new(Script::stop)),
                    word if STEPS.contains(&word) => {
                        Err(E::custom(format!("the step `{word}` needs a value")))
                    }
                    word => Err(E::unknown_variant(word, STEPS)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step, A::Error> {
                let Some(word) = map.next_key::<String>()? else {
                    return Err(de::Error::custom("a step is empty"));
                };
                let step = match word.as_str() {
                    "pending" => hold(map.next_value()?, Script::pending),
                    "queued" => hold(map.next_value()?, Script::queued),
                    "running" => hold(map.next_value()?, Script::running),
                    "hold" => {
                        let Hold { status, until } = map.next_value()?;
                        Step::new(move |script| script.hold(status.as_str(), until.0))
                    }
                    "ask" => {
                        let question: Value = map.next_value()?;
                        Step::new(move |script| script.ask(question))
                    }
                    "await_review" => {
                        let time: Time = map.next_value()?;
                        Step::new(move |script| script.await_review_for(time.0))
                    }
                    "complete" => complete(map.next_value()?),
                    "fail" => {
                        let reason: String = map.next_value()?;
                        Step::new(move |script| script.fail(reason))
                    }
                    "stop" => return Err(de::Error::custom("the step `stop` takes no value")),
                    word => return Err(de::Error::unknown_variant(word, STEPS)),
                };
                match map.next_key::<String>()? {
                    None => Ok(step),
                    Some(second) => Err(de::Error::custom(format!(
                        "a step is one thing, and this has `{word}` and `{second}`: put a dash before each"
                    ))),
                }
            }
        }

        deserializer.deserialize_any(StepVisitor)
    }
}

fn hold(until: For, step: fn(Script, Until) -> Script) -> Step {
    Step::new(move |script| step(script, until.0))
}

fn complete(outcome: Complete) -> Step {
    let Complete {
        extracted_data,
        summary,
    } = outcome;
    Step::new(move |script| match (extracted_data, summary) {
        (Some(data), Some(summary)) => script.complete_with_summary(data, summary),
        (Some(data), None) => script.complete(data),
        (None, _) => script.complete_simulated(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    status: String,
    #[serde(rename = "for")]
    until: For,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    extracted_data: Option<Value>,
    summary: Option<String>,
}

/// A number of reads, or a time.
struct For(Until);

impl<'de> Deserialize<'de> for For {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ForVisitor;

        impl Visitor<'_> for ForVisitor {
            type Value = For;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of reads such as 2, or a time such as 500ms")
            }

            fn visit_u64<E: de::Error>(self, reads: u64) -> Result<For, E> {
                let reads = u32::try_from(reads);
                let reads = reads.map_err(|_| E::custom("that is too many reads"))?;
                Ok(For(Until::Reads(reads)))
            }

            fn visit_i64<E: de::Error>(self, reads: i64) -> Result<For, E> {
                let reads = u64::try_from(reads);
                self.visit_u64(reads.map_err(|_| E::custom("a number of reads is not negative"))?)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<For, E> {
                time(text).map(|time| For(Until::Elapsed(time)))
            }
        }

        deserializer.deserialize_any(ForVisitor)
    }
}

#[derive(Debug)]
struct RateLimitEntry(RateLimit);

impl<'de> Deserialize<'de> for RateLimitEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            per_second: f64,
            burst: u32,
            #[serde(default)]
            retry_after: bool,
        }

        let raw = Raw::deserialize(deserializer)?;
        let limit = RateLimit::new(raw.per_second, raw.burst, raw.retry_after);
        limit.map(Self).map_err(de::Error::custom)
    }
}

/// A time forward or back, such as `90s` or `-90s`.
#[derive(Debug)]
struct Offset(TimeDelta);

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (is_back, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let size = TimeDelta::from_std(time(size)?);
        let size = size.map_err(|_| de::Error::custom(format!("`{text}` is too long a time")))?;
        Ok(Self(if is_back { -size } else { size }))
    }
}

/// A time such as `500ms`.
#[derive(Debug)]
struct Time(Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time(&text).map(Time)
    }
}

fn time<E: de::Error>(text: &str) -> Result<Duration, E> {
    let parsed = humantime::parse_duration(text);
    parsed.map_err(|_| {
        E::custom(format!(
            "`{text}` is not a time such as 500ms, 2s or 1m 30s"
        ))
    })
}

/// A field of an answer, or of one item of its list, and the value that it gets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldEntry {
    name: String,
    value: Value,
    #[serde(default)]
    item: Option<usize>,
}

impl FieldEntry {
    fn into_fault(self) -> Fault {
        match self.item {
            Some(index) => Fault::set_item_field(index, &self.name, self.value),
            None => Fault::set_field(&self.name, self.value),
        }
    }
}

#[derive(Debug)]
struct FaultEntry(Fault);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFault {
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    times: Option<u64>,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    probability: Option<f64>,
    #[serde(default)]
    after_effect: bool,
    // The step, one of these.
    status: Option<u16>,
    delay_headers: Option<Time>,
    delay_body: Option<Time>,
    truncate: Option<bool>,
    cut_off: Option<bool>,
    reset: Option<bool>,
    refuse: Option<Time>,
    unknown_enum_values: Option<bool>,
    unknown_fields: Option<bool>,
    without_field: Option<String>,
    null_field: Option<String>,
    set_field: Option<FieldEntry>,
    repeat_cursor: Option<bool>,
    empty_page: Option<bool>,
    // The fields of an answer of another status.
    body: Option<String>,
    content_type: Option<String>,
    json_of: Option<u64>,
    retry_after: Option<Time>,
    retry_after_date: Option<DateTime<Utc>>,
}

impl<'de> Deserialize<'de> for FaultEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawFault::deserialize(deserializer)?;
        raw.into_fault().map(FaultEntry).map_err(de::Error::custom)
    }
}

impl RawFault {
    fn into_fault(self) -> Result<Fault, String> {
        let flag = |flag: Option<bool>, fault: fn() -> Fault| (flag == Some(true)).then(fault);
        let status = self.status.map(Fault::checked_status).transpose()?;
        let answers = status.is_some();
        let kinds = [
            status,
            self.delay_headers.map(|time| Fault::delay_headers(time.0)),
            self.delay_body.map(|time| Fault::delay_body(time.0)),
            flag(self.truncate, Fault::truncate),
            flag(self.cut_off, Fault::cut_off),
            flag(self.reset, Fault::reset),
            self.refuse.map(|time| Fault::refuse(time.0)),
            flag(self.unknown_enum_values, Fault::unknown_enum_values),
            flag(self.unknown_fields, Fault::unknown_fields),
            self.without_field.as_deref().map(Fault::without_field),
            self.null_field.as_deref().map(Fault::null_field),
            self.set_field.map(FieldEntry::into_fault),
            flag(self.repeat_cursor, Fault::repeat_cursor),
            flag(self.empty_page, Fault::empty_page),
        ];
        let mut kinds = kinds.into_iter().flatten();
        let (Some(mut fault), None) = (kinds.next(), kinds.next()) else {
            return Err("a fault is one of status, delay_headers, delay_body, truncate, cut_off, reset, refuse, \
                 unknown_enum_values, unknown_fields, without_field, null_field, set_field, repeat_cursor, empty_page"
                .to_owned());
        };
        let shapes_answer = self.body.is_some()
            || self.content_type.is_some()
            || self.json_of.is_some()
            || self.retry_after.is_some()
            || self.retry_after_date.is_some();
        if shapes_answer && !answers {
            let reason =
                "body, content_type, json_of, retry_after and retry_after_date go with `status`";
            return Err(reason.to_owned());
        }
        if self.content_type.is_some() && self.body.is_none() {
            return Err("content_type goes with `body`".to_owned());
        }
        if self.body.is_some() && self.json_of.is_some() {
            return Err("an answer has `body` or `json_of`, not both".to_owned());
        }
        if let Some(media_type) = &self.content_type
            && !media_type
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        {
            return Err("content_type has characters that no header can carry".to_owned());
        }
        if let Some(body) = self.body {
            let media_type = self
                .content_type
                .as_deref()
                .unwrap_or("text/html; charset=utf-8");
            fault = fault.body(media_type, body);
        }
        if let Some(size) = self.json_of {
            fault = fault.json_of(size);
        }
        if let Some(time) = self.retry_after {
            fault = fault.retry_after(time.0);
        }
        if let Some(date) = self.retry_after_date {
            fault = fault.retry_after_date(date);
        }
        for id in self.on {
            let operation: Operation = id.parse().map_err(|error| format!("`{id}` is {error}"))?;
            fault = fault.on(operation);
        }
        if let Some(times) = self.times {
            fault = fault.times(times);
        }
        if let Some(probability) = self.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err("a probability is from 0 to 1".to_owned());
            }
            fault = fault.probability(probability);
        }
        if self.after_effect {
            fault = fault.after_effect();
        }
        Ok(fault.after(self.after))
    }
}
