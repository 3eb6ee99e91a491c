//! One look for what a request created, if its answer was lost.

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{Author, Client, Error, FoundRun, Json, Message};
use reqwest::header::{DATE, HeaderMap};
use serde_json::Value;

use crate::candidates::{Look, PAGE};
use crate::effect::{Effect, Kind, by_server};

/// By how much the server's clock is ahead, from the date of its answer.
fn measured(headers: &HeaderMap) -> Option<TimeDelta> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.to_utc() - Utc::now())
}

/// Looks once, for a message by its text. `None` where there is nothing to look for.
pub async fn look(
    client: &Client,
    effect: &Effect<'_>,
    text: Option<&str>,
) -> Result<Option<Look>, Error> {
    let Some(ambiguity) = effect.error().ambiguity() else {
        return Ok(None);
    };
    let is_new = |time: DateTime<Utc>, offset| time >= by_server(ambiguity.since, offset);
    let size = u8::try_from(PAGE).unwrap_or(u8::MAX);
    Ok(match (effect.kind(), &ambiguity.run) {
        (Kind::Run, Some(record)) => {
            // The answer to this tells the time of the server, which the command that looks again needs.
            let page = client.tasks().list().page_size(1).page().send().await?;
            let offset = measured(page.headers());
            Some(match client.find_run(record).await? {
                FoundRun::Found(candidates) => {
                    let tasks = candidates.into_iter().map(|candidate| candidate.task);
                    let found = tasks.map(|task| {
                        let status = task.status().map(|status| client.redacted(status.as_str()));
                        (task.task_id.to_string(), status)
                    });
                    Look::of(found, offset)
                }
                FoundRun::NotYet { ruled_out_at } => Look {
                    open_until: Some(ruled_out_at),
                    clock_offset: offset,
                    ..Look::default()
                },
                _ => Look::of(std::iter::empty(), offset),
            })
        }
        (Kind::Create, _) => {
            let page = client.agents().list().page_size(size).page().send().await?;
            let offset = measured(page.headers());
            let agents = page.into_inner().items.into_iter();
            let new = agents.filter(|agent| is_new(agent.created_at.utc(), offset));
            Some(Look::of(
                new.map(|agent| (agent.id.to_string(), None)),
                offset,
            ))
        }
        (Kind::Publish, _) => {
            let Some(agent) = ambiguity.agent_id else {
                return Ok(None);
            };
            let page = client.agent(agent).versions().page().send().await?;
            let offset = measured(page.headers());
            let versions = page.into_inner().items.into_iter();
            let new = versions.filter(|version| is_new(version.updated_at.utc(), offset));
            let found = new.map(|version| {
                let status = version
                    .status()
                    .map(|status| client.redacted(status.as_str()));
                (version.id.to_string(), status)
            });
            Some(Look::of(found, offset))
        }
        (Kind::Message, _) => {
            let Some(task) = ambiguity.task_id else {
                return Ok(None);
            };
            let messages = client.task(task).messages().send().await?;
            let offset = measured(messages.headers());
            let messages = messages.into_inner().into_iter().rev();
            let candidates =
                messages.filter(|message| may_be_sent(message, text, |time| is_new(time, offset)));
            let found = candidates.map(|message| (client.redacted(&name(&message)), None));
            Some(Look::of(found, offset))
        }
        _ => None,
    })
}

/// Whether a message may be the one with this text. One whose author or time is not known may be it if it has the text.
fn may_be_sent(
    message: &Message,
    text: Option<&str>,
    is_new: impl Fn(DateTime<Utc>) -> bool,
) -> bool {
    let time = message.created_at().map(|time| is_new(time.utc()));
    let is_by_user = match Author::of(message) {
        // A word for a role that is not known may be one for a user.
        Author::User | Author::Unknown => true,
        // It is the agent's only by the lack of a role.
        Author::Agent if message.role().is_none() => false,
        _ => return false,
    };
    match (time, is_by_user) {
        (Some(false), _) => false,
        (Some(true), true) => true,
        _ => text.is_some_and(|text| has_text(message, text)),
    }
}

/// Whether the content of a message is this text, or has it as one of its parts.
fn has_text(message: &Message, text: &str) -> bool {
    fn has(content: &Value, text: &str) -> bool {
        match content {
            Value::String(part) => part.trim() == text.trim(),
            Value::Array(parts) => parts.iter().any(|part| has(part, text)),
            Value::Object(members) => members.values().any(|part| has(part, text)),
            _ => false,
        }
    }
    let content = message.content.as_ref().map(Json::get::<Value>);
    matches!(content, Some(Ok(content)) if has(&content, text))
}

/// The id of a message, or what there is in its place.
fn name(message: &Message) -> String {
    if let Some(id) = message.id() {
        return id.to_string();
    }
    match message.extra.get("id").filter(|id| !id.is_null()) {
        Some(id) => id.get().unwrap_or_else(|_| id.as_json_text().to_owned()),
        None => "a message without an id".to_owned(),
    }
}
