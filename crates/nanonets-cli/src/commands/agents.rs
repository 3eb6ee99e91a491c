//! `nanonets agents`.

use crate::ambiguity;
use crate::args::{Agents, Prompt};
use crate::commands::{list, raw};
use crate::failure::Failure;
use crate::input;
use crate::limit::Limit;
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
        Agents::Get { agent, raw } => {
            let request = client.agent(agent).get();
            match raw.raw {
                true => raw::print(request).await,
                false => session.output.object(&request.await?),
            }
        }
        Agents::Create {
            name,
            prompt,
            config,
        } => {
            let mut create = client.agents().create();
            if let Some(name) = name {
                create = create.name(name);
            }
            if let Some(prompt) = read(prompt).await? {
                create = create.system_prompt(prompt);
            }
            if let Some(config) = config {
                create = create.config(input::object(Limit::new(None), "--config", &config).await?);
            }
            let created = match create.await {
                Ok(created) => created,
                Err(error) => return Err(ambiguity::explained(session, error).await),
            };
            let printed = session.output.object(&created);
            printed
                .map_err(|failure| failure.after(format!("The agent {} was created.", created.id)))
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
            let prompt = read(prompt).await?;
            let limit = Limit::new(None);
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
                let config = input::object(limit, "--replace-config", &config).await?;
                update = update.replace_config(config);
            }
            let merged = match merge_config {
                Some(changes) => {
                    let changes = input::object(limit, "--merge-config", &changes).await?;
                    Some(agent.merge_config(changes).await?)
                }
                None => None,
            };
            let updated = match merged {
                Some(merged) if !is_more => merged,
                Some(_) => update.await.map_err(|error| {
                    Failure::from(error).after("The configuration was changed before that.")
                })?,
                None => update.await?,
            };
            let printed = session.output.object(&updated);
            printed
                .map_err(|failure| failure.after(format!("The agent {} was changed.", updated.id)))
        }
        Agents::Publish { agent } => {
            let published = match client.agent(agent).publish().await {
                Ok(published) => published,
                Err(error) => return Err(ambiguity::explained(session, error).await),
            };
            let printed = session.output.object(&published);
            printed.map_err(|failure| {
                failure.after(format!("The version {} was published.", published.id))
            })
        }
        Agents::Versions { agent, paging } => {
            list::print(session, client.agent(agent).versions(), paging, COLUMNS).await
        }
    }
}

async fn read(prompt: Prompt) -> Result<Option<String>, Failure> {
    match prompt.system_prompt_file {
        Some(path) => input::text(Limit::new(None), &path).await.map(Some),
        None => Ok(prompt.system_prompt),
    }
}
