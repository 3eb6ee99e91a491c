//! The commands: their arguments, output and exit codes.

pub mod codegen;
pub mod release_notes;
mod source;
pub mod spec;

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The command has findings: stale files, a breaking change.
pub const FINDINGS: u8 = 1;

/// The document, the command line, or the folder to write to, is invalid.
pub const UNUSABLE: u8 = 2;

/// The exit code of a command, or the lines to print before it ends with [`UNUSABLE`].
pub type Outcome = Result<u8, String>;

/// The workspace's root, relative to the working directory where that is shorter to read.
pub fn workspace() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&manifest)
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default();
    match std::env::current_dir() {
        Ok(current) if current == root => PathBuf::new(),
        _ => root,
    }
}

/// Prints to stdout. The reader may stop before the end, as `head` does; the command continues.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
