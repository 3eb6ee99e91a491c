//! What a request may have done although no answer says so, and one look for it.
//!
//! Everything that depends on how the SDK finds lost requests is here.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{AgentId, Client, Error, ErrorKind, MessageRole};
use serde_json::json;

use crate::command_line::CommandLine;
use crate::explain;
use crate::failure::Failure;
use crate::limit::unless_interrupted;
use crate::output::Output;
use crate::session::Session;

/// The longest time that the look takes.
const LOOK: Duration = Duration::from_secs(5);
/// The most that the look shows.
const PAGE: u8 = 20;
/// The clock of the server may differ from the one here by so much.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// What a request did or may have done.
#[derive(Debug)]
pub struct Effect<'a> {
    error: &'a Error,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Run,
    Create,
    Publish,
    Message,
    Update,
    Cancel,
}

/// What the request of an error did or may have done. `None` where it certainly had no effect.
pub fn effect(error: &Error) -> Option<Effect<'_>> {
    let kind = match error.operation()? {
        "run_agent" => Kind::Run,
        "create_agent" => Kind::Create,
        "publish_agent_version" => Kind::Publish,
        "send_task_message" => Kind::Message,
        "update_agent" => Kind::Update,
        "cancel_task" => Kind::Cancel,
        _ => return None,
    };
    let may_have_arrived = match kind {
        // The SDK calls nothing ambiguous that can be repeated without harm.
        Kind::Update | Kind::Cancel => match error.kind() {
            ErrorKind::Lost | ErrorKind::Unreadable => true,
            ErrorKind::Status => error
                .status()
                .is_some_and(|status| !status.is_client_error()),
            _ => false,
        },
        Kind::Run => error.is_ambiguous() || error.task_id().is_some(),
        Kind::Create | Kind::Publish | Kind::Message => error.is_ambiguous(),
    };
    may_have_arrived.then_some(Effect { error, kind })
}

impl Effect<'_> {
    /// The failure with what may have happened, what a look found of it, and the command that looks again.
    pub fn told(&self, failure: Failure, look: Option<&Look>) -> Failure {
        let mut failure = failure.after_effect();
        if let (Kind::Run, Some(task)) = (self.kind, self.error.task_id()) {
            let id = task.to_string();
            let wait = CommandLine::new(["tasks", "wait", &id]);
            return failure
                .line(format!("The task {id} was started."))
                .command("To wait for it", wait);
        }
        failure = failure.line(format!("{}{}.", self.kind.possibility(), self.window()));
        failure = failure.line(match self.kind {
            Kind::Update | Kind::Cancel => "It is safe to repeat the command.",
            _ => "Look before you repeat the command.",
        });
        if let Some(look) = look {
            failure = look.told(failure);
        }
        match self.command() {
            Some(command) => failure.command("To look again", command),
            None => failure,
        }
    }

    /// The time that the request was under way.
    fn window(&self) -> String {
        let Some(ambiguity) = self.error.ambiguity() else {
            return String::new();
        };
        let (since, until) = (seconds(ambiguity.since), seconds(ambiguity.until));
        format!(" between {since} and {until}, by the clock of this machine")
    }

    /// The command that shows whether the request took effect.
    fn command(&self) -> Option<CommandLine> {
        let (task, agent) = (self.error.task_id(), self.error.agent_id());
        let (task, agent) = (
            task.map(|id| id.to_string()),
            agent.map(|id| id.to_string()),
        );
        Some(match self.kind {
            Kind::Run => {
                let since = self.error.ambiguity().map_or_else(Utc::now, |it| it.since);
                tasks_since(self.error.agent_id()?, since)
            }
            Kind::Create => CommandLine::new(["agents", "list"]),
            Kind::Publish => CommandLine::new(["agents", "versions", &agent?]),
            Kind::Message => CommandLine::new(["tasks", "messages", &task?]),
            Kind::Update => CommandLine::new(["agents", "get", &agent?]),
            Kind::Cancel => CommandLine::new(["tasks", "get", &task?]),
        })
    }
}

impl Kind {
    fn possibility(self) -> &'static str {
        match self {
            Self::Run => "A task may have been started",
            Self::Create => "An agent may have been created",
            Self::Publish => "The draft may have been published",
            Self::Message => "The message may have been sent",
            Self::Update => "The agent may have been changed",
            Self::Cancel => "The task may have been cancelled",
        }
    }
}

/// The command that lists the tasks of an agent from this time on, by either clock.
pub fn tasks_since(agent: AgentId, time: DateTime<Utc>) -> CommandLine {
    let time = time.checked_sub_signed(SKEW).unwrap_or(time);
    let (agent, time) = (agent.to_string(), seconds(time));
    CommandLine::new([
        "tasks",
        "list",
        "--agent",
        &agent,
        "--created-after",
        &time,
        "--all",
    ])
}

fn seconds(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}

/// What a look found.
#[derive(Debug)]
pub enum Look {
    /// What came about in the time of the request, perhaps by it: ids, each with a status if it has one.
    Found(Vec<(String, Option<String>)>),
    /// The look failed, which says nothing of the request.
    Failed(String),
}

impl Look {
    fn told(&self, failure: Failure) -> Failure {
        match self {
            Self::Found(found) if found.is_empty() => {
                failure.line("A look found nothing so far; it may still appear.")
            }
            Self::Found(found) => {
                let failure = failure.line("A look found these candidates:");
                found.iter().fold(failure, |failure, (id, status)| {
                    let status = status.as_deref().unwrap_or_default();
                    failure.item(format!("{id} {status}").trim_end())
                })
            }
            Self::Failed(why) => failure.line(format!("A look for it failed: {why}")),
        }
    }
}

/// Explains why a request failed. If it may have taken effect, it looks once for what came of it.
pub async fn explained(session: &Session, error: Error) -> Failure {
    let failure = explain::refusal(&error);
    let Some(effect) = effect(&error) else {
        return failure;
    };
    // Nobody has to wait for the look.
    let looked = unless_interrupted(look(&session.client, &effect)).await;
    let look = looked.ok().flatten();
    if effect.kind == Kind::Run {
        print_state(session.output, &error, look.as_ref());
    }
    effect.told(failure, look.as_ref())
}

/// Tells a program what is known of a run.
fn print_state(output: Output, error: &Error, look: Option<&Look>) {
    if output == Output::Table {
        return;
    }
    let candidates = match look {
        Some(Look::Found(found)) => found.iter().map(|(id, _)| id.as_str()).collect(),
        _ => Vec::new(),
    };
    let since = error.ambiguity().map(|ambiguity| ambiguity.since);
    let state = json!({ "task_id": error.task_id(), "agent_id": error.agent_id(), "since": since, "candidates": candidates });
    // The exit code says what happened to the request, not to this.
    let _ = output.value(&state);
}

/// Looks once, on one page.
async fn look(client: &Client, effect: &Effect<'_>) -> Option<Look> {
    let (error, ambiguity) = (effect.error, effect.error.ambiguity()?);
    let is_new = |time: DateTime<Utc>| time >= ambiguity.since - SKEW;
    let found = match effect.kind {
        Kind::Run => {
            let page = error.candidates(client)?.page_size(PAGE).timeout(LOOK);
            page.page().await.map(|page| {
                let tasks = page.items.into_iter();
                let found = tasks.map(|task| {
                    let status = task.status.map(|status| status.to_string());
                    (task.task_id.to_string(), status)
                });
                found.collect()
            })
        }
        Kind::Create => {
            let page = client.agents().list().page_size(PAGE).timeout(LOOK);
            page.page().await.map(|page| {
                let agents = page.items.into_iter();
                let new = agents.filter(|agent| is_new(agent.created_at));
                new.map(|agent| (agent.id.to_string(), None)).collect()
            })
        }
        Kind::Publish => {
            let versions = client.agent(ambiguity.agent_id?).versions();
            versions.timeout(LOOK).page().await.map(|page| {
                let versions = page.items.into_iter();
                let new = versions.filter(|version| is_new(version.updated_at));
                let new = new.take(PAGE.into());
                new.map(|version| {
                    let status = version.status.map(|status| status.to_string());
                    (version.id.to_string(), status)
                })
                .collect()
            })
        }
        Kind::Message => {
            let messages = client.task(ambiguity.task_id?).messages();
            messages.timeout(LOOK).await.map(|messages| {
                let by_user = messages.into_iter().rev().filter(|message| {
                    message.role == Some(MessageRole::User)
                        && message.created_at.is_some_and(is_new)
                });
                let ids = by_user.filter_map(|message| message.id);
                ids.take(PAGE.into())
                    .map(|id| (id.to_string(), None))
                    .collect()
            })
        }
        Kind::Update | Kind::Cancel => return None,
    };
    Some(match found {
        Ok(found) => Look::Found(found),
        Err(error) => Look::Failed(explain::refusal(&error).message().to_owned()),
    })
}
