//! Why nothing was generated, or nothing written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use openapi_document::diagnostic::{Located, Severity, counted};

/// The reason why nothing was generated, or nothing written.
#[derive(Debug)]
pub enum Error {
    /// The document has problems, each with its position.
    Rejected(Vec<Located>),
    /// The folder can't be used.
    Folder {
        /// The folder as the caller named it.
        folder: PathBuf,
        /// The problem.
        message: String,
        /// The remedy.
        hint: &'static str,
    },
    /// The folder can't be read or written.
    Io {
        /// The folder as the caller named it.
        folder: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
}

impl Error {
    pub(crate) fn io(folder: &Path, error: io::Error) -> Self {
        let folder = folder.to_path_buf();
        Self::Io { folder, error }
    }
}

impl From<Vec<Located>> for Error {
    fn from(problems: Vec<Located>) -> Self {
        Self::Rejected(problems)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(problems) => {
                for problem in problems {
                    writeln!(f, "{problem}")?;
                }
                let is_error = |problem: &&Located| problem.diagnostic.severity == Severity::Error;
                let errors = problems.iter().filter(is_error).count();
                write!(f, "{}; nothing was written", counted(errors, "error"))
            }
            Self::Folder {
                folder,
                message,
                hint,
            } => {
                let folder = folder.display();
                write!(
                    f,
                    "error: {folder} {message}; nothing was written\n    hint: {hint}"
                )
            }
            Self::Io { folder, error } => {
                let folder = folder.display();
                write!(f, "error: {folder}: {error}; nothing was written")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Rejected(_) | Self::Folder { .. } => None,
        }
    }
}
