//! `nanonets tasks`.

use crate::ambiguity;
use crate::args::Tasks;
use crate::commands::watch::{Origin, Watched};
use crate::commands::{feed, list, raw, wait};
use crate::failure::Failure;
use crate::input;
use crate::limit::Limit;
use crate::output::{Columns, Last};
use crate::session::Session;

const COLUMNS: &Columns = &[
    ("ID", "task_id"),
    ("CREATED", "created_at"),
    ("STATUS", "status"),
    ("TITLE", "title"),
];

const MESSAGES: &Columns = &[
    ("FROM", "role"),
    ("CREATED", "created_at"),
    ("CONTENT", "content"),
];

/// Runs one of the commands.
pub async fn run(session: &Session, command: Tasks) -> Result<(), Failure> {
    let (client, output) = (&session.client, session.output);
    match command {
        Tasks::List {
            agent,
            status,
            created_after,
            created_before,
            title,
            paging,
        } => {
            let mut tasks = client.tasks().list().status(status);
            if let Some(agent) = agent {
                tasks = tasks.agent(agent);
            }
            if let Some(time) = created_after {
                tasks = tasks.created_after(time);
            }
            if let Some(time) = created_before {
                tasks = tasks.created_before(time);
            }
            if let Some(title) = title {
                tasks = tasks.title_contains(title);
            }
            list::print(session, tasks, paging, COLUMNS).await
        }
        Tasks::Get { task, raw } => {
            let request = client.task(task).get();
            match raw.raw {
                true => raw::print(request).await,
                false => output.object(&request.await?),
            }
        }
        Tasks::Summary { task, raw } => {
            let request = client.task(task).summary();
            match raw.raw {
                true => raw::print(request).await,
                false => output.object(&request.await?),
            }
        }
        Tasks::Result { task, raw } => {
            let request = client.task(task).result();
            match raw.raw {
                true => raw::print(request).await,
                false => feed::print(output, request.await?),
            }
        }
        Tasks::Messages { task, raw } => {
            let request = client.task(task).messages();
            match raw.raw {
                true => raw::print(request).await,
                false => output.list(&request.await?, MESSAGES, Last::Whole),
            }
        }
        Tasks::Reply {
            task,
            message,
            message_file,
            wait,
            waiting,
        } => {
            if !wait && (waiting.timeout.is_some() || waiting.cancel_on_interrupt) {
                let message = "--timeout and --cancel-on-interrupt need --wait";
                return Err(Failure::usage(message));
            }
            let limit = Limit::new(waiting.timeout);
            let stdin = || message.as_deref().filter(|message| *message == "-");
            let message = match message_file.as_deref().or_else(stdin) {
                Some(path) => input::words(limit, path).await?,
                None => message.unwrap_or_default(),
            };
            let handle = client.task(task);
            if wait {
                return wait::reply_and_follow(session, handle, message, limit, waiting).await;
            }
            let sent = match handle.send_message(&message).await {
                Ok(sent) => sent,
                Err(error) => {
                    return Err(ambiguity::explained_message(session, error, &message).await);
                }
            };
            output.object(&sent).map_err(|failure| {
                failure.after(format!("The message was sent to the task {task}."))
            })
        }
        Tasks::Cancel { task } => {
            let cancelled = client.task(task).cancel().await?;
            output.object(&cancelled).map_err(|failure| {
                let what = wait::after_cancelling(task, &cancelled.status);
                failure.after(format!("The task {what}."))
            })
        }
        Tasks::Wait { task, waiting } => {
            let limit = Limit::new(waiting.timeout);
            let watched = Watched::new(session, task, limit, Origin::Given);
            wait::follow(&watched, client.task(task), waiting).await
        }
    }
}
