#![doc = include_str!("../README.md")]
#![deny(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod diagnostic;
pub mod keywords;
pub mod pointer;
pub mod read;
pub mod schema;
pub mod shape;
pub mod source_map;
pub mod view;
