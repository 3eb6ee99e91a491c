//! The commands.

mod agents;
mod ask;
mod feed;
mod list;
mod man;
mod raw;
mod run;
mod runs;
mod shell;
mod tasks;
mod wait;
mod watch;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::session::Session;

/// Runs a command.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let session = || Session::open(&cli.connection, &cli.format);
    match cli.command {
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => man::print(&command),
        Command::Run(run) => run::run(&session().await?, run).await,
        Command::Runs(command) => runs::run(&session().await?, command).await,
        Command::Agents(command) => agents::run(&session().await?, command).await,
        Command::Tasks(command) => tasks::run(&session().await?, command).await,
    }
}
