//! `cargo xtask spec diff`: the changes between two documents, and their effects on callers.

use clap::{Args, ValueEnum};
use openapi_changes::diff::{self, Class};

use crate::commands::{FINDINGS, Outcome, print, source};

#[derive(Args)]
pub struct DiffArgs {
    /// The document as it was: a file, git:REV or git:REV:path.
    #[arg(value_name = "OLD")]
    old: String,
    /// The document as it is.
    #[arg(value_name = "NEW")]
    new: String,
    /// How to print what changed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// End with 1 if there is a change of this class.
    #[arg(long, value_parser = ["breaking"])]
    fail_on: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Markdown,
    Json,
}

pub fn run(args: &DiffArgs) -> Outcome {
    let found = source::compare(&args.old, &args.new)?;
    match args.format {
        Format::Text => print(&diff::text(&found)),
        Format::Markdown => print(&diff::markdown(&found)),
        Format::Json => print(&format!("{:#}\n", diff::value(&found))),
    }
    Ok(match found.class() {
        Some(Class::Breaking) if args.fail_on.is_some() => FINDINGS,
        _ => 0,
    })
}
