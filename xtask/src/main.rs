//! `cargo xtask`: the commands for maintainers of the workspace.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::UNUSABLE;
use commands::codegen::{self, CodegenArgs};
use commands::release_notes::{self, ReleaseNotesArgs};
use commands::spec::{self, SpecCommand};
use mimalloc::MiMalloc;
use openapi_client_gen::parallel::on_large_stack;

/// The generator allocates and frees many small values.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Maintainers' commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the low-level client from its API description.
    ///
    /// Without options, it reads spec/agents.yaml and writes
    /// crates/nanonets-agents-api/src/generated.
    #[command(
        verbatim_doc_comment,
        after_help = "Exit codes:\n  0  done, or nothing to do\n  1  --check found stale files\n  2  the document or the command line can't be used; nothing was written"
    )]
    Codegen(CodegenArgs),
    /// Look at an API description, compare two, or take one over.
    #[command(subcommand)]
    Spec(SpecCommand),
    /// Say what changed in the API description since the last release.
    ///
    /// Prints the entry of the changelog: what stands under Unreleased,
    /// with what callers of the generated client meet, under the next version.
    #[command(
        verbatim_doc_comment,
        after_help = "Exit codes:\n  0  printed, or written\n  2  a document, the changelog or the command line can't be used; nothing was written"
    )]
    ReleaseNotes(ReleaseNotesArgs),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let outcome = on_large_stack(|| match &command {
        Command::Codegen(args) => codegen::run(args),
        Command::Spec(command) => spec::run(command),
        Command::ReleaseNotes(args) => release_notes::run(args),
    });
    ExitCode::from(outcome.unwrap_or_else(|reason| {
        eprintln!("{reason}");
        UNUSABLE
    }))
}
