//! Helpers of the tests: running the command, and reading the folders that it writes.

pub mod repository;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// The workspace's root.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder above the package")
        .to_path_buf()
}

/// A document that uses what the generator supports.
pub fn rich() -> PathBuf {
    workspace().join("tests/fixtures/rich.yaml")
}

/// The command, run in the workspace.
pub fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.current_dir(workspace());
    command
}

/// `codegen` on a document of the caller's.
pub fn codegen(spec: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command.arg("codegen").arg("--spec").arg(spec);
    command
        .arg("--out")
        .arg(out)
        .args(["--crate-name", "sample"]);
    command
}

/// The output and the exit code of a finished command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn run(command: &mut Command) -> Done {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the command starts");
    Done {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// Every file below a folder, by its path with `/`, with its bytes and the time of its last change.
pub fn files(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut files = BTreeMap::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        let Ok(entries) = fs::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let name: Vec<String> = path
                .strip_prefix(folder)
                .expect("a path below the folder")
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let changed = fs::metadata(&path)
                .and_then(|metadata| metadata.modified())
                .expect("a time");
            files.insert(name.join("/"), (fs::read(&path).expect("a file"), changed));
        }
    }
    files
}

/// The same without the times.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder)
        .into_iter()
        .map(|(name, (bytes, _))| (name, bytes))
        .collect()
}
