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

use std::cell::OnceCell;

use nanonets_agents::Client;

use crate::args::{Cli, Command};
use crate::effect;
use crate::failure::Failure;
use crate::limit::until_interrupted;
use crate::session::Session;
use crate::signals;

/// Runs a command, unless it is interrupted.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    if let Some(code) = signals::take() {
        return Err(Failure::new(code, "interrupted; nothing was sent"));
    }
    let client = OnceCell::new();
    // The parts of a command that know more about what was done act on a signal before this does.
    let done = until_interrupted(run_to_its_end(cli, &client)).await;
    done.unwrap_or_else(|interrupted| {
        let failure = interrupted.because("interrupted before the answer came");
        Err(match client.get() {
            Some(client) => effect::interrupted(client, failure, None).0,
            None => failure,
        })
    })
}

async fn run_to_its_end(cli: Cli, client: &OnceCell<Client>) -> Result<(), Failure> {
    let session = || async {
        let session = Session::open(&cli.connection, &cli.format).await?;
        // There is one session.
        let _ = client.set(session.client.clone());
        Ok::<_, Failure>(session)
    };
    match cli.command {
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => man::print(&command),
        Command::Run(run) => run::run(&session().await?, run).await,
        Command::Runs(command) => runs::run(&session().await?, command).await,
        Command::Agents(command) => agents::run(&session().await?, command).await,
        Command::Tasks(command) => tasks::run(&session().await?, command).await,
    }
}
