//! The changes between two OpenAPI documents, as callers of their generated clients meet them.
//!
//! [`diff::documents`] compares the models of two documents. Each change has a class ([`diff::Class`]): breaking, or
//! compatible. [`release`] tells the next version of a client from the class, and [`changelog`] writes the entry of the release.

#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod changelog;
pub mod date;
pub mod diff;
pub mod release;
pub mod semver;
