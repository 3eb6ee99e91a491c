//! `nanonets`: the Nanonets Agents API from a shell.
//!
//! [`args`] is the command line, [`session`] the client that it asks for, `commands` what it does. What a command has to
//! say as data goes through [`output`] to stdout; everything else is on stderr. How it ends is a [`Failure`] with an
//! exit code that a script can rely on.

mod ambiguity;
mod args;
mod command_line;
mod commands;
mod explain;
mod failure;
mod input;
mod limit;
mod output;
mod record;
mod session;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use tokio::runtime::Builder;

use crate::args::{Cli, Connection};
use crate::failure::{Code, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // What is wrong with a value is said in its first line.
        Err(error) if error.kind() == ErrorKind::ValueValidation => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line);
            return Failure::usage(line).report(&Connection::default());
        }
        Err(error) => error.exit(),
    };
    let connection = cli.connection.clone();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&connection),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Code::Refused, format!("no runtime can be started: {error}"))
    })?;
    let result = runtime.block_on(commands::run(cli));
    // A thread that waits for someone to type is not waited for.
    runtime.shutdown_background();
    result
}
