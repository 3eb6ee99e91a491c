//! A repository with an API description and a changelog, for commands that ask git.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{rich, xtask};

/// It is removed when it is dropped.
pub struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    /// With the rich document as the API description, and nothing committed.
    pub fn new() -> Self {
        let repository = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for folder in ["spec", "xtask"] {
            fs::create_dir(repository.path(folder)).expect("a folder");
        }
        fs::copy(rich(), repository.path("spec/agents.yaml")).expect("a document");
        repository.git(&["init", "--quiet"]);
        repository
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn git(&self, arguments: &[&str]) {
        let who = ["-c", "user.name=N", "-c", "user.email=n@example.com"];
        let done = Command::new("git")
            .args(who)
            .args(arguments)
            .current_dir(self.folder.path())
            .status()
            .expect("git starts");
        assert!(done.success());
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--no-gpg-sign", "-m", message]);
    }

    /// Changes the API description.
    pub fn change(&self, from: &str, to: &str) {
        let path = self.path("spec/agents.yaml");
        let old = fs::read_to_string(&path).expect("a document");
        let new = old.replace(from, to);
        assert_ne!(old, new);
        fs::write(path, new).expect("written");
    }

    /// The command, run as if this were the workspace.
    pub fn xtask(&self) -> Command {
        let mut command = xtask();
        command
            .current_dir(self.folder.path())
            .env("CARGO_MANIFEST_DIR", self.path("xtask"));
        command
    }
}
