//! What each command does.

mod agents;
mod list;
mod run;
pub mod shell;
mod tasks;
mod wait;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::session::Session;

/// Runs a command that calls the API.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let session = Session::open(&cli.connection, &cli.format).await?;
    match cli.command {
        Command::Run(run) => run::run(&session, run).await,
        Command::Agents(command) => agents::run(&session, command).await,
        Command::Tasks(command) => tasks::run(&session, command).await,
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => shell::man(&command),
    }
}
