//! Faults on demand: what a network, a proxy or a changing API does to a client, when a test says so.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::clock::http_date;
use nanonets_agents_api::Operation;

/// Something that goes wrong, where, and how often.
///
/// Without further words it strikes every request to every operation. A fault that replaces the answer leaves the
/// request without effect, unless [`after_effect`](Fault::after_effect) says that just the answer is lost.
///
/// ```
/// # use std::time::Duration;
/// use nanonets_agents_sim::{Fault, Operation};
///
/// let busy = Fault::status(503).retry_after(Duration::from_secs(2)).on(Operation::RunAgent).times(1);
/// let lost = Fault::reset().after_effect().on(Operation::RunAgent).times(1);
/// let proxy = Fault::status(502).html("<h1>Bad gateway</h1>").probability(0.1);
/// ```
#[derive(Clone)]
pub struct Fault {
    effect: Effect,
    after_effect: bool,
    operations: Option<Vec<Operation>>,
    skip: u64,
    times: Option<u64>,
    probability: Option<f64>,
}

/// How a fault shows.
#[derive(Clone)]
pub(crate) enum Effect {
    /// Another answer.
    Answer(StatusCode, HeaderMap, FaultBody),
    /// A pause before the headers of the answer.
    DelayHeaders(Duration),
    /// A pause in the middle of its body.
    DelayBody(Duration),
    /// A JSON body that stops halfway, as if that were all.
    Truncate,
    /// A body that stops halfway although more was announced.
    CutOff,
    /// The connection is reset.
    Reset,
    /// The connection is reset, and new ones are refused for a while.
    Refuse(Duration),
    /// A change of the JSON of a success.
    Edit(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// The cursor that was sent comes back as the next one.
    RepeatCursor,
    /// No items, and yet there are more.
    EmptyPage,
}

impl Effect {
    /// Whether it changes the JSON of a success, and so can't strike anything else.
    pub fn changes_success(&self) -> bool {
        matches!(self, Self::Edit(_)) || self.changes_page()
    }

    /// Whether it changes a page of a list.
    pub fn changes_page(&self) -> bool {
        matches!(self, Self::RepeatCursor | Self::EmptyPage)
    }
}

/// The body of an answer that a fault gives.
#[derive(Clone)]
pub(crate) enum FaultBody {
    /// These bytes.
    Bytes(Bytes),
    /// A JSON object of this many bytes, made while it is sent.
    Json(u64),
}

impl Fault {
    fn new(effect: Effect) -> Self {
        Self {
            effect,
            after_effect: false,
            operations: None,
            skip: 0,
            times: None,
            probability: None,
        }
    }

    /// An answer of this status with the documented envelope.
    ///
    /// # Panics
    ///
    /// If it is not a status that an answer can have: from 200 to 999.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::checked_status(status).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn checked_status(status: u16) -> Result<Self, String> {
        let found = StatusCode::from_u16(status)
            .ok()
            .filter(|found| !found.is_informational());
        let found = found.ok_or_else(|| format!("{status} is not the HTTP status of an answer"))?;
        let envelope = json!({ "error": format!("simulated {found}") });
        let answer = Effect::Answer(found, HeaderMap::new(), FaultBody::Bytes(Bytes::new()));
        Ok(Self::new(answer).body("application/json", envelope.to_string()))
    }

    /// The answer that it gives.
    fn own_answer(&mut self) -> (&mut HeaderMap, &mut FaultBody) {
        match &mut self.effect {
            Effect::Answer(_, headers, body) => (headers, body),
            _ => panic!("only a fault made by `Fault::status` has an answer of its own"),
        }
    }

    /// Replaces the body of the answer. An empty media type sends no `Content-Type`.
    ///
    /// # Panics
    ///
    /// If this is not a fault with a [`status`](Self::status), or no header can carry the media type. So it is for all
    /// that changes the answer.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let value = HeaderValue::from_str(media_type);
        let value = value.unwrap_or_else(|_| panic!("{media_type:?} can't be sent in a header"));
        let (headers, content) = self.own_answer();
        *content = FaultBody::Bytes(body.into());
        headers.remove(CONTENT_TYPE);
        if !value.is_empty() {
            headers.insert(CONTENT_TYPE, value);
        }
        self
    }

    /// An HTML page as the [body](Self::body) of the answer, as a proxy would send it.
    #[must_use]
    pub fn html(self, page: impl Into<Bytes>) -> Self {
        self.body("text/html; charset=utf-8", page)
    }

    /// An answer without a [body](Self::body).
    #[must_use]
    pub fn empty(self) -> Self {
        self.body("", Bytes::new())
    }

    /// A JSON object of this many bytes, at least 16, as the [body](Self::body) of the answer. It is made while it is
    /// sent.
    #[must_use]
    pub fn json_of(mut self, size: u64) -> Self {
        let (headers, content) = self.own_answer();
        *content = FaultBody::Json(size.max(16));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Adds a header to the answer.
    ///
    /// # Panics
    ///
    /// If name or value can't be sent, or this is not a fault with a [`status`](Self::status).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = name.parse::<HeaderName>().ok().zip(value.parse().ok());
        let Some((name, value)) = header else {
            panic!("`{name}: {value}` can't be sent as a header");
        };
        self.own_answer().0.insert(name, value);
        self
    }

    /// `Retry-After` in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, time: Duration) -> Self {
        let seconds = time
            .as_secs()
            .saturating_add(u64::from(time.subsec_nanos() > 0));
        self.header(RETRY_AFTER.as_str(), &seconds.to_string())
    }

    /// `Retry-After` as a date.
    #[must_use]
    pub fn retry_after_date(self, date: DateTime<Utc>) -> Self {
        self.header(RETRY_AFTER.as_str(), &http_date(date))
    }

    /// The answer takes longer to begin.
    #[must_use]
    pub fn delay_headers(time: Duration) -> Self {
        Self::new(Effect::DelayHeaders(time))
    }

    /// The answer pauses in the middle of its body.
    #[must_use]
    pub fn delay_body(time: Duration) -> Self {
        Self::new(Effect::DelayBody(time))
    }

    /// The body of the answer is cut in half, and nothing but its JSON tells.
    #[must_use]
    pub fn truncate() -> Self {
        Self::new(Effect::Truncate)
    }

    /// The connection closes in the middle of the body.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::new(Effect::CutOff)
    }

    /// The connection is reset: before the request had an effect, or after it with
    /// [`after_effect`](Fault::after_effect).
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Effect::Reset)
    }

    /// The connection is reset without an effect, as all others are, and for a while new ones are refused.
    #[must_use]
    pub fn refuse(time: Duration) -> Self {
        Self::new(Effect::Refuse(time))
    }

    /// Every `status` and `role` in a success is one that nobody has heard of.
    #[must_use]
    pub fn unknown_enum_values() -> Self {
        Self::edit(|value| {
            each_object(value, &mut |object| {
                for key in ["status", "role"] {
                    if let Some(value) = object.get_mut(key).filter(|value| value.is_string()) {
                        *value = Value::from("unheard_of");
                    }
                }
            });
        })
    }

    /// Every object in a success has a field that nobody has heard of.
    #[must_use]
    pub fn unknown_fields() -> Self {
        Self::edit(|value| {
            each_object(value, &mut |object| {
                object.insert(
                    "unheard_of".to_owned(),
                    json!({ "simulated": [1, "two", null] }),
                );
            });
        })
    }

    /// A field is missing wherever it was in a success.
    #[must_use]
    pub fn without_field(name: &str) -> Self {
        let name = name.to_owned();
        Self::edit(move |value| {
            each_object(value, &mut |object| {
                object.remove(&name);
            });
        })
    }

    /// A field is `null` wherever it was in a success.
    #[must_use]
    pub fn null_field(name: &str) -> Self {
        let name = name.to_owned();
        Self::edit(move |value| {
            each_object(value, &mut |object| {
                if let Some(value) = object.get_mut(&name) {
                    *value = Value::Null;
                }
            });
        })
    }

    /// A field has another value wherever it was in a success: in the object, and in each item of its list. A field that
    /// is nowhere is added to the object.
    ///
    /// ```
    /// # use nanonets_agents_sim::{Fault, Operation};
    /// // A date without a time zone, and a message that is no text.
    /// let date = Fault::set_field("created_at", "2026-01-31T09:30:00").on(Operation::RunAgent);
    /// let message = Fault::set_field("message", 42).on(Operation::RunAgent);
    /// ```
    #[must_use]
    pub fn set_field(name: &str, value: impl Into<Value>) -> Self {
        let (name, value) = (name.to_owned(), value.into());
        Self::edit(move |answer| {
            let mut is_replaced = false;
            each_object(answer, &mut |object| {
                if let Some(field) = object.get_mut(&name) {
                    field.clone_from(&value);
                    is_replaced = true;
                }
            });
            if let (false, Value::Object(object)) = (is_replaced, answer) {
                object.insert(name.clone(), value.clone());
            }
        })
    }

    /// A field has another value in one item of a list: in `data[index]`, or in `feed[index]` of a result. A list
    /// without such an item stays as it is.
    #[must_use]
    pub fn set_item_field(index: usize, name: &str, value: impl Into<Value>) -> Self {
        let (name, value) = (name.to_owned(), value.into());
        Self::edit(move |answer| {
            for list in LISTS {
                let item = answer.get_mut(list).and_then(|list| list.get_mut(index));
                if let Some(Value::Object(item)) = item {
                    item.insert(name.clone(), value.clone());
                }
            }
        })
    }

    /// The JSON of a success is changed by a function of the test.
    #[must_use]
    pub fn edit(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Edit(Arc::new(change)))
    }

    /// A page of a list names the cursor that led to it as the next one, so that the list never ends.
    #[must_use]
    pub fn repeat_cursor() -> Self {
        Self::new(Effect::RepeatCursor)
    }

    /// A page of a list is empty, and says that more follow; the next one begins where this one did.
    #[must_use]
    pub fn empty_page() -> Self {
        Self::new(Effect::EmptyPage)
    }

    /// The request takes effect all the same; only its answer is lost.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    /// Only requests to this operation are struck; called again, to that one as well.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.get_or_insert_default().push(operation);
        self
    }

    /// The first so many requests are spared.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// It strikes so many requests and is gone.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// It strikes with this probability, from 0 to 1, by the seed of the simulator.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "a probability is from 0 to 1"
        );
        self.probability = Some(probability);
        self
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match &self.effect {
            Effect::Answer(status, ..) => status.as_str(),
            Effect::DelayHeaders(_) => "delay before headers",
            Effect::DelayBody(_) => "delay in the body",
            Effect::Truncate => "truncated body",
            Effect::CutOff => "connection closed in the body",
            Effect::Reset => "connection reset",
            Effect::Refuse(_) => "connections refused",
            Effect::Edit(_) => "changed JSON",
            Effect::RepeatCursor => "repeated cursor",
            Effect::EmptyPage => "empty page",
        };
        f.debug_struct("Fault")
            .field("effect", &effect)
            .field("after_effect", &self.after_effect)
            .field("operations", &self.operations)
            .field("skip", &self.skip)
            .field("times", &self.times)
            .field("probability", &self.probability)
            .finish()
    }
}

/// The fields that have lists of objects.
const LISTS: [&str; 2] = ["data", "feed"];

/// Calls `change` with the object and with every object in its lists: a page and its items, a task and its feed.
fn each_object(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = value else { return };
    change(object);
    for (key, value) in object.iter_mut() {
        if let Value::Array(items) = value
            && LISTS.contains(&key.as_str())
        {
            items.iter_mut().for_each(|item| each_object(item, change));
        }
    }
}

/// A fault that was set, to ask or to take back.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    fired: Arc<AtomicU64>,
    faults: Faults,
    number: u64,
}

impl FaultHandle {
    /// The number of requests that it has struck.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.fired.load(Ordering::Relaxed)
    }

    /// Takes it back.
    pub fn remove(&self) {
        self.faults
            .lock()
            .set
            .retain(|set| set.number != self.number);
    }
}

/// The faults that are set.
#[derive(Clone, Debug)]
pub(crate) struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    set: Vec<Set>,
    added: u64,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct Set {
    fault: Fault,
    number: u64,
    fired: Arc<AtomicU64>,
}

/// A fault that strikes a request.
pub(crate) struct Struck {
    pub effect: Effect,
    pub after_effect: bool,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            set: Vec::new(),
            added: 0,
            random: fastrand::Rng::with_seed(seed),
        })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, fault: Fault) -> FaultHandle {
        let mut state = self.lock();
        state.added += 1;
        let (number, fired) = (state.added, Arc::default());
        state.set.push(Set {
            fault,
            number,
            fired: Arc::clone(&fired),
        });
        FaultHandle {
            fired,
            faults: self.clone(),
            number,
        }
    }

    pub fn clear(&self) {
        self.lock().set.clear();
    }

    /// The faults that strike a request, in the order in which they were set, of those whose effect is wanted.
    pub fn strike(
        &self,
        operation: Option<Operation>,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Vec<Struck> {
        let mut state = self.lock();
        let State { set, random, .. } = &mut *state;
        let mut struck = Vec::new();
        set.retain_mut(|Set { fault, fired, .. }| {
            let aimed = fault.operations.as_ref().is_none_or(|operations| {
                operation.is_some_and(|operation| operations.contains(&operation))
            });
            if !aimed || !wanted(&fault.effect) {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            if fault
                .probability
                .is_some_and(|probability| random.f64() >= probability)
            {
                return true;
            }
            if fault.times == Some(0) {
                return false;
            }
            fired.fetch_add(1, Ordering::Relaxed);
            struck.push(Struck {
                effect: fault.effect.clone(),
                after_effect: fault.after_effect,
            });
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            fault.times != Some(0)
        });
        struck
    }
}
