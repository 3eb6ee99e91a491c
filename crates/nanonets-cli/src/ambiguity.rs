//! The message of a command whose request may have had an effect, with one look for it.
//!
//! Everything that depends on how the SDK finds lost requests is here.

mod look;

use std::time::Duration;

use nanonets_agents::{Created, Error};
use serde_json::json;

use crate::candidates::Look;
use crate::effect::{Kind, effect};
use crate::explain;
use crate::failure::Failure;
use crate::limit::{Limit, TimedOut, unless_interrupted};
use crate::output::Output;
use crate::record::RecordFile;
use crate::session::Session;
use look::look;

/// The longest time that the look takes.
const LOOK: Duration = Duration::from_secs(5);
/// Explains why a request failed. If it may have taken effect, it looks once for its effect.
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
    if effect.kind() == Kind::Run {
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
    use nanonets_agents::{Client, RetryPolicy};
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
