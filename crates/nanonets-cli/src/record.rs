//! The record of a run in a file. It is written before the request is sent, so that the task can be found whatever ends the
//! command.
//!
//! The command holds an exclusive lock of the file until the run has ended, so another command can tell a run that is still
//! being sent from one whose process was killed. The file is replaced when it changes, and the new file is locked before it
//! takes its place. The record has the identity of the locked file: nobody locks a copy of it.
//!
//! A search writes into the record that it has seen it without a lock. It neither replaces the file, which may be locked where
//! locks do not work, nor writes what the command of the run writes.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use nanonets_agents::{RunRecord, TaskId};
use serde::{Deserialize, Serialize};

use crate::command_line::CommandLine;
use crate::failure::Failure;
use crate::input;
use crate::terminal::Notes;

/// The contents of the file, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    #[serde(flatten)]
    pub run: RunRecord,
    /// The task, once the API has named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The file that is locked until the run has ended. `None` where files have no locks or no identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked_file: Option<String>,
    /// When a search first saw that the file was not locked. It is the end of a run whose command was killed, and counts only
    /// while the lock is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_unlocked_at: Option<DateTime<Utc>>,
    /// The command of the run has proof that no task was started, and removes the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    had_no_effect: bool,
}

/// The knowledge about the end of a run whose record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has ended: its command has said so, or does not exist any more.
    Ended,
    /// A command is sending it, and may start its task at any time.
    InFlight,
    /// Nobody has recorded its end, and no lock tells it.
    Unknown,
}

/// A record as a search has read it.
#[derive(Debug)]
pub struct ReadRecord {
    pub record: Record,
    pub progress: Progress,
    /// The file, if a command has locked it. It can be read after its name is gone.
    locked: Option<File>,
}

impl ReadRecord {
    /// How often a record that changes while it is read is read again.
    const READS: u32 = 3;

    /// Reads a file, or stdin for `-`. If it proves that the run has ended by now, the record gets this time as its end.
    pub async fn of(path: &Path) -> Result<Self, Failure> {
        let mut record = Record::read(path).await?;
        for _ in 0..Self::READS {
            // The command of the run has written these facts.
            if record.had_no_effect || record.task_id.is_some() || record.run.until.is_some() {
                return Ok(Self::new(record, Progress::Ended));
            }
            // A pipe can't be read again.
            let is_file =
                path != Path::new("-") && path.metadata().is_ok_and(|file| file.is_file());
            let lock = match record.locked_file.is_some() && is_file {
                true => record.lock(path),
                false => None,
            };
            let Some((file, progress)) = lock else {
                // The command may have replaced the record since it was read.
                match Record::read(path).await {
                    Ok(last) if is_file && last != record => record = last,
                    _ => return Ok(Self::new(record, Progress::Unknown)),
                }
                continue;
            };
            if progress == Progress::InFlight {
                return Ok(Self {
                    locked: Some(file),
                    ..Self::new(record, progress)
                });
            }
            // The command writes what it knows before it gives up its lock.
            let last = Record::read(path).await?;
            if last != record {
                record = last;
                continue;
            }
            if record.seen_unlocked_at.is_none() {
                record.seen_unlocked_at = Some(Utc::now());
                // Where that fails, each search counts from its own time.
                let _ = record.overwrite(path);
            }
            record.run.until = Some(record.latest_end());
            return Ok(Self::new(record, progress));
        }
        Ok(Self::new(record, Progress::Unknown))
    }

    fn new(record: Record, progress: Progress) -> Self {
        Self {
            record,
            progress,
            locked: None,
        }
    }

    /// Whether the command of the run has recorded that no task was started, also if it has removed the record since.
    pub fn had_no_effect(&self) -> bool {
        let last = self.locked.as_ref().and_then(|file| Record::of(file).ok());
        last.as_ref().unwrap_or(&self.record).had_no_effect
    }
}

impl Record {
    /// The longest record that is read from an open file.
    const LONGEST: u64 = 64 * 1024;

    async fn read(path: &Path) -> Result<Self, Failure> {
        let text = input::record(path).await?;
        serde_json::from_str(&text).map_err(|error| {
            let path = path.display();
            Failure::usage(format!("{path} is not the record of a run: {error}"))
        })
    }

    /// The record in an open file.
    fn of(mut file: &File) -> io::Result<Self> {
        file.rewind()?;
        Ok(serde_json::from_reader(file.take(Self::LONGEST))?)
    }

    /// The latest time at which a run that is over by now may have ended.
    fn latest_end(&self) -> DateTime<Utc> {
        let run = &self.run;
        let longest = TimeDelta::from_std(RunRecord::LONGEST_CALL).unwrap_or(TimeDelta::MAX);
        let deadline = run.deadline.or(run.since.checked_add_signed(longest));
        let seen = self.seen_unlocked_at.unwrap_or_else(Utc::now);
        deadline.map_or(seen, |deadline| deadline.min(seen))
    }

    /// The locked file, and whether the command that has locked it still runs. `None` if nothing tells.
    fn lock(&self, path: &Path) -> Option<(File, Progress)> {
        let file = File::open(path).ok()?;
        if identity(&file) != self.locked_file {
            return None;
        }
        // Several commands may look at the same time.
        let progress = match file.try_lock_shared() {
            Ok(()) => Progress::Ended,
            Err(TryLockError::WouldBlock) => Progress::InFlight,
            Err(TryLockError::Error(_)) => return None,
        };
        Some((file, progress))
    }

    /// Writes the record over itself, into the same file: a lock of it stays one of the record.
    fn overwrite(&self, path: &Path) -> io::Result<()> {
        let file = File::options().read(true).write(true).open(path)?;
        if identity(&file) != self.locked_file {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.overwrite_in(&file)
    }

    fn overwrite_in(&self, mut file: &File) -> io::Result<()> {
        let mut text = serde_json::to_vec(self).map_err(io::Error::from)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        // Nothing of the text before it is left. One write leaves no part of it to a process that is killed.
        if length > text.len() + 1 {
            text.resize(length - 1, b' ');
        }
        text.push(b'\n');
        file.rewind()?;
        file.write_all(&text)?;
        file.sync_all()
    }
}

/// The device and the number of a file.
#[cfg(unix)]
fn identity(file: &File) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata().ok()?;
    Some(format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// A lock keeps others from reading the file here.
#[cfg(not(unix))]
fn identity(_: &File) -> Option<String> {
    None
}

/// A record that was written.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    record: Record,
    /// The file and those that it has replaced. They are locked until this is dropped.
    locked: Vec<File>,
}

impl RecordFile {
    /// Writes the record of a run that was not sent yet. A file that is there already is kept: another run may need it.
    pub fn create(path: PathBuf, run: RunRecord) -> Result<Self, Failure> {
        let record = Record {
            run,
            task_id: None,
            locked_file: None,
            seen_unlocked_at: None,
            had_no_effect: false,
        };
        let mut file = Self {
            path,
            record,
            locked: Vec::new(),
        };
        match file.write(Place::New) {
            Ok(()) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let path = file.path.display();
                let message = format!("{path} exists: it may be the record of another run");
                Err(Failure::usage(message))
            }
            Err(error) => {
                let path = file.path.display();
                Err(Failure::usage(format!("{path} can't be written: {error}")))
            }
        }
    }

    /// Adds the task that the run has started, and when that was known.
    pub fn started(&mut self, task: TaskId, notes: Notes) {
        self.record.task_id = Some(task);
        self.record.run.until = Some(Utc::now());
        self.update(notes);
    }

    /// Adds when the run ended without an answer.
    pub fn ended(&mut self, run: &RunRecord, notes: Notes) {
        self.record.run.until = run.until;
        let offset = self.record.run.clock_offset_ms.or(run.clock_offset_ms);
        self.record.run.clock_offset_ms = offset;
        self.update(notes);
    }

    /// Removes the record of a run that started no task. A search that has opened it reads so.
    pub fn remove(mut self, notes: Notes) {
        self.record.had_no_effect = true;
        if let Some(file) = self.locked.last() {
            // The search does not know otherwise.
            let _ = self.record.overwrite_in(file);
        }
        if let Err(error) = fs::remove_file(&self.path) {
            notes.say(&format!(
                "{} can't be removed: {error}",
                self.path.display()
            ));
        }
    }

    /// The command that looks for the task.
    pub fn find(&self) -> CommandLine {
        CommandLine::new(["runs", "find"]).file(&self.path)
    }

    fn update(&mut self, notes: Notes) {
        // The older record finds the task, too.
        if let Err(error) = self.write(Place::Replaced) {
            notes.say(&format!(
                "{} can't be written: {error}",
                self.path.display()
            ));
        }
    }

    fn write(&mut self, place: Place) -> io::Result<()> {
        let (temporary, file) = Temporary::beside(&self.path)?;
        // Nobody else knows the file, so this does not wait.
        let identity = identity(&file).filter(|_| file.try_lock().is_ok());
        self.record.locked_file = identity;
        write_to(&self.path, &self.record, place, temporary, &file)?;
        self.locked.push(file);
        Ok(())
    }
}

/// Writes the file whole or not at all, and onto the disk.
fn write_to(
    path: &Path,
    record: &Record,
    place: Place,
    temporary: Temporary,
    mut file: &File,
) -> io::Result<()> {
    serde_json::to_writer(file, record).map_err(io::Error::from)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    place.take(temporary, path)?;
    // Some systems can't sync a folder, and lose its newest entries at worst.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A file that this process alone has created. Nothing else is written or removed under its name, by any process that chose that name
/// before. It is removed unless it takes its place.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Temporary {
    /// The most names that are tried.
    const NAMES: u32 = 1000;

    /// A new file beside another one, with a name that nothing has.
    fn beside(path: &Path) -> io::Result<(Self, File)> {
        let process = std::process::id();
        let mut taken = io::ErrorKind::AlreadyExists.into();
        for number in 0..Self::NAMES {
            let mut name = path.to_owned().into_os_string();
            name.push(format!(".{process}-{number}.tmp"));
            let name = PathBuf::from(name);
            match File::create_new(&name) {
                Ok(file) => return Ok((Self(name), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(taken))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // One that has moved to its place is gone already.
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether a file may take the place of another.
#[derive(Clone, Copy, Debug)]
enum Place {
    New,
    Replaced,
}

impl Place {
    fn take(self, from: Temporary, to: &Path) -> io::Result<()> {
        match self {
            Self::Replaced => fs::rename(&from.0, to),
            Self::New => match fs::hard_link(&from.0, to) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    Self::without_links(&from, to)
                }
                linked => linked,
            },
        }
    }

    /// Takes the place of nothing on a file system that has no links. Of several that create the file, one succeeds.
    fn without_links(from: &Temporary, to: &Path) -> io::Result<()> {
        File::create_new(to)?;
        fs::rename(&from.0, to).inspect_err(|_| {
            let _ = fs::remove_file(to);
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// A record that differs from those with other numbers.
    fn record(number: usize) -> RunRecord {
        let json = format!(
            r#"{{"agent_id": "11111111-1111-4111-8111-{number:012}", "since": "2026-01-31T09:30:00Z"}}"#
        );
        serde_json::from_str(&json).expect("a record")
    }

    fn read(path: &Path) -> RunRecord {
        let text = fs::read_to_string(path).expect("a file");
        serde_json::from_str::<Record>(&text).expect("a record").run
    }

    /// A run replaces its record when it ends, perhaps between two reads of a search.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_record_that_is_replaced_while_a_search_reads_it_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let task: TaskId = "22222222-2222-4222-8222-222222222222"
            .parse()
            .expect("an id");
        for round in 0..50 {
            let path = folder.path().join(format!("{round}.json"));
            let mut file = RecordFile::create(path.clone(), record(round)).expect("a record");
            let run = std::thread::spawn(move || {
                file.started(task, Notes { quiet: true });
                file
            });
            while !run.is_finished() {
                let read = ReadRecord::of(&path).await.expect("a record");
                assert_ne!(read.progress, Progress::Unknown, "{round}: {read:?}");
            }
            drop(run.join().expect("a run"));
        }
    }

    #[test]
    fn of_several_runs_at_once_one_has_the_record_and_it_is_its_own() {
        const RUNS: usize = 8;
        let folder = tempfile::tempdir().expect("a folder");
        for round in 0..100 {
            let path = folder.path().join(format!("{round}.json"));
            let barrier = Barrier::new(RUNS);
            let created: Vec<_> = thread_results(RUNS, |number| {
                barrier.wait();
                RecordFile::create(path.clone(), record(number)).is_ok()
            });
            let winners: Vec<_> = (0..RUNS).filter(|number| created[*number]).collect();
            assert_eq!(winners.len(), 1, "{round}: {created:?}");
            assert_eq!(read(&path), record(winners[0]), "{round}");
        }
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 100);
    }

    fn thread_results(threads: usize, work: impl Fn(usize) -> bool + Sync) -> Vec<bool> {
        std::thread::scope(|scope| {
            let work = &work;
            let running: Vec<_> = (0..threads)
                .map(|number| scope.spawn(move || work(number)))
                .collect();
            let results = running.into_iter().map(|thread| thread.join());
            results.map(|result| result.expect("no panic")).collect()
        })
    }

    #[test]
    fn files_of_others_stay_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("u.json");
        let process = std::process::id();
        let own = [
            "u.json.tmp".to_owned(),
            format!("u.json.{process}-0.tmp"),
            format!("u.json.{process}-1.tmp"),
        ];
        let own = own.map(|name| folder.path().join(name));
        fs::write(&own[0], "mine").expect("a file");
        fs::write(&own[1], "mine").expect("a file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&own[0], &own[2]).expect("a link");
        let mut file = RecordFile::create(path.clone(), record(1)).expect("a record");
        file.ended(&record(1), Notes { quiet: true });
        assert_eq!(read(&path), record(1));
        let text = |path: &Path| fs::read_to_string(path).expect("a file");
        assert_eq!(
            (text(&own[0]), text(&own[1])),
            ("mine".into(), "mine".into())
        );
        file.remove(Notes { quiet: true });
        assert!(!path.exists() && own[0].exists() && own[1].exists());
        // A link in the place of the record is not followed either, wherever it leads.
        #[cfg(unix)]
        {
            let target = folder.path().join("nowhere");
            std::os::unix::fs::symlink(&target, &path).expect("a link");
            RecordFile::create(path, record(1)).expect_err("it is there");
            assert!(!target.exists());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_record_is_locked_whatever_file_it_is_in_until_its_run_has_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, copy) = (folder.path().join("u.json"), folder.path().join("c.json"));
        let mut file = RecordFile::create(path.clone(), record(1)).expect("a record");
        let progress = |path: &Path| {
            let text = fs::read_to_string(path).expect("a file");
            let record: Record = serde_json::from_str(&text).expect("a record");
            record.lock(path).map(|(_, progress)| progress)
        };
        let opened = File::open(&path).expect("a file");
        assert_eq!(progress(&path), Some(Progress::InFlight));
        file.ended(&record(1), Notes { quiet: true });
        assert_eq!(progress(&path), Some(Progress::InFlight));
        // One who has opened the earlier file does not get its lock either.
        assert!(opened.try_lock_shared().is_err());
        fs::copy(&path, &copy).expect("a copy");
        drop(file);
        assert_eq!(progress(&path), Some(Progress::Ended));
        assert_eq!(progress(&copy), None);
    }

    #[test]
    fn a_record_in_the_place_of_nothing_needs_no_links() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").expect("a file");
        let from = Temporary(from);
        Place::without_links(&from, &to).expect("a record");
        let error = Place::without_links(&from, &to).expect_err("it is there");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&to).expect("a file"), "new");
    }
}
