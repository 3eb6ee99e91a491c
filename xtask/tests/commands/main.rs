//! The commands of `cargo xtask`, run as processes.
//!
//! One binary, so that it links once.

mod codegen;
mod common;
mod import;
mod interrupted;
mod release_notes;
mod same_bytes;
mod spec;
mod standalone_crate;
