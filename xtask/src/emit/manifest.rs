//! What makes a crate of the generated module when it is written on its own: the manifest and `lib.rs`.

/// A dependency that generated code may have.
struct Dependency {
    name: &'static str,
    /// What is right of the `=`.
    requirement: &'static str,
    /// What in the code shows that it is needed; nothing if it always is.
    sign: Option<&'static str>,
}

/// The versions are those of the workspace; a test compares them.
const DEPENDENCIES: &[Dependency] = &[
    Dependency {
        name: "bytes",
        requirement: "\"1.11\"",
        sign: None,
    },
    Dependency {
        name: "chrono",
        requirement: "{ version = \"0.4.45\", default-features = false, features = [\"serde\", \"std\"] }",
        sign: Some("::chrono::"),
    },
    Dependency {
        name: "futures-util",
        requirement: "{ version = \"0.3.32\", default-features = false, features = [\"std\"] }",
        sign: Some("futures_util::"),
    },
    Dependency {
        name: "percent-encoding",
        requirement: "\"2.3\"",
        sign: Some("percent_encoding::"),
    },
    Dependency {
        name: "progenitor-client",
        requirement: "\"0.15.1\"",
        sign: None,
    },
    Dependency {
        name: "regress",
        requirement: "\"0.12\"",
        sign: Some("::regress::"),
    },
    Dependency {
        name: "reqwest",
        requirement: "{ version = \"0.13.4\", default-features = false, features = [\"json\", \"query\", \"stream\"] }",
        sign: None,
    },
    Dependency {
        name: "serde",
        requirement: "{ version = \"1.0.229\", features = [\"derive\"] }",
        sign: None,
    },
    Dependency {
        name: "serde_json",
        requirement: "\"1.0.154\"",
        sign: None,
    },
    Dependency {
        name: "serde_path_to_error",
        requirement: "\"0.1\"",
        sign: None,
    },
    Dependency {
        name: "tokio",
        requirement: "{ version = \"1.54\", features = [\"fs\", \"rt\", \"sync\"] }",
        sign: Some("tokio::"),
    },
    Dependency {
        name: "uuid",
        requirement: "{ version = \"1.29\", features = [\"serde\"] }",
        sign: Some("::uuid::"),
    },
];

/// The dependencies of a manifest: name and requirement of each that `uses` shows to be needed.
pub fn dependencies(uses: &dyn Fn(&str) -> bool) -> Vec<(&'static str, &'static str)> {
    DEPENDENCIES
        .iter()
        .filter(|dependency| dependency.sign.is_none_or(uses))
        .map(|dependency| (dependency.name, dependency.requirement))
        .collect()
}

/// The manifest of a crate that builds on its own.
pub fn manifest(crate_name: &str, uses: &dyn Fn(&str) -> bool) -> String {
    let mut text = format!(
        "[package]\nname = \"{crate_name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.88\"\n\n[features]\n\
         default = [\"rustls\"]\n# TLS in Rust. Without it, the caller brings a reqwest client of their own.\n\
         rustls = [\"reqwest/rustls\"]\n\n[dependencies]\n"
    );
    for (name, requirement) in dependencies(uses) {
        text.push_str(&format!("{name} = {requirement}\n"));
    }
    // The crate stands alone even inside the folder of some other workspace.
    text.push_str("\n[workspace]\n");
    text
}

/// The root of that crate.
pub const LIB: &str = "\
//! A client generated from an API description. Start with [`Client`].
//!
//! Requests are made by the methods of [`Client`], one for each operation: each returns a builder from [`builder`],
//! which is sent by its `send`. Authentication and other headers are those of the `reqwest::Client` that is handed to
//! [`Client::new_with_client`].

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

#[rustfmt::skip]
mod generated;

pub use generated::*;
";
