//! Helpers of the tests of the workspace: the clients generated from the fixtures, and servers to call.
//!
//! The fixtures are part of this library, not of a test, so that clippy and rustdoc judge their code as they judge the
//! client's.

pub mod server;

/// A client for each document in `fixtures/features` and `fixtures/values`.
#[rustfmt::skip]
pub mod fixtures {
    include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));
}

// The code of the README of the workspace is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
