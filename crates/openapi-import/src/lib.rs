//! An upstream OpenAPI document becomes a YAML file that people edit.
//!
//! [`import()`] corrects the upstream document by an [`overlay::Overlay`] and rewrites the file with it: names, order,
//! comments, descriptions and extensions that only the file has stay. [`yaml`] is the writer that keeps what did not change.

#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod import;
pub mod overlay;
pub mod yaml;

pub use import::{Imported, Lost, import};
