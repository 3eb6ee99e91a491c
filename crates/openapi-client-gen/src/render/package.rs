//! The manifest and `lib.rs` of a client that is a crate of its own.

use super::support::Needed;
use crate::api::Api;

/// The dependencies of every client, with the versions of the workspace; a test compares them.
pub const DEPENDENCIES: &str = r#"bytes = "1.11"
chrono = { version = "0.4.45", default-features = false, features = ["serde", "std"] }
futures-util = { version = "0.3.32", default-features = false, features = ["std"] }
percent-encoding = "2.3"
progenitor-client = "0.15.1"
reqwest = { version = "0.13.4", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1.0.229", features = ["derive"] }
serde_json = { version = "1.0.154", features = ["raw_value"] }
serde_path_to_error = "0.1"
tokio = { version = "1.54", features = ["fs", "rt", "sync"] }
uuid = { version = "1.29", features = ["serde"] }
"#;

/// The dependency of a client with patterns: those of ECMA-262, which OpenAPI has.
pub const PATTERNS: &str = "regress = \"0.12\"\n";

/// The dependencies of the mocks, which are behind a feature.
pub const MOCKS: &str = r#"httpmock = { version = "0.9", default-features = false, optional = true }
regex = { version = "1.13", optional = true }
"#;

const MOCK_FEATURE: &str = r#"# Typed mocks of the operations, for tests.
mock = ["dep:httpmock", "dep:regex"]
"#;

/// The manifest of a crate that builds on its own; its mocks are behind a feature, if it has any.
pub fn manifest(crate_name: &str, api: &Api, has_mocks: bool) -> String {
    let patterns = match Needed::by(api).patterns {
        true => PATTERNS,
        false => "",
    };
    let (feature, mocks) = match has_mocks {
        true => (MOCK_FEATURE, MOCKS),
        false => ("", ""),
    };
    // Its own workspace, for it stands alone even inside the folder of another one.
    format!(
        r#"[package]
name = "{crate_name}"
version = "0.1.0"
edition = "2024"
rust-version = "1.88"

[features]
default = ["rustls"]
# TLS in Rust. Without it, the caller brings a reqwest client of their own.
rustls = ["reqwest/rustls"]
{feature}
[dependencies]
{DEPENDENCIES}{patterns}{mocks}
[workspace]
"#
    )
}

/// The root of that crate.
pub fn lib(has_mocks: bool) -> String {
    let mock = if has_mocks { MOCK } else { "" };
    format!("{LIB}{mock}")
}

const LIB: &str = "\
//! A client generated from an API description. Start with [`Client`].
//!
//! Requests are made by the methods of [`Client`], one for each operation: each returns a builder from [`operations`],
//! which is sent by its `send`. Authentication and other headers are those of the `reqwest::Client` that is handed to
//! [`Client::new_with_client`].

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

#[rustfmt::skip]
mod generated;

pub use generated::*;
";

const MOCK: &str = "
#[cfg(feature = \"mock\")]
#[rustfmt::skip]
#[path = \"generated/mock.rs\"]
pub mod mock;
";
