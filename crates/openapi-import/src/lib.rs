#![doc = include_str!("../README.md")]
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod import;
pub mod overlay;
pub mod yaml;

pub use import::{Imported, Lost, import};
