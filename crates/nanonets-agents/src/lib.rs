//! A client of the Nanonets Agents API.
//!
//! An agent reads documents; this crate gets them there, waits, and brings back a struct:
//!
//! ```no_run
//! # #[cfg(feature = "schema")]
//! # async fn example(agent_id: nanonets_agents::AgentId) -> nanonets_agents::Result<()> {
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Invoice {
//!     vendor: String,
//!     total: f64,
//! }
//!
//! let client = nanonets_agents::Client::from_env()?;
//! let invoice: Invoice = client
//!     .agent(agent_id)
//!     .run()
//!     .query("Extract the total.")
//!     .file("invoice.pdf")
//!     .extract()
//!     .await?;
//! println!("{}: {}", invoice.vendor, invoice.total);
//! # Ok(())
//! # }
//! ```
//!
//! A task that may ask something is started and waited for in two steps:
//!
//! ```no_run
//! use nanonets_agents::Outcome;
//!
//! # async fn example(client: nanonets_agents::Client, agent_id: nanonets_agents::AgentId) -> nanonets_agents::Result<()> {
//! let task = client.agent(agent_id).run().query("Reconcile March.").start().await?;
//! let mut wait = task.wait();
//! loop {
//!     wait = match wait.await? {
//!         Outcome::NeedsInput(question) => question.reply("Use the second line.").await?,
//!         Outcome::Completed(done) => break println!("{:?}", done.extracted::<Vec<String>>()?),
//!         Outcome::Failed(failure) => break println!("{} has failed", failure.task().id()),
//!         other => break println!("{other:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod agents;
#[cfg(feature = "blocking")]
pub mod blocking;
mod call;
mod client;
mod error;
mod file;
mod list;
mod operation;
mod output;
mod request;
mod retry;
mod run;
mod task;
mod telemetry;
mod wait;

pub use agents::{AgentFilter, AgentHandle, Agents, CreateAgent, UpdateAgent};
pub use client::{Client, ClientBuilder};
pub use error::{Ambiguity, Error, ErrorKind, Result, Waited};
pub use file::{File, Progress};
pub use list::{List, Page};
pub use nanonets_agents_api::types::{
    Agent, AgentConfig, AgentGroupId, AgentId, AgentListItem, AgentStatus, AgentVersion, FeedItem,
    Message, MessageId, MessageRole, RunAgentResponse, SendTaskMessageResponse, Task, TaskId,
    TaskListItem, TaskResult, TaskStatus, TaskSummary, UserId,
};
pub use nanonets_agents_api::{FilePart, ResponseValue};
pub use request::{RawResponse, Request};
pub use retry::{Attempt, RetryPolicy};
pub use run::{Extract, Run};
pub use task::{TaskFilter, TaskHandle, Tasks};
pub use wait::{Completed, Failure, Outcome, Question, Update, Wait};

// What the README shows is compiled.
#[cfg(all(doctest, feature = "schema"))]
#[doc = include_str!("../README.md")]
mod readme {}
