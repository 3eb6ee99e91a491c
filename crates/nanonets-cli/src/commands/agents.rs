//! `nanonets agents`.

use crate::args::{Agents, Prompt};
use crate::commands::list;
use crate::failure::Failure;
use crate::input;
use crate::output::Columns;
use crate::session::Session;

const COLUMNS: &Columns = &[
    ("ID", "id"),
    ("VERSION", "version_number"),
    ("STATUS", "status"),
    ("ACTIVE", "is_active"),
    ("NAME", "name"),
];

/// Runs one of the commands.
pub async fn run(session: &Session, command: Agents) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        Agents::List {
            name,
            status,
            paging,
        } => {
            let mut agents = client.agents().list().status(status);
            if let Some(name) = name {
                agents = agents.name_contains(name);
            }
            list::print(session, agents, paging, COLUMNS).await
        }
        Agents::Get { agent } => session.output.object(&client.agent(agent).get().await?),
        Agents::Create {
            name,
            prompt,
            config,
        } => {
            let mut create = client.agents().create();
            if let Some(name) = name {
                create = create.name(name);
            }
            if let Some(prompt) = read(prompt)? {
                create = create.system_prompt(prompt);
            }
            if let Some(config) = config {
                create = create.config(input::object("--config", &config)?);
            }
            session.output.object(&create.await?)
        }
        Agents::Update {
            agent,
            name,
            prompt,
            merge_config,
            replace_config,
            active,
        } => {
            let agent = client.agent(agent);
            let mut update = agent.update();
            let prompt = read(prompt)?;
            let is_more = name.is_some() || prompt.is_some() || active.is_some();
            if let Some(name) = name {
                update = update.name(name);
            }
            if let Some(prompt) = prompt {
                update = update.system_prompt(prompt);
            }
            if let Some(active) = active {
                update = update.active(active);
            }
            if let Some(config) = replace_config {
                update = update.replace_config(input::object("--replace-config", &config)?);
            }
            let merged = match merge_config {
                Some(changes) => {
                    let changes = input::object("--merge-config", &changes)?;
                    Some(agent.merge_config(changes).await?)
                }
                None => None,
            };
            match merged {
                Some(merged) if !is_more => session.output.object(&merged),
                Some(_) => {
                    let updated = update.await.map_err(|error| {
                        Failure::from(error).and("the configuration is changed already")
                    })?;
                    session.output.object(&updated)
                }
                None => session.output.object(&update.await?),
            }
        }
        Agents::Publish { agent } => session.output.object(&client.agent(agent).publish().await?),
        Agents::Versions { agent, paging } => {
            list::print(session, client.agent(agent).versions(), paging, COLUMNS).await
        }
    }
}

fn read(prompt: Prompt) -> Result<Option<String>, Failure> {
    match prompt.system_prompt_file {
        Some(path) => input::text(&path).map(Some),
        None => Ok(prompt.system_prompt),
    }
}
