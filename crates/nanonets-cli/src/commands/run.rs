//! `nanonets run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Utc;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nanonets_agents::Progress;
use serde_json::json;

use crate::args::Run;
use crate::commands::wait;
use crate::failure::{Code, Failure, tasks_since};
use crate::input;
use crate::limit::{Limit, TimedOut, unless_interrupted};
use crate::session::Session;

/// Runs an agent, and waits for it unless it was not to be.
pub async fn run(session: &Session, args: Run) -> Result<(), Failure> {
    let query = args.query.filter(|query| !query.trim().is_empty());
    if query.is_none() && args.file.is_empty() {
        let message =
            "there is nothing to run on: give a prompt by --query, documents by --file, or both";
        return Err(Failure::usage(message));
    }
    let agent = session.agent(args.agent)?;
    let mut run = session.client.agent(agent).run();
    if let Some(query) = query {
        run = run.query(query);
    }
    if let Some(schema) = args.schema {
        run = run.output_schema(&input::schema("--schema", &schema)?);
    }
    if let Some(instructions) = args.instructions {
        run = run.instructions(instructions);
    }
    let bar = session
        .notes
        .is_live()
        .then(|| Upload::of(args.file.iter().map(|path| size(path))));
    if let Some(bar) = &bar {
        let bar = Arc::clone(bar);
        run = run.on_progress(move |progress| bar.tell(progress));
    }
    let limit = Limit::new(args.waiting.timeout);
    let since = Utc::now();
    let started = unless_interrupted(limit.around(run.files(args.file).send())).await;
    if let Some(bar) = bar {
        bar.bar.finish_and_clear();
    }
    let unknown = |why: &str| {
        let list = tasks_since(agent, since);
        format!("{why} before the task was known; if it was started, `{list}` has it")
    };
    let started = started
        .map_err(|interrupted| interrupted.because(unknown("interrupted")))?
        .map_err(|TimedOut| Failure::new(Code::TimedOut, unknown("no time was left")))??;
    if args.no_wait {
        let (task, agent, status) = (&started.task_id, &started.agent_id, &started.status);
        return session
            .output
            .object(&json!({ "task_id": task, "agent_id": agent, "status": status }));
    }
    let task = session.client.task(started.task_id);
    wait::follow(session, task, limit, args.waiting).await
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
