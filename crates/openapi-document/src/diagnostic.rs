//! The problems of a document: one [`Diagnostic`] for each, all of them in one run.

use std::fmt;

/// Whether a problem stops the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document can't be used as it is.
    Error,
    /// The document can be used, and something in it will hurt later.
    Warning,
    /// The generator went on, having decided something that the reader may want to decide otherwise.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// A position in a source file. Lines and columns count from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The start of a file: where a problem with the file as a whole is reported.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// The location of a diagnostic before the positions of the document are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer into the document.
    Pointer(String),
    /// A position, for a file that has no document in it.
    Position(Position),
}

/// One problem, with its location, its operation and what to do about it.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Whether it stops the generator.
    pub severity: Severity,
    /// A stable kebab-case name, to search for and to test by.
    pub code: &'static str,
    /// Its location in the document.
    pub place: Place,
    /// The problem, with the invalid value.
    pub message: String,
    /// The operationId (or method and path) concerned, where there is one.
    pub operation: Option<String>,
    /// The remedy.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a JSON pointer.
    pub fn error(
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            place: Place::Pointer(pointer.into()),
            message: message.into(),
            operation: None,
            hint: None,
        }
    }

    /// An error at a position of the file.
    pub fn at(code: &'static str, position: Position, message: impl Into<String>) -> Self {
        Self {
            place: Place::Position(position),
            ..Self::error(code, "", message)
        }
    }

    /// The JSON pointer that it points to, if it has one.
    pub fn pointer(&self) -> Option<&str> {
        match &self.place {
            Place::Pointer(pointer) => Some(pointer),
            Place::Position(_) => None,
        }
    }

    /// Gives it the file and the position, by the positions of the JSON pointers of the file.
    pub fn locate(self, file: &str, position: impl FnOnce(&str) -> Position) -> Located {
        let position = match &self.place {
            Place::Pointer(pointer) => position(pointer),
            Place::Position(position) => *position,
        };
        Located {
            file: file.to_owned(),
            position,
            diagnostic: self,
        }
    }

    /// The same as a warning, which does not stop the generator.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same as a note, which does not stop the generator.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the operation that it concerns.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }
}

/// A diagnostic with its position looked up, ready to print.
#[derive(Clone, Debug)]
pub struct Located {
    /// The file as the user named it.
    pub file: String,
    /// The position in it.
    pub position: Position,
    /// The problem.
    pub diagnostic: Diagnostic,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        let problem = &self.diagnostic;
        let (severity, code) = (problem.severity, problem.code);
        write!(f, "{}:{line}:{column}: {severity}[{code}]: ", self.file)?;
        f.write_str(&problem.message)?;
        if let Some(operation) = &problem.operation {
            write!(f, " (operation `{operation}`)")?;
        }
        if let Some(hint) = &problem.hint {
            write!(f, "\n    hint: {hint}")?;
        }
        Ok(())
    }
}

/// A count with its noun: `1 error`, `2 errors`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
