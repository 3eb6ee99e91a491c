//! `nanonets`: the Nanonets Agents API from a shell.
//!
//! [`args`] defines the command line, [`session`] makes the client that it asks for, and each file of `commands` runs one
//! command. Data goes through [`output`] to stdout, everything else to stderr. A command that does not succeed returns a
//! [`Failure`] with an exit code that a script can rely on: [`explain`] makes it from an error of the SDK, with the
//! [`effect`] that the request may have had, and [`ambiguity`] looks once for that effect.

mod ambiguity;
mod args;
mod candidates;
mod command_line;
mod commands;
mod effect;
mod exit_code;
mod explain;
mod failure;
mod input;
mod last_words;
mod limit;
mod output;
mod record;
mod session;
mod signals;
mod terminal;
mod time;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use tokio::runtime::Builder;

use crate::args::{Cli, Command, Connection};
use crate::exit_code::Code;
use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // The first line names the invalid value.
        Err(error) if error.kind() == ErrorKind::ValueValidation => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line);
            return Failure::usage(line).report(&Connection::default());
        }
        Err(error) => error.exit(),
    };
    let connection = cli.connection.clone();
    let is_search = matches!(cli.command, Command::Runs(_));
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if is_search => failure.of_search().report(&connection),
        Err(failure) => failure.report(&connection),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime =
        signals::listen().and_then(|()| Builder::new_current_thread().enable_all().build());
    let runtime = runtime.map_err(|error| {
        Failure::new(Code::Refused, format!("no runtime can be started: {error}"))
    })?;
    let result = runtime.block_on(commands::run(cli));
    // A thread that waits for someone to type is not waited for.
    runtime.shutdown_background();
    result
}
