//! The structured output of a task: where it is, and what it is of.

use nanonets_agents_api::types::TaskSummary;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

const KEY: &str = "extracted_data";

/// The documentation has the output in `extracted_data`, and describes an answer besides that may hold it too.
pub(crate) fn find(summary: &TaskSummary) -> Option<&Value> {
    let is_there = |value: &&Value| !value.is_null();
    let inside = |value: &'_ Value| value.get(KEY).is_some();
    summary
        .extracted_data
        .as_ref()
        .filter(is_there)
        .or_else(|| {
            let answer = summary.result.as_ref().filter(is_there)?;
            if inside(answer) {
                answer.get(KEY).filter(is_there)
            } else {
                Some(answer)
            }
        })
}

/// Reads the output as a `T`.
pub(crate) fn decode<T: DeserializeOwned>(output: Option<&Value>) -> Result<T> {
    let mismatch = |message: String| Error::new(ErrorKind::Mismatch, message);
    let Some(output) = output else {
        return Err(mismatch(
            "the task has completed without an output".to_owned(),
        ));
    };
    serde_path_to_error::deserialize(output).map_err(|error| {
        let place = error.path().to_string();
        // serde quotes the values that it did not expect, and those are private.
        let name = std::any::type_name::<T>();
        mismatch(format!("the output does not fit {name} at {place}"))
            .with_raw_output(output.clone())
    })
}
