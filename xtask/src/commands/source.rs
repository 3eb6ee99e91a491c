//! Where a document comes from: a file, or a revision in git.

use std::path::Path;
use std::process::Command;

use xtask::diagnostic::Located;
use xtask::diff::Diff;
use xtask::read::Document;
use xtask::skip::LeftOut;

use super::{UNUSABLE, workspace};

/// The API description of the workspace, from its root.
pub const SPEC: &str = "spec/agents.yaml";

/// Opens what a maintainer names: a file, `git:REV` for the workspace's API description at a revision, or
/// `git:REV:path` for another file at that revision.
///
/// # Errors
///
/// Whatever is wrong, as lines to print.
pub fn open(name: &str) -> Result<Document, String> {
    let Some(revision) = name.strip_prefix("git:") else {
        return Document::open(Path::new(name)).map_err(|problem| problem.to_string());
    };
    let (revision, path) = revision.split_once(':').unwrap_or((revision, SPEC));
    let bytes = show(revision, path)
        .map_err(|reason| format!("error: `{name}` can't be read: {reason}"))?;
    Document::parse(name, bytes).map_err(|problem| problem.to_string())
}

/// Opens the API description of the workspace as it is.
///
/// # Errors
///
/// As [`Document::open`].
pub fn open_own() -> Result<Document, Box<Located>> {
    Document::open(&workspace().join(SPEC))
}

fn show(revision: &str, path: &str) -> Result<Vec<u8>, String> {
    // git would take it for an option, wherever it stands.
    if revision.is_empty() || revision.starts_with('-') {
        return Err(format!("`{revision}` is no revision"));
    }
    git(&["show", &format!("{revision}:{path}")])
}

/// Runs git in the workspace.
///
/// # Errors
///
/// What git says, or that there is no git.
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

/// Prints problems and ends: nothing can be done with such a document.
pub fn refuse(problems: &[Located]) -> u8 {
    for problem in problems {
        eprintln!("{problem}");
    }
    UNUSABLE
}

/// Says which operations were left out, and why.
pub fn left_out(document: &str, left_out: &[LeftOut]) {
    for LeftOut {
        operation,
        route,
        position,
        causes,
    } in left_out
    {
        eprintln!(
            "{document}:{}:{}: left out: `{route}` (operation `{operation}`), because of",
            position.line, position.column
        );
        for cause in causes {
            eprintln!("    {}", cause.to_string().replace('\n', "\n    "));
        }
    }
}

/// Says what of two documents was not compared, and why.
pub fn not_compared(diff: &Diff) {
    for (document, left_out) in &diff.left_out {
        self::left_out(document, left_out);
        if !left_out.is_empty() {
            let count = left_out.len();
            let s = if count == 1 { "" } else { "s" };
            eprintln!("note: {document}: {count} operation{s} not compared");
        }
    }
}
