//! Low-level client of the Nanonets Agents API: one method for each operation, with the types of its parameters,
//! bodies and responses.
//!
//! Everything but [`Context`] is generated from the workspace's `spec/agents.yaml` by `cargo xtask codegen`. It is
//! checked in, so that building this crate needs no generator and a change of the API shows as a change of code. This
//! layer makes one request for each call: it does not retry, wait or page.
//!
//! ```
//! use nanonets_agents_api::{Client, Context, Error, FilePart, types::AgentId};
//!
//! # async fn example(agent: AgentId) -> Result<(), Box<dyn std::error::Error>> {
//! let context = Context::with_api_key("the key")?;
//! let client = Client::new("https://agents.nanonets.com", context)?;
//!
//! let task = client
//!     .run_agent_multipart(agent)
//!     .query("Extract the line items.")
//!     .files([FilePart::from_path("invoice.pdf")])
//!     .send()
//!     .await?;
//! println!("task {} is {}", task.task_id, task.status);
//!
//! match client.get_task(task.task_id).send().await {
//!     Ok(task) => println!("it is {} now", task.status),
//!     Err(Error::ErrorResponse(answer)) => {
//!         let reason = answer.decoded().map_or("no reason given", |envelope| &envelope.error);
//!         println!("refused with {}: {reason}", answer.status());
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Ids are types of their own, so one can't be passed for another:
//!
//! ```compile_fail,E0277
//! # use nanonets_agents_api::{Client, types::AgentId};
//! # fn example(client: &Client, agent: AgentId) {
//! let _mixed_up = client.get_task(agent);
//! # }
//! ```
//!
//! A request has a setter for each optional field. Only what is set is sent, and `null` has a setter of its own, such as
//! `query_null`:
//!
//! ```
//! use nanonets_agents_api::types::{RunAgentRequest, TaskOutputConfig};
//!
//! let output = TaskOutputConfig::default().instructions("Dates as YYYY-MM-DD.");
//! let request = RunAgentRequest::default().query("Extract the line items.").output_config(output);
//! # let _ = request;
//! ```
//!
//! A field that may be absent or null is an `Option<Option<T>>`: `None` is absent, and `Some(None)` is null. A method with its
//! name makes both `None`. A date is a [`Timestamp`], which derefs to chrono's `DateTime<Utc>`. JSON of any shape is a
//! [`Json`], which keeps the text:
//!
//! ```
//! # use nanonets_agents_api::types::Message;
//! # fn example(message: &Message) -> serde_json::Result<()> {
//! if let Some(role) = message.role() {
//!     println!("by {role}");
//! }
//! if let Some(content) = &message.content {
//!     let text: String = content.get()?;
//!     println!("{text}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The feature `mock` adds the module `mock`: typed mocks of the operations, for the tests of code that uses this client.

mod activity;
mod connection;
#[rustfmt::skip]
mod generated;
mod hooks;
#[cfg(feature = "mock")]
#[rustfmt::skip]
#[path = "generated/mock.rs"]
pub mod mock;
mod partial_answer;
mod secrets;
mod send_queue;
mod values;

pub use activity::{Activity, Idle, MinimumRate};
pub use connection::{ConnectionLayer, ConnectionService};
pub use generated::*;
pub use hooks::{Capture, Context, InvalidApiKey, is_loopback};
pub use partial_answer::PartialAnswer;
pub use values::has_too_many_values;

// The code of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
