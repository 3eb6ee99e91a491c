//! `cargo xtask spec`: looking at API descriptions, and comparing them.

mod diff;
mod lint;

use clap::Subcommand;

/// What to do with an API description.
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
}

pub fn run(command: &SpecCommand) -> u8 {
    match command {
        SpecCommand::Lint(args) => lint::run(args),
        SpecCommand::Diff(args) => diff::run(args),
    }
}
