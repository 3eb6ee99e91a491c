//! A Rust client from an OpenAPI document.
//!
//! ```no_run
//! use openapi_client_gen::{Error, Generator};
//!
//! fn main() -> Result<(), Error> {
//!     let client = Generator::open("petstore.yaml")?.crate_name("petstore").generate()?;
//!     println!("{}", client.write("crates/petstore")?);
//!     Ok(())
//! }
//! ```
//!
//! [`Generator`] is all that an xtask or a build script needs. Behind it, each stage is a module of plain functions: [`check`],
//! [`construct`], [`render`], [`mod@format`], [`output`]; [`codegen`] puts them together. The model that they share is
//! [`api::Api`]. Only [`output`] touches files. The same document gives the same bytes.
//!
//! | Modules | Purpose |
//! |---|---|
//! | [`check`], [`sound`], [`skip`] | every problem of a document, and what can be generated in spite of them |
//! | [`construct`], [`api`] | the model of the client, and its compact printout |
//! | [`render`], [`mod@format`], [`parallel`], [`output`] | code from the model, its text, its files |
//! | [`explain`], [`lint`] | the result of each operation and schema; constructs that are legal and make a poor client |
//! | [`names`], [`mod@text`], [`graph`] | Rust identifiers, Markdown, cycles and reachability |

// Nothing that a document contains may end the program: it is rejected with its code and position.
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod api;
pub mod check;
pub mod codegen;
pub mod construct;
mod error;
pub mod explain;
pub mod format;
mod generator;
pub mod graph;
pub mod lint;
pub mod names;
pub mod output;
pub mod parallel;
pub mod render;
pub mod skip;
pub mod sound;
pub mod text;

pub use error::Error;
pub use generator::{Client, Generator, Summary};
