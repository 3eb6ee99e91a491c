//! The clients of the fixtures, compiled and called: a module for each subject.
//!
//! One binary, so that it links once.

mod accessors;
mod answers;
mod bodies;
mod edits;
mod inheritance;
mod multipart;
mod parameters;
mod server;
mod types;
mod unions;
mod wild;
