//! The record of a run in a file. It is written before the request is sent, so that the task can be found whatever ends the
//! command.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nanonets_agents::{RunRecord, TaskId};
use serde::{Deserialize, Serialize};

use crate::command_line::CommandLine;
use crate::failure::Failure;
use crate::terminal::Notes;

/// The contents of the file, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    #[serde(flatten)]
    pub run: RunRecord,
    /// The task, once the API has named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
}

/// A record that was written.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    record: Record,
}

impl RecordFile {
    /// Writes the record of a run that was not sent yet. A file that is there already is kept: another run may need it.
    pub fn create(path: PathBuf, run: RunRecord) -> Result<Self, Failure> {
        let record = Record { run, task_id: None };
        let file = Self { path, record };
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

    /// Adds the task that the run has started.
    pub fn started(mut self, task: TaskId, notes: Notes) {
        self.record.task_id = Some(task);
        self.update(notes);
    }

    /// Adds when the run ended without an answer.
    pub fn ended(&mut self, run: &RunRecord, notes: Notes) {
        self.record.run.until = run.until;
        let offset = self.record.run.clock_offset_ms.or(run.clock_offset_ms);
        self.record.run.clock_offset_ms = offset;
        self.update(notes);
    }

    /// Removes the record of a run that started no task.
    pub fn remove(self, notes: Notes) {
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

    fn update(&self, notes: Notes) {
        // The older record finds the task, too.
        if let Err(error) = self.write(Place::Replaced) {
            notes.say(&format!(
                "{} can't be written: {error}",
                self.path.display()
            ));
        }
    }

    /// Writes the file whole or not at all, and onto the disk.
    fn write(&self, place: Place) -> io::Result<()> {
        let (temporary, mut file) = Temporary::beside(&self.path)?;
        serde_json::to_writer(&file, &self.record).map_err(io::Error::from)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        place.take(temporary, &self.path)?;
        // Some systems can't sync a folder, and lose its newest entries at worst.
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// A file that this process alone has created. Nothing else is written or removed under its name, whoever chose that name
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
