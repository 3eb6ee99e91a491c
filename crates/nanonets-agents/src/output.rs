//! The structured output of a task: where it is found, as it came, and as a type.
//!
//! The API does not say where the output is, so [`summary`] looks at each location that is documented or was seen, in a fixed
//! order, and [`OutputSource`] names the one that had it. The JSON is kept as text: a [`Value`](serde_json::Value) would round long numbers,
//! sort keys, and take a multiple of the memory.

mod blank;
mod decode;
#[cfg(feature = "schema")]
mod inline;
mod json;
mod known_fields;
mod schema;
mod shape;
mod summary;
mod text;

pub use json::{Output, OutputSource};
pub(crate) use schema::Schema;
pub(crate) use summary::{Lack, TaskSummaryRaw, task_id};
