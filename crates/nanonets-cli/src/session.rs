//! The client that the command line asks for, or a simulator in its place.

use std::env::VarError;
use std::time::Duration;

use nanonets_agents::{AgentId, Client, Wait};
use nanonets_agents_sim::Simulator;

use crate::args::{Connection, Format};
use crate::exit_code::Code;
use crate::failure::Failure;
use crate::input;
use crate::last_words::last_words;
use crate::output::Output;
use crate::signals;
use crate::terminal::Notes;

/// The client, the format of the output, and the notes of a command.
pub struct Session {
    pub client: Client,
    pub output: Output,
    pub notes: Notes,
    simulator: Option<Simulated>,
}

/// The API key, and where it was given.
async fn api_key(connection: &Connection) -> Result<(&'static str, String), Failure> {
    let (from, key) = match &connection.api_key_file {
        Some(path) => ("the file of --api-key-file", input::api_key(path).await?),
        None => match std::env::var("NANONETS_API_KEY") {
            Ok(key) => ("NANONETS_API_KEY", key),
            Err(VarError::NotUnicode(_)) => {
                return Err(Failure::usage("NANONETS_API_KEY is not Unicode"));
            }
            Err(VarError::NotPresent) => {
                return Err(Failure::usage(
                    "NANONETS_API_KEY is not set: make a key in the web app under Settings, API Keys, and set it or \
                     give --api-key-file FILE; --simulate needs none",
                ));
            }
        },
    };
    if key.is_empty() {
        return Err(Failure::usage(format!(
            "there is no key in {from}: make one in the web app under Settings, API Keys"
        )));
    }
    Ok((from, key))
}

/// Where the API is said to be, and where that is said.
fn base_url(connection: &Connection) -> Result<Option<(&'static str, String)>, Failure> {
    if let Some(base_url) = &connection.base_url {
        return Ok(Some(("--base-url", base_url.clone())));
    }
    match std::env::var("NANONETS_BASE_URL") {
        Ok(base_url) => Ok(Some(("NANONETS_BASE_URL", base_url))),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage("NANONETS_BASE_URL is not Unicode")),
    }
}

/// A simulator with something to see: an agent that has worked already.
struct Simulated {
    agent: AgentId,
    _running: Simulator,
}

impl Session {
    /// Opens a session. A signal that the command can't act on still says what was under way.
    pub async fn open(connection: &Connection, format: &Format) -> Result<Self, Failure> {
        let session = Self::of(connection, format).await?;
        let (client, connection) = (session.client.clone(), connection.clone());
        signals::set_last_words(move |code| last_words(&client, code).text("error", &connection));
        Ok(session)
    }

    async fn of(connection: &Connection, format: &Format) -> Result<Self, Failure> {
        let output = Output::of(format);
        let notes = Notes {
            quiet: format.quiet,
        };
        if connection.simulate {
            // Nobody is to take the data for real, with --quiet or without.
            let notes = Notes { quiet: false };
            notes.say("simulated: no document is read, no model is called, nothing is stored");
            let simulator = Simulator::builder().start().await.map_err(|error| {
                Failure::new(
                    Code::Refused,
                    format!("no simulator can be started: {error}"),
                )
            })?;
            let agent = simulator.create_agent("Simulated agent").id;
            simulator.add_history(agent, 3);
            let client = Client::builder(simulator.api_key()).base_url(simulator.base_url());
            return Ok(Self {
                client: client.build()?,
                output,
                notes,
                simulator: Some(Simulated {
                    agent,
                    _running: simulator,
                }),
            });
        }
        let (key_from, key) = api_key(connection).await?;
        let mut builder = Client::builder(key);
        let base_url = base_url(connection)?;
        if let Some((_, base_url)) = &base_url {
            builder = builder.base_url(base_url);
        }
        let agent = concat!("nanonets-cli/", env!("CARGO_PKG_VERSION"));
        Ok(Self {
            client: builder.user_agent(agent).build().map_err(|error| {
                let url_from = base_url.map_or("", |(from, _)| from);
                let failure = Failure::from(error);
                // The message names the setting that is invalid.
                let message = failure.message();
                let message = message.replace("the API key", &format!("the API key in {key_from}"));
                Failure::usage(
                    message.replace("the base URL", &format!("the base URL in {url_from}")),
                )
            })?,
            output,
            notes,
            simulator: None,
        })
    }

    /// The agent that was named, or one of the simulator's.
    pub fn agent(&self, named: Option<AgentId>) -> Result<AgentId, Failure> {
        match (named, &self.simulator) {
            // The simulator was started a moment ago and knows no agent but its own.
            (_, Some(simulated)) => Ok(simulated.agent),
            (Some(id), None) => Ok(id),
            (None, None) => Err(Failure::usage(
                "an agent's id is needed, except with --simulate",
            )),
        }
    }

    /// A wait as this session does it: a simulator is not spared.
    pub fn patient(&self, wait: Wait) -> Wait {
        match self.simulator {
            Some(_) => wait.pauses(Duration::from_millis(5), Duration::from_millis(50)),
            None => wait,
        }
    }
}
