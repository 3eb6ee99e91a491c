//! The effect that a request had or may have had although no answer says so, and one look for it.
//!
//! Everything that depends on how the SDK finds lost requests is here.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{AgentId, Client, Error, ErrorKind, FoundRun, MessageRole, RunRecord};
use reqwest::header::{DATE, HeaderMap};
use serde_json::json;

use crate::command_line::CommandLine;
use crate::explain;
use crate::failure::Failure;
use crate::limit::{Limit, TimedOut, unless_interrupted};
use crate::output::Output;
use crate::record::RecordFile;
use crate::session::Session;

/// The longest time that the look takes.
const LOOK: Duration = Duration::from_secs(5);
/// The most that the look shows.
const PAGE: usize = 20;
/// How far a task may seem to be created before its request, once the difference of the clocks is known.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// The same, where the difference is not known.
const UNMEASURED_MARGIN: TimeDelta = TimeDelta::days(1);

/// The effect that a request had or may have had.
#[derive(Debug)]
pub struct Effect<'a> {
    error: &'a Error,
    kind: Kind,
    /// Whether it is certain, for the answer has the id of what came about.
    is_certain: bool,
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

/// The effect of the request that failed with this error. `None` if it certainly had none.
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
    // A success that is not ambiguous although it does not decode has the id.
    let is_certain = error.kind() == ErrorKind::Unreadable && !error.is_ambiguous();
    let may_have_arrived = match kind {
        // The SDK calls nothing ambiguous that can be repeated without harm.
        Kind::Update | Kind::Cancel => !error.proves_no_effect(),
        Kind::Run | Kind::Create | Kind::Publish | Kind::Message => {
            is_certain || error.is_ambiguous()
        }
    };
    may_have_arrived.then_some(Effect {
        error,
        kind,
        is_certain: is_certain && !matches!(kind, Kind::Update | Kind::Cancel),
    })
}

impl Effect<'_> {
    /// The failure with what may have happened, what a look found of it, and the command that looks again.
    pub fn describe(
        &self,
        failure: Failure,
        look: Option<&Look>,
        record: Option<&RecordFile>,
    ) -> Failure {
        let failure = failure.after_effect();
        if self.is_certain {
            return self.certain(failure);
        }
        let mut failure = failure.line(format!("{}{}.", self.kind.possibility(), self.window()));
        failure = failure.line(match self.kind {
            Kind::Update | Kind::Cancel => "It is safe to repeat the command.",
            _ => "Look before you repeat the command.",
        });
        if let Some(look) = look {
            failure = look.describe(failure);
        }
        let list = || self.command(look.and_then(|look| look.clock_offset));
        match record.map(RecordFile::find).or_else(list) {
            Some(command) => failure.command("To look again", command),
            None => failure,
        }
    }

    /// The failure with what came about.
    fn certain(&self, failure: Failure) -> Failure {
        match (self.kind, self.error.task_id(), self.error.agent_id()) {
            (Kind::Run, Some(task), _) => {
                let id = task.to_string();
                let wait = CommandLine::new(["tasks", "wait", &id]);
                failure
                    .line(format!("The task {id} was started."))
                    .command("To wait for it", wait)
            }
            (_, _, Some(agent)) => {
                let get = CommandLine::new(["agents", "get", &agent.to_string()]);
                failure.command("To print it", get)
            }
            _ => failure,
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
    fn command(&self, clock_offset: Option<TimeDelta>) -> Option<CommandLine> {
        let (task, agent) = (self.error.task_id(), self.error.agent_id());
        let (task, agent) = (
            task.map(|id| id.to_string()),
            agent.map(|id| id.to_string()),
        );
        Some(match self.kind {
            Kind::Run => {
                let since = self.error.ambiguity()?.since;
                let recorded = self.error.run_record().and_then(offset_of);
                tasks_since(self.error.agent_id()?, since, recorded.or(clock_offset))
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

/// The command that lists the tasks of an agent from a time of this machine on, by the server's clock.
pub fn tasks_since(
    agent: AgentId,
    time: DateTime<Utc>,
    clock_offset: Option<TimeDelta>,
) -> CommandLine {
    let (agent, time) = (agent.to_string(), seconds(by_server(time, clock_offset)));
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

/// The earliest time by the server's clock that a time of this machine may be.
fn by_server(time: DateTime<Utc>, clock_offset: Option<TimeDelta>) -> DateTime<Utc> {
    let earlier = match clock_offset {
        Some(offset) => MARGIN - offset,
        None => UNMEASURED_MARGIN,
    };
    time.checked_sub_signed(earlier).unwrap_or(time)
}

fn offset_of(record: &RunRecord) -> Option<TimeDelta> {
    record.clock_offset_ms.and_then(TimeDelta::try_milliseconds)
}

/// By how much the server's clock is ahead, from the date of its answer.
fn measured(headers: &HeaderMap) -> Option<TimeDelta> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.to_utc() - Utc::now())
}

fn seconds(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}

/// The result of one look.
#[derive(Debug, Default)]
pub struct Look {
    /// The ids of what was created since the request, perhaps by it, each with its status if it has one.
    found: Vec<(String, Option<String>)>,
    /// How many more there are.
    more: usize,
    /// Until when it may still appear.
    open_until: Option<DateTime<Utc>>,
    /// Why the look failed, which says nothing of the request.
    failed: Option<String>,
    clock_offset: Option<TimeDelta>,
}

impl Look {
    fn of(
        found: impl Iterator<Item = (String, Option<String>)>,
        clock_offset: Option<TimeDelta>,
    ) -> Self {
        let mut found: Vec<_> = found.collect();
        let more = found.len().saturating_sub(PAGE);
        found.truncate(PAGE);
        Self {
            found,
            more,
            clock_offset,
            ..Self::default()
        }
    }

    fn failed(why: impl Into<String>) -> Self {
        Self {
            failed: Some(why.into()),
            ..Self::default()
        }
    }

    fn describe(&self, failure: Failure) -> Failure {
        if let Some(why) = &self.failed {
            return failure.line(format!("A look for it failed: {why}"));
        }
        if self.found.is_empty() {
            return failure.line(match self.open_until {
                Some(time) => {
                    let time = seconds(time);
                    format!("A look found nothing so far; it may still appear until {time}.")
                }
                None => "A look found nothing so far; it may still appear.".to_owned(),
            });
        }
        let failure = failure.line("A look found these candidates:");
        let failure = self.found.iter().fold(failure, |failure, (id, status)| {
            let status = status.as_deref().unwrap_or_default();
            failure.item(format!("{id} {status}").trim_end())
        });
        match self.more {
            0 => failure,
            more => failure.item(format!("and {more} more")),
        }
    }
}

/// Explains why a request failed. If it may have taken effect, it looks once for what came of it.
pub async fn explained(session: &Session, error: Error) -> Failure {
    explained_with(session, error, None).await
}

/// The same for a run that may have a record.
pub async fn explained_with(
    session: &Session,
    error: Error,
    record: Option<&RecordFile>,
) -> Failure {
    let failure = explain::refusal(&error);
    let Some(effect) = effect(&error) else {
        return failure;
    };
    // Nobody has to wait for the look.
    let limit = Limit::new(Some(LOOK));
    let looked = unless_interrupted(limit.around(look(&session.client, &effect))).await;
    let look = match looked {
        Ok(Ok(Ok(look))) => look,
        Ok(Ok(Err(error))) => Some(Look::failed(explain::refusal(&error).message())),
        Ok(Err(TimedOut)) => Some(Look::failed("no answer in time")),
        Err(_) => None,
    };
    if effect.kind == Kind::Run {
        print_state(session.output, &error, look.as_ref());
    }
    effect.describe(failure, look.as_ref(), record)
}

/// Tells a program what is known of a run.
fn print_state(output: Output, error: &Error, look: Option<&Look>) {
    if output == Output::Table {
        return;
    }
    let found = look.map(|look| look.found.as_slice()).unwrap_or_default();
    let candidates: Vec<_> = found.iter().map(|(id, _)| id).collect();
    let since = error.ambiguity().map(|ambiguity| ambiguity.since);
    let state = json!({
        "task_id": error.task_id(),
        "agent_id": error.agent_id(),
        "since": since,
        "candidates": candidates,
    });
    // The exit code says what happened to the request, not to this.
    let _ = output.value(&state);
}

/// Looks once. `None` where there is nothing to look for.
async fn look(client: &Client, effect: &Effect<'_>) -> Result<Option<Look>, Error> {
    let Some(ambiguity) = effect.error.ambiguity() else {
        return Ok(None);
    };
    let is_new = |time: DateTime<Utc>, offset| time >= by_server(ambiguity.since, offset);
    let size = u8::try_from(PAGE).unwrap_or(u8::MAX);
    Ok(match (effect.kind, &ambiguity.run) {
        (Kind::Run, Some(record)) => {
            // The answer to this tells the time of the server, which the command that looks again needs.
            let page = client.tasks().list().page_size(1).page().send().await?;
            let offset = measured(page.headers());
            Some(match client.find_run(record).await? {
                FoundRun::Found(candidates) => {
                    let tasks = candidates.into_iter().map(|candidate| candidate.task);
                    let found = tasks.map(|task| {
                        let status = task.status.flatten().map(|status| status.to_string());
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
                let status = version.status.flatten().map(|status| status.to_string());
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
            let by_user = messages.filter(|message| {
                let time = message.created_at.as_ref().and_then(Option::as_ref);
                let is_new = time.is_some_and(|time| is_new(time.utc(), offset));
                message.role == Some(Some(MessageRole::User)) && is_new
            });
            let ids = by_user.filter_map(|message| message.id.flatten());
            Some(Look::of(ids.map(|id| (id.to_string(), None)), offset))
        }
        _ => None,
    })
}
