//! The sources of documents: files, and revisions in git.

use std::path::{Path, PathBuf};
use std::process::Command;

use openapi_changes::diff::{self, Diff};
use openapi_client_gen::skip::Skipped;
use openapi_document::diagnostic::{Located, Position, counted};
use openapi_document::read::Document;

use super::workspace;

/// The API description of the workspace, from its root.
const SPEC: &str = "spec/agents.yaml";

/// The API description of the workspace.
pub fn own() -> PathBuf {
    workspace().join(SPEC)
}

/// Opens a file.
///
/// # Errors
///
/// As [`Document::open`].
pub fn read(path: &Path) -> Result<Document, Vec<Located>> {
    Document::open(path).map_err(|problem| vec![*problem])
}

/// Opens a document by its name on the command line: a file, `git:REV` for the workspace's API description at a
/// revision, or `git:REV:path` for another file at that revision.
///
/// # Errors
///
/// The lines to print.
pub fn open(name: &str) -> Result<Document, String> {
    let Some(revision) = name.strip_prefix("git:") else {
        return read(Path::new(name)).map_err(lines);
    };
    let (revision, path) = revision.split_once(':').unwrap_or((revision, SPEC));
    // git takes it for an option in any position.
    let bytes = match revision.is_empty() || revision.starts_with('-') {
        true => Err(format!("`{revision}` is no revision")),
        false => git(&["show", &format!("{revision}:{path}")]),
    };
    let bytes = bytes.map_err(|reason| format!("error: `{name}` can't be read: {reason}"))?;
    Document::parse(name, bytes).map_err(|problem| problem.to_string())
}

/// Runs git in the workspace.
///
/// # Errors
///
/// The message of git, or the reason why git does not start.
pub fn git(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    let root = workspace();
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    let output = command
        .args(arguments)
        .output()
        .map_err(|error| format!("git does not start: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.trim();
    Err(message
        .strip_prefix("fatal: ")
        .unwrap_or(message)
        .to_owned())
}

/// Problems as lines to print.
pub fn lines(problems: Vec<Located>) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Prints the skipped operations of a document with their causes.
pub fn skipped(document: &str, skipped: &[Skipped]) {
    for skipped in skipped {
        let (Position { line, column }, route, operation) =
            (skipped.position, &skipped.route, &skipped.operation);
        eprintln!(
            "{document}:{line}:{column}: skipped: `{route}` (operation `{operation}`), because of"
        );
        for cause in &skipped.causes {
            eprintln!("    {}", cause.to_string().replace('\n', "\n    "));
        }
    }
}

/// The changes between two documents, as [`open`] names them. Prints the operations that were not compared.
///
/// # Errors
///
/// The lines to print.
pub fn compare(old: &str, new: &str) -> Result<Diff, String> {
    let (old, new) = match (open(old), open(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(old), Err(new)) => return Err(format!("{old}\n{new}")),
        (Err(problem), _) | (_, Err(problem)) => return Err(problem),
    };
    let diff = diff::documents(&old, &new).map_err(lines)?;
    not_compared(&diff);
    Ok(diff)
}

/// Prints the operations of two documents that were not compared, with the causes.
pub fn not_compared(diff: &Diff) {
    for (document, skipped) in &diff.skipped {
        self::skipped(document, skipped);
        if !skipped.is_empty() {
            let operations = counted(skipped.len(), "operation");
            eprintln!("note: {document}: {operations} not compared");
        }
    }
}
