//! How a command fails: a message for a person, an exit code for a script.
//!
//! A message is a line that begins with `error:`, and below it, indented, what else is known and the commands that look
//! further, each on a line of its own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::args::Connection;
use crate::command_line::CommandLine;
use crate::exit_code::Code;
use crate::terminal;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    message: String,
    lines: Vec<Line>,
    /// Whether only the data has no reader.
    reader: Reader,
    /// Whether a search has ruled out that the run started a task.
    is_ruled_out: bool,
}

/// Who reads stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Somebody, as far as is known.
    Some,
    /// The reader has closed it.
    Gone,
    /// Nobody: it was closed from the start, or is `/dev/null`.
    Nobody,
}

/// A line below the first one of a message.
#[derive(Debug)]
enum Line {
    Text(String),
    /// An entry of the list that the text above it begins.
    Item(String),
    /// A command, and the purpose that stands on the line above it.
    Command(&'static str, CommandLine),
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            lines: Vec::new(),
            reader: Reader::Some,
            is_ruled_out: false,
        }
    }

    /// No task was started by the run that was searched for.
    pub fn ruled_out(message: impl Into<String>) -> Self {
        Self {
            is_ruled_out: true,
            ..Self::new(Code::Refused, message)
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Stdout can't be written to.
    pub fn of_stdout(error: &std::io::Error) -> Self {
        Self {
            reader: match error.kind() {
                std::io::ErrorKind::BrokenPipe => Reader::Gone,
                _ => Reader::Some,
            },
            ..Self::new(Code::Refused, format!("stdout can't be written: {error}"))
        }
    }

    /// Stdout was written, and nobody reads it. A command that did nothing else has succeeded without a word.
    pub fn of_discarded_stdout() -> Self {
        Self {
            reader: Reader::Nobody,
            ..Self::new(Code::Refused, "nobody reads stdout")
        }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Adds a line.
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(Line::Text(text.into()));
        self
    }

    /// Adds an entry of the list that the line before begins.
    pub fn item(mut self, text: impl Into<String>) -> Self {
        self.lines.push(Line::Item(text.into()));
        self
    }

    /// Adds a command, below a line with its purpose.
    pub fn command(mut self, purpose: &'static str, command: CommandLine) -> Self {
        self.lines.push(Line::Command(purpose, command));
        self
    }

    /// The same failure after something took effect that exit code 1 would deny.
    pub fn after_effect(mut self) -> Self {
        if matches!(self.code, Code::Refused | Code::Usage) {
            self.code = Code::Ambiguous;
        }
        self
    }

    /// The failure of a search for the task of a run. Exit code 1 says there that no task was started, so whatever else would
    /// end with 1 is ambiguous.
    pub fn of_search(mut self) -> Self {
        if self.code == Code::Refused && !self.is_ruled_out {
            self.code = Code::Ambiguous;
        }
        self
    }

    /// The same failure after something was done, which the text says.
    pub fn after(self, text: impl Into<String>) -> Self {
        self.after_effect().line(text)
    }

    /// Says why, on stderr, with commands for this connection.
    pub fn report(self, connection: &Connection) -> ExitCode {
        // A reader that closes the pipe has read enough, so this is no failure. A note names what would be lost.
        let (begin, code) = match self.reader {
            Reader::Gone | Reader::Nobody if self.lines.is_empty() => return ExitCode::SUCCESS,
            Reader::Gone => ("note", ExitCode::SUCCESS),
            Reader::Nobody => return self.report_what_was_done(),
            Reader::Some => ("error", ExitCode::from(self.code as u8)),
        };
        // There is nobody to tell that stderr is closed.
        let _ = std::io::stderr().write_all(self.text(begin, connection).as_bytes());
        code
    }

    /// The message behind this word, with commands for this connection.
    pub fn text(&self, begin: &str, connection: &Connection) -> String {
        let mut text = format!("{begin}: {}\n", terminal::printable(&self.message));
        for line in &self.lines {
            // Writing to a string does not fail.
            let _ = match line {
                Line::Text(words) => writeln!(text, "  {}", terminal::printable(words)),
                Line::Item(words) => writeln!(text, "    {}", terminal::printable(words)),
                // The simulator ends with this command, and so do its tasks.
                Line::Command(..) if connection.simulate => Ok(()),
                Line::Command(purpose, command) => {
                    writeln!(text, "  {purpose}:\n    {}", command.for_shell(connection))
                }
            };
        }
        text
    }

    /// Names what was done in one line, for stdout may be discarded on purpose.
    fn report_what_was_done(self) -> ExitCode {
        let mut text = format!("note: {}.", self.message);
        for line in &self.lines {
            if let Line::Text(words) = line {
                text.push(' ');
                text.push_str(words);
            }
        }
        let _ = writeln!(std::io::stderr(), "{}", terminal::printable(&text));
        ExitCode::SUCCESS
    }
}
