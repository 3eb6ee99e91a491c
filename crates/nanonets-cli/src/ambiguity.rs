//! The effect that a request had or may have had although no answer says so, and one look for it.
//!
//! Everything that depends on how the SDK finds lost requests is here.

mod look;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{AgentId, Client, Created, Error, RunRecord, TaskId};
use serde_json::json;

use crate::command_line::CommandLine;
use crate::explain;
use crate::failure::{Code, Failure};
use crate::limit::{Limit, TimedOut, unless_interrupted};
use crate::output::Output;
use crate::record::RecordFile;
use crate::session::Session;
use look::{Look, look};

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

/// The message of a command that a signal ends while it is blocked: it names the request in flight, or the task that the
/// command waits for.
pub fn last_words(client: &Client, code: Code) -> Failure {
    let failure = Failure::new(code, "interrupted while an answer was read or written");
    let (failure, has_no_effect) = interrupted(client, failure, None);
    let watched = *WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    match watched.filter(|_| has_no_effect) {
        Some(task) => {
            let id = task.to_string();
            let wait = CommandLine::new(["tasks", "wait", &id]);
            let failure = failure.line(format!("The task {id} may still be running."));
            failure.command("To wait for it", wait)
        }
        None => failure,
    }
}

/// The task that the command waits for.
static WATCHED: Mutex<Option<TaskId>> = Mutex::new(None);

/// Remembers the task that the command has started or waits for.
pub fn watch(task: TaskId) {
    *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
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
fn by_server(time: DateTime<Utc>, clock_offset: Option<TimeDelta>) -> DateTime<Utc> {
    let earlier = match clock_offset {
        Some(offset) => MARGIN - offset.min(TimeDelta::zero()),
        None => UNMEASURED_MARGIN,
    };
    time.checked_sub_signed(earlier).unwrap_or(time)
}

fn offset_of(record: &RunRecord) -> Option<TimeDelta> {
    record.clock_offset_ms.and_then(TimeDelta::try_milliseconds)
}

fn seconds(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}

/// Explains why a request failed. If it may have taken effect, it looks once for what came of it.
pub async fn explained(session: &Session, error: Error) -> Failure {
    with_look(session, error, None, None).await
}

/// The same for a message with this text.
pub async fn explained_message(session: &Session, error: Error, text: &str) -> Failure {
    with_look(session, error, None, Some(text)).await
}

/// The same for a run that may have a record.
pub async fn explained_with(
    session: &Session,
    error: Error,
    record: Option<&RecordFile>,
) -> Failure {
    with_look(session, error, record, None).await
}

async fn with_look(
    session: &Session,
    error: Error,
    record: Option<&RecordFile>,
    text: Option<&str>,
) -> Failure {
    let failure = explain::refusal(&error);
    let Some(effect) = effect(&error) else {
        return failure;
    };
    // Nobody has to wait for the look.
    let limit = Limit::new(Some(LOOK));
    let looked = unless_interrupted(limit.around(look(&session.client, &effect, text))).await;
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
    let task = error.created().and_then(Created::task);
    // An answer may name a task that is perhaps the one.
    let named = error.task_id().filter(|_| task.is_none());
    let named = named.map(|id| id.to_string());
    let others = found.iter().map(|(id, _)| id.clone());
    let others = others.filter(|id| named.as_ref() != Some(id));
    let candidates: Vec<_> = named.iter().cloned().chain(others).collect();
    let since = error.ambiguity().map(|ambiguity| ambiguity.since);
    let state = json!({
        "task_id": task,
        "agent_id": error.agent_id(),
        "since": since,
        "candidates": candidates,
    });
    // The exit code says what happened to the request, not to this.
    let _ = output.value(&state);
}

/// Tells a program what is known of a run that was interrupted. Nothing is known of one without effect.
pub fn print_run(output: Output, error: &Error) {
    let task = error.created().and_then(Created::task);
    match task {
        Some(task) if output != Output::Table => {
            let state = json!({
                "task_id": task, "agent_id": error.agent_id(), "status": "unknown",
            });
            // The exit code says what happened to the request, not to this.
            let _ = output.value(&state);
        }
        None if effect(error).is_some() => print_state(output, error, None),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use nanonets_agents::RetryPolicy;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";

    /// A client of a server that writes this and keeps each connection open.
    async fn client(answer: String) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut streams = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                // Who has gone already has the answer that it wants.
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                streams.push(stream);
            }
        });
        let client = Client::builder("key").base_url(format!("http://{address}"));
        let client = client
            .retry(RetryPolicy::never())
            .timeout(Duration::from_millis(300));
        client.build().expect("a client")
    }

    /// The failure of each operation that can't be repeated, with its exit code, its message and its other lines.
    async fn failures(answer: &str) -> Vec<(&'static str, String)> {
        let client = client(answer.to_owned()).await;
        let id = ID.parse().expect("an id");
        let run = client.agent(id).run().query("q").send().await;
        let create = client.agents().create().await;
        let publish = client.agent(id).publish().await;
        let reply = client
            .task(ID.parse().expect("an id"))
            .send_message("y")
            .await;
        let errors = [
            ("run", run.map(drop)),
            ("create", create.map(drop)),
            ("publish", publish.map(drop)),
            ("reply", reply.map(drop)),
        ];
        let failures = errors.map(|(command, result)| {
            let error = result.expect_err(command);
            (command, format!("{:?}", Failure::of(&error)))
        });
        failures.to_vec()
    }

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

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_an_effect() {
        let head = "HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n";
        let with_id = format!("{head}{{\"task_id\":\"{ID}\",\"id\":\"{ID}\",\"more\":");
        for (command, failure) in failures(&with_id).await {
            let expected = match command {
                "run" => format!("The task {ID} was started."),
                "create" => format!("The agent {ID} was created."),
                "publish" => format!("The agent version {ID} was published."),
                _ => "The message may have been sent".to_owned(),
            };
            assert!(failure.contains("code: Ambiguous"), "{command}: {failure}");
            assert!(failure.contains(&expected), "{command}: {failure}");
            assert!(!failure.contains("try again"), "{command}: {failure}");
        }
        for answer in [
            "",
            "HTTP/1.1 201 Created\r\n",
            head,
            &format!("{head}{{\"id\":"),
        ] {
            for (command, failure) in failures(answer).await {
                assert!(failure.contains("code: Ambiguous"), "{command}: {failure}");
                assert!(failure.contains(" may have been "), "{command}: {failure}");
                assert!(!failure.contains("try again"), "{command}: {failure}");
            }
        }
    }
}
