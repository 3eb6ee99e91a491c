//! The generator behind `cargo xtask codegen`: an API description in, a low-level client out.
//!
//! A pipeline of plain functions, each a module that can be used without the others: [`read`], [`check`], [`construct`],
//! [`render`], [`mod@format`], [`output`]; [`codegen`] puts them together. Only the first and the last touch files. The
//! model of the client is [`api`].
//!
//! | Modules | Purpose |
//! |---|---|
//! | [`mod@pointer`], [`source_map`], [`diagnostic`] | locations in a document, their positions, and what is reported there |
//! | [`keywords`], [`shape`], [`mod@schema`], [`view`], [`names`], [`mod@text`] | facts about OpenAPI, Rust identifiers and Markdown that several stages need |
//! | [`graph`] | cycles and reachability in graphs of schemas and operations |
//! | [`skip`], [`sound`] | what can be generated of an invalid document |
//! | [`explain`], [`lint`], [`diff`], [`semver`], [`changelog`] | the other commands that read a document, or two |
//! | [`import`], [`overlay`], [`yaml`] | an upstream document becomes the description that is checked in |

// Nothing that a document contains may end the program: it is refused by name and place.
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
// A maintainers' tool: its modules are public for the tests, and each says at its head what it is for.
#![allow(missing_docs)]

pub mod api;
pub mod changelog;
pub mod check;
pub mod codegen;
pub mod construct;
pub mod diagnostic;
pub mod diff;
pub mod explain;
pub mod format;
pub mod graph;
pub mod import;
pub mod keywords;
pub mod lint;
pub mod names;
pub mod output;
pub mod overlay;
pub mod parallel;
pub mod pointer;
pub mod read;
pub mod render;
pub mod schema;
pub mod semver;
pub mod shape;
pub mod skip;
pub mod sound;
pub mod source_map;
pub mod text;
pub mod view;
pub mod yaml;
