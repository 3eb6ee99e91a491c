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

use crate::args::{Agents, Cli, Command, Tasks};
use crate::failure::Failure;
use crate::limit::until_interrupted;
use crate::session::Session;
use crate::signals;

/// Runs a command, unless it is interrupted.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let is_change = matches!(
        cli.command,
        Command::Agents(Agents::Create { .. } | Agents::Update { .. } | Agents::Publish { .. })
            | Command::Tasks(Tasks::Reply { .. } | Tasks::Cancel { .. })
    );
    if let Some(code) = signals::take() {
        return Err(Failure::new(code, "interrupted; nothing was sent"));
    }
    // The parts of a command that know more about what was done act on a signal before this does.
    let done = until_interrupted(run_to_its_end(cli)).await;
    done.unwrap_or_else(|interrupted| {
        let failure = interrupted.because("interrupted before the answer came");
        Err(match is_change {
            true => {
                failure.line("The request may have been sent. Look before you repeat the command.")
            }
            false => failure,
        })
    })
}

async fn run_to_its_end(cli: Cli) -> Result<(), Failure> {
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
