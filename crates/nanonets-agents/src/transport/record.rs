//! The record that is written before a run is sent, so that its task can be found if the answer is lost.
//!
//! The API has no idempotency key: a run that is repeated is paid for twice. A [`RunRecord`] says when a run was sent and
//! what it was, and [`Client::find_run`](crate::Client::find_run) looks for its task. Serialised to a file or a database
//! first, it also survives the process.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents_api::types::AgentId;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A run as it was about to be sent. It holds no prompt and no content, and is a few hundred bytes of JSON.
///
/// ```
/// # fn example(record: &nanonets_agents::RunRecord) -> Result<(), Box<dyn std::error::Error>> {
/// let line = serde_json::to_string(record)?; // write it, and sync the file, before the run is sent
/// let again: nanonets_agents::RunRecord = serde_json::from_str(&line)?; // in any process, at any time
/// # assert_eq!(record, &again);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunRecord {
    /// The agent version that runs.
    pub agent_id: AgentId,
    /// When the first attempt began, by the clock of the machine that sent it. The request was not sent earlier.
    pub since: DateTime<Utc>,
    /// When the last attempt ended, by the same clock. `None` as long as the run is in progress, or if its process ended
    /// before the call did. It has ended by [`deadline`](Self::deadline) then, or else a day after [`since`](Self::since).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// When the run ends at the latest, by the same clock: its timeout, counted from its preparation. `None` without a timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// By how many milliseconds the server's clock was ahead of the clock of that machine, as measured from the `Date` of
    /// an answer. `None` if there was no answer yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// The server that the run is sent to: scheme, host and port. A record of an earlier version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Tells whether another client calls the same API with the same key: the first 16 hexadecimal digits of a SHA-256 of
    /// the base URL and the key. A key of 64 random bits or more can't be found from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// SHA-256 of what was sent: see [`Run::prepare`](crate::Run::prepare).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The marker at the beginning of the prompt, if the run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
    #[serde(skip)]
    local: Local,
}

/// Whether this process made the record, so that its times are by the clock that this process reads.
#[derive(Clone, Copy, Debug, Default)]
struct Local(bool);

impl PartialEq for Local {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Local {}

/// The API that a client calls, as a record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub origin: String,
    pub key_fingerprint: String,
}

impl Address {
    pub fn new(base_url: &Url, api_key: &str) -> Self {
        let mut hash = Sha256::new();
        // The purpose comes first, so that no other hash of the same key is comparable.
        for part in [
            "nanonets-agents run record",
            base_url.as_str().trim_end_matches('/'),
            api_key,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let bytes = hash.finalize();
        let key_fingerprint = bytes.iter().take(8).map(|byte| format!("{byte:02x}"));
        Self {
            origin: base_url.origin().ascii_serialization(),
            key_fingerprint: key_fingerprint.collect(),
        }
    }
}

impl RunRecord {
    /// The record of a run that is sent to this address.
    pub(crate) fn at(mut self, address: &Address) -> Self {
        self.origin = Some(address.origin.clone());
        self.key_fingerprint = Some(address.key_fingerprint.clone());
        self
    }

    pub(crate) fn new(agent_id: AgentId, clock_offset: Option<TimeDelta>) -> Self {
        Self {
            agent_id,
            since: Utc::now(),
            until: None,
            deadline: None,
            clock_offset_ms: clock_offset.map(|offset| offset.num_milliseconds()),
            origin: None,
            key_fingerprint: None,
            fingerprint: None,
            marker: None,
            local: Local(true),
        }
    }

    /// The longest duration of a run without a timeout, as far as a record is concerned whose process ended before the call
    /// did: a day from [`since`](Self::since).
    pub const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);

    /// When the last attempt ended, or has ended at the latest.
    pub(crate) fn ended(&self) -> DateTime<Utc> {
        let longest = TimeDelta::from_std(Self::LONGEST_CALL).unwrap_or(TimeDelta::MAX);
        let latest = || self.since.checked_add_signed(longest);
        let ended = self.until.or(self.deadline).or_else(latest);
        ended.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether this process made the record.
    pub(crate) fn is_local(&self) -> bool {
        self.local.0
    }

    /// By how much the server's clock is ahead, if it was measured.
    pub(crate) fn clock_offset(&self) -> Option<TimeDelta> {
        self.clock_offset_ms.and_then(TimeDelta::try_milliseconds)
    }
}

/// A text at the beginning of a prompt by which the task of the run is recognised: `[run-6f1c2a9b3d4e5f60]`.
///
/// The API makes the title of a task from the first user message, and [lists](crate::Tasks::list) can search titles. That the
/// title keeps the beginning of the prompt word for word is *inferred*, not documented. So a title without the marker
/// proves nothing, and [`Client::find_run`](crate::Client::find_run) reads the first message of such a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marker(pub(crate) String);

impl Marker {
    /// A marker with 64 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("run-{:016x}", fastrand::u64(..)))
    }

    /// The name, without brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_short_and_of_a_safe_alphabet() {
        for name in ["order-4711", "a.b_c", &"x".repeat(64)] {
            assert_eq!(Marker::new(name).expect(name).name(), name);
        }
        for name in [
            "",
            "abc",
            "with blank",
            "brackets[]",
            "naïve",
            &"x".repeat(65),
        ] {
            assert!(Marker::new(name).is_err(), "{name}");
        }
        assert_ne!(Marker::random(), Marker::random());
    }

    #[test]
    fn an_address_tells_servers_paths_and_keys_apart_and_shows_no_key() {
        let address = |url: &str, key: &str| Address::new(&Url::parse(url).expect("a URL"), key);
        let one = address("https://agents.example", "key-of-one-workspace");
        assert_eq!(one.origin, "https://agents.example");
        assert_eq!(
            one,
            address("https://agents.example:443/", "key-of-one-workspace")
        );
        let others = [
            address("https://agents.example", "key-of-another-workspace"),
            address("https://agents.example/eu", "key-of-one-workspace"),
            address("http://agents.example", "key-of-one-workspace"),
        ];
        for other in others {
            assert_ne!(one.key_fingerprint, other.key_fingerprint, "{other:?}");
        }
        assert_eq!(one.key_fingerprint.len(), 16);
    }

    #[test]
    fn a_record_survives_serialisation_and_takes_fields_that_are_not_there() {
        let mut record = RunRecord::new(AgentId(uuid::Uuid::nil()), Some(TimeDelta::seconds(-90)));
        record.marker = Some(Marker::random());
        let text = serde_json::to_string(&record).expect("JSON");
        assert_eq!(
            serde_json::from_str::<RunRecord>(&text).expect("a record"),
            record
        );
        let least = r#"{"agent_id":"7f7e4431-66f4-4eb9-bc91-473994247fe4","since":"2026-01-31T09:30:00Z","later":1}"#;
        let record: RunRecord = serde_json::from_str(least).expect("a record");
        assert_eq!((record.until, &record.marker), (None, &None));
        assert_eq!(record.ended(), record.since + TimeDelta::days(1));
        assert!(
            serde_json::from_str::<RunRecord>(&least.replace("\"later\":1", "\"marker\":\"a b\""))
                .is_err()
        );
    }
}
