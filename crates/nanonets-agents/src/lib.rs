//! A client of the Nanonets Agents API: documents in, your struct out.
//!
//! An agent reads documents: it gets a prompt and files, works for seconds or hours as a *task*, may ask something on the
//! way, and leaves JSON. This crate gets the documents there, waits, and decodes the JSON into a type of yours.
//!
//! # From documents to a struct
//!
//! ```
//! # use nanonets_agents_sim::{Script, Simulator};
//! use nanonets_agents::{AgentId, Client, File};
//!
//! #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
//! struct Invoice {
//!     vendor: String,
//!     total: f64,
//! }
//!
//! async fn read(client: &Client, agent_id: AgentId) -> nanonets_agents::Result<Invoice> {
//!     client
//!         .agent(agent_id)
//!         .run()
//!         .query("Who wants how much?")
//!         .file(File::bytes("invoice.txt", "ACME Ltd, total 12.50"))
//!         .extract::<Invoice>()
//!         .await
//! }
//! # #[tokio::main]
//! # async fn main() -> nanonets_agents::Result<()> {
//! # let simulator = Simulator::start().await;
//! # let agent_id = simulator.create_agent("Invoices").id;
//! # simulator.script(Script::new().complete(serde_json::json!({ "vendor": "ACME Ltd", "total": 12.5 })));
//! # let client = Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
//! # let invoice = read(&client, agent_id).await?;
//! # assert_eq!((invoice.vendor.as_str(), invoice.total), ("ACME Ltd", 12.5));
//! # Ok(())
//! # }
//! ```
//!
//! The [`Client`] comes from [`Client::from_env`], which reads `NANONETS_API_KEY` and `NANONETS_BASE_URL`, or from
//! [`Client::builder`]. It is cheap to clone. [`Client::agent`] and [`Client::task`] make handles of ids and send nothing.
//!
//! A [`Run`] has a prompt, files, or both. A [`File`] is a path, [bytes](File::bytes), a [reader](File::reader) or a
//! [stream](File::stream); it is checked before anything is sent, streamed, and opened again for each attempt.
//! [`extract`](Run::extract) asks for the shape of the type. Without a schema of your own type, say what is wanted in
//! [JSON](Run::output_schema) or [in words](Run::output_in_words), and end with [`extract_as`](Run::extract_as).
//!
//! # Tasks that take their time, or ask
//!
//! `extract` takes nothing but completion for an answer. Where more can happen, [`start`](Run::start) the run, keep the
//! [id](TaskHandle::id) of the task, and [`wait`](TaskHandle::wait) for its [`Outcome`]:
//!
//! ```
//! # use nanonets_agents_sim::{Script, Simulator};
//! use std::time::Duration;
//! use nanonets_agents::{Outcome, TaskHandle};
//!
//! async fn finish(mut task: TaskHandle) -> nanonets_agents::Result<Option<f64>> {
//!     loop {
//!         task = match task.wait().timeout(Duration::from_secs(600)).await? {
//!             Outcome::Completed(done) => return done.extracted().map(Some),
//!             Outcome::NeedsInput(question) => {
//!                 println!("{}", question.text().unwrap_or_default());
//!                 question.reply("The amounts are in euros.").await?
//!             }
//!             // Someone approves it in the dashboard; waiting again waits for that.
//!             Outcome::NeedsReview(task) => task,
//!             Outcome::Failed(failure) => {
//!                 println!("{:?}", failure.reason().await?);
//!                 return Ok(None);
//!             }
//!             _ => return Ok(None), // it was stopped
//!         };
//!     }
//! }
//! # #[tokio::main]
//! # async fn main() -> nanonets_agents::Result<()> {
//! # let simulator = Simulator::start().await;
//! # let agent_id = simulator.create_agent("Invoices").id;
//! # simulator.script(Script::new().ask("Which currency?").complete(12.5));
//! # let client = nanonets_agents::Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
//! # let task = client.agent(agent_id).run().query("How much?").start().await?;
//! # assert_eq!(finish(task).await?, Some(12.5));
//! # Ok(())
//! # }
//! ```
//!
//! A wait that times out is an error that says how far it came ([`Error::waited`]). The task is still running, and any
//! process can wait for it again by its id. Dropping a wait ends the polling and nothing else. [`Wait::updates`] is a stream
//! of each status, and [`Wait::answer_with`] replies to questions by a function. A status that this version does not know
//! is not an error and does not end the wait.
//!
//! # Errors
//!
//! There is one type, [`Error`], with a [kind](ErrorKind), an [origin](Error::origin), the [operation](Error::operation), the
//! [status](Error::status), and predicates such as [`is_rate_limited`](Error::is_rate_limited). The [`RetryPolicy`] has
//! already repeated what can be repeated. The README has a table of failures and of what a caller gets for each.
//!
//! Starting a task costs money, and the API has no idempotency key. So a run is repeated only if the failure proves that it
//! had no effect. Any other lost answer is [ambiguous](Error::is_ambiguous): a task may have been started, and
//! [`Client::find_run`] looks for it:
//!
//! ```
//! # use nanonets_agents_sim::{Fault, Simulator};
//! use nanonets_agents::FoundRun;
//! # use nanonets_agents::Client;
//!
//! # #[tokio::main]
//! # async fn main() -> nanonets_agents::Result<()> {
//! # let simulator = Simulator::start().await;
//! # let agent_id = simulator.create_agent("Invoices").id;
//! # simulator.fault(Fault::reset().after_effect().times(1));
//! # let client = Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
//! # let mut found = 0;
//! if let Err(error) = client.agent(agent_id).run().query("How much?").start().await {
//!     if let Some(record) = error.run_record() {
//!         match client.find_run(record).await {
//!             Ok(FoundRun::Found(candidates)) => {
//!                 for candidate in candidates {
//!                     let word = if candidate.is_certain() { "has" } else { "may have" };
//!                     println!("it {word} started {}", candidate.task.task_id);
//! #                   found += 1;
//!                 }
//!             }
//!             Ok(FoundRun::NotYet { ruled_out_at }) => println!("look again until {ruled_out_at}"),
//!             Ok(_) => println!("no task was started"),
//!             Err(search) => println!("{error}; the search failed: {search}"),
//!         }
//!     }
//! }
//! # assert_eq!(found, 1);
//! # Ok(())
//! # }
//! ```
//!
//! Give each run a [`Marker`]: then the search is certain of a task, and finds one task where many runs of an agent are in
//! flight. Without a marker, every task of the agent since then is a candidate, and none is certain.
//! [`Run::prepare`] gives a record to store before the request is sent, for a process that may be killed.
//!
//! # Outputs
//!
//! The API says in words what the answer of a task holds, and not in a schema. The output is taken from the first of these
//! locations of the [summary](TaskHandle::summary) that has one; [`Completed::output_source`] names it:
//!
//! | Location | Form | |
//! |---|---|---|
//! | `extracted_data` | a value, or JSON text | [`ExtractedData`](OutputSource::ExtractedData) |
//! | `result.extracted_data` | a value, or JSON text | [`ResultExtractedData`](OutputSource::ResultExtractedData) |
//! | `result.summary` of `{summary, completed_at}` | an object or array | [`ResultSummary`](OutputSource::ResultSummary) |
//! | `result.summary` of `{summary, completed_at}` | JSON text | [`ResultSummaryText`](OutputSource::ResultSummaryText) |
//! | `result` | JSON text | [`ResultText`](OutputSource::ResultText) |
//! | `result`, unless it is `{summary, completed_at}` | anything else | [`Result`](OutputSource::Result) |
//!
//! JSON text is a string that is an object or array, or has one such in a Markdown code block. A blank value, such as `{}`,
//! `[null]` or `""`, is no output; `[]` is one if `result` has an answer beside it.
//!
//! [`extract`](Run::extract) and [`Completed::extracted`] succeed with something: an object without any field of its type, at
//! any depth, is an error, and so is an output that is not valid against the schema that the run sent. The error shows the shape of what
//! came, and [`Error::raw_output`] has it. An [`Output`] is the JSON text as it came, with every digit:
//!
//! ```
//! # use nanonets_agents_sim::{Fault, Operation, Script, Simulator};
//! use nanonets_agents::{Outcome, OutputSource};
//!
//! # #[tokio::main]
//! # async fn main() -> nanonets_agents::Result<()> {
//! # let simulator = Simulator::start().await;
//! # let agent_id = simulator.create_agent("Ledgers").id;
//! # simulator.script(Script::new().complete(7));
//! # let summary = r#"{"extracted_data": {"account": 340282366920938463463374607431768211455}}"#;
//! # simulator.fault(Fault::status(200).body("application/json", summary).on(Operation::GetTaskSummary));
//! # let client = nanonets_agents::Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
//! let run = client.agent(agent_id).run().query("Which account is it?");
//! if let Outcome::Completed(done) = run.start().await?.wait().await? {
//!     let output = done.require_output()?;
//!     assert_eq!(output.source(), OutputSource::ExtractedData);
//!     assert_eq!(output.json(), r#"{"account": 340282366920938463463374607431768211455}"#);
//! #   return Ok(());
//! }
//! # unreachable!()
//! # }
//! ```
//!
//! # Lists, agents, and the rest
//!
//! ```
//! # use nanonets_agents_sim::Simulator;
//! use futures_util::TryStreamExt as _;
//! use nanonets_agents::TaskStatus;
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> nanonets_agents::Result<()> {
//! # let simulator = Simulator::start().await;
//! # let client = nanonets_agents::Client::builder(simulator.api_key()).base_url(simulator.base_url()).build()?;
//! let agent = client.agents().create().name("Invoices").await?;
//! let agent = client.agent(agent.id).merge_config(json!({ "model": "large" })).await?;
//!
//! let list = client.tasks().list().agent(agent.id).status([TaskStatus::Failed]);
//! let mut tasks = list.stream();
//! while let Some(task) = tasks.try_next().await? {
//!     println!("{} has failed", task.task_id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`List`] is walked through by item or by [page](List::pages), and taken up again at a [cursor](List::cursor). An
//! item that can't be decoded is an error in its place, after which the stream goes on, or [beside](Page::odd) the others
//! of its page. Every operation is there by the name that one would guess: under [`Agents`], [`AgentHandle`], [`Tasks`]
//! and [`TaskHandle`]. Each makes a builder that is sent by awaiting it and can have a [timeout](Request::timeout), [headers](Request::header)
//! and its answer [as it came](Request::raw).
//!
//! # Features
//!
//! | Feature | Default | |
//! |---|---|---|
//! | `gzip` | yes | Compressed answers |
//! | `rustls` | yes | TLS in Rust |
//! | `native-tls` | no | TLS of the operating system |
//! | `schema` | yes | [`Run::extract`] and [`Run::output`], by [schemars] |
//! | `blocking` | no | the same builders without `async`, in the module `blocking` |
//! | `tracing` | no | a span and events for each operation, with attempts and status |
//!
//! A test of your own code needs no key: `nanonets-agents-sim` is a simulator of the API that runs in the test's process.
//!
//! [schemars]: https://docs.rs/schemars

mod agents;
mod author;
#[cfg(feature = "blocking")]
pub mod blocking;
mod file;
mod find;
mod fingerprint;
mod lenient;
mod list;
mod optional_fields;
mod outcome;
mod output;
mod page;
mod patience;
mod run;
mod task;
mod transport;
mod wait;

pub use agents::{AgentFilter, AgentHandle, Agents, CreateAgent, UpdateAgent};
pub use author::Author;
pub use file::{File, Progress};
pub use find::{Candidate, Evidence, FindRun, FoundRun};
pub use list::List;
pub use nanonets_agents_api::types::{
    Agent, AgentConfig, AgentGroupId, AgentId, AgentListItem, AgentStatus, AgentVersion, FeedItem,
    Message, MessageId, MessageRole, RunAgentResponse, SendTaskMessageResponse, Task, TaskId,
    TaskListItem, TaskResult, TaskStatus, TaskSummary, UserId,
};
pub use nanonets_agents_api::{ConnectionLayer, FilePart, Json, ResponseValue, Timestamp};
pub use outcome::{Completed, Failure, Outcome, Question};
pub use output::{Output, OutputSource};
pub use page::{OddItem, Page};
/// The version of reqwest that [`ClientBuilder::http_client`] takes a client of: 0.13. Name it by this path, and a
/// second version in your dependency tree can't get in the way.
pub use reqwest;
pub use run::{Extract, PreparedRun, Run};
pub use task::{TaskFilter, TaskHandle, Tasks};
pub use transport::admission::{Admission, AdmissionStatus};
pub use transport::client::{Client, ClientBuilder};
pub use transport::effect::{Created, Effect};
pub use transport::error::{Error, ErrorKind, Origin, Result};
pub use transport::facts::{Ambiguity, Waited};
pub use transport::record::{Marker, RunRecord};
pub use transport::request::{RawResponse, Request};
pub use transport::retry::{Attempt, RetryPolicy};
pub use wait::{Update, Wait};

// The code of the README is compiled.
#[cfg(all(doctest, feature = "schema"))]
#[doc = include_str!("../README.md")]
mod readme {}
