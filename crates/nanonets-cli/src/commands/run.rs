//! `nanonets run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::{Created, Error, Marker, Progress, TaskHandle, TaskStatus};
use serde_json::json;

use crate::ambiguity;
use crate::args::Run;
use crate::commands::wait;
use crate::commands::watch::{Origin, Watched};
use crate::effect;
use crate::failure::Failure;
use crate::input;
use crate::limit::{Limit, before_sending, unless_interrupted};
use crate::record::RecordFile;
use crate::session::Session;

/// Runs an agent, and waits for it unless --no-wait says otherwise.
pub async fn run(session: &Session, args: Run) -> Result<(), Failure> {
    let limit = Limit::new(args.waiting.timeout);
    let agent = session.agent(args.agent)?;
    let query = match &args.query_file {
        Some(path) => Some(input::words(limit, path).await?),
        None => args.query,
    };
    let query = query.filter(|query| !query.trim().is_empty());
    if query.is_none() && args.file.is_empty() {
        let message = "a run needs a prompt or a document: give --query, --query-file or --file";
        return Err(Failure::usage(message));
    }
    let mut run = session.client.agent(agent).run();
    if let Some(query) = query {
        run = run.query(query);
    }
    if let Some(schema) = args.schema {
        run = run.output_schema(&input::schema(limit, "--schema", &schema).await?);
    }
    if let Some(instructions) = args.instructions {
        run = run.instructions(instructions);
    }
    let bar = session
        .notes
        .is_live()
        .then(|| Upload::of(args.file.iter().map(|path| size(path))));
    for path in args.file {
        run = run.file(input::document(limit, path).await?);
    }
    if let Some(bar) = &bar {
        let bar = Arc::clone(bar);
        run = run.on_progress(move |progress| bar.tell(progress));
    }
    let mut record = None;
    if let Some(path) = args.record {
        if args.marker {
            run = run.marker(Marker::random());
        }
        if let Some(left) = limit.left() {
            run = run.timeout(left);
        }
        let prepared = before_sending(limit, "preparing the run", run.clone().prepare()).await??;
        record = Some(RecordFile::create(path, prepared.record().clone())?);
    }
    if let Some(left) = limit.left() {
        run = run.timeout(left);
    }
    // A signal that came during the preparation cancels the run before it is sent.
    if let Err(failure) = before_sending(limit, "preparing the run", std::future::ready(())).await {
        if let Some(record) = record {
            record.remove(session.notes);
        }
        return Err(failure);
    }
    let started = unless_interrupted(start(session, run, args.no_wait)).await;
    if let Some(bar) = bar {
        bar.bar.finish_and_clear();
    }
    let started = match started {
        Ok(Ok(started)) => started,
        Ok(Err(error)) => {
            let record = noted(record, Some(&error), session);
            return Err(ambiguity::explained_with(session, error, record.as_ref()).await);
        }
        Err(interrupted) => {
            let failure = interrupted.because("interrupted before the answer came");
            let unfinished = session.client.unfinished();
            let record = noted(record, unfinished.last(), session);
            if let Some(error) = unfinished.last() {
                ambiguity::print_run(session.output, error);
            }
            return Err(effect::interrupted(&session.client, failure, record.as_ref()).0);
        }
    };
    let Started { task, status, note } = started;
    if let Some(mut record) = record {
        record.started(task.id(), session.notes);
    }
    // It comes after the record: nobody may read stderr.
    if let Some(note) = note {
        session.notes.say(&note);
    }
    let watched = Watched::new(session, task.id(), limit, Origin::Started);
    if args.no_wait {
        let (id, status) = (task.id(), status.unwrap_or("unknown".into()));
        let state = json!({ "task_id": id, "agent_id": agent, "status": status });
        let printed = session.output.object(&state);
        return printed.map_err(|failure| watched.with_state(failure));
    }
    wait::follow(&watched, task, args.waiting).await
}

/// Adds to the record of a run that failed what is known of its task. The record of a run without effect is removed: of one
/// that was not sent, or whose error says so.
fn noted(
    record: Option<RecordFile>,
    error: Option<&Error>,
    session: &Session,
) -> Option<RecordFile> {
    let mut record = record?;
    let Some(error) = error.filter(|error| effect::effect(error).is_some()) else {
        record.remove(session.notes);
        return None;
    };
    let task = error.created().and_then(Created::task);
    match (task, error.run_record()) {
        (Some(task), _) => record.started(task, session.notes),
        (None, Some(run)) => record.ended(run, session.notes),
        (None, None) => {}
    }
    Some(record)
}

/// A task that was started.
struct Started {
    task: TaskHandle,
    /// If it is printed, and the answer has it.
    status: Option<TaskStatus>,
    /// The defect of the answer.
    note: Option<String>,
}

/// Starts the task, with its status if that is to be printed. An answer of which only the id decodes is enough.
async fn start(
    session: &Session,
    run: nanonets_agents::Run,
    is_status_printed: bool,
) -> Result<Started, Error> {
    let started = |task, status, note| Started { task, status, note };
    if !is_status_printed {
        return Ok(started(run.start().await?, None, None));
    }
    match run.send().await {
        Ok(answer) => {
            let task = session.client.task(answer.task_id);
            Ok(started(task, Some(answer.into_inner().status), None))
        }
        Err(error) => match error.created().and_then(Created::task) {
            Some(id) => {
                let note = error.to_string();
                Ok(started(session.client.task(id), None, Some(note)))
            }
            None => Err(error),
        },
    }
}

/// How long a file is. One that can't be read is complained about later.
fn size(path: &std::path::Path) -> u64 {
    path.metadata().map(|metadata| metadata.len()).unwrap_or(0)
}

/// A bar over all files of a run.
struct Upload {
    bar: ProgressBar,
    sent: Vec<AtomicU64>,
}

impl Upload {
    fn of(sizes: impl Iterator<Item = u64>) -> Arc<Self> {
        let sizes: Vec<u64> = sizes.collect();
        let bar =
            ProgressBar::with_draw_target(Some(sizes.iter().sum()), ProgressDrawTarget::stderr());
        let style = "uploading {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Arc::new(Self {
            bar,
            sent: sizes.iter().map(|_| AtomicU64::new(0)).collect(),
        })
    }

    fn tell(&self, progress: Progress) {
        if let Some(sent) = self.sent.get(progress.file) {
            sent.store(progress.sent, Ordering::Relaxed);
        }
        let all = self.sent.iter().map(|sent| sent.load(Ordering::Relaxed));
        self.bar.set_position(all.sum());
    }
}
