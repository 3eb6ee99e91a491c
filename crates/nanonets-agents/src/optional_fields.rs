//! Objects whose fields are all optional: an odd field does not lose the others.

use std::collections::BTreeMap;

use nanonets_agents_api::Json;
use nanonets_agents_api::types::{Message, SendTaskMessageResponse, TaskResult, TaskSummary};
use serde::de::DeserializeOwned;

/// A type whose fields are all optional, and which keeps the fields that it does not know.
pub(crate) trait Optional: DeserializeOwned {
    /// The fields that the type does not know.
    fn extra(&mut self) -> &mut BTreeMap<String, Json>;
}

macro_rules! optional {
    ($($name:ty),*) => {$(
        impl Optional for $name {
            fn extra(&mut self) -> &mut BTreeMap<String, Json> {
                &mut self.extra
            }
        }
    )*};
}

optional!(Message, SendTaskMessageResponse, TaskResult, TaskSummary);

/// An object whose fields are all optional. Those that do not decode are in `extra`, as they came.
pub(crate) fn object<T: Optional>(mut fields: BTreeMap<String, Json>) -> Option<T> {
    let decoded = |fields: &BTreeMap<&String, &Json>| Json::of(fields).ok()?.get::<T>().ok();
    // No field is required, so each can be decoded by itself. A key that the type does not know decodes as anything.
    let is_odd = |key: &String, value: &Json| decoded(&BTreeMap::from([(key, value)])).is_none();
    let odd: Vec<String> = fields
        .iter()
        .filter(|&(key, value)| is_odd(key, value))
        .map(|(key, _)| key.clone())
        .collect();
    let odd: Vec<(String, Json)> = odd
        .iter()
        .filter_map(|key| fields.remove_entry(key))
        .collect();
    let documented = Json::of(&fields).ok()?;
    drop(fields);
    let mut decoded: T = documented.get().ok()?;
    decoded.extra().extend(odd);
    Some(decoded)
}
