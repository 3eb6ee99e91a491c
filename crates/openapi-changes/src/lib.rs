#![doc = include_str!("../README.md")]
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod changelog;
pub mod date;
pub mod diff;
pub mod release;
pub mod semver;
