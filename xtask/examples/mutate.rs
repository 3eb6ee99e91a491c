//! Changes documents at random, a great many times, and looks for one that the generator panics at, hangs on, or writes in
//! part:
//!
//! ```console
//! $ cargo run --release -p xtask --example mutate -- 1000000
//! ```
//!
//! The argument is how many documents, a second one the number to begin with: a number always stands for the same
//! document. What is found is written to `tests/fixtures/crashes`, which the tests try again from then on.

#[path = "../../tests/tests/generator/mutation.rs"]
mod mutation;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use mutation::{Choices, Verdict, corpus, garble, judge, mutate};
use openapi_client_gen::codegen::Files;
use openapi_client_gen::output;
use openapi_document::read::Document;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The longest time for a document of a few kilobytes; nearly all take milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// One document in so many is written to disk, over what the one before it left there.
const WRITTEN: u64 = 64;

/// The state that the threads share.
struct Run {
    corpus: Vec<Value>,
    next: AtomicU64,
    end: u64,
    generated: AtomicU64,
    refused: AtomicU64,
    unreadable: AtomicU64,
    found: AtomicU64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().ok_or("how many documents?")?.parse()?;
    let first: u64 = arguments.next().map_or(Ok(0), |first| first.parse())?;
    let run = Run {
        corpus: corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")),
        next: AtomicU64::new(first),
        end: first + count,
        generated: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        unreadable: AtomicU64::new(0),
        found: AtomicU64::new(0),
    };
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // The document that each thread is at, and since when.
    let at: Vec<(AtomicU64, AtomicU64)> = (0..threads)
        .map(|_| (AtomicU64::new(u64::MAX), AtomicU64::new(0)))
        .collect();
    std::thread::scope(|scope| {
        let workers: Vec<_> = at
            .iter()
            .map(|at| {
                let run = &run;
                std::thread::Builder::new()
                    .stack_size(256 * 1024 * 1024)
                    .spawn_scoped(scope, move || work(run, start, at))
            })
            .collect::<Result<_, _>>()?;
        let mut told = Instant::now();
        while !workers
            .iter()
            .all(std::thread::ScopedJoinHandle::is_finished)
        {
            std::thread::park_timeout(Duration::from_millis(200));
            for (number, since) in &at {
                let number = number.load(Ordering::Relaxed);
                let since = Duration::from_millis(since.load(Ordering::Relaxed));
                if number != u64::MAX && start.elapsed().saturating_sub(since) > PATIENCE {
                    let (name, bytes, _) = run.document(number);
                    keep(number, name, &bytes);
                    eprintln!("{number}: still at it after {PATIENCE:?}");
                    std::process::exit(1);
                }
            }
            if told.elapsed() > Duration::from_secs(30) {
                told = Instant::now();
                eprintln!("{}", run.summary(start));
            }
        }
        Ok::<(), std::io::Error>(())
    })?;
    println!("{}", run.summary(start));
    match run.found.load(Ordering::Relaxed) {
        0 => Ok(()),
        found => Err(format!("{found} documents broke the generator").into()),
    }
}

impl Run {
    /// The document that a number stands for, and how it came about.
    fn document(&self, number: u64) -> (&'static str, Vec<u8>, Vec<String>) {
        let mut choices = Choices::seeded(number);
        let mut root = choices.pick(&self.corpus).clone();
        let changes: Vec<String> = (0..1 + choices.below(3))
            .map(|_| mutate(&mut root, &mut choices))
            .collect();
        let is_yaml = number.is_multiple_of(4);
        let text = if is_yaml {
            serde_yaml::to_string(&root).unwrap_or_default()
        } else {
            root.to_string()
        };
        let mut bytes = text.into_bytes();
        // Most texts that were garbled are refused by the reader: a few are enough.
        if number.is_multiple_of(8) {
            garble(&mut bytes, &mut choices);
        }
        let name = if is_yaml { "yaml" } else { "json" };
        (name, bytes, changes)
    }

    fn summary(&self, start: Instant) -> String {
        let [generated, refused, unreadable, found] = [
            &self.generated,
            &self.refused,
            &self.unreadable,
            &self.found,
        ]
        .map(|count| count.load(Ordering::Relaxed));
        format!(
            "{} documents in {:.0} s: {generated} generated, {refused} refused, {unreadable} unreadable, \
             {found} that broke the generator",
            generated + refused + unreadable + found,
            start.elapsed().as_secs_f64()
        )
    }
}

fn work(run: &Run, start: Instant, (at, since): &(AtomicU64, AtomicU64)) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("generated");
    loop {
        let number = run.next.fetch_add(1, Ordering::Relaxed);
        if number >= run.end {
            at.store(u64::MAX, Ordering::Relaxed);
            return;
        }
        let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        since.store(now, Ordering::Relaxed);
        at.store(number, Ordering::Relaxed);
        let (name, bytes, changes) = run.document(number);
        let read = std::panic::catch_unwind(|| Document::parse(format!("a.{name}"), bytes.clone()));
        let verdict = match &read {
            Err(_) => Some(Verdict::Broken("a panic while reading".to_owned())),
            Ok(Err(_)) => None,
            Ok(Ok(document)) => Some(judge(document)),
        };
        let broken = match &verdict {
            Some(Verdict::Broken(complaint)) => Some(complaint.clone()),
            Some(Verdict::Generated(files)) if number.is_multiple_of(WRITTEN) => {
                halfway(files, &folder)
            }
            _ => None,
        };
        let counter = match (broken, verdict) {
            (Some(complaint), _) => {
                let path = keep(number, name, &bytes);
                let path = path.display();
                eprintln!("{number}: {complaint}; {path} has it, after {changes:#?}");
                &run.found
            }
            (None, Some(Verdict::Generated(_))) => &run.generated,
            (None, Some(_)) => &run.refused,
            (None, None) => &run.unreadable,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The problem of a folder once files were written to it, if it has one.
fn halfway(files: &Files, folder: &Path) -> Option<String> {
    if let Err(error) = output::write(folder, files) {
        return Some(format!("it can't be written: {error}"));
    }
    match output::compare(folder, files) {
        Ok(stale) => stale
            .first()
            .map(|stale| format!("{} is not as it was to be", stale.path)),
        Err(error) => Some(format!("it can't be read: {error}")),
    }
}

/// Keeps a document for the tests.
fn keep(number: u64, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/crashes");
    let path = folder.join(format!("mutation_{number}.{name}"));
    if let Err(error) = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, bytes))
    {
        eprintln!("{} can't be written: {error}", path.display());
    }
    path
}
