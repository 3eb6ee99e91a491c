//! The record of a run in a file. It is written before the request is sent, so that the task can be found whatever ends the
//! command.

use std::fs::{self, File, OpenOptions};
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
        CommandLine::new(["runs", "find", &self.path.to_string_lossy()])
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
        let mut name = self.path.clone().into_os_string();
        name.push(".tmp");
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .open(&temporary)?;
        let written = serde_json::to_writer(&file, &self.record)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .and_then(|()| place.take(&temporary, &self.path));
        if written.is_err() {
            // An incomplete file is no record.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        // Some systems can't sync a folder, and lose its newest entries at worst.
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// Whether a file may take the place of another.
#[derive(Clone, Copy, Debug)]
enum Place {
    New,
    Replaced,
}

impl Place {
    fn take(self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Replaced => fs::rename(from, to),
            Self::New => match fs::hard_link(from, to) {
                Ok(()) => fs::remove_file(from),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has links.
                Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => fs::rename(from, to),
            },
        }
    }
}
