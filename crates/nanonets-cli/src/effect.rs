//! The effect that a request had or may have had although no answer says so.

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{AgentId, Client, Created, Error, RunRecord};

use crate::candidates::Look;
use crate::command_line::CommandLine;
use crate::failure::Failure;
use crate::record::RecordFile;
use crate::time::seconds;

/// How far a task may seem to be created before its request, once the difference of the clocks is known.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// The same, where the difference is not known.
const UNMEASURED_MARGIN: TimeDelta = TimeDelta::days(1);

/// The effect that a request had or may have had.
#[derive(Debug)]
pub struct Effect<'a> {
    error: &'a Error,
    kind: Kind,
}

/// The operations that have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
    (error.effect() != nanonets_agents::Effect::None).then_some(Effect { error, kind })
}

/// The failure of an interrupted command, with what is known of the request that was under way, and whether it certainly had
/// no effect.
pub fn interrupted(
    client: &Client,
    failure: Failure,
    record: Option<&RecordFile>,
) -> (Failure, bool) {
    let unfinished = client.unfinished();
    let Some(error) = unfinished.last() else {
        // A read, or nothing was sent so far.
        return (failure, true);
    };
    match effect(error) {
        Some(effect) => (effect.describe(failure, None, record), false),
        None => (failure.line("The request had no effect."), true),
    }
}

impl<'a> Effect<'a> {
    pub fn error(&self) -> &'a Error {
        self.error
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The failure with what may have happened, what a look found of it, and the command that looks again.
    pub fn describe(
        &self,
        failure: Failure,
        look: Option<&Look>,
        record: Option<&RecordFile>,
    ) -> Failure {
        let failure = failure.after_effect();
        if let Some(created) = self.error.created() {
            return certain(failure, created);
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
            Some(command) if look.is_none() => failure.command("To look", command),
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

/// The failure with what came about.
fn certain(failure: Failure, created: Created) -> Failure {
    let words = created.to_string();
    let sentence = format!("T{}.", words.strip_prefix('t').unwrap_or(&words));
    let failure = failure.line(sentence);
    match created {
        Created::Task(id) => {
            let wait = CommandLine::new(["tasks", "wait", &id.to_string()]);
            failure.command("To wait for it", wait)
        }
        Created::Agent(id) | Created::AgentVersion(id) => {
            let get = CommandLine::new(["agents", "get", &id.to_string()]);
            failure.command("To print it", get)
        }
        _ => failure,
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

/// The earliest time by the server's clock that a time of this machine may be. A clock of the server that is ahead is not
/// relied on: a gateway may have answered, and a time that is too late hides the task.
pub fn by_server(time: DateTime<Utc>, clock_offset: Option<TimeDelta>) -> DateTime<Utc> {
    let earlier = match clock_offset {
        Some(offset) => MARGIN - offset.min(TimeDelta::zero()),
        None => UNMEASURED_MARGIN,
    };
    time.checked_sub_signed(earlier).unwrap_or(time)
}

fn offset_of(record: &RunRecord) -> Option<TimeDelta> {
    record.clock_offset_ms.and_then(TimeDelta::try_milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_does_not_hide_what_was_created() {
        let now = Utc::now();
        let minute = TimeDelta::minutes(1);
        for ahead in [
            minute,
            TimeDelta::days(1),
            TimeDelta::days(365 * 8000),
            TimeDelta::zero(),
        ] {
            assert_eq!(by_server(now, Some(ahead)), now - minute, "{ahead}");
        }
        // One that is behind gives earlier times to what is created.
        let behind = TimeDelta::hours(5);
        assert_eq!(by_server(now, Some(-behind)), now - behind - minute);
        assert_eq!(by_server(now, None), now - TimeDelta::days(1));
    }
}
