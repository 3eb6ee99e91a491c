//! `cargo xtask spec`: looking at API descriptions, comparing them, taking one over.

mod diff;
mod import;
mod lint;

use clap::Subcommand;

use super::Outcome;

/// Work with an API description.
#[derive(Subcommand)]
pub enum SpecCommand {
    /// List what codegen would refuse, and what will hurt later.
    #[command(
        after_help = "Exit codes:\n  0  codegen takes the document\n  1  --fail-on warnings, and there are some\n  2  the document or the command line can't be used"
    )]
    Lint(lint::LintArgs),
    /// Compare two API descriptions as callers of the generated client would.
    ///
    /// OLD and NEW are files. `git:REV` is spec/agents.yaml at a revision,
    /// `git:REV:path` another file at that revision.
    #[command(
        verbatim_doc_comment,
        after_help = "Exit codes:\n  0  compared\n  1  --fail-on breaking, and something breaks\n  2  a document or the command line can't be used"
    )]
    Diff(diff::DiffArgs),
    /// Take over an upstream API description into spec/agents.yaml.
    ///
    /// FILE is YAML or JSON, OpenAPI 3.0 or 3.1. It is corrected by
    /// spec/overlay.yaml. Names, order, comments, descriptions and extensions
    /// that only spec/agents.yaml has stay. The diff is shown before anything
    /// is written.
    #[command(
        verbatim_doc_comment,
        after_help = "Exit codes:\n  0  written, or nothing to write, or --dry-run\n  1  not written: not confirmed, or an extension would be lost\n  2  the document, the overlay or the command line can't be used"
    )]
    Import(import::ImportArgs),
}

pub fn run(command: &SpecCommand) -> Outcome {
    match command {
        SpecCommand::Lint(args) => lint::run(args),
        SpecCommand::Diff(args) => diff::run(args),
        SpecCommand::Import(args) => import::run(args),
    }
}
